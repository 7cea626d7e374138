"""Functions of two numbers, elementwise, broadcast: sums of logarithms, lengths, signs, choices that skip NaN."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...backend import same_backend
from ...engine.elementwise import Elementwise
from ...engine.function import Function
from ...engine.tensor import Tensor, wrap
from ...errors import DtypeError
from .._check.arguments import Operand, promoted, tensor_of
from ..comparison import ge, isnan, logical_or
from ..selection import where


class LogAddExp(Elementwise):
    """z = log_b(b^x + b^y)        ∂z/∂x = 1 / (1 + b^(y - x)),  ∂z/∂y = 1 / (1 + b^(x - y))"""

    base: float

    def value(self, x: Any, y: Any) -> Any:
        return self.xp.logaddexp2(x, y) if self.base == 2 else self.xp.logaddexp(x, y)

    def slope_x(self, x: Any, y: Any) -> Any:
        return 1 / (1 + self.power(y - x))

    def slope_y(self, x: Any, y: Any) -> Any:
        return 1 / (1 + self.power(x - y))

    def power(self, d: Any) -> Any:
        """The base to the power of d."""
        return 2.0**d if self.base == 2 else self.xp.exp(d)


class Hypot(Elementwise):
    """z = √(x² + y²)        ∂z/∂x = x / z,  ∂z/∂y = y / z"""

    def value(self, x: Any, y: Any) -> Any:
        return self.xp.hypot(x, y)

    def slope_x(self, x: Any, z: Any) -> Any:
        return x / z

    def slope_y(self, y: Any, z: Any) -> Any:
        return y / z


class Copysign(Function):
    """z = |x| with the sign of y        ∂z/∂x = z / x, and 0 at 0;  ∂z/∂y = 0"""

    fixed = ("sign",)

    def forward(self, x: Any, y: Any) -> Any:
        xp = self.xp
        z = xp.copysign(x, y)
        same = xp.signbit(x) == xp.signbit(z)
        self.sign = xp.where(x == 0, 0, xp.where(same, 1, -1)).astype(z.dtype)
        return z

    def backward(self, dz: Any) -> Any:
        return dz * self.sign, self.xp.zeros_like(dz)


class XLogY(Elementwise):
    """z = x log y, and 0 where x = 0        ∂z/∂x = log y, and 0 where x = 0 >= y;  ∂z/∂y = x / y"""

    def value(self, x: Any, y: Any) -> Any:
        nothing = (x == 0) & (y == y)
        return self.xp.where(nothing, x.dtype.type(0), x * self.xp.log(y))

    def slope_x(self, x: Any, y: Any) -> Any:
        nothing = (x == 0) & (y <= 0)
        return self.xp.where(nothing, 0.0, self.xp.log(self.xp.where(nothing, 1.0, y)))

    def slope_y(self, x: Any, y: Any) -> Any:
        return x / y


def both(name: str, input: Any, other: Any, floating: bool = True) -> tuple[Tensor, Tensor]:
    """Two operands as tensors of one dtype; one of them may be a number."""
    x, y = promoted(name, input, other, floating=floating)
    dtype = x.dtype if isinstance(x, Tensor) else y.dtype
    backend = same_backend(name, [z._array for z in (x, y) if isinstance(z, Tensor)])
    x, y = (z if isinstance(z, Tensor) else wrap(backend.asarray(np.asarray(z, dtype))) for z in (x, y))
    return x, y


def _floats(name: str, input: Any, other: Any) -> tuple[Tensor, ...]:
    """Two tensors, of which one must be of a floating dtype."""
    x, y = tensor_of(name, input), tensor_of(name, other, "other")
    if "f" not in (x.dtype.kind, y.dtype.kind):
        raise DtypeError(f"{name}: needs a floating dtype; got {x.dtype} and {y.dtype}; use .float()")
    return promoted(name, x, y)


def logaddexp(input: Tensor, other: Tensor) -> Tensor:
    """log(e^input + e^other), elementwise, broadcast, without overflow.

    >>> import minidl
    >>> logaddexp(minidl.tensor([0.0, 1000.0]), minidl.tensor([0.0, 0.0]))
    tensor([6.9315e-01, 1.0000e+03])
    """
    return LogAddExp.apply(*_floats("logaddexp", input, other), base=np.e)


def logaddexp2(input: Tensor, other: Tensor) -> Tensor:
    """log₂(2^input + 2^other), elementwise, broadcast, without overflow."""
    return LogAddExp.apply(*_floats("logaddexp2", input, other), base=2)


def hypot(input: Tensor, other: Tensor) -> Tensor:
    """√(input² + other²), elementwise, broadcast, without overflow."""
    return Hypot.apply(*_floats("hypot", input, other))


def copysign(input: Tensor, other: Operand) -> Tensor:
    """|input| with the sign of `other` (a tensor or number; -0.0 is negative), elementwise, broadcast.

    >>> import minidl
    >>> copysign(minidl.tensor([1.0, -2.0]), -0.0)
    tensor([-1., -2.])
    """
    return Copysign.apply(*both("copysign", tensor_of("copysign", input), other))


def xlogy(input: Operand, other: Operand) -> Tensor:
    """input · log(other), elementwise, broadcast; 0 where input is 0 (NaN where other is)."""
    return XLogY.apply(*both("xlogy", input, other))


def fmax(input: Tensor, other: Tensor) -> Tensor:
    """The larger of the two, elementwise, broadcast; where one is NaN, the other. Of equal ones the first is taken."""
    x, y = promoted("fmax", tensor_of("fmax", input), tensor_of("fmax", other, "other"))
    return where(logical_or(ge(x, y), isnan(y)), x, y)


def fmin(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of the two, elementwise, broadcast; where one is NaN, the other. Of equal ones the first is taken."""
    x, y = promoted("fmin", tensor_of("fmin", input), tensor_of("fmin", other, "other"))
    return where(logical_or(ge(y, x), isnan(y)), x, y)
