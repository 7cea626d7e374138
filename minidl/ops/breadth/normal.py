"""The error function's complement and inverse, which tell how likely a normal number is to lie far out."""

from __future__ import annotations

import math
from typing import Any

from ...engine.elementwise import Elementwise
from ...engine.tensor import Tensor
from .._check.arguments import floating

# erfc(x) = t e^(-x² + c(t)), t = 2 / (2 + x), for x >= 0: c as a series of Chebyshev polynomials in 4 t - 2
CHEBYSHEV = (
    -1.3026537197817094, 6.4196979235649026e-1, 1.9476473204185836e-2, -9.561514786808631e-3, -9.46595344482036e-4,
    3.66839497852761e-4, 4.2523324806907e-5, -2.0278578112534e-5, -1.624290004647e-6, 1.303655835580e-6,
    1.5626441722e-8, -8.5238095915e-8, 6.529054439e-9, 5.059343495e-9, -9.91364156e-10, -2.27365122e-10, 9.6467911e-11,
    2.394038e-12, -6.886027e-12, 8.94487e-13, 3.13092e-13, -1.12708e-13, 3.81e-16, 7.106e-15, -1.523e-15, -9.4e-17,
    1.21e-16, -2.8e-17,
)  # fmt: skip


class Erfc(Elementwise):
    """z = erfc x = 1 - erf x        ∂z/∂x = -2/√π e^(-x²)"""

    def value(self, x: Any) -> Any:
        return complement(self.xp, x.astype("float64")).astype(x.dtype)

    def slope(self, x: Any) -> Any:
        return -2 / math.sqrt(math.pi) * self.xp.exp(-x * x)


class Erfinv(Elementwise):
    """z = erf⁻¹ x        ∂z/∂x = ½ √π e^(z²)"""

    def value(self, x: Any) -> Any:
        return inverse_of_erf(self.xp, x.astype("float64")).astype(x.dtype)

    def slope(self, z: Any) -> Any:
        return math.sqrt(math.pi) / 2 * self.xp.exp(z * z)


def complement(xp: Any, x: Any) -> Any:
    """1 - erf(x) of a float64 array, to 14 digits even where erf(x) is 1."""
    size = xp.minimum(xp.abs(x), 30.0)  # erfc is 0 from 27 on
    t = 2 / (2 + size)
    y, after, later = 4 * t - 2, xp.zeros_like(t), xp.zeros_like(t)
    for c in CHEBYSHEV[:0:-1]:  # Clenshaw's recurrence
        after, later = y * after - later + c, after
    z = t * xp.exp(-size * size + (CHEBYSHEV[0] + y * after) / 2 - later)
    return xp.where(x < 0, 2 - z, z)


def inverse_of_erf(xp: Any, x: Any) -> Any:
    """erf⁻¹ of a float64 array: an estimate (Winitzki's), then Newton's method on erfc, exact near 1 too."""
    rest = 1 - xp.abs(x)  # to be erfc(z)
    inside = xp.where((rest > 0) & (rest < 1), rest, 0.5)
    log = xp.log(inside * (2 - inside))
    a = 2 / (math.pi * 0.147) + log / 2
    z = xp.sqrt(xp.sqrt(a * a - log / 0.147) - a)
    for _ in range(3):
        error = (complement(xp, z) - inside) / (2 / math.sqrt(math.pi) * xp.exp(-z * z))
        z = z + error / (1 - z * error)  # Halley's correction of Newton's step
    z = xp.where(rest == 1, 0.0, xp.where(rest == 0, xp.inf, xp.where((rest > 0) & (rest < 1), z, xp.nan)))
    small = xp.abs(x) < 1e-4  # 1 - |x| has lost digits
    return xp.copysign(xp.where(small, math.sqrt(math.pi) / 2 * xp.abs(x) * (1 + math.pi / 12 * x * x), z), x)


def erfc(input: Tensor) -> Tensor:
    """1 - erf(input), accurate even where erf is close to 1.

    >>> import minidl
    >>> erfc(minidl.tensor([0.0, 1.0]))
    tensor([1.0000, 0.1573])
    """
    return Erfc.apply(floating("erfc", input))


def erfinv(input: Tensor) -> Tensor:
    """The number whose erf is input: ±inf at ±1, NaN beyond."""
    return Erfinv.apply(floating("erfinv", input))
