"""Elements read along one dimension, and read or replaced by a mask."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import backend_of
from ..dtypes import int32, int64
from ..engine.function import Function
from ..engine.tensor import Tensor, wrap
from ..errors import DtypeError, IndexShapeError, ShapeError, refuse
from ._check.arguments import broadcast_shape, cast, element, normal_dim, tensor_of
from .index import check_indices, getitem
from .shape import expand, flatten, reshape


class IndexSelect(Function):
    """z[..., k, ...] = x[..., i_k, ...]        dx[..., i_k, ...] += dz[..., k, ...]"""

    computes = False

    def forward(self, x: Any, i: Any, dim: int) -> Any:
        self.shape, self.index = x.shape, (*(slice(None),) * dim, i)
        return self.backend.select(x, i, dim)

    def backward(self, dz: Any) -> Any:
        dx = self.xp.zeros(self.shape, dz.dtype)
        self.backend.scatter_add(dx, self.index, dz)
        return dx, None


class Gather(Function):
    """z[i][j][k] = x[i][index[i][j][k]][k] for dim=1        dx[i][index[i][j][k]][k] += dz[i][j][k]"""

    computes = False

    def forward(self, x: Any, index: Any, dim: int) -> Any:
        self.shape, self.places = x.shape, self.backend.places(x.shape, index, dim)
        return self.backend.take(x, self.places)

    def backward(self, dz: Any) -> Any:
        dx = self.xp.zeros(self.shape, dz.dtype)
        self.backend.add_at(dx, self.places, dz)
        return dx, None


class MaskedFill(Function):
    """z = v where mask, else x        dx = 0 where mask, else dz;  dv = sum of dz where mask (by the engine)"""

    computes = False

    def forward(self, x: Any, mask: Any, v: Any) -> Any:
        self.mask = mask
        return self.xp.where(mask, v, x)

    def backward(self, dz: Any) -> Any:
        masked = self.backend.masked
        return masked(dz, ~self.mask), None, masked(dz, self.mask) if self.needs[2] else None


def index_of(function: str, index: Any, name: str = "index") -> Tensor:
    """The index, which must be a tensor of int64 or int32."""
    i = tensor_of(function, index, name)
    if i._array.dtype not in (int64, int32):
        raise DtypeError(f"{function}: {name} must be int64 or int32; got {i.dtype}; use .long()")
    return i


def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices of dimension `dim` at the positions `index` (K,), in that order. RangeError if one is outside."""
    x, i = tensor_of("index_select", input), index_of("index_select", index)
    dim = normal_dim("index_select", dim, x.ndim)
    if i.ndim > 1:
        raise IndexShapeError(f"index_select: index must have 1 dimension; got shape {i.shape}")
    if x.ndim == 0:
        if i._array.size != 1:
            raise ShapeError(f"index_select: a 0-dimensional input takes one index; got shape {i.shape}")
        return reshape(index_select(reshape(x, (1,)), 0, i), ())
    check_indices("index_select", i, x.shape[dim], dim)
    return IndexSelect.apply(x, reshape(i, (-1,)) if i.ndim == 0 else i, dim=dim)


def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """Along `dim`, the elements at `index`: z[i][j] = input[i][index[i][j]] for dim=1; z has the shape of index.

    In the other dimensions index may be shorter than the input. RangeError if an index is outside `dim`.

    >>> import minidl
    >>> minidl.gather(minidl.tensor([[1, 2], [3, 4]]), 1, minidl.tensor([[1], [0]]))
    tensor([[2],
            [3]])
    """
    refuse("gather", sparse_grad=sparse_grad)
    x, i = tensor_of("gather", input), index_of("gather", index)
    dim = normal_dim("gather", dim, x.ndim)
    if i._array.size == 0:  # PyTorch then requires only an index
        return reshape(Gather.apply(flatten(x), flatten(i), dim=0), i.shape)
    fits("gather", x, dim, i)
    if x.ndim == 0:
        return _from_vector(gather, x, i)
    return Gather.apply(x, i, dim=dim)


