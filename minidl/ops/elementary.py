"""Functions of one number, applied to every element: exp, log, roots, sine, absolute value, rounding."""

from __future__ import annotations

import math
from typing import Any

from ..engine.elementwise import Elementwise
from ..engine.function import Function
from ..engine.tensor import Tensor
from ..errors import DtypeError
from ._check.arguments import floating, int_tuple, not_bool, tensor_of


class Exp(Elementwise):
    """z = e^x        ∂z/∂x = z"""

    def value(self, x: Any) -> Any:
        return self.backend.exp(x)

    def slope(self, z: Any) -> Any:
        return z


class Expm1(Elementwise):
    """z = e^x - 1, accurate near 0        ∂z/∂x = z + 1"""

    def value(self, x: Any) -> Any:
        return self.xp.expm1(x)

    def slope(self, z: Any) -> Any:
        return z + 1


class Log(Elementwise):
    """z = log_b x        ∂z/∂x = 1 / (x log b)"""

    base: float = math.e

    def value(self, x: Any) -> Any:
        if self.base == 2:
            return self.xp.log2(x)
        return self.xp.log10(x) if self.base == 10 else self.xp.log(x)

    def slope(self, x: Any) -> Any:
        return 1 / x if self.base == math.e else 1 / (x * math.log(self.base))


class Log1p(Elementwise):
    """z = log(1 + x), accurate near 0        ∂z/∂x = 1 / (1 + x)"""

    def value(self, x: Any) -> Any:
        return self.xp.log1p(x)

    def slope(self, x: Any) -> Any:
        return 1 / (1 + x)


class Sqrt(Elementwise):
    """z = √x        ∂z/∂x = ½ / z"""

    cheap = True

    def value(self, x: Any) -> Any:
        return self.xp.sqrt(x)

    def slope(self, z: Any) -> Any:
        return 0.5 / z


class Rsqrt(Elementwise):
    """z = 1 / √x        ∂z/∂x = -z³ / 2"""

    def value(self, x: Any) -> Any:
        return 1 / self.xp.sqrt(x)

    def slope(self, z: Any) -> Any:
        return -0.5 * (z * z * z)

    def cube(self, z: Any) -> Any:
        return z * z * z

    def backward(self, dz: Any) -> Any:
        z = vars(self)["z"]  # kept for the slope, which is not asked: z³ may be too small to be halved
        return self.backend.product(self.cube, z, -0.5 * dz)


class Sin(Elementwise):
    """z = sin x        ∂z/∂x = cos x"""

    def value(self, x: Any) -> Any:
        return self.xp.sin(x)

    def slope(self, x: Any) -> Any:
        return self.xp.cos(x)


class Cos(Elementwise):
    """z = cos x        ∂z/∂x = -sin x"""

    def value(self, x: Any) -> Any:
        return self.xp.cos(x)

    def slope(self, x: Any) -> Any:
        return -self.xp.sin(x)


class Erf(Elementwise):
    """z = erf x = 2/√π ∫ e^(-t²) dt from 0 to x        ∂z/∂x = 2/√π e^(-x²)"""

    def value(self, x: Any) -> Any:
        return self.backend.erf(x)

    def slope(self, x: Any) -> Any:
        return 2 / math.sqrt(math.pi) * self.xp.exp(-x * x)


class Abs(Elementwise):
    """z = |x|        ∂z/∂x = sign x, and 0 at 0"""

    cheap = True

    def value(self, x: Any) -> Any:
        return self.xp.abs(x)

    def slope(self, x: Any) -> Any:
        return sign_of(x)


class Step(Function):
    """z = a step function of x        ∂z/∂x = 0 (between the steps)"""

    def forward(self, x: Any, name: str, decimals: int = 0) -> Any:
        if name == "sign":
            return sign_of(x)
        if x.dtype.kind != "f":
            return x.copy()  # already integers
        if name != "round":
            return getattr(self.xp, name)(x)
        scale = 10.0 ** (decimals if decimals > 0 else -decimals)
        return self.xp.rint(x * scale) / scale if decimals > 0 else self.xp.rint(x / scale) * scale

    def backward(self, dz: Any) -> Any:
        return self.xp.zeros_like(dz)


def sign_of(x: Any) -> Any:
    """-1, 0 or 1 in the dtype of x; 0 for NaN, as in PyTorch."""
    return ((x > 0).astype("int8") - (x < 0).astype("int8")).astype(x.dtype)


def exp(input: Tensor) -> Tensor:
    """e to the power of input; integers give the default float dtype."""
    return Exp.apply(floating("exp", input))


def expm1(input: Tensor) -> Tensor:
    """exp(input) - 1, accurate even where input is close to 0."""
    return Expm1.apply(floating("expm1", input))


def log(input: Tensor) -> Tensor:
    """The natural logarithm: -inf at 0, NaN below."""
    return Log.apply(floating("log", input))


def log2(input: Tensor) -> Tensor:
    """The logarithm to base 2."""
    return Log.apply(floating("log2", input), base=2)


def log10(input: Tensor) -> Tensor:
    """The logarithm to base 10."""
    return Log.apply(floating("log10", input), base=10)


def log1p(input: Tensor) -> Tensor:
    """log(1 + input), accurate even where input is close to 0."""
    return Log1p.apply(floating("log1p", input))


def sqrt(input: Tensor) -> Tensor:
    """The square root: NaN below 0; its gradient at 0 is infinite."""
    return Sqrt.apply(floating("sqrt", input))


def rsqrt(input: Tensor) -> Tensor:
    """1 / sqrt(input)."""
    return Rsqrt.apply(floating("rsqrt", input))


def sin(input: Tensor) -> Tensor:
    """The sine of input in radians."""
    return Sin.apply(floating("sin", input))


def cos(input: Tensor) -> Tensor:
    """The cosine of input in radians."""
    return Cos.apply(floating("cos", input))


def erf(input: Tensor) -> Tensor:
    """The error function 2/√π ∫ e^(-t²) dt from 0 to input.

    >>> import minidl
    >>> minidl.erf(minidl.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8427])
    """
    return Erf.apply(floating("erf", input))


def abs(input: Tensor) -> Tensor:
    """|input|; the gradient at 0 is 0."""
    not_bool("abs", input)
    return Abs.apply(tensor_of("abs", input))


def sign(input: Tensor) -> Tensor:
    """-1, 0 or 1 (0 for NaN, as in PyTorch); the gradient is zero."""
    return Step.apply(tensor_of("sign", input), name="sign")


def floor(input: Tensor) -> Tensor:
    """Rounded down; integers stay. The gradient is zero."""
    return _rounded("floor", input)


def ceil(input: Tensor) -> Tensor:
    """Rounded up; integers stay. The gradient is zero."""
    return _rounded("ceil", input)


def trunc(input: Tensor) -> Tensor:
    """Rounded towards zero; integers stay. The gradient is zero."""
    return _rounded("trunc", input)


def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """Rounded to `decimals` places, halves to the even neighbour; integers stay. The gradient is zero."""
    (places,) = int_tuple("round", (decimals,), "decimals")
    if places and tensor_of("round", input).dtype.kind != "f":
        raise DtypeError(f"round: decimals={places} needs a floating dtype; got {input.dtype}")
    return _rounded("round", input, decimals=places)


def _rounded(name: str, input: Tensor, **options: int) -> Tensor:
    not_bool(name, input)
    return Step.apply(tensor_of(name, input), name=name, **options)
