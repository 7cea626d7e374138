"""Sums, products, quotients, powers: the operators, each with its derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.elementwise import Elementwise
from ..engine.function import Function
from ..engine.tensor import Tensor
from ..errors import ArgumentError, DtypeError
from ._check.arguments import Number, Operand, floating, not_bool, number, promoted, tensor_of


class Add(Function):
    """z = x + y        ∂z/∂x = 1,  ∂z/∂y = 1"""

    def forward(self, x: Any, y: Any) -> Any:
        return x + y

    def backward(self, dz: Any) -> Any:
        return dz, dz


class AddScaled(Function):
    """z = x + a y        ∂z/∂x = 1,  ∂z/∂y = a"""

    def forward(self, x: Any, y: Any, a: Number) -> Any:
        self.a = a
        return x + y * a

    def backward(self, dz: Any) -> Any:
        return dz, dz * self.a


class Sub(Function):
    """z = x - y        ∂z/∂x = 1,  ∂z/∂y = -1"""

    def forward(self, x: Any, y: Any) -> Any:
        return x - y

    def backward(self, dz: Any) -> Any:
        return dz, -dz if self.needs[1] else None


class Mul(Function):
    """z = x * y        ∂z/∂x = y,  ∂z/∂y = x"""

    def forward(self, x: Any, y: Any) -> Any:
        self.x, self.y = x if self.needs[1] else None, y if self.needs[0] else None
        return x * y

    def backward(self, dz: Any) -> Any:
        dx = dz * self.y if self.needs[0] else None
        dy = dz * self.x if self.needs[1] else None
        return dx, dy


class Div(Function):
    """z = x / y        ∂z/∂x = 1 / y,  ∂z/∂y = -x / y²"""

    def forward(self, x: Any, y: Any) -> Any:
        self.x, self.y = x if self.needs[1] else None, y
        return x / y

    def backward(self, dz: Any) -> Any:
        dx = dz / self.y if self.needs[0] else None
        dy = -dz * ((self.x / self.y) / self.y) if self.needs[1] else None
        return dx, dy


class RoundedDiv(Function):
    """z = x / y rounded down ("floor") or towards 0 ("trunc")        ∂z/∂x = ∂z/∂y = 0: z is a staircase"""

    def forward(self, x: Any, y: Any, mode: str) -> Any:
        if x.dtype.kind == "f":
            return self.backend.floor_divmod(x, y)[0] if mode == "floor" else self.xp.trunc(x / y)
        z = x // y
        return (
            z if mode == "floor" else z + ((z * y != x) & ((x < 0) != (y < 0)))
        )  # rounded down: one less where the signs differ

    def backward(self, dz: Any) -> Any:
        zero = self.xp.zeros_like(dz)
        return zero, zero


class Remainder(Function):
    """z = x - y floor(x / y), which has the sign of y        ∂z/∂x = 1,  ∂z/∂y = -floor(x / y)"""

    fixed = ("floor",)  # a staircase

    def forward(self, x: Any, y: Any) -> Any:
        if x.dtype.kind != "f":
            return x % y
        self.floor, z = self.backend.floor_divmod(x, y)
        return z

    def backward(self, dz: Any) -> Any:
        return dz, -dz * self.floor if self.needs[1] else None


class Fmod(Function):
    """z = x - y trunc(x / y), which has the sign of x        ∂z/∂x = 1,  ∂z/∂y = -trunc(x / y)"""

    def forward(self, x: Any, y: Any) -> Any:
        self.x, self.y = x, y
        return self.xp.fmod(x, y)

    def backward(self, dz: Any) -> Any:
        return dz, -dz * self.xp.trunc(self.x / self.y)


class Neg(Function):
    """z = -x        ∂z/∂x = -1"""

    def forward(self, x: Any) -> Any:
        return -x

    def backward(self, dz: Any) -> Any:
        return -dz


class Reciprocal(Elementwise):
    """z = 1 / x        ∂z/∂x = -1 / x² = -z²"""

    cheap = True

    def value(self, x: Any) -> Any:
        return 1.0 / x

    def slope(self, z: Any) -> Any:
        return -z * z


class Square(Elementwise):
    """z = x²        ∂z/∂x = 2 x"""

    cheap = True

    def value(self, x: Any) -> Any:
        return x * x

    def slope(self, x: Any) -> Any:
        return 2 * x


class Pow(Function):
    """z = x ** y        ∂z/∂x = y x^(y-1), and 0 where y = 0;  ∂z/∂y = z log x, and 0 where x = 0 <= y"""

    def forward(self, x: Any, y: Any) -> Any:
        self.x, self.y = x, y
        z = _power(self.xp, x, y)
        if self.needs[1]:
            self.z = z
        return z

    def backward(self, dz: Any) -> Any:
        x, y, xp = self.x, self.y, self.xp
        dx = dy = None
        if self.needs[0] and _is_number(y):
            dx = dz * (y * _power(xp, x, y - 1)) if y != 0 else xp.zeros_like(dz)
        elif self.needs[0]:
            dx = xp.where(y == 0, dz.dtype.type(0), dz * (y * x ** (y - 1)))
        if self.needs[1] and _is_number(x):
            x = dz.dtype.type(x)
        if self.needs[1]:
            flat = xp.logical_and(x == 0, y >= 0)
            dy = dz * xp.where(flat, dz.dtype.type(0), self.z * xp.log(xp.asarray(x)))
        return dx, dy


def _is_number(x: Any) -> bool:
    return isinstance(x, int | float)


def _power(xp: Any, x: Any, y: Any) -> Any:
    """x ** y; the most common exponents avoid the general power, which is 50 times slower."""
    if not _is_number(y) or x.dtype.kind != "f":
        return x**y
    if y == 1:
        return x * 1  # a GPU's general power rounds even here
    if y == 2:
        return x * x
    if y == 3:
        return x * x * x
    if y == 0.5:
        return xp.sqrt(x)
    if y == -0.5:
        return 1 / xp.sqrt(x)
    if y == -1:
        return 1 / x
    if y == -2:
        return 1 / (x * x)
    return x**y


class Lerp(Elementwise):
    """z = x + w (y - x)        ∂z/∂x = 1 - w,  ∂z/∂y = w,  ∂z/∂w = y - x"""

    def value(self, x: Any, y: Any, w: Any) -> Any:
        return x + w * (y - x)

    def slope_x(self, w: Any) -> Any:
        return 1 - w

    def slope_y(self, w: Any) -> Any:
        return w

    def slope_w(self, x: Any, y: Any) -> Any:
        return y - x


def add(input: Operand, other: Operand, *, alpha: Number = 1) -> Tensor:
    """input + alpha * other, elementwise, broadcast; dtype by promotion.

    >>> import minidl
    >>> minidl.add(minidl.tensor([1.0, 2.0]), 10)
    tensor([11., 12.])
    """
    x, y = promoted("add", input, other)
    if type(alpha) is int and alpha == 1:
        return Add.apply(x, y)
    return AddScaled.apply(x, y, a=scale_of("add", alpha, x, y))


def sub(input: Operand, other: Operand, *, alpha: Number = 1) -> Tensor:
    """input - alpha * other, elementwise, broadcast; dtype by promotion. DtypeError for bools: use `^`."""
    x, y = promoted("sub", input, other)
    not_bool("sub", input, other)
    if type(alpha) is int and alpha == 1:
        return Sub.apply(x, y)
    return AddScaled.apply(x, y, a=scale_of("sub", alpha, x, y, sign=-1))


def scale_of(function: str, alpha: Number, x: Any, y: Any, sign: int = 1) -> Any:
    """`sign * alpha` as a factor for operands that are already promoted."""
    dtype = x.dtype if isinstance(x, Tensor) else y.dtype
    alpha = number(function, "alpha", alpha)
    if isinstance(alpha, bool) and dtype.kind != "b":
        raise DtypeError(f"{function}: alpha={alpha} is for tensors of bools; these are {dtype}; use a number")
    if isinstance(alpha, float) and dtype.kind != "f":
        raise DtypeError(f"{function}: alpha={alpha} must be an integer for tensors of {dtype}")
    return sign * alpha if dtype.kind == "f" else np.asarray(sign * alpha).astype(dtype)[()]


def mul(input: Operand, other: Operand) -> Tensor:
    """input * other, elementwise, broadcast; dtype by promotion."""
    return Mul.apply(*promoted("mul", input, other))


def div(input: Operand, other: Operand, *, rounding_mode: str | None = None) -> Tensor:
    """input / other, elementwise, broadcast; integers give the default float dtype.

    `rounding_mode="floor"` rounds down (like Python's //) and `"trunc"` towards zero (like C's /); integers then stay
    integers, and the gradient is zero. ArgumentError for integers divided by zero.

    >>> import minidl
    >>> minidl.div(minidl.tensor([7, -7]), 2, rounding_mode="trunc")
    tensor([ 3, -3])
    """
    if rounding_mode is None:
        return Div.apply(*promoted("div", input, other, floating=True))
    if rounding_mode not in ("floor", "trunc"):
        raise ArgumentError(f"div: rounding_mode must be None, 'floor' or 'trunc'; got {rounding_mode!r}")
    return _integral("div", RoundedDiv, input, other, mode=rounding_mode)


def floor_divide(input: Operand, other: Operand) -> Tensor:
    """input / other rounded down, elementwise, broadcast, like Python's //; the gradient is zero."""
    return _integral("floor_divide", RoundedDiv, input, other, mode="floor")


