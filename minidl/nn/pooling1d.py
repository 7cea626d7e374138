"""Pooling of sequences (N, C, L): the largest or the mean of each window."""

from __future__ import annotations

from collections.abc import Sequence

from ..engine.tensor import Tensor
from ..ops.pool1d import One
from . import functional as F
from .module import Module
from .pooling import _MaxPool


class MaxPool1d(_MaxPool):
    """The largest of each window: (N, C, L) -> (N, C, Lo); see `F.max_pool1d`, and `MaxPool2d` for the options."""

    pool = staticmethod(F.max_pool1d)


class AvgPool1d(Module):
    """The mean of each window: (N, C, L) -> (N, C, Lo); see `F.avg_pool1d`."""

    def __init__(
        self,
        kernel_size: One,
        stride: One | None = None,
        padding: One = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size, self.padding = _tuple(kernel_size), _tuple(padding)
        self.stride = self.kernel_size if stride is None else _tuple(stride)
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


def _tuple(value: One) -> Sequence[int]:
    """An integer as PyTorch shows it here."""
    return value if isinstance(value, Sequence) else (value,)


class AdaptiveAvgPool1d(Module):
    """The mean of `output_size` parts: (N, C, L) -> (N, C, output_size)."""

    def __init__(self, output_size: One) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool1d(input, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"
