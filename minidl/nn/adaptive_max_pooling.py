"""Adaptive max-pooling: the largest of each bin of a grid, whatever the size of the input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from ..engine.tensor import Tensor
from . import functional as F
from .module import Module


class _AdaptiveMaxPool(Module):
    """`output_size`: an integer, or one for each dimension; with `return_indices` also where each maximum was."""

    pool: ClassVar[Callable[..., Any]]

    def __init__(self, output_size: int | Sequence[int | None] | None, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size, self.return_indices = output_size, return_indices

    def forward(self, input: Tensor) -> Any:
        return self.pool(input, self.output_size, self.return_indices)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """The largest of `output_size` parts: (N, C, L) -> (N, C, output_size)."""

    pool = staticmethod(F.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """The largest of each bin: (N, C, H, W) -> (N, C, Ho, Wo)."""

    pool = staticmethod(F.adaptive_max_pool2d)


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """The largest of each bin: (N, C, D, H, W) -> (N, C, Do, Ho, Wo)."""

    pool = staticmethod(F.adaptive_max_pool3d)
