"""Slices and elements named by an index: added, replaced, filled, taken from the flattened tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...backend import backend_of
from ...engine.function import Function
from ...engine.tensor import Tensor, wrap
from ...errors import ArgumentError, DtypeError, IndexDtypeError, IndexShapeError, ShapeError
from .._check.arguments import Number, broadcast_shape, normal_dim, tensor_of
from ..arithmetic import mul, scale_of
from ..gather import index_of, masked_fill
from ..index import check_indices, getitem, set_items
from ..shape import expand, flatten, reshape
from .scatter import reduced_at, scatter, scatter_add


class PutAdd(Function):
    """z = x; z[i, j, ...] += v for index arrays        dx = dz,  dv = dz[i, j, ...]"""

    def forward(self, x: Any, v: Any, *arrays: Any) -> Any:
        self.index = arrays
        z = self.backend.copy(x, order="C")
        self.backend.scatter_add(z, arrays, v)
        return z

    def backward(self, dz: Any) -> Any:
        return dz, dz[self.index], *(None for _ in self.index)


def _along(name: str, input: Any, dim: int, index: Any, source: Any) -> tuple[Tensor, int, Tensor, Tensor]:
    """The index, one number for each slice, as one for each element of the source."""
    x, i, s = tensor_of(name, input), index_of(name, index), tensor_of(name, source, "source")
    dim = normal_dim(name, dim, x.ndim)
    if i.ndim > 1:
        raise IndexShapeError(f"{name}: index must have at most 1 dimension; got shape {i.shape}")
    if x.dtype != s.dtype:
        raise DtypeError(f"{name}: source is {s.dtype} but input is {x.dtype}; convert one with .to(...)")
    beside = lambda shape: (*shape[:dim], *shape[dim + 1 :])  # noqa: E731
    count = s.shape[dim] if s.ndim else 1
    if s.ndim != x.ndim and not (s.ndim <= 1 and x.ndim <= 1):
        raise IndexShapeError(f"{name}: source of shape {s.shape} for shape {x.shape}; give it as many dimensions")
    if beside(s.shape) != beside(x.shape) or i._array.size != count:
        raise IndexShapeError(
            f"{name}: source of shape {s.shape} for shape {x.shape} and an index of {i._array.size}: it must have as "
            f"many slices along dim {dim} as the index has numbers, and the input's other dimensions"
        )
    check_indices(name, i, x.shape[dim] if x.ndim else 1, dim)
    if s.ndim == 0:
        return x, dim, reshape(i, ()), s
    whole = reshape(i, tuple(-1 if d == dim else 1 for d in range(s.ndim)))
    return x, dim, expand(whole, s.shape), s


def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Number = 1) -> Tensor:
    """A copy of the input with alpha · source added to the slices of dimension `dim` that `index` (K,) names.

    >>> import minidl
    >>> index_add(minidl.zeros(3), 0, minidl.tensor([2, 2]), minidl.tensor([1.0, 5.0]))
    tensor([0., 0., 6.])
    """
    x, dim, places, s = _along("index_add", input, dim, index, source)
    if type(alpha) is not int or alpha != 1:
        s = mul(s, scale_of("index_add", alpha, s, s))
    return scatter_add(x, dim, places, s)


def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy of the input in which the slices of dimension `dim` that `index` (K,) names are those of source."""
    x, dim, places, s = _along("index_copy", input, dim, index, source)
    return scatter(x, dim, places, s)


