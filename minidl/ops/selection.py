"""Elementwise choices: maximum, minimum, clamp, where. The gradient goes to what was chosen."""

from __future__ import annotations

from typing import Any

from ..backend import backend_of
from ..dtypes import scalar_dtype
from ..engine.function import Function
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, DtypeError
from ._check.arguments import Operand, promoted, tensor_of


class Maximum(Function):
    """z = max(x, y)        ∂z/∂x = 1 where x > y, 1/2 where x = y;  ∂z/∂y the other way round"""

    def forward(self, x: Any, y: Any) -> Any:
        self.x, self.y = x, y
        return self.xp.maximum(x, y)

    def backward(self, dz: Any) -> Any:
        x, y, masked = self.x, self.y, self.backend.masked
        half = masked(dz / 2, x == y)
        return masked(dz, ~(x <= y)) + half, masked(dz, ~(y <= x)) + half  # NaN: to both, as in PyTorch


class Minimum(Function):
    """z = min(x, y)        ∂z/∂x = 1 where x < y, 1/2 where x = y;  ∂z/∂y the other way round"""

    def forward(self, x: Any, y: Any) -> Any:
        self.x, self.y = x, y
        return self.xp.minimum(x, y)

    def backward(self, dz: Any) -> Any:
        x, y, masked = self.x, self.y, self.backend.masked
        half = masked(dz / 2, x == y)
        return masked(dz, ~(x >= y)) + half, masked(dz, ~(y >= x)) + half


class Clamp(Function):
    """z = min(max(x, low), high)        ∂z/∂x = 1 where low <= x <= high;  ∂z/∂low, ∂z/∂high where they bind"""

    def forward(self, x: Any, low: Any, high: Any) -> Any:
        self.x, self.low, self.high = x, low, high
        z = x if low is None else self.xp.maximum(x, low)
        return z if high is None else self.xp.minimum(z, high)

    def backward(self, dz: Any) -> Any:
        x, low, high, masked = self.x, self.low, self.high, self.backend.masked
        if low is None:
            return masked(dz, x <= high), None, masked(dz, x > high) if self.needs[2] else None
        if high is None:
            return masked(dz, x >= low), masked(dz, x < low) if self.needs[1] else None, None
        dx = masked(dz, (x >= low) & (x <= high))
        dlow = masked(dz, (x < low) & (low < high)) if self.needs[1] else None
        dhigh = masked(dz, (x > high) | (low > high)) if self.needs[2] else None
        return dx, dlow, dhigh


class Where(Function):
    """z = x where c, else y        ∂z/∂x = c,  ∂z/∂y = not c"""

    computes = False

    def forward(self, c: Any, x: Any, y: Any) -> Any:
        self.c = c
        return self.xp.where(c, x, y)

    def backward(self, dz: Any) -> Any:
        masked = self.backend.masked
        dx = masked(dz, self.c) if self.needs[1] else None
        dy = masked(dz, ~self.c) if self.needs[2] else None
        return None, dx, dy


def maximum(input: Tensor, other: Tensor) -> Tensor:
    """The larger of the two, elementwise, broadcast; NaN if either is. Equal elements get half the gradient each."""
    return Maximum.apply(*promoted("maximum", tensor_of("maximum", input), tensor_of("maximum", other, "other")))


def minimum(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of the two, elementwise, broadcast; NaN if either is. Equal elements get half the gradient each."""
    return Minimum.apply(*promoted("minimum", tensor_of("minimum", input), tensor_of("minimum", other, "other")))


def clamp(input: Tensor, min: Operand | None = None, max: Operand | None = None) -> Tensor:
    """min(max(input, min), max): `max` wins where min > max. Bounds are both numbers or both tensors (broadcast).

    The gradient passes where min <= input <= max, the bounds included. ArgumentError without any bound.

    >>> import minidl
    >>> minidl.clamp(minidl.tensor([-1.0, 0.5, 2.0]), 0, 1)
    tensor([0.0000, 0.5000, 1.0000])
    """
    given = [bound for bound in (min, max) if bound is not None]
    if not given:
        raise ArgumentError("clamp: give min, max or both")
    x, *bounds = promoted("clamp", tensor_of("clamp", input), *given)
    if min is None:
        return Clamp.apply(x, None, bounds[0])
    return Clamp.apply(x, bounds[0], bounds[1] if len(bounds) == 2 else None)


def where(condition: Tensor, input: Operand | None = None, other: Operand | None = None) -> Any:
    """input where condition (bool) holds, else other; broadcast, dtype by promotion.

    With the condition alone: the indices at which it holds, a tensor for each dimension.

    >>> import minidl
    >>> minidl.where(minidl.tensor([True, False]), minidl.tensor([1.0, 2.0]), 0.0)
    tensor([1., 0.])
    """
    tensor_of("where", condition, "condition")
    if input is None and other is None:
        array = condition._array if condition.ndim else condition._array.reshape(1)
        return tuple(wrap(index) for index in array.nonzero())
    if input is None or other is None:
        raise ArgumentError("where: give both input and other, or neither")
    if condition.dtype.kind != "b":
        raise DtypeError(f"where: condition must be bool; got {condition.dtype}; use a comparison, such as x != 0")
    if not isinstance(input, Tensor) and not isinstance(other, Tensor):
        input = _like(condition, input)
    return Where.apply(condition, *promoted("where", input, other))


def _like(condition: Tensor, number: Any) -> Tensor:
    """A Python number as a 0-dimensional tensor in the library of the condition."""
    return wrap(backend_of(condition._array).asarray(number, scalar_dtype(number)))
