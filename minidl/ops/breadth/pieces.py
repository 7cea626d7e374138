"""Tensors turned, split and stacked by dimension, and all combinations of their elements."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...backend import backend_of, to_host
from ...dtypes import int64
from ...engine.tensor import Tensor, wrap
from ...errors import ArgumentError, ArgumentTypeError, IndexShapeError, ShapeError
from .._check.arguments import int_tuple, normal_dim, tensor_of
from ..gather import index_select
from ..index import narrow
from ..join import cat, stack
from ..rearrange import meshgrid
from ..shape import clone, flatten, flip, reshape, transpose, unsqueeze


def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """The input turned k times by 90 degrees, from the first of two dims towards the second.

    >>> import minidl
    >>> rot90(minidl.tensor([[1, 2], [3, 4]]))
    tensor([[2, 4],
            [1, 3]])
    """
    x = tensor_of("rot90", input)
    (turns,) = int_tuple("rot90", (k,), "k")
    pair = int_tuple("rot90", dims, "dims")
    if len(pair) != 2 or x.ndim < 2:
        raise ShapeError(f"rot90: takes two dims and at least 2 dimensions; got dims {pair} and shape {x.shape}")
    i, j = (normal_dim("rot90", d, x.ndim) for d in pair)
    if i == j:
        raise ArgumentError(f"rot90: the dims must differ; got {pair}")
    if turns % 2 == 0:
        return flip(x, (i, j)) if turns % 4 else clone(x)
    return transpose(flip(x, (j,)), i, j) if turns % 4 == 1 else flip(transpose(x, i, j), (j,))


def fliplr(input: Tensor) -> Tensor:
    """The input with its columns (dimension 1) in the opposite order."""
    return flip(_with_dims("fliplr", input, 2), (1,))


def flipud(input: Tensor) -> Tensor:
    """The input with its rows (dimension 0) in the opposite order."""
    return flip(_with_dims("flipud", input, 1), (0,))


def _with_dims(name: str, input: Any, ndim: int) -> Tensor:
    x = tensor_of(name, input)
    if x.ndim < ndim:
        raise ShapeError(f"{name}: takes at least {ndim} dimensions; got shape {x.shape}")
    return x


def atleast_1d(*tensors: Any) -> Any:
    """The tensor, or each of several, with at least 1 dimension; a view."""
    return _at_least("atleast_1d", tensors, 1)


def atleast_2d(*tensors: Any) -> Any:
    """The tensor, or each of several, with at least 2 dimensions; a vector becomes a row; a view."""
    return _at_least("atleast_2d", tensors, 2)


def atleast_3d(*tensors: Any) -> Any:
    """The tensor, or each of several, with at least 3 dimensions: (N,) as (1, N, 1), (M, N) as (M, N, 1); a view."""
    return _at_least("atleast_3d", tensors, 3)


def _at_least(name: str, tensors: tuple[Any, ...], ndim: int) -> Any:
    listed = len(tensors) == 1 and isinstance(tensors[0], list | tuple)
    given = tensors[0] if listed else tensors
    xs = tuple(deepened(tensor_of(name, x, f"tensors[{i}]"), ndim) for i, x in enumerate(given))
    return xs[0] if len(tensors) == 1 and not listed else xs


def deepened(x: Tensor, ndim: int) -> Tensor:
    """x with that many dimensions: those in front first, the third behind."""
    if x.ndim == 0:
        x = reshape(x, (1,))
    if x.ndim == 1 and ndim > 1:
        x = unsqueeze(x, 0)
    return unsqueeze(x, -1) if x.ndim == 2 and ndim > 2 else x


def _listed(name: str, tensors: Any) -> list[Tensor]:
    if isinstance(tensors, Tensor) or not isinstance(tensors, Sequence):
        raise ArgumentTypeError(f"{name}: takes a list or tuple of tensors; got {type(tensors).__name__}")
    if not tensors:
        raise ArgumentError(f"{name}: takes at least one tensor; the list is empty")
    return [tensor_of(name, x, f"tensors[{i}]") for i, x in enumerate(tensors)]


def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """The tensors side by side, along dimension 1; vectors are columns."""
    return cat([x if x.ndim > 1 else reshape(x, (-1, 1)) for x in _listed("column_stack", tensors)], 1)


def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """The tensors one behind the other, along dimension 2; each has at least 3 dimensions first."""
    return cat([deepened(x, 3) for x in _listed("dstack", tensors)], 2)


def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views along `dim`: that many, as equal as possible, the first ones longer; or cut before the given indices.

    >>> import minidl
    >>> [part.tolist() for part in tensor_split(minidl.arange(5), 2)]
    [[0, 1, 2], [3, 4]]
    """
    x = tensor_of("tensor_split", input)
    if x.ndim == 0:
        raise IndexShapeError("tensor_split: a 0-dimensional tensor has no dimension to take apart")
    dim = normal_dim("tensor_split", dim, x.ndim)
    return _split("tensor_split", x, indices_or_sections, dim)


