"""Pooling of volumes (N, C, D, H, W): the largest or the mean of each box."""

from __future__ import annotations

from collections.abc import Sequence

from ..engine.tensor import Tensor
from . import functional as F
from .module import Module
from .pooling import _AvgPool, _MaxPool


class MaxPool3d(_MaxPool):
    """The largest voxel of each box: (N, C, D, H, W) -> (N, C, Do, Ho, Wo); see `MaxPool2d` for the options."""

    pool = staticmethod(F.max_pool3d)


class AvgPool3d(_AvgPool):
    """The mean of each box: (N, C, D, H, W) -> (N, C, Do, Ho, Wo); see `F.avg_pool3d`."""

    pool = staticmethod(F.avg_pool3d)


class AdaptiveAvgPool3d(Module):
    """The mean over a grid of `output_size` bins: (N, C, D, H, W) -> (N, C, Do, Ho, Wo), the batch may be missing."""

    def __init__(self, output_size: int | Sequence[int | None] | None) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool3d(input, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"
