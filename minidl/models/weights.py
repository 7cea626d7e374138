"""What torchvision's functions take besides a network's options: trained weights, of which minidl downloads none."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError


def refuse_weights(function: str, weights: Any, pretrained: Any) -> None:
    """ArgumentError for weights that would have to be downloaded, with what to do instead."""
    for name, value in (("weights", weights), ("pretrained", pretrained)):
        if value is not None and value is not False:
            raise ArgumentError(
                f"{function}: {name}={value!r}: minidl ships no trained weights and downloads none; with torchvision, "
                f"torch.save({function}({name}=...).state_dict(), FILE), then here "
                f"model = {function}(); model.load_state_dict(minidl.load_pt(FILE))"
            )