def index_reduce(
    input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """`scatter_reduce` for slices of dimension `dim`, each with one number in `index` (K,); without "sum"."""
    x, dim, places, s = _along("index_reduce", input, dim, index, source)
    if reduce == "sum":
        raise ArgumentError("index_reduce: reduce must be 'prod', 'mean', 'amax' or 'amin'; index_add makes sums")
    return reduced_at("index_reduce", x, dim, places, s, reduce, include_self)


def index_fill(input: Tensor, dim: int, index: Tensor, value: Tensor | Number) -> Tensor:
    """A copy of the input in which the slices of dimension `dim` that `index` (K,) names are filled with `value`."""
    x, i = tensor_of("index_fill", input), index_of("index_fill", index)
    dim = normal_dim("index_fill", dim, x.ndim)
    if i.ndim > 1:
        raise IndexShapeError(f"index_fill: index must have at most 1 dimension; got shape {i.shape}")
    length = x.shape[dim] if x.ndim else 1
    check_indices("index_fill", i, length, dim, negative=True)
    mask = backend_of(x._array).xp.zeros(length, bool)
    mask[i._array] = True
    shape = [length if d == dim else 1 for d in range(x.ndim)]
    return masked_fill(x, wrap(mask.reshape(shape)), value)


def index_put(input: Tensor, indices: Sequence[Tensor], values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of the input in which input[indices] = values, or with `accumulate` input[indices] += values.

    `indices` is a tuple of integer or bool tensors; with `accumulate`, an element that is named twice gets both values.
    """
    x, v = tensor_of("index_put", input), tensor_of("index_put", values, "values")
    if not isinstance(indices, tuple | list) or not indices:
        raise ArgumentError(f"index_put: indices must be a tuple of tensors; got {indices!r}")
    if x.dtype != v.dtype:
        raise DtypeError(f"index_put: values are {v.dtype} but input is {x.dtype}; convert one with .to(...)")
    if not accumulate:
        return set_items(x, tuple(indices), v)
    arrays = _integers(x, indices)
    shape = (*broadcast_shape("index_put", *(a.shape for a in arrays)), *x.shape[len(arrays) :])
    if broadcast_shape("index_put", v.shape, shape) != shape:
        raise ShapeError(f"index_put: values of shape {v.shape} cannot be broadcast into the shape {shape}")
    return PutAdd.apply(x, expand(v, shape), *(wrap(a) for a in arrays))


def _integers(x: Tensor, indices: Sequence[Tensor]) -> list[Any]:
    """The index tensors as arrays of integers, checked: a mask stands for the places where it is True."""
    arrays: list[Any] = []
    for index in indices:
        i = tensor_of("index_put", index, "an index")
        if len(arrays) + (i.ndim if i.dtype == np.bool_ else 1) > x.ndim:
            raise IndexShapeError(f"index_put: more indices than the {x.ndim} dimensions of shape {x.shape}")
        if i.dtype == np.bool_:
            if i.shape != x.shape[len(arrays) : len(arrays) + i.ndim]:
                raise IndexShapeError(f"index_put: a mask of shape {i.shape} does not fit into shape {x.shape}")
            arrays += backend_of(i._array).xp.nonzero(i._array)
            continue
        if i.dtype.kind != "i":
            raise IndexDtypeError(f"index_put: index tensors must be integers or bools; got {i.dtype}")
        check_indices("index_put", i, x.shape[len(arrays)], len(arrays), negative=True)
        arrays.append(i._array)
    return arrays


def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements at these places of the flattened input; negative ones count from the end.

    >>> import minidl
    >>> take(minidl.tensor([[1, 2], [3, 4]]), minidl.tensor([0, -1]))
    tensor([1, 4])
    """
    x, i = flatten(tensor_of("take", input)), index_of("take", index)
    return reshape(getitem(x, reshape(i, (-1,))), i.shape)


def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of the input with source at these places of the flattened input; `accumulate` adds it."""
    x, i, s = tensor_of("put", input), index_of("put", index), tensor_of("put", source, "source")
    if i._array.size != s._array.size:
        raise ShapeError(f"put: index of shape {i.shape} and source of shape {s.shape} have different sizes")
    return reshape(index_put(flatten(x), (flatten(i),), flatten(s), accumulate), x.shape)


def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """A copy of the input in which the elements where mask is True are those of source, in order.

    input and mask are broadcast. ShapeError if source has too few elements.
    """
    x, m, s = tensor_of("masked_scatter", input), tensor_of("masked_scatter", mask, "mask"), source
    if m.dtype != np.bool_:
        raise DtypeError(f"masked_scatter: mask must be a tensor of bools; got {m.dtype}; use .bool()")
    if tensor_of("masked_scatter", s, "source").dtype != x.dtype:
        raise DtypeError(f"masked_scatter: source is {s.dtype} but input is {x.dtype}; convert one with .to(...)")
    shape = broadcast_shape("masked_scatter", x.shape, m.shape)
    x, m = expand(x, shape), expand(m, shape)
    count = int(m._array.sum())
    if count > s._array.size:
        raise ShapeError(f"masked_scatter: {count} elements to be filled, but source has {s._array.size}")
    flat = set_items(flatten(x), flatten(m), getitem(flatten(s), slice(0, count)))
    return reshape(flat, shape)
