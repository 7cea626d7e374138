"""Images without a batch: (C, H, W) as a batch of one, and the result without the batch again."""

from __future__ import annotations

from ..engine.tensor import Tensor
from .shape import squeeze, unsqueeze


def with_batch(x: Tensor) -> Tensor:
    """(C, H, W) as a batch of one."""
    return unsqueeze(x, 0) if x.ndim == 3 else x


def like_input(z: Tensor, x: Tensor) -> Tensor:
    """The result for x, without the batch dimension if x had none."""
    return squeeze(z, 0) if x.ndim == 3 else z
