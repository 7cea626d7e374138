"""Tensors made of the elements of others: grids, diagonals, repeats, and products of small vectors and blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import backend_of, to_host
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, ArgumentTypeError, ShapeError
from ._check.arguments import broadcast_shape, int_tuple, normal_dim, not_bool, promoted, tensor_of
from .arithmetic import mul, sub
from .gather import index_select
from .index import narrow
from .join import cat, pad
from .linalg import matmul
from .reduce import mean, std, sum, var
from .shape import broadcast_to, clone, diagonal, permute, reshape, roll, unsqueeze


def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The tensors as views of their common shape."""
    xs = [tensor_of("broadcast_tensors", x, f"tensors[{i}]") for i, x in enumerate(_listed(tensors))]
    shape = broadcast_shape("broadcast_tensors", *(x.shape for x in xs))
    return tuple(broadcast_to(x, shape) for x in xs)


def _listed(tensors: Any) -> Sequence[Any]:
    """The tensors given as f(x, y) or f([x, y])."""
    return tensors[0] if len(tensors) == 1 and isinstance(tensors[0], list | tuple) else tensors


def meshgrid(*tensors: Tensor, indexing: str | None = None) -> tuple[Tensor, ...]:
    """The coordinates of all points of a grid: for vectors of lengths N, M, ..., as many tensors (N, M, ...), views.

    `indexing="xy"` exchanges the first two dimensions, as in NumPy; "ij", the default, does not.

    >>> import minidl
    >>> meshgrid(minidl.arange(2), minidl.arange(3))[1]
    tensor([[0, 1, 2],
            [0, 1, 2]])
    """
    xs = [tensor_of("meshgrid", x, f"tensors[{i}]") for i, x in enumerate(_listed(tensors))]
    if not xs:
        raise ArgumentError("meshgrid: takes at least one tensor")
    if indexing not in (None, "ij", "xy"):
        raise ArgumentError(f"meshgrid: indexing must be 'ij' or 'xy'; got {indexing!r}")
    for i, x in enumerate(xs):
        if x.ndim > 1:
            raise ShapeError(f"meshgrid: takes vectors and numbers; tensors[{i}] has shape {x.shape}")
        if x.dtype != xs[0].dtype:
            raise ArgumentTypeError(f"meshgrid: all must have one dtype; got {xs[0].dtype} and {x.dtype}")
    swapped = indexing == "xy" and len(xs) > 1
    order = [1, 0, *range(2, len(xs))] if swapped else list(range(len(xs)))
    lengths = [xs[i].numel() for i in order]
    grids = []
    for i, x in enumerate(xs):
        place = order.index(i)
        grids.append(broadcast_to(reshape(x, [-1 if d == place else 1 for d in range(len(xs))]), lengths))
    return tuple(grids)


def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """A vector as the diagonal of a matrix of zeros; of a matrix, its diagonal. `diagonal` counts upward from the main.

    >>> import minidl
    >>> diag(minidl.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    x = tensor_of("diag", input)
    (offset,) = int_tuple("diag", (diagonal,), "diagonal")
    if x.ndim == 2:
        return clone(_diagonal(x, offset))
    if x.ndim != 1:
        raise ShapeError(f"diag: takes a vector or a matrix; got shape {x.shape}")
    n = x.shape[0] + abs(offset)
    below, right = max(-offset, 0), max(offset, 0)
    count = x.shape[0]
    if count == 0:
        return reshape(pad(x, (0, n * n)), (n, n))
    # each element, then n zeros: read in rows of n, the elements lie on a diagonal
    spread = reshape(pad(unsqueeze(x, 1), (0, n)), (-1,))  # (count * (n + 1),)
    start = below * n + right
    return reshape(pad(spread, (start, n * n - start - count * (n + 1))), (n, n))


_diagonal = diagonal


def trace(input: Tensor) -> Tensor:
    """The sum of the diagonal of a matrix."""
    x = tensor_of("trace", input)
    if x.ndim != 2:
        raise ShapeError(f"trace: takes a matrix; got shape {x.shape}")
    return sum(_diagonal(x))


def repeat_interleave(
    input: Tensor, repeats: Tensor | int, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each element along `dim` (of all in one row without it) as many times as `repeats` says, one after the other.

    `repeats` is a number, or a vector of one number for each.

    >>> import minidl
    >>> repeat_interleave(minidl.tensor([1, 2]), 2)
    tensor([1, 1, 2, 2])
    """
    x = tensor_of("repeat_interleave", input)
    if dim is None or x.ndim == 0:
        x, dim = reshape(x, (-1,)), 0
    dim = normal_dim("repeat_interleave", dim, x.ndim)
    counts = to_host(repeats._array) if isinstance(repeats, Tensor) else np.asarray(repeats)
    if counts.dtype.kind not in "iu" or counts.ndim > 1 or counts.size not in (1, x.shape[dim]):
        raise ArgumentError(
            f"repeat_interleave: repeats must be an integer, or one for each of the {x.shape[dim]} along dim {dim}; "
            f"got {repeats!r}"
        )
    if (counts < 0).any():
        raise ArgumentError("repeat_interleave: repeats must be at least 0")
    places = np.repeat(np.arange(x.shape[dim]), counts)
    if output_size is not None and output_size != places.size:
        raise ArgumentError(f"repeat_interleave: output_size is {output_size}, but there are {places.size} elements")
    return index_select(x, dim, wrap(backend_of(x._array).asarray(places)))


