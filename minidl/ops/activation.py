"""The nonlinearities, each with its derivative."""

from __future__ import annotations

import math
from typing import Any

from ..engine.function import Function
from ..engine.tensor import Tensor
from ..errors import ArgumentError, refuse
from ._check.arguments import float_only, floating, not_bool, number, promoted, tensor_of

SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


class Relu(Function):
    """z = max(x, 0)        dz/dx = 1 where x > 0, else 0"""

    def forward(self, x: Any) -> Any:
        z = self.backend.relu(x)
        if self.needs[0]:
            self.on = z != 0  # one byte a value, where z is four; NaN passes its gradient on, as in PyTorch
        return z

    def backward(self, dz: Any) -> Any:
        return self.backend.masked(dz, self.on)


class LeakyRelu(Function):
    """z = x where x > 0, else slope x        dz/dx = 1 where x > 0, else slope"""

    def forward(self, x: Any, slope: float) -> Any:
        self.x, self.slope, inf = x, slope, math.inf
        return self.backend.elementwise(lambda x: x.clip(0, inf) + slope * x.clip(-inf, 0), x)

    def backward(self, dz: Any) -> Any:
        return self.backend.elementwise(lambda x, dz: dz * one_or(self.slope, x > 0, dz.dtype), self.x, dz)


class Elu(Function):
    """z = scale x where x > 0, else scale a (e^(rate x) - 1)        dz/dx = scale, else scale a rate e^(rate x)"""

    def forward(self, x: Any, a: float, scale: float = 1.0, rate: float = 1.0) -> Any:
        self.x, self.a, self.scale, self.rate = x, a, scale, rate
        inf, expm1 = math.inf, self.xp.expm1
        return self.backend.elementwise(lambda x: scale * (x.clip(0, inf) + a * expm1(rate * x.clip(-inf, 0))), x)

    def backward(self, dz: Any) -> Any:
        def slope(x: Any) -> Any:
            e = self.xp.exp(self.rate * self.xp.fmin(x, 0))  # 1 where x is positive or NaN
            return self.scale * one_or(self.a * self.rate, ~(x <= 0), x.dtype) * e

        return self.backend.elementwise(lambda x, dz: dz * slope(x), self.x, dz)


class Gelu(Function):
    """z = x Φ(x), Φ the normal distribution's cdf        dz/dx = Φ(x) + x φ(x),  φ(x) = e^(-x²/2) / √(2π)"""

    def forward(self, x: Any) -> Any:
        self.x = x
        self.cdf = self.backend.elementwise(lambda x: 0.5 * (1 + self.backend.erf(x * math.sqrt(0.5))), x)
        return x * self.cdf

    def backward(self, dz: Any) -> Any:
        def pdf(x: Any) -> Any:
            return self.xp.exp(-0.5 * x * x) * (1 / math.sqrt(2 * math.pi))

        return self.backend.elementwise(lambda x, cdf, dz: dz * (cdf + x * pdf(x)), self.x, self.cdf, dz)


class GeluTanh(Function):
    """z = x (1 + t) / 2,  t = tanh u,  u = √(2/π) (x + 0.044715 x³)        dz/dx = (1 + t)/2 + x (1 - t²) u'/2"""

    def forward(self, x: Any) -> Any:
        self.x = x
        self.t = self.xp.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * (x * x * x)))
        return 0.5 * x * (1 + self.t)

    def backward(self, dz: Any) -> Any:
        x, t = self.x, self.t
        du = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * (x * x))
        return dz * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * du)


class Sigmoid(Function):
    """z = 1 / (1 + e^-x)        dz/dx = z (1 - z)"""

    def forward(self, x: Any) -> Any:
        self.z = self.backend.elementwise(lambda x: sigmoid_of(self.xp, x), x)
        return self.z

    def backward(self, dz: Any) -> Any:
        return self.backend.elementwise(lambda z, dz: dz * ((1 - z) * z), self.z, dz)


class Tanh(Function):
    """z = tanh x        dz/dx = 1 - z²"""

    def forward(self, x: Any) -> Any:
        self.z = self.backend.elementwise(self.xp.tanh, x)
        return self.z

    def backward(self, dz: Any) -> Any:
        return self.backend.elementwise(lambda z, dz: dz * (1 - z * z), self.z, dz)


class Silu(Function):
    """z = x σ(x)        dz/dx = σ(x) (1 + x (1 - σ(x)))"""

    def forward(self, x: Any) -> Any:
        self.x = x
        self.s = self.backend.elementwise(lambda x: sigmoid_of(self.xp, x), x)
        return x * self.s

    def backward(self, dz: Any) -> Any:
        return self.backend.elementwise(lambda x, s, dz: dz * (s * (1 + x * (1 - s))), self.x, self.s, dz)


class Softplus(Function):
    """z = log(1 + e^(βx)) / β, and x itself where βx > threshold        dz/dx = σ(βx), and 1 there"""

    def forward(self, x: Any, beta: float, threshold: float) -> Any:
        self.x, self.beta, self.threshold = x, beta, threshold
        where, log1p, exp = self.xp.where, self.xp.log1p, self.xp.exp
        return self.backend.elementwise(lambda x: where(x * beta > threshold, x, log1p(exp(x * beta)) / beta), x)

    def backward(self, dz: Any) -> Any:
        def slope(bx: Any) -> Any:
            return self.xp.where(bx > self.threshold, bx.dtype.type(1), sigmoid_of(self.xp, bx))

        return self.backend.elementwise(lambda x, dz: dz * slope(x * self.beta), self.x, dz)