def remainder(input: Operand, other: Operand) -> Tensor:
    """input - other * floor(input / other), like Python's %: it has the sign of `other`."""
    return _integral("remainder", Remainder, input, other)


def fmod(input: Tensor, other: Operand) -> Tensor:
    """input - other * trunc(input / other), like C's fmod: it has the sign of `input`."""
    return _integral("fmod", Fmod, tensor_of("fmod", input), other)


def _integral(name: str, function: type[Function], input: Operand, other: Operand, **options: Any) -> Tensor:
    """Apply a division that keeps integers as integers; they must not be divided by zero."""
    x, y = promoted(name, input, other)
    dtype = x.dtype if isinstance(x, Tensor) else y.dtype
    if dtype.kind == "b":
        raise DtypeError(f"{name}: not defined for bool; use .int() first")
    if dtype.kind != "f" and bool(((y._array if isinstance(y, Tensor) else y) == 0).any()):
        raise ArgumentError(f"{name}: an integer is divided by zero; use .float() for inf and nan")
    if not isinstance(x, Tensor):
        x = dtype.type(x)
    return function.apply(x, y, **options)


def neg(input: Tensor) -> Tensor:
    """-input. DtypeError for bools: use `~`."""
    not_bool("neg", input)
    return Neg.apply(tensor_of("neg", input))


