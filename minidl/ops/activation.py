"""The nonlinearities, each with its derivative."""

from __future__ import annotations

import math
from typing import Any

from ..engine.elementwise import Elementwise
from ..engine.tensor import Tensor
from ..errors import ArgumentError, refuse
from ._check.arguments import float_only, floating, not_bool, number, promoted, tensor_of
from .rectifier import Elu as Elu
from .rectifier import LeakyRelu as LeakyRelu
from .rectifier import Relu as Relu
from .rectifier import celu as celu
from .rectifier import elu as elu
from .rectifier import leaky_relu as leaky_relu
from .rectifier import relu as relu
from .rectifier import selu as selu


class Gelu(Elementwise):
    """z = x Φ(x), Φ the normal distribution's cdf        ∂z/∂x = Φ(x) + x φ(x),  φ(x) = e^(-x²/2) / √(2π)"""

    def cdf(self, x: Any) -> Any:
        return 0.5 * (1 + self.backend.erf(x * math.sqrt(0.5)))

    def value(self, x: Any, cdf: Any) -> Any:
        return x * cdf

    def slope(self, x: Any, cdf: Any) -> Any:
        pdf = self.xp.exp(-0.5 * x * x) * (1 / math.sqrt(2 * math.pi))
        return cdf + x * pdf


class GeluTanh(Elementwise):
    """z = x (1 + t) / 2,  t = tanh u,  u = √(2/π) (x + 0.044715 x³)        ∂z/∂x = (1 + t)/2 + x (1 - t²) u'/2"""

    def t(self, x: Any) -> Any:
        return self.xp.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * (x * x * x)))

    def value(self, x: Any, t: Any) -> Any:
        return 0.5 * x * (1 + t)

    def slope(self, x: Any, t: Any) -> Any:
        du = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * (x * x))
        return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * du


class Sigmoid(Elementwise):
    """z = 1 / (1 + e^-x)        ∂z/∂x = z (1 - z)"""

    def value(self, x: Any) -> Any:
        return 1 / (1 + self.backend.exp(-x))  # 0, as it should be, where e^-x overflows

    def slope(self, z: Any) -> Any:
        return z * (1 - z)


class Tanh(Elementwise):
    """z = tanh x        ∂z/∂x = 1 - z²"""

    def value(self, x: Any) -> Any:
        return self.xp.tanh(x)

    def slope(self, z: Any) -> Any:
        return 1 - z * z


class Silu(Elementwise):
    """z = x s,  s = σ(x)        ∂z/∂x = s (1 + x (1 - s))"""

    def s(self, x: Any) -> Any:
        return self.backend.sigmoid(x)

    def value(self, x: Any, s: Any) -> Any:
        return x * s

    def slope(self, x: Any, s: Any) -> Any:
        return s * (1 + x * (1 - s))


class Softplus(Elementwise):
    """z = log(1 + e^(βx)) / β, and x itself where βx > threshold        ∂z/∂x = σ(βx), and 1 there"""

    beta: float
    threshold: float

    def value(self, x: Any) -> Any:
        bx = x * self.beta
        return self.xp.where(bx > self.threshold, x, self.xp.log1p(self.xp.exp(bx)) / self.beta)

    def slope(self, x: Any) -> Any:
        bx = x * self.beta
        return self.xp.where(bx > self.threshold, x.dtype.type(1), self.backend.sigmoid(bx))


class LogSigmoid(Elementwise):
    """z = log σ(x) = min(x, 0) - log(1 + e^-|x|)        ∂z/∂x = 1 - σ(x) = σ(-x)"""

    def value(self, x: Any) -> Any:
        return self.backend.minimum(x, 0) - self.xp.log1p(self.xp.exp(-self.xp.abs(x)))

    def slope(self, x: Any) -> Any:
        return self.backend.sigmoid(-x)


class Mish(Elementwise):
    """z = x t,  t = tanh(log(1 + e^x))        ∂z/∂x = t + x (1 - t²) σ(x)"""

    def t(self, x: Any) -> Any:
        softplus = self.backend.maximum(x, 0) + self.xp.log1p(self.xp.exp(-self.xp.abs(x)))
        return self.xp.tanh(softplus)

    def value(self, x: Any, t: Any) -> Any:
        return x * t

    def slope(self, x: Any, t: Any) -> Any:
        return t + x * (1 - t * t) * self.backend.sigmoid(x)


