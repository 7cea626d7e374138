"""Shrinking: what is small becomes 0, or another value, or is drawn towards 0."""

from __future__ import annotations

from typing import Any

from ..engine.elementwise import Elementwise
from ..engine.tensor import Tensor
from ..errors import ArgumentError, refuse
from ._check.arguments import element, float_only, floating, not_bool, number, tensor_of


class Hardshrink(Elementwise):
    """z = x where |x| > λ, else 0        ∂z/∂x = 1 where |x| > λ, else 0"""

    lambd: float
    cheap = True

    def value(self, x: Any) -> Any:
        return self.backend.masked(x, self.passes(x))

    def passes(self, x: Any) -> Any:
        return ~((x >= -self.lambd) & (x <= self.lambd))  # and where x is NaN


class Softshrink(Elementwise):
    """z = x - λ where x > λ, x + λ where x < -λ, else 0        ∂z/∂x = 1 where |x| > λ, else 0"""

    lambd: float
    cheap = True

    def value(self, x: Any) -> Any:
        return x - x.clip(-self.lambd, self.lambd)

    def passes(self, x: Any) -> Any:
        return ~((x >= -self.lambd) & (x <= self.lambd))


class Tanhshrink(Elementwise):
    """z = x - tanh x        ∂z/∂x = tanh² x"""

    def value(self, x: Any) -> Any:
        return x - self.xp.tanh(x)

    def slope(self, x: Any) -> Any:
        return self.xp.tanh(x) ** 2


class Threshold(Elementwise):
    """z = x where x > t, else v        ∂z/∂x = 1 where x > t, else 0"""

    t: Any
    v: Any
    cheap = True

    def value(self, x: Any) -> Any:
        return self.xp.where(x <= self.t, x.dtype.type(self.v), x)

    def passes(self, x: Any) -> Any:
        return ~(x <= self.t)  # and where x is NaN


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """input where it is outside -lambd ... lambd, else 0."""
    return Hardshrink.apply(float_only("hardshrink", input), lambd=number("hardshrink", "lambd", lambd))


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """input moved by `lambd` towards 0, and 0 where it is nearer than that. ArgumentError for a negative lambd.

    >>> import minidl
    >>> softshrink(minidl.tensor([-2.0, 0.3, 2.0]))
    tensor([-1.5000,  0.0000,  1.5000])
    """
    lambd = number("softshrink", "lambd", lambd)
    if not lambd >= 0:
        raise ArgumentError(f"softshrink: lambd must be at least 0; got {lambd!r}")
    return Softshrink.apply(float_only("softshrink", input), lambd=lambd)


def tanhshrink(input: Tensor) -> Tensor:
    """input - tanh(input); integers become the default float dtype."""
    not_bool("tanhshrink", input)
    return Tanhshrink.apply(floating("tanhshrink", input))


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """input where it is above `threshold`, else `value`."""
    refuse("threshold", inplace=inplace)
    not_bool("threshold", input)
    x = tensor_of("threshold", input)
    t, v = (element("threshold", name, given, x.dtype) for name, given in (("threshold", threshold), ("value", value)))
    return Threshold.apply(x, t=t, v=v)
