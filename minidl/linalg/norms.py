"""Norms of vectors and matrices."""

from __future__ import annotations

from typing import Any

from ..engine.tensor import Tensor
from ..errors import ArgumentError, ShapeError
from ..ops import reduce
from ..ops._check.arguments import float_only, normal_dims


def vector_norm(x: Tensor, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """(Σ |x|ᵖ)^(1/p) over `dim`, or over all elements."""
    given = float_only("vector_norm", x if dtype is None else x.to(dtype))
    return reduce.norm(given, ord, normal_dims("vector_norm", dim, given.ndim), keepdim)


def matrix_norm(
    A: Tensor, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """The norm of matrices in two dimensions: "fro", the root of the sum of squares; others are an ArgumentError."""
    if ord != "fro":
        raise ArgumentError(f"matrix_norm: ord must be 'fro' in minidl; got {ord!r}; svdvals gives the others")
    return vector_norm(A, 2, dim, keepdim, dtype=dtype)


def norm(A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """`vector_norm` for no or one dim, `matrix_norm` for two; without `ord`, the 2-norm of all elements."""
    if ord is None:
        return vector_norm(A, 2, dim, keepdim, dtype=dtype)
    if dim is None and A.ndim > 2:
        raise ShapeError(f"norm: with ord, say over which dim of the shape {A.shape}")
    matrix = ord == "fro" or (isinstance(dim, tuple | list) and len(dim) == 2) or (dim is None and A.ndim == 2)
    if matrix:
        return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim, dtype=dtype)
    return vector_norm(A, ord, dim, keepdim, dtype=dtype)