class Softsign(Elementwise):
    """z = x / (1 + |x|)        ∂z/∂x = r²,  r = 1 / (1 + |x|)"""

    def value(self, x: Any) -> Any:
        return x / (1 + self.xp.abs(x))

    def slope(self, x: Any) -> Any:
        s = 1 + self.xp.abs(x)
        r = 1 / s
        return r * r * (r * s)  # r s is 1; NaN at infinity, as z is


class Hardtanh(Elementwise):
    """z = min(max(x, low), high)        ∂z/∂x = 1 where low < x < high, the bounds themselves not included"""

    low: float
    high: float
    cheap = True

    def value(self, x: Any) -> Any:
        return x.clip(self.low, self.high)

    def passes(self, x: Any) -> Any:
        return ~((x <= self.low) | (x >= self.high))  # and where x is NaN, as PyTorch's loop for single numbers says


class Hardsigmoid(Elementwise):
    """z = min(max(x + 3, 0), 6) / 6        ∂z/∂x = 1/6 where -3 < x < 3"""

    def value(self, x: Any) -> Any:
        return (x + 3).clip(0, 6) / 6

    def slope(self) -> Any:
        return 1 / 6

    def passes(self, x: Any) -> Any:
        return (x > -3) & (x < 3)


class Hardswish(Elementwise):
    """z = x min(max(x + 3, 0), 6) / 6        ∂z/∂x = 0 up to -3, x/3 + 1/2 between, 1 from 3 on"""

    def value(self, x: Any) -> Any:
        return x * (x + 3).clip(0, 6) / 6

    def slope(self, x: Any) -> Any:
        return 1 + self.backend.masked(x / 3 - 0.5, x < 3)

    def passes(self, x: Any) -> Any:
        return ~(x <= -3)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """input * Φ(input), Φ the normal distribution (Hendrycks, Gimpel 2016, arXiv:1606.08415).

    `approximate="tanh"` computes 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))) instead.
    """
    if approximate not in ("none", "tanh"):
        raise ArgumentError(f"gelu: approximate must be 'none' or 'tanh'; got {approximate!r}")
    x = float_only("gelu", input)
    return Gelu.apply(x) if approximate == "none" else GeluTanh.apply(x)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """input * sigmoid(input), also called swish."""
    if inplace:
        refuse("silu", inplace=inplace)
    return Silu.apply(float_only("silu", input))


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """input * tanh(softplus(input)) (Misra 2019, arXiv:1908.08681)."""
    if inplace:
        refuse("mish", inplace=inplace)
    return Mish.apply(float_only("mish", input))


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + exp(beta * input)) / beta; input itself where beta * input > threshold, where they are the same."""
    beta, threshold = number("softplus", "beta", beta), number("softplus", "threshold", threshold)
    return Softplus.apply(float_only("softplus", input), beta=beta, threshold=threshold)


def softsign(input: Tensor) -> Tensor:
    """input / (1 + |input|)."""
    not_bool("softsign", input)
    return Softsign.apply(floating("softsign", input))


def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(input)), without rounding to log 0."""
    return LogSigmoid.apply(float_only("logsigmoid", input))


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-input)); integers give the default float dtype."""
    return Sigmoid.apply(floating("sigmoid", input))


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent; integers give the default float dtype."""
    return Tanh.apply(floating("tanh", input))


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """input cut off below `min_val` and above `max_val`; the gradient at the bounds is 0 (clamp's is 1)."""
    return _hardtanh("hardtanh", input, min_val, max_val, inplace)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(input, 0), 6); the gradient at 0 and 6 is 0."""
    return _hardtanh("relu6", input, 0.0, 6.0, inplace)


def _hardtanh(name: str, input: Tensor, low: float, high: float, inplace: bool) -> Tensor:
    if inplace:
        refuse(name, inplace=inplace)
    not_bool(name, input)
    low, high = number(name, "min_val", low), number(name, "max_val", high)
    if low > high:
        raise ArgumentError(f"{name}: min_val {low} must not be above max_val {high}")
    x = tensor_of(name, input)
    if x.dtype.kind == "u" and low < 0:
        raise ArgumentError(f"{name}: min_val {low} is below what {x.dtype} can hold; use .float() first")
    if x.dtype.kind != "f":
        _, low, high = promoted(name, x, int(low), int(high))
    return Hardtanh.apply(x, low=low, high=high)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(input + 3, 0), 6) / 6."""
    if inplace:
        refuse("hardsigmoid", inplace=inplace)
    return Hardsigmoid.apply(float_only("hardsigmoid", input))


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """input * hardsigmoid(input)."""
    if inplace:
        refuse("hardswish", inplace=inplace)
    return Hardswish.apply(float_only("hardswish", input))
