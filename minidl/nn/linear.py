"""Linear layers, and layers that only change the shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..engine.tensor import Tensor
from ..errors import ArgumentError, ShapeError
from ..ops.shape import flatten, unflatten
from ..tensors.creation import empty
from . import init
from ._arguments import as_bool, as_int
from .functional import linear
from .module import Module
from .parameter import Parameter


class Identity(Module):
    """The input itself. Takes any arguments and ignores them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        return input


class Linear(Module):
    """z = x weightᵀ + bias: (..., in_features) -> (..., out_features).

    weight (out_features, in_features) and bias (out_features,) start from U(-k, k), k = 1 / sqrt(in_features).
    ShapeError if the input's last dimension is not `in_features`.

    >>> import minidl
    >>> Linear(3, 2)(minidl.ones(5, 3)).shape
    (5, 2)
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.in_features = in_features = as_int("Linear", "in_features", in_features)
        self.out_features = out_features = as_int("Linear", "out_features", out_features)
        bias = as_bool("Linear", "bias", bias)
        self.weight = Parameter(empty(out_features, in_features, device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(out_features, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial weights."""
        uniform_by_fan_in(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        if isinstance(input, Tensor) and input.shape[-1:] != (self.in_features,):
            raise ShapeError(f"input {input.shape} but in_features is {self.in_features}; {self._remedy(input.shape)}")
        return linear(input, self.weight, self.bias)

    def _remedy(self, shape: tuple[int, ...]) -> str:
        """The advice for an input with the wrong last dimension; for images, to flatten them."""
        if len(shape) == 4:
            features = math.prod(shape[1:])
            also = "" if features == self.in_features else f" and use in_features={features}"
            return f"flatten the images first, x.flatten(1){also}"
        if not shape:
            return f"give it (..., {self.in_features})"
        return f"use in_features={shape[-1]}, or give it (..., {self.in_features})"

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


def uniform_by_fan_in(weight: Tensor, bias: Tensor | None) -> None:
    """PyTorch's default for linear layers and convolutions: weight and bias from U(-k, k), k = 1 / sqrt(fan_in)."""
    init.kaiming_uniform_(weight, a=math.sqrt(5))
    if bias is not None:
        fan_in, _ = init.fans(weight)
        bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
        init.uniform_(bias, -bound, bound)


class Flatten(Module):
    """The dimensions `start_dim` to `end_dim` as one: (N, C, H, W) -> (N, C·H·W)."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Tensor) -> Tensor:
        return flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """The dimension `dim` as several, of the lengths `unflattened_size`: (N, C·H·W) -> (N, C, H, W)."""

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        super().__init__()
        if not isinstance(unflattened_size, tuple | list) or not all(isinstance(n, int) for n in unflattened_size):
            raise ArgumentError(f"Unflatten: unflattened_size must be a tuple of integers; got {unflattened_size!r}")
        if not isinstance(dim, int):
            raise ArgumentError(f"Unflatten: dim must be an integer (named dimensions are left out); got {dim!r}")
        self.dim, self.unflattened_size = dim, unflattened_size

    def forward(self, input: Tensor) -> Tensor:
        return unflatten(input, self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