def _split(name: str, x: Tensor, where: Any, dim: int) -> tuple[Tensor, ...]:
    n = x.shape[dim]
    if isinstance(where, Tensor):
        if where.dtype != np.int64 or where.ndim > 1:
            raise ArgumentError(f"{name}: a tensor of indices must be int64, a number or a vector; got {where!r}")
        where = to_host(where._array).tolist()
    if hasattr(where, "__index__") and not isinstance(where, bool):
        count = int(where)
        if count < 1:
            raise ArgumentError(f"{name}: the number of sections must be at least 1; got {count}")
        cuts = [i * (n // count) + min(i, n % count) for i in range(count + 1)]
        return tuple(narrow(x, dim, a, b - a) for a, b in itertools.pairwise(cuts))
    cuts = [0, *(slice(i).indices(n)[1] for i in int_tuple(name, where, "the indices")), n]
    return tuple(narrow(x, dim, a, max(b - a, 0)) for a, b in itertools.pairwise(cuts))


def hsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Views along dimension 1 (0 of a vector): that many of equal length, or cut before the given indices."""
    x = _with_dims("hsplit", input, 1)
    return _equal("hsplit", x, indices_or_sections, 0 if x.ndim == 1 else 1)


def vsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Views along dimension 0: that many of equal length, or cut before the given indices."""
    return _equal("vsplit", _with_dims("vsplit", input, 2), indices_or_sections, 0)


def dsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Views along dimension 2: that many of equal length, or cut before the given indices."""
    return _equal("dsplit", _with_dims("dsplit", input, 3), indices_or_sections, 2)


def _equal(name: str, x: Tensor, where: Any, dim: int) -> tuple[Tensor, ...]:
    if hasattr(where, "__index__") and not isinstance(where, Tensor) and (where < 1 or x.shape[dim] % where):
        raise ShapeError(f"{name}: {x.shape[dim]} elements along dim {dim} cannot be split into {where} equal parts")
    return _split(name, x, where, dim)


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All ways to take one element of each vector, as rows; of one vector, itself.

    >>> import minidl
    >>> cartesian_prod(minidl.tensor([1, 2]), minidl.tensor([3, 4])).tolist()
    [[1, 3], [1, 4], [2, 3], [2, 4]]
    """
    xs = [tensor_of("cartesian_prod", x, f"tensors[{i}]") for i, x in enumerate(tensors)]
    if not xs or any(x.ndim != 1 for x in xs):
        raise ShapeError(f"cartesian_prod: takes vectors; got {', '.join(str(x.shape) for x in xs) or 'nothing'}")
    if len(xs) == 1:
        return xs[0]
    return stack([flatten(grid) for grid in meshgrid(*xs, indexing="ij")], 1)


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All ways to take r elements of a vector, in its order, as rows; with replacement also one element several times.

    >>> import minidl
    >>> combinations(minidl.tensor([1, 2, 3])).tolist()
    [[1, 2], [1, 3], [2, 3]]
    """
    x = tensor_of("combinations", input)
    (count,) = int_tuple("combinations", (r,), "r")
    if x.ndim != 1 or count < 0:
        raise ArgumentError(f"combinations: takes a vector and r of at least 0; got shape {x.shape} and r={r}")
    if count == 0:
        return x[:0]
    ways = (itertools.combinations_with_replacement if with_replacement else itertools.combinations)(
        range(x.shape[0]), count
    )
    places = np.array(list(ways), np.int64).reshape(-1, count)
    chosen = index_select(x, 0, wrap(backend_of(x._array).asarray(places.reshape(-1))))
    return reshape(chosen, places.shape)


def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The elements (with `dim`, the slices along it) without those equal to the one before.

    `return_inverse` also gives, for each element, its place among them; `return_counts`, how often each occurs.

    >>> import minidl
    >>> unique_consecutive(minidl.tensor([1, 1, 2, 1]))
    tensor([1, 2, 1])
    """
    x = tensor_of("unique_consecutive", input)
    axis = 0 if dim is None else normal_dim("unique_consecutive", dim, x.ndim)
    array = x._array.reshape(-1) if dim is None else x._array
    xp = backend_of(array).xp
    rows = xp.moveaxis(array, axis, 0)
    new = xp.ones(len(rows), bool)
    if len(rows) > 1:
        differs = rows[1:] != rows[:-1]
        new[1:] = differs.any(axis=tuple(range(1, rows.ndim)))
    found = [wrap(xp.ascontiguousarray(xp.moveaxis(rows[new], 0, axis)))]
    if return_inverse:
        inverse = (xp.cumsum(new) - 1).astype(int64)
        found.append(wrap(inverse.reshape(x.shape if dim is None else (-1,))))
    if return_counts:
        starts = xp.nonzero(new)[0]
        ends = xp.concatenate([starts[1:], xp.full(min(len(starts), 1), len(rows), starts.dtype)])
        found.append(wrap((ends - starts).astype(int64)))
    return tuple(found) if len(found) > 1 else found[0]
