"""Norms of vectors and matrices, and what is told from singular values: the rank, the condition."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from ..backend import backend_of
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, LinAlgError, ShapeError
from ..ops import reduce
from ..ops._check.arguments import float_only, normal_dims, number
from ..ops.elementary import abs
from ..ops.reduce import amax, amin, sum
from ..ops.shape import movedim, reshape
from .singular import svdvals
from .solving import inv, square

SUMS = (1, -1, inf, -inf)  # the norms that are the extreme of sums along one dimension


def vector_norm(x: Tensor, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """(Σ |x|ᵖ)^(1/p) over `dim`, or over all elements."""
    given = float_only("vector_norm", x if dtype is None else x.to(dtype))
    return reduce.norm(given, ord, normal_dims("vector_norm", dim, given.ndim), keepdim)


def matrix_norm(
    A: Tensor, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """The norm of the matrices in two dimensions.

    `ord` is "fro", the root of the sum of squares; "nuc", the sum of the singular values; 2 or -2, the largest or
    smallest of them; 1 or -1, the largest or smallest sum of a column's absolute values; inf or -inf, of a row's.
    """
    x = float_only("matrix_norm", A if dtype is None else A.to(dtype))
    if x.ndim < 2:
        raise ShapeError(f"matrix_norm: takes matrices (..., M, N); got shape {x.shape}")
    dims = normal_dims("matrix_norm", dim, x.ndim)
    if len(dims) != 2:
        raise ArgumentError(f"matrix_norm: dim must name two dimensions; got {dim!r}")
    if ord == "fro":
        return reduce.norm(x, 2, dims, keepdim)
    if ord in SUMS:
        summed, other = dims if ord in (1, -1) else dims[::-1]
        sums = sum(abs(x), summed, keepdim=True)
        z = (amax if ord > 0 else amin)(sums, other, keepdim=True)
    elif ord in ("nuc", 2, -2):
        s = svdvals(movedim(x, dims, (-2, -1)))
        z = sum(s, -1) if ord == "nuc" else (amax if ord == 2 else amin)(s, -1)
    else:
        raise ArgumentError(f"matrix_norm: ord must be 'fro', 'nuc', 1, -1, 2, -2, inf or -inf; got {ord!r}")
    kept = reduce.keeping(x.shape, dims)
    return reshape(z, kept if keepdim else tuple(n for d, n in enumerate(x.shape) if d not in dims))


def norm(A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """`vector_norm` for no or one dim, `matrix_norm` for two; without `ord`, the 2-norm of all elements."""
    if ord is None:
        return vector_norm(A, 2, dim, keepdim, dtype=dtype)
    if dim is None and A.ndim > 2:
        raise ShapeError(f"norm: with ord, say over which dim of the shape {A.shape}")
    two = (isinstance(dim, tuple | list) and len(dim) == 2) or (dim is None and A.ndim == 2)
    if two or isinstance(ord, str):
        return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim, dtype=dtype)
    return vector_norm(A, ord, dim, keepdim, dtype=dtype)


def tolerance(name: str, x: Tensor, atol: Any, rtol: Any) -> tuple[Any, Any]:
    """Up to where a singular value counts as 0: an absolute and a relative bound, (..., 1) or numbers."""
    plain = 0.0 if atol is not None else max(x.shape[-2:]) * float(np.finfo(x.dtype).eps)
    bounds = (0.0 if atol is None else atol), (plain if rtol is None else rtol)
    return tuple(  # type: ignore[return-value]
        bound._array[..., None] if isinstance(bound, Tensor) else float(number(name, word, bound))
        for word, bound in zip(("atol", "rtol"), bounds)
    )


def matrix_rank(A: Tensor, tol: Any = None, *, atol: Any = None, rtol: Any = None, hermitian: bool = False) -> Tensor:
    """How many singular values of matrices (..., M, N) are above a tolerance (as of `pinv`): int64, no gradient.

    `tol` is an absolute tolerance. With `hermitian`, the matrices are symmetric: eigenvalues, of the lower triangle.
    """
    x = float_only("matrix_rank", A).detach()
    if x.ndim < 2:
        raise ShapeError(f"matrix_rank: takes matrices (..., M, N); got shape {x.shape}")
    if tol is not None:
        atol, rtol = tol, 0.0
    absolute, relative = tolerance("matrix_rank", x, atol, rtol)
    backend = backend_of(x._array)
    xp = backend.xp
    if hermitian:
        s = xp.abs(backend.linalg.eigvalsh(square("matrix_rank", x)._array))
    else:
        s = svdvals(x)._array
    if s.shape[-1] == 0:
        return wrap(xp.zeros(s.shape[:-1], "int64"))
    cut = xp.maximum(absolute, relative * s.max(axis=-1, keepdims=True))
    return wrap(xp.asarray((s > cut).sum(axis=-1)).astype("int64"))


def cond(A: Tensor, p: Any = None) -> Tensor:
    """How much a relative error can grow when a system is solved: norm(A, p) · norm(A⁻¹, p).

    Without p, or for 2, the largest singular value divided by the smallest (-2: the other way round). inf of a
    singular matrix.
    """
    x = float_only("cond", A)
    if x.ndim < 2:
        raise ShapeError(f"cond: takes matrices (..., M, N); got shape {x.shape}")
    if p is None or p in (2, -2):
        s = svdvals(x)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    square("cond", x)
    try:
        return matrix_norm(x, p) * matrix_norm(inv(x), p)
    except LinAlgError:
        if x.ndim > 2 or x.requires_grad:
            raise
        return wrap(backend_of(x._array).xp.full((), inf, x.dtype))
