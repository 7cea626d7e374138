"""Gaussian elimination: a matrix as a permutation, a lower and an upper triangle, P L U; and solving with them."""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

from ..backend import backend_of
from ..engine.function import Function
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, DtypeError, LinAlgError, ShapeError
from ..ops._check.arguments import float_only, tensor_of
from ..ops.arithmetic import add
from ..ops.linalg import matmul
from ..ops.shape import transpose, tril, triu
from .inverses import solve_triangular
from .solving import solvable, square


class LuFactorResult(NamedTuple):
    """L below the diagonal of `LU`, U on and above it; with which row each was exchanged, from 1."""

    LU: Tensor
    pivots: Tensor


class LuFactorExResult(NamedTuple):
    """As `LuFactorResult`, and in `info` the first zero on the diagonal of U, from 1; 0 if there is none."""

    LU: Tensor
    pivots: Tensor
    info: Tensor


class LuResult(NamedTuple):
    """x = P L U."""

    P: Tensor
    L: Tensor
    U: Tensor


class LuFactor(Function):
    """x = P L U, with L - 1 and U in one matrix z        dx = P L⁻ᵀ (φ(Lᵀ dL) + υ(dU Uᵀ)) U⁻ᵀ

    φ(m) is what lies below the diagonal of m, υ(m) the rest. That is for square matrices. If x is wide, U = (U1, U2):
    dU2 Uᵀ2 is subtracted from Lᵀ dL, U1 stands for U, and beside (...) U1⁻ᵀ comes dU2. A tall one likewise, turned.
    """

    fixed = ("p",)

    def forward(self, x: Any) -> Any:
        z, pivots = _eliminated(self.xp, x.reshape(prod(x.shape[:-2]), *x.shape[-2:]))
        self.z = z.reshape(x.shape)
        pivots = pivots.reshape(*x.shape[:-2], pivots.shape[-1])
        self.p = _permutation(self.xp, pivots, x.shape[-2], x.dtype)
        return self.z, pivots

    def backward(self, dz: Any, _: Any) -> Any:
        xp, solve, z = self.xp, self.backend.linalg.solve, self.z
        m, n = z.shape[-2:]
        k = min(m, n)
        first, dfirst = z[..., :k, :k], dz[..., :k, :k]
        lower, upper = xp.tril(first, -1) + xp.eye(k, dtype=z.dtype), xp.triu(first)
        below, above = _turned(lower) @ xp.tril(dfirst, -1), xp.triu(dfirst) @ _turned(upper)
        if m < n:
            below = below - dz[..., k:] @ _turned(z[..., k:])
        if m > n:
            above = above - _turned(z[..., k:, :]) @ dz[..., k:, :]
        inside = xp.tril(below, -1) + xp.triu(above)
        if m <= n:
            inside = _turned(solvable("lu", solve, upper, _turned(inside)))  # (...) U⁻ᵀ
            if m < n:
                inside = xp.concatenate([inside, dz[..., k:]], axis=-1)
            return self.p @ solve(_turned(lower), inside)
        inside = xp.concatenate([solve(_turned(lower), inside), dz[..., k:, :]], axis=-2)
        return self.p @ _turned(solvable("lu", solve, upper, _turned(inside)))


def _turned(x: Any) -> Any:
    return x.swapaxes(-1, -2)


def _eliminated(xp: Any, x: Any) -> tuple[Any, Any]:
    """The factors of matrices (B, M, N) in one matrix each, and the pivots (B, min(M, N)), int32, from 1."""
    z, which = x.copy(), xp.arange(len(x))
    pivots = xp.zeros((len(x), min(x.shape[1:])), xp.int32)
    for i in range(pivots.shape[1]):
        j = abs(z[:, i:, i]).argmax(axis=1) + i  # the largest of the column, for small factors
        pivots[:, i] = j + 1
        z[which, i], z[which, j] = z[which, j], z[which, i]
        pivot = z[:, i, i, None]
        z[:, i + 1 :, i] /= xp.where(pivot == 0, 1, pivot)  # of a zero, the whole column is zero
        z[:, i + 1 :, i + 1 :] -= z[:, i + 1 :, i, None] * z[:, i, None, i + 1 :]
    return z, pivots


def _permutation(xp: Any, pivots: Any, m: int, dtype: Any) -> Any:
    """The matrices P (..., M, M) of these exchanges of rows."""
    flat = pivots.reshape(prod(pivots.shape[:-1]), pivots.shape[-1])
    which = xp.arange(len(flat))
    rows = xp.zeros((len(flat), m), xp.int64) + xp.arange(m)
    for i in range(flat.shape[1]):
        j = flat[:, i] - 1
        rows[which, i], rows[which, j] = rows[which, j], rows[which, i]
    return _turned(xp.eye(m, dtype=dtype)[rows]).reshape(*pivots.shape[:-1], m, m)


def lu_factor(A: Tensor, *, pivot: bool = True) -> LuFactorResult:
    """Matrices (..., M, N) as P L U, in one matrix: for `lu_solve`, which solves with them again and again.

    Of its rows, the i-th was exchanged with the (pivots[i] - 1)-th. LinAlgError for a singular matrix.

    >>> import minidl
    >>> lu_factor(minidl.tensor([[1.0, 2.0], [4.0, 4.0]])).LU
    tensor([[4.0000, 4.0000],
            [0.2500, 1.0000]])
    """
    return LuFactorResult(*lu_factor_ex(A, pivot=pivot, check_errors=True)[:2])


