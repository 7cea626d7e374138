"""Logarithms of determinants, which do not overflow."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..engine.function import Function
from ..engine.tensor import Tensor
from ..ops.selection import where
from .solving import solvable, square


class SlogdetResult(NamedTuple):
    """det A = sign · e^logabsdet."""

    sign: Tensor
    logabsdet: Tensor


class Slogdet(Function):
    """z = log |det x|        dx = dz x⁻ᵀ

    And s = sign det x, which has no gradient.
    """

    def forward(self, x: Any) -> Any:
        self.x = x
        return tuple(self.backend.linalg.slogdet(x))

    def backward(self, ds: Any, dz: Any) -> Any:
        return dz[..., None, None] * solvable("slogdet", self.backend.linalg.inv, self.x).swapaxes(-1, -2)


def slogdet(A: Tensor) -> SlogdetResult:
    """(sign, logabsdet) of matrices (..., N, N); 0 and -inf of a singular one. The sign has no gradient.

    >>> import minidl
    >>> slogdet(minidl.tensor([[1.0, 2.0], [3.0, 4.0]])).sign
    tensor(-1.)
    """
    return SlogdetResult(*Slogdet.apply(square("slogdet", A)))


def logdet(input: Tensor) -> Tensor:
    """log det of matrices (..., N, N): -inf of a singular one, NaN where the determinant is negative."""
    sign, size = Slogdet.apply(square("logdet", input))
    return where(sign.detach() < 0, float("nan"), size)
