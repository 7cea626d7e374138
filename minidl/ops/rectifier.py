"""Rectifiers: what is positive passes, what is not is cut off, sloped or bent."""

from __future__ import annotations

from typing import Any

from ..engine.elementwise import Elementwise
from ..engine.tensor import Tensor
from ..errors import ArgumentError, refuse
from ._check.arguments import float_only, not_bool, number, tensor_of

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
