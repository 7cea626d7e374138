"""Normalisation without a mean: by the root mean square, and by the neighbouring channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..engine.function import Function
from ..engine.tensor import Tensor
from ..errors import ArgumentError, DtypeError, ShapeError
from ._check.arguments import float_only, number, tensor_of
from .arithmetic import add, div, mul, pow, square
from .join import pad
from .pool import avg_pool2d
from .shape import reshape


class RmsNormalize(Function):
    """x̂ = x / r,  r = √(mean(x²) + ε),  z = w · x̂        mean over `axes`

    dx = (g - x̂ · mean(g · x̂)) / r        g = w · dz
    dw = dz · x̂
    """

    def forward(self, x: Any, w: Any, axes: tuple[int, ...], eps: float) -> Any:
        self.axes, self.w = axes, w
        self.r = self.xp.sqrt(self.backend.mean(x, x, axes) + eps)
        self.normal = x / self.r
        return self.normal.copy() if w is None else self.normal * w

    def backward(self, dz: Any) -> Any:
        dx, _ = self.backward_normal(dz if self.w is None else self.w * dz)
        return dx, dz * self.normal if self.needs[1] else None

    def backward_normal(self, g: Any) -> Any:
        return (g - self.normal * self.backend.mean(g, self.normal, self.axes)) / self.r, None

    def backward_r(self, dr: Any) -> Any:
        count = np.prod([self.normal.shape[axis] for axis in self.axes])
        return dr * self.normal / int(count), None


def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """The input divided by its root mean square over the last dimensions, `normalized_shape`, times `weight`.

    `weight` has that shape; `eps`, by default the smallest step of the dtype from 1, is added to the mean square.
    Source: Zhang & Sennrich 2019, arXiv:1910.07467. Raises `ShapeError`, `ArgumentError`, `DtypeError`.
    """
    name = "rms_norm"
    x = float_only(name, input)
    if not isinstance(normalized_shape, Sequence) or len(normalized_shape) == 0:
        raise ArgumentError(f"{name}: normalized_shape must be a tuple, not empty; got {normalized_shape!r}")
    shape = tuple(normalized_shape)
    if x.shape[-len(shape) :] != shape:
        raise ShapeError(f"{name}: the last dimensions of input {x.shape} must be normalized_shape {shape}")
    if weight is not None and tensor_of(name, weight, "weight").shape != shape:
        raise ShapeError(f"{name}: weight must be {shape} for an input of shape {x.shape}; got {weight.shape}")
    if weight is not None and weight.dtype != x.dtype:
        raise DtypeError(f"{name}: input is {x.dtype} but weight is {weight.dtype}; bring both to one dtype")
    least = float(np.finfo(x.dtype).eps) if eps is None else number(name, "eps", eps)
    return RmsNormalize.apply(x, weight, axes=tuple(range(x.ndim - len(shape), x.ndim)), eps=least)


def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """input / (k + alpha · mean of the squares of the `size` channels around)^beta, for (N, C, ...).

    Channels beyond the first and the last count as 0. Source: Krizhevsky et al. 2012.
    """
    name = "local_response_norm"
    x = float_only(name, input)
    if x.ndim < 3:
        raise ShapeError(f"{name}: input must be (N, C, ...), of at least 3 dimensions; got {x.shape}")
    if type(size) is not int or size < 1:
        raise ArgumentError(f"{name}: size, the number of channels, must be an integer of at least 1; got {size!r}")
    if not x._array.size:
        return x
    n, channels = x.shape[:2]
    squares = reshape(square(x), (n, 1, channels, -1))  # an image whose rows are the channels
    means = avg_pool2d(pad(squares, (0, 0, size // 2, (size - 1) // 2)), (size, 1), stride=1)
    scaled = add(mul(reshape(means, x.shape), number(name, "alpha", alpha)), number(name, "k", k))
    return div(x, pow(scaled, number(name, "beta", beta)))