def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> LuFactorExResult:
    """`lu_factor` that tells of a singular matrix in `info`, unless `check_errors`."""
    z, pivots = _factored("lu_factor", A, pivot)
    xp, k = backend_of(z._array).xp, pivots.shape[-1]
    zero = z._array.diagonal(0, -2, -1) == 0  # (..., K)
    info = xp.zeros(zero.shape[:-1], xp.int32)
    if k:
        info = xp.where(zero.any(axis=-1), zero.argmax(axis=-1) + 1, 0).astype(xp.int32)
    if check_errors and bool((info != 0).any()):
        raise LinAlgError("lu_factor: a matrix is singular: there is a zero on the diagonal of U")
    return LuFactorExResult(z, pivots, wrap(backend_of(z._array).asarray(info)))


def lu(A: Tensor, *, pivot: bool = True) -> LuResult:
    """Matrices (..., M, N) as P L U: a permutation (..., M, M), L (..., M, K) with ones on its diagonal, U (..., K, N).

    K is the smaller of M and N.

    >>> import minidl
    >>> lu(minidl.tensor([[1.0, 2.0], [4.0, 4.0]])).L
    tensor([[1.0000, 0.0000],
            [0.2500, 1.0000]])
    """
    return lu_unpack(*_factored("lu", A, pivot))


def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True) -> LuResult:
    """P, L and U of what `lu_factor` gave; without `unpack_data`, L and U are empty, without `unpack_pivots`, P is."""
    z, pivots = _packed("lu_unpack", LU_data, LU_pivots)
    xp = backend_of(z._array).xp
    m, n = z.shape[-2:]
    p = lower = upper = wrap(xp.zeros(0, z.dtype))
    if unpack_pivots:
        p = wrap(_permutation(xp, pivots._array, m, z.dtype))
    if unpack_data:
        k = min(m, n)
        lower = add(tril(z[..., :k], -1), wrap(xp.eye(m, k, dtype=z.dtype)))
        upper = triu(z[..., :k, :])
    return LuResult(p, lower, upper)


def lu_solve(LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False) -> Tensor:
    """The X of A X = B (of X A = B if not `left`; of Aᵀ X = B or X Aᵀ = B with `adjoint`), from A's `lu_factor`.

    B (..., N, K) is broadcast with A (..., N, N). LinAlgError for a singular A.
    """
    z, steps = _packed("lu_solve", square("lu_solve", LU), pivots)
    b = tensor_of("lu_solve", B, "B")
    if b.dtype != z.dtype:
        raise DtypeError(f"lu_solve: LU is {z.dtype} but B is {b.dtype}; bring both to one dtype")
    if b.ndim < 2 or b.shape[-2 if left else -1] != z.shape[-1]:
        wanted = f"(..., {z.shape[-1]}, K)" if left else f"(..., K, {z.shape[-1]})"
        raise ShapeError(f"lu_solve: B must be {wanted} for LU {z.shape}; got {b.shape}")
    if not left:
        return transpose(lu_solve(LU, pivots, transpose(b, -1, -2), adjoint=not adjoint), -1, -2)
    p = wrap(_permutation(backend_of(z._array).xp, steps._array, z.shape[-1], z.dtype))
    if adjoint:
        y = solve_triangular(transpose(z, -1, -2), b, upper=False)
        return matmul(p, solve_triangular(transpose(z, -1, -2), y, upper=True, unitriangular=True))
    y = solve_triangular(z, matmul(transpose(p, -1, -2), b), upper=False, unitriangular=True)
    return solve_triangular(z, y, upper=True)


def _factored(name: str, A: Any, pivot: bool) -> tuple[Tensor, Tensor]:
    x = float_only(name, A)
    if x.ndim < 2:
        raise ShapeError(f"{name}: takes matrices (..., M, N); got shape {x.shape}")
    if pivot is not True:
        raise ArgumentError(f"{name}: pivot must be True, as in PyTorch on the CPU; got {pivot!r}")
    return LuFactor.apply(x)


def _packed(name: str, LU: Any, pivots: Any) -> tuple[Tensor, Tensor]:
    """What `lu_factor` gave: factors (..., M, N), and integers (..., min(M, N)) from 1 to M."""
    z, steps = float_only(name, LU), tensor_of(name, pivots, "pivots")
    if z.ndim < 2 or steps.shape != (*z.shape[:-2], min(z.shape[-2:])):
        raise ShapeError(f"{name}: LU (..., M, N) and pivots (..., min(M, N)) expected; got {z.shape}, {steps.shape}")
    if steps.dtype.kind not in "iu":
        raise DtypeError(f"{name}: pivots must be integers; got {steps.dtype}")
    if bool(((steps._array < 1) | (steps._array > z.shape[-2])).any()):
        raise ArgumentError(f"{name}: pivots must be from 1 to {z.shape[-2]}, the number of rows")
    return z, steps
