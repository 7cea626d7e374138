"""Which elements there are, how often, and where they belong: no gradient comes back from these."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import backend_of, same_backend
from ..dtypes import float64, int32, int64
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, DtypeError, ShapeError, refuse
from ._check.arguments import int_tuple, normal_dim, promoted, tensor_of


def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The different elements in ascending order (always sorted); with `dim`, the different slices along it.

    `return_inverse` also gives, for each element, its place among them; `return_counts`, how often each occurs.

    >>> import minidl
    >>> unique(minidl.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    x = tensor_of("unique", input)
    if dim is not None:
        dim = normal_dim("unique", dim, x.ndim)
    backend = backend_of(x._array)
    host = backend.to_numpy(x._array)
    values, inverse, counts = np.unique(host, return_inverse=True, return_counts=True, axis=dim, equal_nan=False)
    found = [values]
    if return_inverse:
        found.append(inverse.reshape(x.shape if dim is None else (-1,)).astype(int64))
    if return_counts:
        found.append(counts.astype(int64))
    tensors = tuple(wrap(backend.asarray(np.array(array, order="C"))) for array in found)
    return tensors if len(tensors) > 1 else tensors[0]


def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """For each of `elements`, whether it is one of `test_elements`; either may be a number. `invert` asks the opposite.

    >>> import minidl
    >>> isin(minidl.tensor([1, 2, 3]), minidl.tensor([3, 1]))
    tensor([ True, False,  True])
    """
    x, y = promoted("isin", elements, test_elements)
    backend = same_backend("isin", [z._array for z in (x, y) if isinstance(z, Tensor)])
    first, second = (z._array if isinstance(z, Tensor) else backend.asarray(np.asarray(z)) for z in (x, y))
    found = (first.reshape(*first.shape, 1) == second.reshape(-1)).any(axis=-1)
    return wrap(backend.asarray(~found if invert else found))


def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each of 0, 1, 2, ... occurs in a vector of integers; with `weights`, the sum of theirs.

    >>> import minidl
    >>> bincount(minidl.tensor([0, 2, 2]))
    tensor([1, 0, 2])
    """
    x = tensor_of("bincount", input)
    if x.dtype.kind not in "iu":
        raise DtypeError(f"bincount: takes integers; got {x.dtype}")
    (least,) = int_tuple("bincount", (minlength,), "minlength")
    if x.ndim != 1 or least < 0:
        raise ArgumentError(f"bincount: takes a vector, minlength of at least 0; got {x.shape} and {minlength}")
    if x._array.size and int(x._array.min()) < 0:
        raise ArgumentError("bincount: the integers must be at least 0")
    backend = backend_of(x._array)
    if weights is None or not x._array.size:  # PyTorch counts nothing in integers, whatever the weights
        return wrap(backend.xp.bincount(x._array, minlength=least).astype(int64))
    w = tensor_of("bincount", weights, "weights")
    if w.shape != x.shape:
        raise ShapeError(f"bincount: weights must have the shape of input, {x.shape}; got {w.shape}")
    dtype = w.dtype if w._array.dtype.name == "float32" else float64
    return wrap(backend.xp.bincount(x._array, w._array, minlength=least).astype(dtype))


def searchsorted(
    sorted_sequence: Tensor,
    input: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
) -> Tensor:
    """Before which place of the ascending sequence each number belongs; with `right`, after those equal to it.

    The sequence is a vector, or has the dimensions of input before the last, each row its own.

    >>> import minidl
    >>> searchsorted(minidl.tensor([1, 3, 5]), minidl.tensor([3, 4]))
    tensor([1, 2])
    """
    refuse("searchsorted", sorter=sorter)
    if side not in (None, "left", "right") or (side == "left" and right):
        raise ArgumentError(f"searchsorted: side must be 'left' or 'right', not against right; got {side!r}, {right}")
    rows = tensor_of("searchsorted", sorted_sequence, "sorted_sequence")
    backend = backend_of(rows._array)
    x = input if isinstance(input, Tensor) else wrap(backend.asarray(np.asarray(input, rows._array.dtype)))
    if rows.dtype != x.dtype:
        raise DtypeError(f"searchsorted: both must have one dtype; got {rows.dtype} and {x.dtype}")
    if rows.ndim == 0 or (rows.ndim > 1 and rows.shape[:-1] != x.shape[:-1]):
        raise ShapeError(f"searchsorted: a sequence {rows.shape} does not go with input {x.shape}")
    how = "right" if right or side == "right" else "left"
    if rows.ndim == 1:
        places = backend.xp.searchsorted(rows._array, x._array, side=how)
    else:
        flat = zip(rows._array.reshape(-1, rows.shape[-1]), x._array.reshape(-1, x.shape[-1]))
        places = backend.xp.stack([backend.xp.searchsorted(row, part, side=how) for row, part in flat])
    return wrap(backend.asarray(places).reshape(x.shape).astype(int32 if out_int32 else int64))


def bucketize(input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False) -> Tensor:
    """`searchsorted` with its first arguments exchanged: the number of the bucket that each number falls into."""
    if tensor_of("bucketize", boundaries, "boundaries").ndim != 1:
        raise ShapeError(f"bucketize: boundaries must be a vector; got shape {boundaries.shape}")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)
