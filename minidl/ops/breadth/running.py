"""Largest, smallest and sums of exponentials from the beginning up to each element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ...engine.function import Function
from ...engine.tensor import Tensor
from .._check.arguments import float_only, normal_dim, tensor_of
from ..gather import gather


class CummaxResult(NamedTuple):
    """The largest elements so far, and their indices."""

    values: Tensor
    indices: Tensor


class CumminResult(NamedTuple):
    """The smallest elements so far, and their indices."""

    values: Tensor
    indices: Tensor


def scan(xp: Any, x: Any, dim: int, join: Callable[[Any, Any], Any]) -> Any:
    """join(x_0, ..., x_i) for every i along dim, in log₂ n steps: after each, twice as many are joined."""
    z, step = xp.moveaxis(x, dim, 0).copy(), 1
    while step < len(z):
        z = xp.concatenate([z[:step], join(z[step:], z[:-step])])
        step *= 2
    return xp.moveaxis(z, 0, dim)


class RunningPlace(Function):
    """z_i = the index of the largest (smallest) of x_0 ... x_i along dim, the last of equal ones; no gradient"""

    computes = False

    def forward(self, x: Any, dim: int, how: str) -> Any:
        xp = self.xp
        best = scan(xp, x, dim, getattr(xp, how))
        own = xp.arange(x.shape[dim]).reshape([-1 if d == dim else 1 for d in range(x.ndim)])
        hit = (x == best) | (x != x)  # the first NaN and all after it
        return scan(xp, xp.where(hit, own, 0), dim, xp.maximum)


class Logcumsumexp(Function):
    """z_i = log (e^x_0 + ... + e^x_i)        dx_i = r_i e^(x_i - z_i),  r_i = dz_i + r_(i+1) e^(z_i - z_(i+1))"""

    def forward(self, x: Any, dim: int) -> Any:
        self.x, self.dim, self.z = x, dim, scan(self.xp, x, dim, self.xp.logaddexp)
        return self.z

    def backward(self, dz: Any) -> Any:
        xp = self.xp
        x, z, dz = (xp.moveaxis(a, self.dim, 0) for a in (self.x, self.z, dz))
        dx = xp.empty_like(dz)
        r = xp.zeros_like(dz[:1])
        for i in reversed(range(len(dz))):  # no exponent is positive: z only grows
            if i + 1 < len(dz):
                r = r * ratio(xp, z[i : i + 1], z[i + 1 : i + 2])
            r = dz[i : i + 1] + r
            dx[i : i + 1] = r * ratio(xp, x[i : i + 1], z[i : i + 1])
        return xp.moveaxis(dx, 0, self.dim)


def ratio(xp: Any, x: Any, y: Any) -> Any:
    """e^x / e^y, and 0 for 0 / 0."""
    nothing = x == -xp.inf
    return xp.where(nothing, 0.0, xp.exp(xp.where(nothing, -1.0, x) - xp.where(nothing, 0.0, y)))


def cummax(input: Tensor, dim: int) -> CummaxResult:
    """(values, indices) of the largest element up to each along `dim`: of equal ones the last; from a NaN on, NaN.

    >>> import minidl
    >>> cummax(minidl.tensor([1, 3, 2, 4]), 0).values
    tensor([1, 3, 3, 4])
    """
    return CummaxResult(*_running("cummax", "maximum", input, dim))


def cummin(input: Tensor, dim: int) -> CumminResult:
    """(values, indices) of the smallest element up to each along `dim`: of equal ones the last; from a NaN on, NaN."""
    return CumminResult(*_running("cummin", "minimum", input, dim))


def _running(name: str, how: str, input: Any, dim: int) -> tuple[Tensor, Tensor]:
    x = tensor_of(name, input)
    dim = normal_dim(name, dim, x.ndim)
    flat = x if x.ndim else x.reshape((1,))
    places = RunningPlace.apply(flat, dim=dim, how=how).reshape(x.shape)
    return gather(x, dim, places), places


def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """log Σ exp(input) of all elements up to each along `dim`, without overflow."""
    x = float_only("logcumsumexp", input)
    dim = normal_dim("logcumsumexp", dim, x.ndim)
    return Logcumsumexp.apply(x, dim=dim) if x.ndim else x.clone()
