"""`torch.amp`: mixed precision, which minidl leaves out; what is switched off may stand in a script.

Without a GPU, PyTorch switches off what is meant for one, with a warning, and so does this.
"""

from __future__ import annotations

import warnings
from typing import Any

from ...cuda import is_available
from ...errors import UnsupportedError
from .torch import autocast

__all__ = ["GradScaler", "autocast"]


class GradScaler:
    """Passes everything through, if it is not enabled, or meant for a GPU that is not there; else UnsupportedError."""

    def __init__(self, device: Any = "cuda", *args: Any, enabled: bool = True, **options: Any) -> None:
        if enabled and device != "cpu" and not is_available():  # torch.cuda.amp's first argument is init_scale
            warnings.warn("torch.cuda.amp.GradScaler is enabled, but CUDA is not available.  Disabling.", stacklevel=2)
        elif enabled:
            raise UnsupportedError("GradScaler is left out of minidl; use enabled=False: numbers are float32")

    def scale(self, outputs: Any) -> Any:
        """The loss itself."""
        return outputs

    def unscale_(self, optimizer: Any) -> None:
        """Nothing: gradients are not scaled."""

    def step(self, optimizer: Any, *args: Any, **options: Any) -> Any:
        """The optimizer's step."""
        return optimizer.step(*args, **options)

    def update(self, new_scale: Any = None) -> None:
        """Nothing: there is no scale."""

    def is_enabled(self) -> bool:
        """False."""
        return False

    def get_scale(self) -> float:
        """1."""
        return 1.0

    def state_dict(self) -> dict[str, Any]:
        """Empty."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Nothing to restore."""
