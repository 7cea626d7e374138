"""The logarithm of the gamma function, Γ(n) = (n - 1)!, and its derivatives: digamma and polygamma."""

from __future__ import annotations

import math
from typing import Any

from ...backend import backend_of
from ...engine.elementwise import Elementwise
from ...engine.tensor import Recorded, Tensor, wrap
from ...errors import ArgumentError
from .._check.arguments import floating, int_tuple
from ..arithmetic import add, sub
from ..reduce import sum
from ..shape import unsqueeze

# Lanczos: Γ(x + 1) = √(2π) t^(x + ½) e^(-t) (c_0 + c_1 / (x + 1) + c_2 / (x + 2) + ...), t = x + g + ½
G = 7.0
LANCZOS = (
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
)  # fmt: skip
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)  # B_2, B_4, ...
FAR = 10  # from here on, few terms of a series in 1 / x are enough
LOWEST = -1000.0  # below it, `polygamma` would have to add up too many terms


class Lgamma(Elementwise):
    """z = log |Γ(x)|        ∂z/∂x = ψ(x)"""

    def value(self, x: Any) -> Any:
        return log_gamma(self.xp, x.astype("float64")).astype(x.dtype)

    def slope(self, x: Any) -> Any:
        return polygamma_of(self.xp, 0, x)


class Polygamma(Elementwise):
    """z = ψ_n(x), the n-th derivative of ψ(x) = Γ'(x) / Γ(x)        ∂z/∂x = ψ_(n+1)(x)"""

    n: int

    def value(self, x: Any) -> Any:
        return polygamma_of(self.xp, self.n, x)

    def slope(self, x: Any) -> Any:
        return polygamma_of(self.xp, self.n + 1, x)


def log_gamma(xp: Any, x: Any) -> Any:
    """log |Γ(x)| of a float64 array; inf at 0, -1, -2, ..."""
    y = xp.where(x < 0.5, 1 - x, x) - 1  # by reflection, Γ(x) Γ(1 - x) = π / sin(πx)
    total = LANCZOS[0] + 0 * y
    for i, c in enumerate(LANCZOS[1:], 1):
        total = total + c / (y + i)
    t = y + G + 0.5
    z = math.log(2 * math.pi) / 2 + (y + 0.5) * xp.log(t) - t + xp.log(total)
    z = xp.where(xp.isinf(x), xp.inf, z)
    near = xp.abs(x - xp.rint(x))
    return xp.where((x < 0.5) & ~xp.isinf(x), math.log(math.pi) - xp.log(xp.sin(math.pi * near)) - z, z)


def polygamma_of(xp: Any, n: int, x: Any) -> Any:
    """ψ_n of an array; of a recorded one, recorded."""
    if isinstance(x, Recorded):
        return type(x)(Polygamma.apply(x.tensor, n=n))
    wide = x.astype("float64")
    return (psi(xp, wide) if n == 0 else trigamma(xp, wide) if n == 1 else higher(xp, n, wide)).astype(x.dtype)


def psi(xp: Any, x: Any) -> Any:
    """ψ(x) of a float64 array; ∓inf at ±0, NaN at -1, -2, ..."""
    y = xp.where(x <= 0, 1 - x, x)  # by reflection, ψ(x) = ψ(1 - x) - π / tan(πx)
    far = y + FAR
    z = xp.log(far) - 1 / (2 * far)
    for j, b in enumerate(BERNOULLI, 1):
        z = z - b / (2 * j * far ** (2 * j))
    for k in range(FAR):
        z = z - 1 / (y + k)  # ψ(y + 1) = ψ(y) + 1 / y
    rest = x - xp.trunc(x)
    reflected = z - math.pi / xp.tan(math.pi * rest)
    z = xp.where(x < 0, xp.where(rest == 0, xp.nan, reflected), z)
    return xp.where(x == 0, xp.copysign(xp.inf, -x), z)


def zeta(xp: Any, s: int, x: Any) -> Any:
    """Σ 1 / (x + k)^s over k = 0, 1, 2, ..., for x > 0: ten terms, and Euler and Maclaurin's formula for the rest."""
    far = x + FAR
    z = far ** (1 - s) / (s - 1) + 1 / (2 * far**s)
    rising = float(s)  # s (s + 1) ... (s + 2j - 2)
    for j, b in enumerate(BERNOULLI, 1):
        z = z + b * rising / math.factorial(2 * j) / far ** (s + 2 * j - 1)
        rising *= (s + 2 * j - 1) * (s + 2 * j)
    for k in range(FAR):
        z = z + 1 / (x + k) ** s
    return z


def trigamma(xp: Any, x: Any) -> Any:
    """ψ_1(x) of a float64 array."""
    low = x < 0.5  # by reflection, ψ_1(x) = π² / sin²(πx) - ψ_1(1 - x)
    z = zeta(xp, 2, xp.where(low, 1 - x, x))
    return xp.where(low, (math.pi / xp.sin(math.pi * x)) ** 2 - z, z)


def higher(xp: Any, n: int, x: Any) -> Any:
    """ψ_n(x) = (-1)^(n+1) n! Σ 1 / (x + k)^(n+1) of a float64 array, n >= 2."""
    if x.size and float(xp.where(xp.isnan(x), 0.0, x).min()) < LOWEST:
        raise ArgumentError(f"polygamma: for n >= 2, minidl computes it from {LOWEST:.0f} on; got {float(x.min())}")
    before, y = xp.zeros_like(x), x
    while bool((y <= 0).any()):
        below = y <= 0
        before = before + xp.where(below, 1 / y ** (n + 1), 0.0)
        y = xp.where(below, y + 1, y)
    return (-1.0) ** (n + 1) * math.factorial(n) * (before + zeta(xp, n + 1, y))


def lgamma(input: Tensor) -> Tensor:
    """log |Γ(input)|: log (n - 1)! for integers n; inf at 0, -1, -2, ...

    >>> import minidl
    >>> lgamma(minidl.tensor([3.0, 5.0]))
    tensor([0.6931, 3.1781])
    """
    return Lgamma.apply(floating("lgamma", input))


def digamma(input: Tensor) -> Tensor:
    """ψ(input), the derivative of lgamma."""
    return Polygamma.apply(floating("digamma", input), n=0)


def polygamma(n: int, input: Tensor) -> Tensor:
    """The n-th derivative of digamma. ArgumentError for n < 0, and for inputs below -1000 where n >= 2."""
    (order,) = int_tuple("polygamma", (n,), "n")
    if order < 0:
        raise ArgumentError(f"polygamma: n must be at least 0; got {n}")
    return Polygamma.apply(floating("polygamma", input), n=order)


def mvlgamma(input: Tensor, p: int) -> Tensor:
    """log of the gamma function of p dimensions: ¼ p (p - 1) log π + Σ lgamma(input - j / 2) over j < p.

    ArgumentError unless p >= 1 and every element is above (p - 1) / 2.
    """
    x = floating("mvlgamma", input)
    (count,) = int_tuple("mvlgamma", (p,), "p")
    if count < 1:
        raise ArgumentError(f"mvlgamma: p must be at least 1; got {p}")
    if bool((x._array <= (count - 1) / 2).any()):
        raise ArgumentError(f"mvlgamma: every element must be greater than (p - 1) / 2 = {(count - 1) / 2}")
    halves = wrap(backend_of(x._array).xp.arange(count).astype(x.dtype) / 2)
    return add(sum(lgamma(sub(unsqueeze(x, -1), halves)), -1), count * (count - 1) / 4 * math.log(math.pi))
