"""Fractional max-pooling: windows whose distances are drawn anew in every forward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ..engine.tensor import Tensor
from ..errors import ArgumentError
from ..ops.fractional_pool import shares
from . import functional as F
from .module import Module


class _FractionalMaxPool(Module):
    """Exactly one of `output_size` and `output_ratio`; the rest as of the function."""

    dims: ClassVar[int]
    pool: ClassVar[Callable[..., Any]]
    _random_samples: Tensor | None

    def __init__(
        self,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        if (output_size is None) == (output_ratio is None):
            raise ArgumentError(
                f"{name}: give exactly one of output_size and output_ratio; got {output_size!r}, {output_ratio!r}"
            )
        self.kernel_size, self.output_size = self._each(kernel_size), self._each(output_size)
        self.output_ratio = None if output_ratio is None else shares(name, output_ratio, self.dims)
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)

    def _each(self, value: Any) -> Any:
        return (value,) * self.dims if isinstance(value, int) else value

    def forward(self, input: Tensor) -> Any:
        return self.pool(
            input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices, self._random_samples
        )


class FractionalMaxPool2d(_FractionalMaxPool):
    """The largest pixel under windows at drawn places: (N, C, H, W) -> (N, C, Ho, Wo)."""

    dims = 2
    pool = staticmethod(F.fractional_max_pool2d)


class FractionalMaxPool3d(_FractionalMaxPool):
    """The largest under windows at drawn places: (N, C, D, H, W) -> (N, C, Do, Ho, Wo)."""

    dims = 3
    pool = staticmethod(F.fractional_max_pool3d)
