"""The nonlinearities, each with its derivative."""

from __future__ import annotations

import math
from typing import Any

from ..engine.elementwise import Elementwise
from ..engine.tensor import Tensor
from ..errors import ArgumentError, refuse
from ._check.arguments import float_only, floating, not_bool, number, promoted, tensor_of

SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


class Relu(Elementwise):
    """z = max(x, 0)        ∂z/∂x = 1 where x > 0, else 0"""

    cheap = True

    def value(self, x: Any) -> Any:
        return self.backend.maximum(x, 0)

    def passes(self, z: Any) -> Any:
        return z != 0  # where x > 0, and where it is NaN, as in PyTorch


class LeakyRelu(Elementwise):
    """z = x where x > 0, else a x        ∂z/∂x = 1 where x > 0, else a"""

    a: float

    def value(self, x: Any) -> Any:
        return self.backend.maximum(x, 0) + self.a * self.backend.minimum(x, 0)

    def slope(self, x: Any) -> Any:
        return self.backend.one_or(self.a, x > 0, x.dtype)


class Elu(Elementwise):
    """z = scale x where x > 0, else scale a (e^(rate x) - 1)        ∂z/∂x = scale, else scale a rate e^(rate x)"""

    a: float
    scale: float = 1.0
    rate: float = 1.0

    def value(self, x: Any) -> Any:
        below = self.a * self.xp.expm1(self.rate * self.backend.minimum(x, 0))
        return self.scale * (self.backend.maximum(x, 0) + below)

    def slope(self, x: Any) -> Any:
        e = self.xp.exp(self.rate * self.xp.fmin(x, 0))  # 1 where x is positive or NaN
        return self.scale * self.backend.one_or(self.a * self.rate, ~(x <= 0), x.dtype) * e


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
        return 1 / (1 + self.xp.exp(-x))  # 0, as it should be, where e^-x overflows

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
        return sigmoid_of(self.xp, x)

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
        return self.xp.where(bx > self.threshold, x.dtype.type(1), sigmoid_of(self.xp, bx))


class LogSigmoid(Elementwise):
    """z = log σ(x) = min(x, 0) - log(1 + e^-|x|)        ∂z/∂x = 1 - σ(x) = σ(-x)"""

    def value(self, x: Any) -> Any:
        return self.backend.minimum(x, 0) - self.xp.log1p(self.xp.exp(-self.xp.abs(x)))

    def slope(self, x: Any) -> Any:
        return sigmoid_of(self.xp, -x)


class Mish(Elementwise):
    """z = x t,  t = tanh(log(1 + e^x))        ∂z/∂x = t + x (1 - t²) σ(x)"""

    def t(self, x: Any) -> Any:
        softplus = self.backend.maximum(x, 0) + self.xp.log1p(self.xp.exp(-self.xp.abs(x)))
        return self.xp.tanh(softplus)

    def value(self, x: Any, t: Any) -> Any:
        return x * t

    def slope(self, x: Any, t: Any) -> Any:
        return t + x * (1 - t * t) * sigmoid_of(self.xp, x)


class Softsign(Elementwise):
    """z = x / (1 + |x|)        ∂z/∂x = 1 / (1 + |x|)²"""

    def value(self, x: Any) -> Any:
        return x / (1 + self.xp.abs(x))

    def slope(self, x: Any) -> Any:
        size = self.xp.abs(x)
        return (1 + 0 * size) / (1 + size) / (1 + size)  # NaN at infinity, where z is


class Hardtanh(Elementwise):
    """z = min(max(x, low), high)        ∂z/∂x = 1 where low < x < high, the bounds themselves not included"""

    low: float
    high: float
    cheap = True

    def value(self, x: Any) -> Any:
        return x.clip(self.low, self.high)

    def passes(self, x: Any) -> Any:
        return ~((x <= self.low) | (x >= self.high))  # and where x is NaN, as in PyTorch


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


def sigmoid_of(xp: Any, x: Any) -> Any:
    """1 / (1 + e^-x) of a raw array: where e^-x overflows, the result is 0, as it should be."""
    return 1 / (1 + xp.exp(-x))


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(input, 0); the gradient at 0 is 0.

    >>> import minidl
    >>> minidl.relu(minidl.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    if inplace:
        refuse("relu", inplace=inplace)
    not_bool("relu", input)
    return Relu.apply(tensor_of("relu", input))


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """input where it is positive, else negative_slope * input."""
    if inplace:
        refuse("leaky_relu", inplace=inplace)
    slope = number("leaky_relu", "negative_slope", negative_slope)
    return LeakyRelu.apply(float_only("leaky_relu", input), a=slope)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """input where it is positive, else alpha * (exp(input) - 1)."""
    if inplace:
        refuse("elu", inplace=inplace)
    return Elu.apply(float_only("elu", input), a=number("elu", "alpha", alpha))


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """Scaled elu whose constants keep mean 0 and variance 1 (Klambauer et al. 2017, arXiv:1706.02515)."""
    if inplace:
        refuse("selu", inplace=inplace)
    return Elu.apply(float_only("selu", input), a=SELU_ALPHA, scale=SELU_SCALE)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """input where it is positive, else alpha * (exp(input / alpha) - 1). ArgumentError for alpha = 0."""
    if inplace:
        refuse("celu", inplace=inplace)
    alpha = number("celu", "alpha", alpha)
    if alpha == 0:
        raise ArgumentError("celu: alpha must not be 0")
    return Elu.apply(float_only("celu", input), a=alpha, rate=1 / alpha)


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
