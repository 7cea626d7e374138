"""Functions of one number: parts, angles, signs, repairs of NaN, and questions; most are put together from others."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...backend import backend_of
from ...dtypes import float64
from ...engine.elementwise import Elementwise
from ...engine.tensor import Tensor, wrap
from ...errors import ArgumentError, DtypeError
from .._check.arguments import Operand, cast, element, float_only, floating, number, tensor_of
from ..arithmetic import div, mul, pow, sub
from ..comparison import isnan, logical_not
from ..elementary import sign, trunc
from ..reduce import Dims, sum
from ..selection import clamp, where
from ..shape import clone


class Sinc(Elementwise):
    """z = sin(π x) / (π x), and 1 at 0        ∂z/∂x = (cos(π x) - z) / x, and 0 at 0"""

    def value(self, x: Any) -> Any:
        angle = math.pi * self.xp.where(x == 0, x.dtype.type(1), x)
        return self.xp.where(x == 0, x.dtype.type(1), self.xp.sin(angle) / angle)

    def slope(self, x: Any) -> Any:
        zero, other = x == 0, self.xp.where(x == 0, 1.0, x)
        angle = math.pi * other
        return self.xp.where(zero, 0.0, (self.xp.cos(angle) - self.xp.sin(angle) / angle) / other)


class Logit(Elementwise):
    """z = log(x / (1 - x))        ∂z/∂x = 1 / (x (1 - x))"""

    def value(self, x: Any) -> Any:
        return self.xp.log(x / (1 - x))

    def slope(self, x: Any) -> Any:
        outside = (x < 0) | (x > 1)
        return self.xp.where(outside, math.nan, 1 / (x * (1 - x)))


def sinc(input: Tensor) -> Tensor:
    """sin(π input) / (π input), and 1 at 0."""
    return Sinc.apply(floating("sinc", input))


def frac(input: Tensor) -> Tensor:
    """What is behind the point: input - trunc(input), with the sign of input. Its gradient is 1."""
    x = float_only("frac", input)
    return sub(x, trunc(x))


def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """log(input / (1 - input)), the inverse of sigmoid; with `eps`, the input is clamped to [eps, 1 - eps] first."""
    x = floating("logit", input)
    if eps is not None:
        eps = number("logit", "eps", eps)
        x = clamp(x, eps, 1 - eps)
    return Logit.apply(x)


def deg2rad(input: Tensor) -> Tensor:
    """Degrees as radians: input · π / 180."""
    return mul(floating("deg2rad", input), math.pi / 180)


def rad2deg(input: Tensor) -> Tensor:
    """Radians as degrees: input · 180 / π."""
    return mul(floating("rad2deg", input), 180 / math.pi)


def float_power(input: Operand, exponent: Operand) -> Tensor:
    """input ** exponent in float64, elementwise, broadcast."""
    x, y = (cast(v, float64) if isinstance(v, Tensor) else v for v in (input, exponent))
    return pow(x, float(y) if isinstance(y, int) else y)


def ldexp(input: Tensor, other: Tensor) -> Tensor:
    """input · 2 ** other, elementwise, broadcast."""
    return mul(tensor_of("ldexp", input), pow(2.0, tensor_of("ldexp", other, "other")))


def sgn(input: Tensor) -> Tensor:
    """-1, 0 or 1: `sign`, which differs only for complex numbers."""
    return sign(input)


def signbit(input: Tensor) -> Tensor:
    """Whether a number is negative; -0.0 is."""
    x = tensor_of("signbit", input)._array
    return wrap(backend_of(x).xp.signbit(x) if x.dtype.kind == "f" else x < 0)


def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """0 where input is negative, 1 where it is positive, `values` where it is 0; without a gradient, as in PyTorch."""
    x, v = tensor_of("heaviside", input), tensor_of("heaviside", values, "values")
    if x.dtype != v.dtype:
        raise DtypeError(f"heaviside: both must have one dtype; got {x.dtype} and {v.dtype}")
    one, zero = (wrap(backend_of(x._array).asarray(np.asarray(n, x.dtype))) for n in (1, 0))
    return where(x.detach() == 0, v.detach(), where(x.detach() > 0, one, zero))


def nan_to_num(
    input: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """The input with NaN, inf and -inf replaced: by 0 and by the largest and smallest numbers that the dtype holds.

    >>> import minidl
    >>> nan_to_num(minidl.tensor([float("nan"), 1.0, float("inf")]), posinf=9.0)
    tensor([0., 1., 9.])
    """
    x = tensor_of("nan_to_num", input)
    if x.dtype.kind != "f":
        return clone(x)
    limits = np.finfo(x.dtype)
    for name, replaced, value in (
        ("nan", x != x, 0.0 if nan is None else nan),
        ("posinf", x == math.inf, limits.max if posinf is None else posinf),
        ("neginf", x == -math.inf, limits.min if neginf is None else neginf),
    ):
        x = where(replaced, element("nan_to_num", name, value, x.dtype).item(), x)
    return x


def nansum(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """`sum`, with NaN counted as 0."""
    x = tensor_of("nansum", input)
    return sum(where(isnan(x), 0.0, x) if x.dtype.kind == "f" else x, dim, keepdim, dtype=dtype)


def nanmean(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean of the elements that are not NaN."""
    x = float_only("nanmean", input)
    total = nansum(x, dim, keepdim, dtype=dtype)
    return div(total, sum(logical_not(isnan(x.detach())), dim, keepdim))


def isreal(input: Tensor) -> Tensor:
    """True everywhere: there are no complex numbers."""
    x = tensor_of("isreal", input)._array
    return wrap(backend_of(x).xp.ones(x.shape, bool))


def isposinf(input: Tensor) -> Tensor:
    """Whether an element is inf."""
    return tensor_of("isposinf", input).detach() == math.inf


def isneginf(input: Tensor) -> Tensor:
    """Whether an element is -inf."""
    return tensor_of("isneginf", input).detach() == -math.inf


def is_nonzero(input: Tensor) -> bool:
    """Whether the only element is not 0. ArgumentError unless there is exactly one."""
    x = tensor_of("is_nonzero", input)
    if x._array.size != 1:
        raise ArgumentError(f"is_nonzero: asks one element; shape {x.shape} has {x._array.size}; use any() or all()")
    return bool(x)
