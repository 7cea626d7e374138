"""Pseudo-inverses, least squares, triangular systems, and inverses of tensors as matrices."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

from ..backend import backend_of
from ..engine.function import Function
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, DtypeError, ShapeError, refuse
from ..ops._check.arguments import float_only, int_tuple, normal_dim, tensor_of
from ..ops.linalg import matmul
from ..ops.reduce import sum
from ..ops.shape import flatten, movedim, reshape, squeeze, tril, triu, unsqueeze
from .norms import matrix_rank, tolerance
from .solving import inv, solve, square


class LstsqResult(NamedTuple):
    """The X for which |A X - B| is smallest, the squares of what remains, the rank of A, its singular values."""

    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor


class Pinv(Function):
    """z = x⁺        dx = -zᵀ dz zᵀ + (1 - x z) dzᵀ z zᵀ + zᵀ z dzᵀ (1 - z x)"""

    def forward(self, x: Any, atol: Any, rtol: Any, hermitian: bool = False) -> Any:
        read = x if not hermitian else self.xp.tril(x) + self.xp.tril(x, -1).swapaxes(-1, -2)
        u, s, vh = self.backend.linalg.svd(read, full_matrices=False)
        largest = s[..., :1] if s.shape[-1] else s
        kept = s > self.xp.maximum(atol, rtol * largest)
        weights = self.xp.where(kept, 1 / self.xp.where(kept, s, 1), 0).astype(x.dtype)
        self.x, self.z = x, (vh.swapaxes(-1, -2) * weights[..., None, :]) @ u.swapaxes(-1, -2)
        return self.z

    def backward(self, dz: Any) -> Any:
        x, z = self.x, self.z
        zt, dzt = z.swapaxes(-1, -2), dz.swapaxes(-1, -2)
        left, right = dzt @ z @ zt, zt @ z @ dzt
        return left - x @ (z @ left) + right - (right @ z) @ x - zt @ dz @ zt


def pinv(A: Tensor, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """The pseudo-inverse (..., N, M) of matrices (..., M, N); singular values up to a tolerance count as 0.

    The tolerance is the larger of `atol` (0) and `rtol` (the rounding error, unless atol is given) times the largest
    singular value; `rcond` is another name of rtol. With `hermitian`, the matrices are symmetric, and only their lower
    triangle is read.
    """
    x = float_only("pinv", A)
    if x.ndim < 2:
        raise ShapeError(f"pinv: takes matrices (..., M, N); got shape {x.shape}")
    if rcond is not None and rtol is not None:
        raise ArgumentError("pinv: rcond is another name of rtol; give one of them")
    absolute, relative = tolerance("pinv", x, atol, rtol if rcond is None else rcond)
    if hermitian:
        square("pinv", x)
    return Pinv.apply(x, atol=absolute, rtol=relative, hermitian=hermitian)


def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """`pinv` with `rcond` as its `rtol`."""
    return pinv(input, rtol=rcond)


def lstsq(A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None) -> LstsqResult:
    """The X (..., N, K) for which |A X - B| is smallest, for A (..., M, N) and B (..., M, K), by the pseudo-inverse.

    Of several, the one of smallest norm. What else is returned depends on PyTorch's `driver`: the rank for None and
    "gelsy"; for "gels" the squares of what remains, if M > N and A has full rank. Singular values are not.
    """
    x, y = float_only("lstsq", A), tensor_of("lstsq", B, "B")
    if driver not in (None, "gels", "gelsy", "gelsd", "gelss"):
        raise ArgumentError(f"lstsq: driver must be None, 'gels', 'gelsy', 'gelsd' or 'gelss'; got {driver!r}")
    refuse("lstsq", driver=driver if driver in ("gelsd", "gelss") else None)
    if x.ndim < 2 or y.ndim < 1 or x.dtype != y.dtype:
        raise (ShapeError if x.dtype == y.dtype else DtypeError)(
            f"lstsq: takes A (..., M, N), B (..., M, K) of one dtype; got {x.shape} {x.dtype} and {y.shape} {y.dtype}"
        )
    vectors = y.ndim == x.ndim - 1 and y.shape == x.shape[:-1]
    right = unsqueeze(y, -1) if vectors else y
    if right.ndim < 2 or right.shape[-2] != x.shape[-2]:
        raise ShapeError(f"lstsq: A {x.shape} and B {y.shape} do not fit; B must be (..., {x.shape[-2]}, K)")
    solution = matmul(pinv(x, rtol=rcond), right)
    rank, xp = matrix_rank(x, rtol=rcond), backend_of(x._array).xp
    residuals = sum((matmul(x, solution) - right) ** 2, -2)
    if driver != "gels" or x.shape[-2] <= x.shape[-1] or not bool((rank._array == x.shape[-1]).all()):
        residuals = flatten(residuals)[:0]
    if driver == "gels":
        rank = wrap(xp.zeros(0, "int64"))
    solution = squeeze(solution, -1) if vectors else solution
    return LstsqResult(solution, residuals, rank, wrap(xp.zeros(0, x.dtype)))


def solve_triangular(A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Tensor:
    """The X of A X = B (of X A = B if not `left`) for A (..., N, N), of which only one triangle is read.

    With `unitriangular`, the diagonal counts as 1. LinAlgError for a 0 on the diagonal.
    """
    a, b = square("solve_triangular", A), tensor_of("solve_triangular", B, "B")
    if b.ndim < 2:
        raise ShapeError(f"solve_triangular: B must be matrices (..., N, K); got shape {b.shape}")
    if (
        b.ndim < a.ndim
    ):  # without a batch of its own it is still matrices, never the batch of vectors that `solve` takes
        b = reshape(b, (1,) * (a.ndim - b.ndim) + b.shape)
    offset = 1 if unitriangular else 0
    a = triu(a, offset) if upper else tril(a, -offset)
    if unitriangular:
        a = a + wrap(backend_of(a._array).xp.eye(a.shape[-1], dtype=a.dtype))
    return solve(a, b, left=left)


def tensorinv(A: Tensor, ind: int = 2) -> Tensor:
    """The inverse of a tensor as a matrix: its first `ind` dimensions are the rows, the others the columns."""
    x = float_only("tensorinv", A)
    (count,) = int_tuple("tensorinv", (ind,), "ind")
    if count < 1:
        raise ArgumentError(f"tensorinv: ind must be at least 1; got {ind}")
    rows, columns = x.shape[:count], x.shape[count:]
    if prod(rows) != prod(columns):
        raise ShapeError(f"tensorinv: the products of {rows} and of {columns} must be equal")
    return reshape(inv(reshape(x, (prod(rows), prod(columns)))), (*columns, *rows))


def tensorsolve(A: Tensor, B: Tensor, dims: Sequence[int] | None = None) -> Tensor:
    """The X with tensordot(A, X, X.ndim) = B; `dims` of A are moved to its end first."""
    x, y = float_only("tensorsolve", A), float_only("tensorsolve", tensor_of("tensorsolve", B, "B"))
    if dims is not None:
        moved = [normal_dim("tensorsolve", d, x.ndim) for d in int_tuple("tensorsolve", dims, "dims")]
        x = movedim(x, moved, list(range(x.ndim - len(moved), x.ndim)))
    unknown = x.shape[y.ndim :]
    if prod(unknown) != y.numel() or prod(x.shape[: y.ndim]) != y.numel():
        raise ShapeError(f"tensorsolve: A {x.shape} and B {y.shape} do not make as many equations as unknowns")
    return reshape(solve(reshape(x, (y.numel(), prod(unknown))), reshape(y, (-1,))), unknown)