class LogSigmoid(Function):
    """z = log σ(x) = min(x, 0) - log(1 + e^-|x|)        dz/dx = 1 - σ(x) = σ(-x)"""

    def forward(self, x: Any) -> Any:
        self.x = x
        return self.xp.minimum(x, 0) - self.xp.log1p(self.xp.exp(-self.xp.abs(x)))

    def backward(self, dz: Any) -> Any:
        return dz * sigmoid_of(self.xp, -self.x)


class Mish(Function):
    """z = x t,  t = tanh(log(1 + e^x))        dz/dx = t + x (1 - t²) σ(x)"""

    def forward(self, x: Any) -> Any:
        xp = self.xp
        softplus = xp.maximum(x, 0) + xp.log1p(xp.exp(-xp.abs(x)))
        self.x, self.t = x, xp.tanh(softplus)
        return x * self.t

    def backward(self, dz: Any) -> Any:
        t = self.t
        return dz * (t + self.x * (1 - t * t) * sigmoid_of(self.xp, self.x))


class Softsign(Function):
    """z = x / (1 + |x|)        dz/dx = 1 / (1 + |x|)²"""

    def forward(self, x: Any) -> Any:
        self.below = self.xp.abs(x) + 1
        return x / self.below

    def backward(self, dz: Any) -> Any:
        return dz / self.below / self.below


class Hardtanh(Function):
    """z = min(max(x, low), high)        dz/dx = 1 where low < x < high, the bounds themselves not included"""

    def forward(self, x: Any, low: float, high: float) -> Any:
        self.x, self.low, self.high = x, low, high
        return x.clip(low, high)

    def backward(self, dz: Any) -> Any:
        outside = (self.x <= self.low) | (self.x >= self.high)
        return self.backend.masked(dz, ~outside)


class Hardsigmoid(Function):
    """z = min(max(x + 3, 0), 6) / 6        dz/dx = 1/6 where -3 < x < 3"""

    def forward(self, x: Any) -> Any:
        self.x = x
        return self.backend.elementwise(lambda x: (x + 3).clip(0, 6) / 6, x)

    def backward(self, dz: Any) -> Any:
        masked = self.backend.masked
        return self.backend.elementwise(lambda x, dz: masked(dz / 6, (x > -3) & (x < 3)), self.x, dz)


class Hardswish(Function):
    """z = x min(max(x + 3, 0), 6) / 6        dz/dx = 0 up to -3, x/3 + 1/2 between, 1 from 3 on"""

    def forward(self, x: Any) -> Any:
        self.x = x
        return self.backend.elementwise(lambda x: x * (x + 3).clip(0, 6) / 6, x)

    def backward(self, dz: Any) -> Any:
        masked = self.backend.masked
        return self.backend.elementwise(
            lambda x, dz: masked(dz, ~(x < 3)) + masked(dz * (x / 3 + 0.5), (x > -3) & (x < 3)), self.x, dz
        )


def one_or(below: float, above: Any, dtype: Any) -> Any:
    """1 where `above` (bool), elsewhere the number `below`: quicker than `where`, which branches at each element."""
    if below == 1:
        return 1
    one = above.astype(dtype)
    return one.clip(below, 1) if 0 <= below <= 1 else one + below * (1 - one)


def sigmoid_of(xp: Any, x: Any) -> Any:
    """1 / (1 + e^-x) of a raw array: where e^-x overflows, the result is 0, as it should be."""
    return 1 / (1 + xp.exp(-x))


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(input, 0); the gradient at 0 is 0.

    >>> import minidl
    >>> minidl.relu(minidl.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    refuse("relu", inplace=inplace)
    not_bool("relu", input)
    return Relu.apply(tensor_of("relu", input))


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """input where it is positive, else negative_slope * input."""
    refuse("leaky_relu", inplace=inplace)
    slope = number("leaky_relu", "negative_slope", negative_slope)
    return LeakyRelu.apply(float_only("leaky_relu", input), slope=slope)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """input where it is positive, else alpha * (exp(input) - 1)."""
    refuse("elu", inplace=inplace)
    return Elu.apply(float_only("elu", input), a=number("elu", "alpha", alpha))


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """Scaled elu whose constants keep mean 0 and variance 1 (Klambauer et al. 2017, arXiv:1706.02515)."""
    refuse("selu", inplace=inplace)
    return Elu.apply(float_only("selu", input), a=SELU_ALPHA, scale=SELU_SCALE)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """input where it is positive, else alpha * (exp(input / alpha) - 1). ArgumentError for alpha = 0."""
    refuse("celu", inplace=inplace)
    alpha = number("celu", "alpha", alpha)
    if alpha == 0:
        raise ArgumentError("celu: alpha must not be 0")
    return Elu.apply(float_only("celu", input), a=alpha, rate=1 / alpha)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """input * Φ(input), Φ the normal distribution (Hendrycks, Gimpel 2016, arXiv:1606.08415).

    `approximate="tanh"` takes 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))) in its place.
    """
    if approximate not in ("none", "tanh"):
        raise ArgumentError(f"gelu: approximate must be 'none' or 'tanh'; got {approximate!r}")
    x = float_only("gelu", input)
    return Gelu.apply(x) if approximate == "none" else GeluTanh.apply(x)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """input * sigmoid(input), also called swish."""
    refuse("silu", inplace=inplace)
    return Silu.apply(float_only("silu", input))


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """input * tanh(softplus(input)) (Misra 2019, arXiv:1908.08681)."""
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
    refuse("hardsigmoid", inplace=inplace)
    return Hardsigmoid.apply(float_only("hardsigmoid", input))


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """input * hardsigmoid(input)."""
    refuse("hardswish", inplace=inplace)
    return Hardswish.apply(float_only("hardswish", input))
