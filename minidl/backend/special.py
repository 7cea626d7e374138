"""Functions that array libraries lack or disagree on: the error function, and floor division of floats."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

KNOTS = 32  # knots per unit, so that no number is further than 1/64 from a knot
LAST = 6.0  # erf is 1 from here on, to 17 digits


def erf(x: Any, xp: Any) -> Any:
    """erf(x) = 2/√π ∫ e^(-t²) dt from 0 to x, to 14 digits in float64 and 7 in float32; any shape.

    A Taylor series around the nearest knot of a table. The values at the knots are Python's own `math.erf`, the
    derivatives erf'(t) = 2/√π e^(-t²) and erf^(k+1)(t) = (-1)^k H_k(t) erf'(t), with the Hermite polynomials H_k.

    >>> float(erf(np.array([0.5]), np)[0]) - math.erf(0.5)
    0.0
    """
    size = xp.minimum(xp.abs(x), LAST)
    knot = xp.rint(size * KNOTS)
    d = size - knot * (1 / KNOTS)  # distance to the knot, |d| <= 1/64; exact
    knot = xp.where(xp.isnan(knot), 0, knot).astype(np.intp)
    table = _coefficients(xp, x.dtype)
    z = table[-1].take(knot)
    for coefficients in table[-2::-1]:
        z = z * d + coefficients.take(knot)
    return xp.copysign(z, x)


@lru_cache(maxsize=8)
def _coefficients(xp: Any, dtype: Any) -> list[Any]:
    """erf^(k)(t) / k! at all knots t, an array for each k = 0 ... degree."""
    degree = 7 if dtype == np.float64 else 4
    t = np.arange(int(LAST * KNOTS) + 1) / KNOTS
    columns = [np.array([math.erf(knot) for knot in t])]
    slope = 2 / math.sqrt(math.pi) * np.exp(-t * t)
    before, hermite = np.zeros_like(t), np.ones_like(t)  # H_(k-1), H_k
    for k in range(degree):
        columns.append((-1) ** k * hermite * slope / math.factorial(k + 1))
        before, hermite = hermite, 2 * t * hermite - 2 * k * before
    return [xp.asarray(column.astype(dtype)) for column in columns]


def floor_divmod(x: Any, y: Any, xp: Any) -> tuple[Any, Any]:
    """x // y and x % y of floats, as Python defines them: exact even where x / y would round up to an integer.

    >>> floor_divmod(np.array([1.0, -7.0]), np.array([0.1, 2.0]), np)
    (array([ 9., -4.]), array([0.1, 1. ]))
    """
    x = xp.asarray(x)
    y = xp.asarray(y, x.dtype)
    rest = xp.fmod(x, y)  # with the sign of x
    wrong_sign = (rest != 0) & ((rest < 0) != (y < 0))
    quotient = xp.rint((x - rest) / y) - wrong_sign
    rest = xp.where(wrong_sign, rest + y, rest)
    return xp.where(y == 0, x / y, quotient), rest