def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """The vector product along `dim` of length 3 (without it, the first such), broadcast: at right angles to both.

    >>> import minidl
    >>> cross(minidl.tensor([1.0, 0.0, 0.0]), minidl.tensor([0.0, 1.0, 0.0]))
    tensor([0., 0., 1.])
    """
    x, y = tensor_of("cross", input), tensor_of("cross", other, "other")
    not_bool("cross", x, y)
    x, y = broadcast_tensors(*promoted("cross", x, y))
    if dim is None:
        dim = next((d for d, n in enumerate(x.shape) if n == 3), None)
    where = None if dim is None else normal_dim("cross", dim, x.ndim)
    if where is None or not x.ndim or x.shape[where] != 3:
        raise ShapeError(f"cross: takes vectors of 3 elements along dim {dim}; got shape {x.shape}")
    return sub(mul(roll(x, -1, where), roll(y, -2, where)), mul(roll(x, -2, where), roll(y, -1, where)))


def kron(input: Tensor, other: Tensor) -> Tensor:
    """The Kronecker product: `other` once for each element of input, multiplied by it, in blocks.

    >>> import minidl
    >>> kron(minidl.tensor([1, 10]), minidl.tensor([1, 2]))
    tensor([ 1,  2, 10, 20])
    """
    x, y = promoted("kron", tensor_of("kron", input), tensor_of("kron", other, "other"))
    n = max(x.ndim, y.ndim)
    a, b = ((1,) * (n - z.ndim) + z.shape for z in (x, y))
    spread = [size for pair in zip(a, (1,) * n) for size in pair]
    filled = [size for pair in zip((1,) * n, b) for size in pair]
    return reshape(mul(reshape(x, spread), reshape(y, filled)), [p * q for p, q in zip(a, b)])


def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """The sum of products over dimensions of both: the last `dims` of a and the first of b, or two lists of them."""
    x, y = tensor_of("tensordot", a, "a"), tensor_of("tensordot", b, "b")
    if hasattr(dims, "__index__"):
        count = int(dims)
        if not 0 <= count <= min(x.ndim, y.ndim):
            raise ArgumentError(f"tensordot: dims must be from 0 to {min(x.ndim, y.ndim)}; got {dims!r}")
        ours, theirs = list(range(x.ndim - count, x.ndim)), list(range(count))
    elif isinstance(dims, list | tuple) and len(dims) == 2:
        ours, theirs = (
            [normal_dim("tensordot", d, z.ndim) for d in ([side] if hasattr(side, "__index__") else side)]
            for side, z in zip(dims, (x, y))
        )
    else:
        raise ArgumentTypeError(f"tensordot: dims must be an integer or two lists of dimensions; got {dims!r}")
    if [x.shape[d] for d in ours] != [y.shape[d] for d in theirs]:
        raise ShapeError(f"tensordot: dims {ours} of {x.shape} and {theirs} of {y.shape} have different lengths")
    free_x = [d for d in range(x.ndim) if d not in ours]
    free_y = [d for d in range(y.ndim) if d not in theirs]
    rows, columns = [x.shape[d] for d in free_x], [y.shape[d] for d in free_y]
    inner = int(np.prod([x.shape[d] for d in ours], dtype=int))
    left = reshape(permute(x, free_x + ours), (int(np.prod(rows, dtype=int)), inner))
    right = reshape(permute(y, theirs + free_y), (inner, int(np.prod(columns, dtype=int))))
    return reshape(matmul(left, right), rows + columns)


def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None
) -> Tensor:
    """Each element minus the one before it along `dim`, `n` times over; `prepend` and `append` are joined on first.

    >>> import minidl
    >>> diff(minidl.tensor([1, 3, 7]))
    tensor([2, 4])
    """
    x = tensor_of("diff", input)
    not_bool("diff", x)
    (times,) = int_tuple("diff", (n,), "n")
    if times < 0 or x.ndim == 0:
        raise ArgumentError(f"diff: n must be at least 0, input have a dimension; got n={n}, shape {x.shape}")
    dim = normal_dim("diff", dim, x.ndim)
    if times:
        x = cat([part for part in (prepend, x, append) if part is not None], dim)
    for _ in range(min(times, x.shape[dim])):
        length = max(x.shape[dim] - 1, 0)
        x = sub(narrow(x, dim, min(1, x.shape[dim]), length), narrow(x, dim, 0, length))
    return x


def std_mean(
    input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None
) -> tuple[Tensor, Tensor]:
    """The standard deviation and the mean; arguments as of `std`."""
    spread = std(input, dim, unbiased, keepdim, correction=correction)
    return spread, mean(input, None if isinstance(dim, bool) else dim, keepdim)


def var_mean(
    input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None
) -> tuple[Tensor, Tensor]:
    """The variance and the mean; arguments as of `var`."""
    spread = var(input, dim, unbiased, keepdim, correction=correction)
    return spread, mean(input, None if isinstance(dim, bool) else dim, keepdim)
