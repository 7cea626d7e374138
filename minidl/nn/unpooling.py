"""Max-unpooling: each maximum back in the place where max-pooling found it, zeros elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from ..engine.tensor import Tensor
from . import functional as F
from .module import Module

Size = int | Sequence[int]


class _MaxUnpool(Module):
    """The options of the max-pooling that is undone; `stride` is the kernel size if None."""

    dims: ClassVar[int]
    unpool: ClassVar[Callable[..., Tensor]]

    def __init__(self, kernel_size: Size, stride: Size | None = None, padding: Size = 0) -> None:
        super().__init__()
        given = kernel_size, kernel_size if stride is None else stride, padding
        self.kernel_size, self.stride, self.padding = map(self._each, given)

    def _each(self, value: Any) -> Any:
        """An integer for every dimension, as PyTorch shows it."""
        return tuple(value) if isinstance(value, Iterable) else (value,) * self.dims

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        return self.unpool(input, indices, self.kernel_size, self.stride, self.padding, output_size)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpool):
    """(N, C, Lo) and the indices of `MaxPool1d` -> (N, C, L)."""

    dims, unpool = 1, staticmethod(F.max_unpool1d)


class MaxUnpool2d(_MaxUnpool):
    """(N, C, Ho, Wo) and the indices of `MaxPool2d` -> (N, C, H, W)."""

    dims, unpool = 2, staticmethod(F.max_unpool2d)


class MaxUnpool3d(_MaxUnpool):
    """(N, C, Do, Ho, Wo) and the indices of `MaxPool3d` -> (N, C, D, H, W)."""

    dims, unpool = 3, staticmethod(F.max_unpool3d)