def _from_vector(function: Any, x: Tensor, i: Tensor) -> Tensor:
    """The result of gather for a 0-dimensional input, which is treated as one of length 1."""
    return reshape(function(reshape(x, (1,)), 0, reshape(i, (-1,))), i.shape)


def fits(function: str, x: Tensor, dim: int, i: Tensor, every_dim: bool = False) -> None:
    """An index of gather or scatter: as many dimensions as x, no longer than it except along dim, and in range."""
    if max(i.ndim, 1) != max(x.ndim, 1):
        raise ShapeError(f"{function}: index of shape {i.shape} for shape {x.shape}; give it as many dimensions")
    pairs = enumerate(zip(i.shape, x.shape))
    if x.ndim and i.ndim and any(n > m and (every_dim or d != dim) for d, (n, m) in pairs):
        raise ShapeError(f"{function}: index of shape {i.shape} is longer than shape {x.shape} outside dim {dim}")
    if not every_dim:
        check_indices(function, i, x.shape[dim] if x.ndim else 1, dim)


def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """Along `dim` (or of the flattened input), the elements at `indices`; the other dimensions are broadcast.

    With a `dim`, negative indices count from the end, unlike in `gather`.
    """
    x, i = tensor_of("take_along_dim", input), index_of("take_along_dim", indices, "indices")
    if dim is None:
        return gather(flatten(x), 0, flatten(i))
    if x.ndim != i.ndim:
        raise ShapeError(f"take_along_dim: indices of shape {i.shape} for shape {x.shape}; give as many dimensions")
    dim = normal_dim("take_along_dim", dim, x.ndim)
    i = _from_the_front(i, x.shape[dim] if x.ndim else 1)
    beside = broadcast_shape("take_along_dim", *((*s[:dim], *s[dim + 1 :]) for s in (x.shape, i.shape)))
    whole = [expand(t, (*beside[:dim], *t.shape[dim : dim + 1], *beside[dim:])) for t in (x, i)]
    return gather(whole[0], dim, whole[1])


def _from_the_front(i: Tensor, length: int) -> Tensor:
    """Indices with the negative ones, which count from the end, made positive."""
    backend, known = backend_of(i._array), i._storage.known_bounds()
    if i._array.size == 0 or (known or backend.bounds(i._array))[0] >= 0:
        return i
    return wrap(backend.xp.where(i._array < 0, i._array + length, i._array))


def _mask_of(function: str, mask: Any) -> Tensor:
    m = tensor_of(function, mask, "mask")
    if m.dtype != np.bool_:
        raise DtypeError(f"{function}: mask must be a tensor of bools; got {m.dtype}; use .bool()")
    return m


def masked_fill(input: Tensor, mask: Tensor, value: Tensor | float) -> Tensor:
    """The input with `value` (a number or a 0-dimensional tensor) where mask is True; mask is broadcast."""
    x, m = tensor_of("masked_fill", input), _mask_of("masked_fill", mask)
    broadcast_shape("masked_fill", x.shape, m.shape)
    if not isinstance(value, Tensor):
        return MaskedFill.apply(x, m, element("masked_fill", "value", value, x.dtype))
    if value.ndim:
        raise ShapeError(f"masked_fill: value must be a number or a 0-dimensional tensor; its shape is {value.shape}")
    return MaskedFill.apply(x, m, cast(value, x.dtype))


def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where mask is True, in one dimension; both are broadcast."""
    x, m = tensor_of("masked_select", input), _mask_of("masked_select", mask)
    shape = broadcast_shape("masked_select", x.shape, m.shape)
    return flatten(getitem(expand(x, shape), expand(m, shape)))


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The positions of the elements that are not 0: (K, ndim), or with as_tuple one tensor (K,) per dimension."""
    x = tensor_of("nonzero", input)
    xp = backend_of(x._array).xp
    found = xp.nonzero(x._array if x.ndim else x._array.reshape(1))
    if as_tuple:
        return tuple(wrap(places) for places in found)
    if x.ndim == 0:
        return wrap(xp.zeros((len(found[0]), 0), np.int64))
    return wrap(xp.stack(found, axis=1))


def argwhere(input: Tensor) -> Tensor:
    """The positions of the elements that are not 0: (K, ndim)."""
    return nonzero(input)
