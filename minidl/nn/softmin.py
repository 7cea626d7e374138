"""Kin of `Softmax`: of the smallest, and of the channels of images."""

from __future__ import annotations

from ..engine.tensor import Tensor
from ..errors import ShapeError
from . import functional as F
from .activation import Softmax
from .module import Module


class Softmin(Softmax):
    """softmax(-x) along `dim`: the smallest gets the largest share."""

    def forward(self, input: Tensor) -> Tensor:
        return F.softmin(input, self.dim)


class Softmax2d(Module):
    """softmax over the channels of each pixel: (N, C, H, W) or (C, H, W)."""

    def forward(self, input: Tensor) -> Tensor:
        if isinstance(input, Tensor) and input.ndim not in (3, 4):
            raise ShapeError(f"input must be (N, C, H, W) or (C, H, W); got {input.shape}")
        return F.softmax(input, -3)
