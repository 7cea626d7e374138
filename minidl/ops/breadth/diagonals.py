"""Matrices made of diagonals, blocks and powers, and the indices of triangles."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...devices import backend_for
from ...dtypes import as_dtype, int64
from ...engine.function import Function
from ...engine.tensor import Tensor, wrap
from ...errors import ArgumentError, ShapeError
from .._check.arguments import cast, int_tuple, normal_dim, promote_types, tensor_of
from ..join import cat, pad
from ..rearrange import diag
from ..shape import flatten, movedim, reshape


class DiagEmbed(Function):
    """z[..., i + p, i + q] = x[..., i], else 0        dx[..., i] = dz[..., i + p, i + q]

    The diagonal starts p rows below and q columns to the right of the first element.
    """

    computes = False

    def forward(self, x: Any, p: int, q: int) -> Any:
        n, places = x.shape[-1], self.xp.arange(x.shape[-1])
        self.where = (..., places + p, places + q)
        z = self.xp.zeros((*x.shape[:-1], n + p + q, n + p + q), x.dtype)
        z[self.where] = x
        return z

    def backward(self, dz: Any) -> Any:
        return dz[self.where]


def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices of zeros, in dimensions dim1 and dim2 of the result, with the last dimension of input on a diagonal.

    >>> import minidl
    >>> diag_embed(minidl.tensor([1, 2]), offset=1)
    tensor([[0, 1, 0],
            [0, 0, 2],
            [0, 0, 0]])
    """
    x = tensor_of("diag_embed", input)
    (step,) = int_tuple("diag_embed", (offset,), "offset")
    if x.ndim == 0:
        raise ShapeError("diag_embed: takes at least 1 dimension")
    i, j = normal_dim("diag_embed", dim1, x.ndim + 1), normal_dim("diag_embed", dim2, x.ndim + 1)
    if i == j:
        raise ArgumentError(f"diag_embed: dim1 {dim1} and dim2 {dim2} are the same dimension")
    return movedim(DiagEmbed.apply(x, p=max(-step, 0), q=max(step, 0)), (-2, -1), (i, j))


def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """All elements of input, in one row, as the diagonal of a matrix of zeros."""
    return diag(flatten(tensor_of("diagflat", input)), offset)


def block_diag(*tensors: Tensor) -> Tensor:
    """A matrix of zeros with the matrices on its diagonal, one after the other; vectors and numbers are rows.

    >>> import minidl
    >>> block_diag(minidl.tensor([[1, 2]]), minidl.tensor(3))
    tensor([[1, 2, 0],
            [0, 0, 3]])
    """
    xs = [tensor_of("block_diag", x, f"tensors[{i}]") for i, x in enumerate(tensors)]
    if any(x.ndim > 2 for x in xs):
        raise ShapeError(f"block_diag: takes matrices, vectors and numbers; got {', '.join(str(x.shape) for x in xs)}")
    if not xs:
        return wrap(backend_for(None).xp.zeros((1, 0), np.float32))
    blocks = [x if x.ndim == 2 else reshape(x, (1, -1)) for x in xs]
    dtype = blocks[0].dtype
    for block in blocks:
        dtype = promote_types(dtype, block.dtype)
    width, before, rows = sum(block.shape[1] for block in blocks), 0, []
    for block in blocks:
        rows.append(pad(cast(block, dtype), (before, width - before - block.shape[1])))
        before += block.shape[1]
    return cat(rows, 0)


def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = int64, device: Any = None) -> Tensor:
    """The positions (2, K) on and below a diagonal of a matrix (row, col), row by row."""
    return _triangle("tril_indices", row, col, offset, dtype, device, lambda i, j: j - i <= offset)


def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = int64, device: Any = None) -> Tensor:
    """The positions (2, K) on and above a diagonal of a matrix (row, col), row by row."""
    return _triangle("triu_indices", row, col, offset, dtype, device, lambda i, j: j - i >= offset)


def _triangle(name: str, row: Any, col: Any, offset: Any, dtype: Any, device: Any, holds: Any) -> Tensor:
    rows, columns, _ = int_tuple(name, (row, col, offset), "row, col, offset")
    if rows < 0 or columns < 0:
        raise ArgumentError(f"{name}: row and col must be at least 0; got {row} and {col}")
    places = np.indices((rows, columns)).reshape(2, -1)
    return wrap(backend_for(device).asarray(places[:, holds(*places)].astype(as_dtype(dtype))))


def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The powers x^(N-1), ..., x, 1 of a vector, one row for each element; `increasing` turns their order around.

    >>> import minidl
    >>> vander(minidl.tensor([2, 3]), 3)
    tensor([[4, 2, 1],
            [9, 3, 1]])
    """
    v = tensor_of("vander", x, "x")
    (count,) = int_tuple("vander", (v._array.size if N is None else N,), "N")
    if v.ndim != 1 or count < 0:
        raise ArgumentError(f"vander: takes a vector and N of at least 0; got shape {v.shape} and N={N}")
    dtype = v.dtype if v.dtype.kind == "f" else int64
    return powers(cast(v, dtype), count, increasing)


def powers(x: Tensor, count: int, increasing: bool) -> Tensor:
    """The powers 0 to count - 1 of every element, in a new last dimension."""
    columns = [x.unsqueeze(-1)] * max(count - 1, 0)
    one = (x * 0 + 1).detach().unsqueeze(-1)
    rows = cat([one, *columns], -1).cumprod(-1) if count else one[..., :0]
    return rows if increasing else rows.flip(-1)
