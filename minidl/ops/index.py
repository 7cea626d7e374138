"""Square brackets, by PyTorch's rules: integers, slices, None and Ellipsis share memory; index arrays gather.

An index is taken apart in two steps. The basic part (`x[1, ..., 2:5, None]`) gives a view. The index arrays and masks
are then applied to that view, each in its own dimension, broadcast together as in NumPy.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import index as as_integer
from typing import Any

import numpy as np

from ..backend import backend_of
from ..engine.function import Function
from ..engine.part import Part
from ..engine.tensor import Tensor, wrap
from ..errors import (
    ArgumentError,
    ArgumentTypeError,
    DtypeError,
    IndexDtypeError,
    IndexShapeError,
    RangeError,
    ShapeError,
)
from ._check.arguments import cast, element, normal_dim, tensor_of
from .shape import reshape

Arrays = list[Tensor | None]  # one per dimension of the basic view: an index array, or None for all of it


class Slice(Function):
    """z = x[index] for integers, slices and None        dx = 0, dx[index] = dz"""

    is_view = True
    computes = False

    def forward(self, x: Any, index: tuple[Any, ...]) -> Any:
        self.shape, self.index = x.shape, (*index, ...)  # with an Ellipsis, even one element is a view
        return x[self.index]

    def backward(self, dz: Any) -> Any:
        return Part(dz, self.index, self.shape)


class Take(Function):
    """z = x[i, j, ...] for index arrays        dx[i, j, ...] += dz, an element taken twice counted twice"""

    computes = False

    def forward(self, x: Any, *arrays: Any) -> Any:
        self.shape, self.index = x.shape, _filled(arrays)
        return x[self.index]

    def backward(self, dz: Any) -> Any:
        dx = self.xp.zeros(self.shape, dz.dtype)
        self.backend.scatter_add(dx, self.index, dz)
        return dx, *(None for _ in self.index[1:])


class Put(Function):
    """z = x, but z[index] = v        dx = dz, but dx[index] = 0;  dv = dz[index]"""

    computes = False

    def forward(self, x: Any, v: Any, *arrays: Any, basic: tuple[Any, ...]) -> Any:
        self.basic, self.arrays = basic, _filled(arrays)
        z = x.copy()
        z[basic][self.arrays] = v
        return z

    def backward(self, dz: Any) -> Any:
        dx = dz.copy()
        dx[self.basic][self.arrays] = 0
        return dx, dz[self.basic][self.arrays], *(None for _ in self.arrays[1:])


def _filled(arrays: Sequence[Any]) -> tuple[Any, ...]:
    """The index for the basic view: all of a dimension where there is no array."""
    return (*(slice(None) if array is None else array for array in arrays), ...)


def getitem(input: Tensor, index: Any) -> Tensor:
    """input[index]: a view for integers, slices (of positive step), None and Ellipsis; a copy for index arrays, masks.

    RangeError for an integer outside its dimension, DtypeError for an index of another kind.

    >>> import minidl
    >>> x = minidl.arange(6).reshape(2, 3)
    >>> x[:, 1], x[x > 3], x[[0, 1], [2, 0]]
    (tensor([1, 4]), tensor([4, 5]), tensor([2, 3]))
    """
    basic, arrays = parse(input, index)
    if all(array is None for array in arrays):
        return Slice.apply(input, index=basic)
    seen = input if all(_is_whole(part) for part in basic) else Slice.apply(input, index=basic)
    return Take.apply(seen, *arrays)


def set_items(input: Tensor, index: Any, value: Any) -> Tensor:
    """A copy of the input in which the elements at `index` are `value` (broadcast, cast to the input's dtype)."""
    basic, arrays = parse(input, index)
    _check_put(input, index, value)
    return Put.apply(input, put_value(input, basic, arrays, value), *arrays, basic=(*basic, ...))


def overwrite_items(input: Tensor, index: Any, value: Any) -> None:
    """input[index] = value in the memory of the input itself; nothing is recorded."""
    basic, arrays = parse(input, index)
    _check_put(input, index, value)
    source = put_value(input, basic, arrays, value)
    raw = [None if array is None else array._array for array in arrays]
    with backend_of(input._array).quiet():
        input._array[(*basic, ...)][_filled(raw)] = source._array if isinstance(source, Tensor) else source


def put_value(x: Tensor, basic: tuple[Any, ...], arrays: Arrays, value: Any) -> Any:
    """`value` ready to be written to x: a number, or a tensor of x's dtype without extra dimensions of length 1."""
    if isinstance(value, bool | int | float | np.number | np.bool_):
        return element("x[...] = value", "value", value, x.dtype)
    if not isinstance(value, Tensor):
        raise DtypeError(f"x[...] = value: takes a number or a Tensor; got {type(value).__name__}")
    seen = x._array[(*basic, ...)]
    shape = _taken_shape(seen.shape, arrays)
    spare = max(value.ndim - len(shape), 0)
    if value.shape[:spare] == (1,) * spare:
        kept = value.shape[spare:]
        if len(kept) <= len(shape) and all(n in (1, m) for n, m in zip(kept[::-1], shape[::-1])):
            return cast(value if not spare else reshape(value, kept), x.dtype)
    raise ShapeError(f"x[...] = value: a value of shape {value.shape} cannot be broadcast into the shape {shape}")


def _check_put(x: Tensor, index: Any, value: Any) -> None:
    """DtypeError, as in PyTorch, if index tensors assign a tensor of another dtype; a mask may take one element."""
    if not isinstance(value, Tensor) or value.dtype == x.dtype:
        return
    parts = index if isinstance(index, tuple) else (index,)
    found = [part for part in parts if isinstance(part, Tensor | np.ndarray | Sequence)]
    arrays = [part for part in found if not (isinstance(part, Tensor) and part.ndim == 0 and part.dtype.kind == "i")]
    if not arrays or (len(arrays) == 1 and value._array.size == 1 and _is_mask(_part(x, arrays[0]))):
        return
    raise DtypeError(
        f"x[...] = value: index tensors assign a value of {value.dtype} to a tensor of {x.dtype}; they must be the "
        f"same; use value.to({x.dtype})"
    )


def _is_mask(part: Any) -> bool:
    return isinstance(part, Tensor) and part.dtype.kind == "b"


def _taken_shape(shape: tuple[int, ...], arrays: Arrays) -> tuple[int, ...]:
    """The shape that the index arrays give for a view of `shape`."""
    places = [i for i, array in enumerate(arrays) if array is not None]
    if not places:
        return shape
    common = _broadcast([array.shape for array in arrays if array is not None])
    rest = [length for i, length in enumerate(shape) if i not in places]
    start = places[0] if places[-1] - places[0] == len(places) - 1 else 0  # separated arrays come to the front
    return (*rest[:start], *common, *rest[start:])


def parse(x: Tensor, index: Any) -> tuple[tuple[Any, ...], Arrays]:
    """The basic index, and for each dimension of the view that it gives, an index array (checked) or None."""
    parts = [_part(x, part) for part in (index if isinstance(index, tuple) else (index,))]
    taken = sum(_consumed(part) for part in parts)
    if taken > x.ndim:
        raise RangeError(f"index: {taken} indices for a tensor of {x.ndim} dimensions, shape {x.shape}")
    gaps = [i for i, part in enumerate(parts) if part is Ellipsis]
    if len(gaps) > 1:
        raise ArgumentError("index: more than one Ellipsis (...); write slices (:) instead of the others")
    gap = gaps[0] if gaps else len(parts)
    parts[gap : gap + 1] = [slice(None)] * (x.ndim - taken)

    basic: list[Any] = []
    arrays: Arrays = []
    dim = 0
    for part in parts:
        if isinstance(part, int) and not isinstance(part, bool):
            basic.append(_in_range(part, dim, x.shape))
        elif isinstance(part, slice):
            basic.append(_positive(part, x.shape[dim]))
            arrays.append(None)
        elif part is None:
            basic.append(None)
            arrays.append(None)
        elif isinstance(part, bool):  # a new dimension of length 1 or 0
            basic.append(None)
            arrays.append(_like(x, np.zeros(int(part), np.int64)))
        elif part.dtype == np.bool_:
            basic.extend([slice(None)] * part.ndim)
            arrays.extend(_where(part, dim, x.shape))
        else:
            check_indices("index", part, x.shape[dim], dim, negative=True)
            basic.append(slice(None))
            arrays.append(part)
        dim += _consumed(part)
    taken_shapes = [array.shape for array in arrays if array is not None]
    if len(taken_shapes) > 1:
        _broadcast(taken_shapes)
    return tuple(basic), arrays


def _broadcast(shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """The common shape of index arrays."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        shown = " and ".join(map(str, shapes))
        raise IndexShapeError(
            f"index: shapes {shown} cannot be broadcast; from the right, lengths must be equal or 1"
        ) from None


def _part(x: Tensor, part: Any) -> Any:
    """One part of an index as an int, bool, slice, None, Ellipsis or Tensor with dimensions (integer or mask)."""
    if part is None or part is Ellipsis or isinstance(part, slice | bool) or type(part) is int:
        return part
    if isinstance(part, list | range | tuple):
        if any(item is None or item is Ellipsis or isinstance(item, slice | Sequence | Tensor) for item in part):
            raise ArgumentError("index: a list of lists, tensors or slices is ambiguous; use a tuple or minidl.tensor")
        part = np.asarray(part) if len(part) else np.zeros(0, np.int64)
    if isinstance(part, np.ndarray):
        part = _like(x, np.array(part))
    if isinstance(part, Tensor):
        if part.ndim == 0 and part.dtype.kind == "i":
            return as_integer(part.item())
        if part.dtype.kind == "u":
            raise IndexDtypeError("index: uint8 could mean positions or a mask; use .long() or .bool()")
        if part.dtype.name not in ("int64", "int32", "bool"):
            raise IndexDtypeError(f"index: index tensors must be int64, int32 or bool; got {part.dtype}; use .long()")
        return part.item() if part.ndim == 0 else part
    if isinstance(part, np.bool_ | np.inexact) or not hasattr(part, "__index__"):
        raise IndexDtypeError(
            f"index: {part!r} is not an index; use ints, slices, None, Ellipsis, or integer and bool tensors or lists"
        )
    return as_integer(part)


def _consumed(part: Any) -> int:
    """How many dimensions of the input a part of the index stands for."""
    if part is None or part is Ellipsis or isinstance(part, bool):
        return 0
    return part.ndim if isinstance(part, Tensor) and part.dtype == np.bool_ else 1


def _is_whole(part: Any) -> bool:
    return isinstance(part, slice) and part == slice(None)


def _in_range(position: int, dim: int, shape: tuple[int, ...]) -> int:
    if not -shape[dim] <= position < shape[dim]:
        raise RangeError(f"index: {position} is out of range for dimension {dim} of length {shape[dim]}, shape {shape}")
    return position


def _positive(part: slice, length: int) -> slice:
    """The slice, which must have a positive step; a full slice stays `:`."""
    if part == slice(None):
        return part
    if part.step is not None and as_integer(part.step) < 1:
        raise ArgumentError(f"index: the step of a slice must be positive; got {part.step}; use .flip(dim)")
    start, stop, step = part.indices(length)
    return slice(start, max(start, stop), step)


def _where(mask: Tensor, dim: int, shape: tuple[int, ...]) -> list[Tensor]:
    """A mask as one index array per dimension: where it is True."""
    if mask.shape != shape[dim : dim + mask.ndim]:
        raise IndexShapeError(
            f"index: a mask of shape {mask.shape} for dimensions {dim} on of shape {shape}; they must be equal"
        )
    return [wrap(array) for array in backend_of(mask._array).xp.nonzero(mask._array)]


def _like(x: Tensor, array: Any) -> Tensor:
    """A host array as an index tensor in the library of x."""
    return wrap(backend_of(x._array).asarray(array))


def check_indices(function: str, indices: Tensor, length: int, dim: int, negative: bool = False) -> None:
    """RangeError if an index is outside dimension `dim`; a GPU library would wrap it around instead.

    If the bounds of the memory were noted when it was uploaded, this need not wait for the GPU.
    """
    array, least = indices._array, -length if negative else 0
    known = indices._storage.known_bounds()
    if array.size == 0 or (known is not None and least <= known[0] and known[1] < length):
        return
    low, high = backend_of(array).bounds(array)
    if low < least or high >= length:
        wrong = high if high >= length else low
        raise RangeError(f"{function}: index {wrong} is out of range for dimension {dim} of length {length}")


def _position(function: str, name: str, value: Any) -> int:
    """An integer, which may be given as a tensor without dimensions; True and False are refused."""
    if isinstance(value, Tensor) and value.ndim == 0 and value.dtype.kind in "iu":
        return int(value.item())
    if isinstance(value, bool | Tensor) or not hasattr(value, "__index__"):
        raise ArgumentTypeError(
            f"{function}: {name} must be an integer, or a 0-dimensional tensor of integers; got {value!r}"
        )
    return as_integer(value)


def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The slice at `index` of dimension `dim`, without that dimension; a view."""
    x = tensor_of("select", input)
    if x.ndim == 0:
        raise IndexShapeError("select: the input has no dimensions")
    dim = normal_dim("select", dim, x.ndim)
    return getitem(x, (slice(None),) * dim + (_position("select", "index", index),))


def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """Elements start to start + length of dimension `dim`; a view."""
    x = tensor_of("narrow", input)
    if x.ndim == 0:
        raise ShapeError("narrow: the input has no dimensions")
    dim = normal_dim("narrow", dim, x.ndim)
    n, first, length = x.shape[dim], _position("narrow", "start", start), _position("narrow", "length", length)
    first = first + n if first < 0 else first
    if not 0 <= first <= n or length < 0 or first + length > n:
        raise RangeError(f"narrow: start {start} and length {length} do not fit into dimension {dim} of length {n}")
    return getitem(x, (slice(None),) * dim + (slice(first, first + length),))