def positive(input: Tensor) -> Tensor:
    """+input: the tensor itself. DtypeError for bools."""
    not_bool("positive", input)
    return tensor_of("positive", input)


def reciprocal(input: Tensor) -> Tensor:
    """1 / input; integers give the default float dtype."""
    return Reciprocal.apply(floating("reciprocal", input))


def square(input: Tensor) -> Tensor:
    """input²."""
    if tensor_of("square", input).dtype.kind == "b":
        return pow(input, 2)
    return Square.apply(input)


def pow(input: Operand, exponent: Operand) -> Tensor:
    """input ** exponent, elementwise, broadcast; dtype by promotion.

    0 ** 0 is 1. A negative base gives NaN for exponents that are not integers. At exponent 0 the gradient of the
    base is 0, and at base 0 that of an exponent >= 0 is 0, as in PyTorch. ArgumentError for integers to negative
    integer powers.

    >>> import minidl
    >>> minidl.pow(minidl.tensor([-2.0, 0.0]), 3)
    tensor([-8.,  0.])
    """
    x, y = promoted("pow", input, exponent)
    dtype = x.dtype if isinstance(x, Tensor) else y.dtype
    if dtype.kind == "b":
        raise DtypeError("pow: not defined for bool; use .int() first")
    if dtype.kind in "iu" and bool(exponent < 0 if not isinstance(exponent, Tensor) else (exponent._array < 0).any()):
        raise ArgumentError("pow: integers to negative integer powers are not allowed; use .float()")
    return Pow.apply(x, y)


def lerp(input: Tensor, end: Tensor, weight: Tensor | float) -> Tensor:
    """input + weight * (end - input), elementwise, broadcast: from `input` at weight 0 to `end` at weight 1.

    DtypeError unless all are of one floating dtype.
    """
    dtype = tensor_of("lerp", input).dtype
    for name, x in (("end", end), ("weight", weight)):
        if isinstance(x, Tensor) and x.dtype != dtype:
            raise DtypeError(f"lerp: {name} is {x.dtype} but input is {dtype}; they must be the same")
    if dtype.kind != "f":
        raise DtypeError(f"lerp: needs a floating dtype; got {dtype}; use .float()")
    if not isinstance(weight, Tensor):
        weight = number("lerp", "weight", weight)
    return Lerp.apply(input, tensor_of("lerp", end, "end"), weight)
