"""Matrices as products of triangular and orthogonal ones: Cholesky's and QR decomposition, with their derivatives."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..backend import backend_of
from ..engine.function import Function
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, DtypeError, GraphError, LinAlgError, ShapeError
from ..ops._check.arguments import float_only
from ..ops.shape import expand, transpose
from .inverses import solve_triangular
from .solving import square


class QrResult(NamedTuple):
    """x = Q R."""

    Q: Tensor
    R: Tensor


class Cholesky(Function):
    """x = z zᵀ        dx = ½ (s + sᵀ),  s = z⁻ᵀ φ(zᵀ dz) z⁻¹

    z is lower triangular. φ(m) is m without what lies above the diagonal, and with half of the diagonal.
    """

    def forward(self, x: Any) -> Any:
        try:
            self.z = self.backend.linalg.cholesky(x)
        except np.linalg.LinAlgError:
            raise LinAlgError("cholesky: a matrix is not positive definite, so it has no such factor") from None
        if not bool(self.xp.isfinite(self.z).all()) and bool(self.xp.isfinite(x).all()):
            raise LinAlgError("cholesky: a matrix is not positive definite, so it has no such factor")
        return self.z

    def backward(self, dz: Any) -> Any:
        xp, z = self.xp, self.z
        n = z.shape[-1]
        half = xp.tril(xp.ones((n, n), dz.dtype)) - xp.eye(n, dtype=dz.dtype) / 2
        inverse = self.backend.linalg.inv(z)
        s = inverse.swapaxes(-1, -2) @ ((z.swapaxes(-1, -2) @ dz) * half) @ inverse
        return (s + s.swapaxes(-1, -2)) / 2


class Qr(Function):
    """x = q r        dx = (dq + q φ(r drᵀ - dqᵀ q)) r⁻ᵀ

    φ(m) is m with what lies below the diagonal mirrored to above it. That is for x (..., M, N), M >= N. If it is wide,
    x = (x1, x2) and r = (r1, r2): dx2 = q dr2, and dx1 is that of x1 = q r1, with dq + x2 dr2ᵀ in place of dq.
    """

    def forward(self, x: Any, mode: str) -> Any:
        self.x, self.mode = x, mode
        q, r = self.backend.linalg.qr(x, mode)
        self.q, self.r = q, r
        return q, r

    def backward(self, dq: Any, dr: Any) -> Any:
        xp, x, q, r = self.xp, self.x, self.q, self.r
        m, n = x.shape[-2:]
        if q.shape[-1] > n:
            raise GraphError("qr: with mode='complete', a tall matrix has no derivative: q is not unique")
        if m >= n:
            return self._tall(xp, q, r, dq, dr)
        dr1, dr2 = dr[..., :m], dr[..., m:]
        dx1 = self._tall(xp, q, r[..., :m], dq + x[..., m:] @ dr2.swapaxes(-1, -2), dr1)
        return xp.concatenate([dx1, q @ dr2], axis=-1)

    def _tall(self, xp: Any, q: Any, r: Any, dq: Any, dr: Any) -> Any:
        n = r.shape[-1]
        below = xp.tril(xp.ones((n, n), dq.dtype))
        m = r @ dr.swapaxes(-1, -2) - dq.swapaxes(-1, -2) @ q
        mirrored = m * below + (m * (below - xp.eye(n, dtype=dq.dtype))).swapaxes(-1, -2)
        return (dq + q @ mirrored) @ self.backend.linalg.inv(r).swapaxes(-1, -2)


def cholesky(input: Tensor, upper: bool = False) -> Tensor:
    """The lower triangular L of A = L Lᵀ for symmetric positive definite matrices; with `upper`, the U of A = Uᵀ U.

    Only the lower triangle is read. LinAlgError for a matrix that is not positive definite.

    >>> import minidl
    >>> cholesky(minidl.tensor([[4.0, 2.0], [2.0, 2.0]]))
    tensor([[2., 0.],
            [1., 1.]])
    """
    z = Cholesky.apply(square("cholesky", input))
    return transpose(z, -1, -2) if upper else z


def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """The X of A X = B, for the factor L that `cholesky` gives of A; with `upper`, for its U."""
    b, factor = float_only("cholesky_solve", B), square("cholesky_solve", L)
    if b.ndim < 2 or b.shape[-2] != factor.shape[-1]:
        raise ShapeError(f"cholesky_solve: B {b.shape} and L {factor.shape} do not fit")
    if b.dtype != factor.dtype:
        raise DtypeError(f"cholesky_solve: B is {b.dtype} but L is {factor.dtype}; bring both to one dtype")
    lower = transpose(factor, -1, -2) if upper else factor
    y = solve_triangular(lower, b, upper=False)
    return solve_triangular(transpose(lower, -1, -2), y, upper=True)


def cholesky_inverse(L: Tensor, upper: bool = False) -> Tensor:
    """The inverse of A, from the factor L that `cholesky` gives of it; with `upper`, from its U."""
    factor = square("cholesky_inverse", L)
    eye = wrap(backend_of(factor._array).xp.eye(factor.shape[-1], dtype=factor.dtype))
    return cholesky_solve(expand(eye, factor.shape), factor, upper)


def qr(A: Tensor, mode: str = "reduced") -> QrResult:
    """Q (..., M, K) with orthogonal columns and R (..., K, N), upper triangular, of matrices (..., M, N).

    K is the smaller of M and N, or with mode="complete" M; with mode="r", Q is empty, and nothing is differentiated.
    """
    x = float_only("qr", A)
    if x.ndim < 2:
        raise ShapeError(f"qr: takes matrices (..., M, N); got shape {x.shape}")
    if mode not in ("reduced", "complete", "r"):
        raise ArgumentError(f"qr: mode must be 'reduced', 'complete' or 'r'; got {mode!r}")
    if mode != "r":
        return QrResult(*Qr.apply(x, mode=mode))
    if x.requires_grad:
        raise GraphError("qr: mode='r' gives no Q, which the derivative needs; use mode='reduced'")
    backend = backend_of(x._array)
    return QrResult(wrap(backend.xp.zeros(0, x.dtype)), wrap(backend.linalg.qr(x._array, "r")))
