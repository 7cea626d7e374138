"""Determinants, inverses and systems of equations, of one matrix or a batch of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.function import Function
from ..engine.tensor import Tensor
from ..errors import ArgumentError, DtypeError, LinAlgError, ShapeError
from ..ops._check.arguments import broadcast_shape, float_only, tensor_of
from ..ops.shape import squeeze, unsqueeze


class Det(Function):
    """z = det x        dx = dz z x⁻ᵀ"""

    def forward(self, x: Any) -> Any:
        self.x, self.z = x, self.backend.linalg.det(x)
        return self.z

    def backward(self, dz: Any) -> Any:
        if bool((self.z == 0).any()):
            raise ArgumentError("det: a matrix is singular: its derivative, the cofactors, is not computed by minidl")
        return (dz * self.z)[..., None, None] * self.backend.linalg.inv(self.x).swapaxes(-1, -2)


class Inverse(Function):
    """z = x⁻¹        dx = -zᵀ dz zᵀ"""

    def forward(self, x: Any) -> Any:
        self.z = solvable("inv", self.backend.linalg.inv, x)
        return self.z

    def backward(self, dz: Any) -> Any:
        transposed = self.z.swapaxes(-1, -2)
        return -(transposed @ dz @ transposed)


class Solve(Function):
    """z = x⁻¹ y        dy = x⁻ᵀ dz,  dx = -dy zᵀ"""

    def forward(self, x: Any, y: Any) -> Any:
        self.x, self.z = x, solvable("solve", self.backend.linalg.solve, x, y)
        return self.z

    def backward(self, dz: Any) -> Any:
        dy = self.backend.linalg.solve(self.x.swapaxes(-1, -2), dz)
        return -(dy @ self.z.swapaxes(-1, -2)) if self.needs[0] else None, dy


def solvable(name: str, function: Any, *arrays: Any) -> Any:
    """The function's result; LinAlgError for a singular matrix."""
    try:
        return function(*arrays)
    except np.linalg.LinAlgError:
        raise LinAlgError(f"{name}: a matrix is singular, so it has no inverse") from None


def square(name: str, x: Any) -> Tensor:
    """x, which must be square matrices (..., N, N) of a floating dtype."""
    x = float_only(name, x)
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ShapeError(f"{name}: takes square matrices (..., N, N); got shape {x.shape}")
    return x


def det(A: Tensor) -> Tensor:
    """The determinants of matrices (..., N, N).

    >>> import minidl
    >>> det(minidl.tensor([[1.0, 2.0], [3.0, 5.0]]))
    tensor(-1.)
    """
    return Det.apply(square("det", A))


def inv(A: Tensor) -> Tensor:
    """The inverses of matrices (..., N, N); LinAlgError if one has none."""
    return Inverse.apply(square("inv", A))


inverse = inv


def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """The X of A X = B (of X A = B if not `left`), for A (..., N, N) and B (..., N, K), or (N,); batches are broadcast.

    >>> import minidl
    >>> solve(minidl.tensor([[2.0, 0.0], [0.0, 4.0]]), minidl.tensor([2.0, 2.0]))
    tensor([1.0000, 0.5000])
    """
    a, b = square("solve", A), tensor_of("solve", B, "B")
    if a.dtype != b.dtype:
        raise DtypeError(f"solve: A is {a.dtype} but B is {b.dtype}; bring both to one dtype")
    if not left:
        if b.ndim == a.ndim - 1 and b.shape == a.shape[:-1]:
            raise ShapeError(f"solve: B {b.shape} is a batch of vectors, for which A {a.shape} must be on the left")
        return solve(a.transpose(-1, -2), b.transpose(-1, -2)).transpose(-1, -2)
    vectors = b.ndim == 1 or (a.ndim - 1 == b.ndim and b.shape == a.shape[:-1])
    right = unsqueeze(b, -1) if vectors else b
    if right.ndim < 2 or right.shape[-2] != a.shape[-1]:
        raise ShapeError(f"solve: A {a.shape} and B {b.shape} do not fit; B must be (..., {a.shape[-1]}, K)")
    broadcast_shape("solve", a.shape[:-2], right.shape[:-2])
    z = Solve.apply(a, right)
    return squeeze(z, -1) if vectors else z
