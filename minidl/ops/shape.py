"""The same elements in another shape or order. Most results are views: only shape and strides change."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ..engine.function import Function
from ..engine.memory import Storage
from ..engine.tensor import Tensor
from ..engine.view import as_in_pytorch, can_be_viewed, is_row_by_row
from ..errors import ArgumentError, DimensionError, IndexShapeError, ShapeError, UnsupportedError
from ._check.arguments import int_tuple, normal_dim, normal_dims, tensor_of

_COPIED = (
    "{0}: this tensor holds a copy, as the strides of its source allow no view of that shape, so a change would not "
    "reach the source; call .clone() on it first, or .contiguous() on the source before {0}"
)


class Reshape(Function):
    """z = x with its elements, row by row, in another shape        dx = dz in the shape of x"""

    is_view = True
    computes = False

    def forward(self, x: Any, shape: tuple[int, ...]) -> Any:
        self.shape = x.shape
        return x.reshape(shape)

    def backward(self, dz: Any) -> Any:
        return dz.reshape(self.shape)


class Permute(Function):
    """z[i_dims[0], i_dims[1], ...] = x[i_0, i_1, ...]        dx = dz with its dimensions put back"""

    is_view = True
    computes = False

    def forward(self, x: Any, dims: tuple[int, ...]) -> Any:
        self.inverse = sorted(range(len(dims)), key=dims.__getitem__)
        return x.transpose(dims)

    def backward(self, dz: Any) -> Any:
        return dz.transpose(self.inverse)


class Expand(Function):
    """z = x repeated along dimensions of length 1, without copying        dx = sum of dz over them (by the engine)"""

    is_view = True
    computes = False

    def forward(self, x: Any, shape: tuple[int, ...]) -> Any:
        if x.size == prod(shape):
            return x.reshape(shape)  # nothing is stretched: unlike broadcast_to, this can be written to
        return self.xp.broadcast_to(x, shape)

    def backward(self, dz: Any) -> Any:
        return dz


class Diagonal(Function):
    """z[..., i] = x[..., i, i + offset]        dx = dz on that diagonal, 0 elsewhere"""

    is_view = True
    computes = False

    def forward(self, x: Any, offset: int, dim1: int, dim2: int) -> Any:
        self.shape, self.offset, self.dims = x.shape, offset, (dim1, dim2)
        z = x.diagonal(offset, dim1, dim2)
        if not getattr(z.flags, "writeable", True):
            z.flags.writeable = x.flags.writeable  # NumPy's diagonal cannot be written to unless asked for
        return z

    def backward(self, dz: Any) -> Any:
        dx = self.xp.zeros(self.shape, dz.dtype)
        i = self.xp.arange(dz.shape[-1])
        planes = self.xp.moveaxis(dx, self.dims, (-2, -1))  # a view of dx
        planes[..., i + max(-self.offset, 0), i + max(self.offset, 0)] = dz
        return dx


class Flip(Function):
    """z = x read backwards along dims        dx = dz read backwards along dims"""

    computes = False

    def forward(self, x: Any, dims: tuple[int, ...]) -> Any:
        self.dims = dims
        return self.backend.copy(self.xp.flip(x, dims), order="C")

    def backward(self, dz: Any) -> Any:
        return self.xp.flip(dz, self.dims)


class Roll(Function):
    """z[i + shift] = x[i], around the end        dx[i] = dz[i + shift]"""

    computes = False

    def forward(self, x: Any, shifts: Any, dims: Any) -> Any:
        self.shifts, self.dims = shifts, dims
        return self.xp.roll(x, shifts, dims)

    def backward(self, dz: Any) -> Any:
        back = tuple(-shift for shift in self.shifts) if isinstance(self.shifts, tuple) else -self.shifts
        return self.xp.roll(dz, back, self.dims)


class Triangle(Function):
    """z = x where j - i <= diagonal (lower) or >= diagonal (upper), else 0        dx = dz there, else 0"""

    computes = False

    def forward(self, x: Any, diagonal: int, upper: bool) -> Any:
        self.diagonal, self.side = diagonal, "triu" if upper else "tril"
        return getattr(self.xp, self.side)(x, diagonal)

    def backward(self, dz: Any) -> Any:
        return getattr(self.xp, self.side)(dz, self.diagonal)


class Tile(Function):
    """z[i + k n] = x[i] for every repetition k        dx = sum of dz over the repetitions"""

    def forward(self, x: Any, counts: tuple[int, ...]) -> Any:
        self.shape, self.counts = (1,) * (len(counts) - x.ndim) + x.shape, counts
        return self.xp.tile(x, counts)

    def backward(self, dz: Any) -> Any:
        split = [length for pair in zip(self.counts, self.shape) for length in pair]
        dz = dz.reshape(split)  # (count0, n0, count1, n1, ...)
        return dz.sum(axis=tuple(range(0, dz.ndim, 2)))


class Clone(Function):
    """z = x in memory of its own        ∂z/∂x = 1"""

    computes = False

    def forward(self, x: Any, order: str = "K") -> Any:
        return x.copy(order=order)

    def backward(self, dz: Any) -> Any:
        return dz


def shares_memory(view: Any, x: Any) -> bool:
    """Whether the array `view`, just made from the array x, shares the memory of x."""
    return view is x or view.base is x or (view.base is not None and view.base is x.base)


def _reshaped(function: str, input: Any, shape: Any) -> Tensor:
    """The input in `shape`, of which one length may be -1: a view, or a copy where the strides allow no view.

    If PyTorch gives a view but the backend's order in memory makes a copy necessary, writing to it is refused.
    """
    x = tensor_of(function, input)
    new = _whole_shape(function, x.shape, shape)
    z = Reshape.apply(x, shape=new)
    if z._array.size and not shares_memory(z._array, x._array):
        z._storage, z._view = Storage(z._array), None
        if can_be_viewed(x, new):
            z._storage.frozen = _COPIED.format(function)
    return z


def _whole_shape(function: str, old: tuple[int, ...], shape: Any) -> tuple[int, ...]:
    """`shape` with its -1 worked out, so that it holds as many elements as `old`."""
    new, count = int_tuple(function, shape), prod(old)
    unknown = [i for i, length in enumerate(new) if length == -1]
    known = prod(length for length in new if length != -1)
    if len(unknown) > 1 or any(length < -1 for length in new):
        raise ShapeError(f"{function}: shape {new} is not valid; lengths are at least 0, and only one may be -1")
    if unknown and known == 0 and count == 0:
        raise ShapeError(f"{function}: the -1 in shape {new} could be anything, as the tensor has no elements")
    if count != known and not (unknown and known and count % known == 0):
        held = f"{known} elements" if not unknown else f"a multiple of {known} elements"
        raise ShapeError(f"{function}: shape {new} holds {held}, but the input of shape {old} has {count}")
    return tuple(count // known if length == -1 else length for length in new)


def reshape(input: Tensor, shape: Sequence[int]) -> Tensor:
    """The same elements in `shape`, of which one length may be -1 (worked out). ShapeError if they do not fit.

    A view where the strides allow one, else a copy.

    >>> import minidl
    >>> minidl.arange(6).reshape(2, -1)
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    return _reshaped("reshape", input, shape)


def view(input: Tensor, size: Sequence[int]) -> Tensor:
    """The same elements in `size`, sharing memory (`x.view(2, -1)`).

    ShapeError if PyTorch's strides allow no view, as after `.t()`. If only the backend's own order in memory allows
    none, as after a convolution, the result is a copy, and changing it or its source in place is refused.
    """
    if isinstance(size, np.dtype):
        raise UnsupportedError(
            f"view: PyTorch's view(dtype), which reads the same bytes as {size}, is left out of minidl; .to(dtype) "
            "converts the numbers"
        )
    x = tensor_of("view", input)
    shape = _whole_shape("view", x.shape, size)
    if not can_be_viewed(x, shape):
        raise ShapeError(
            f"view: strides {as_in_pytorch(x).strides} (in bytes) of shape {x.shape} allow no view of shape {shape}; "
            "use .reshape(...), which copies where it must"
        )
    z = _reshaped("view", x, shape)
    if z._storage.frozen is not None:
        input._storage.frozen = "view: a .view() of this tensor had to copy, so a change would not reach it"
    return z


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Dimensions start_dim to end_dim (included) as one: (N, C, H, W) to (N, C*H*W) with start_dim=1."""
    x = tensor_of("flatten", input)
    start, end = normal_dim("flatten", start_dim, x.ndim), normal_dim("flatten", end_dim, x.ndim)
    if start > end:
        raise ArgumentError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim}")
    if x.ndim == 0:
        return _reshaped("flatten", x, (1,))
    return _reshaped("flatten", x, (*x.shape[:start], prod(x.shape[start : end + 1]), *x.shape[end + 1 :]))


def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension, row by row in memory: a copy unless they are already stored that way."""
    x = tensor_of("ravel", input)
    return flatten(x if is_row_by_row(x) else Clone.apply(x, order="C"))


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """Dimension `dim` split into several, of which one may be -1: the inverse of flatten."""
    x = tensor_of("unflatten", input)
    dim = normal_dim("unflatten", dim, x.ndim)
    if not int_tuple("unflatten", sizes, "sizes"):
        raise ArgumentError("unflatten: sizes must not be empty")
    return _reshaped("unflatten", x, (*x.shape[:dim], *_whole_shape("unflatten", x.shape[dim:dim + 1], sizes),
                                      *x.shape[dim + 1 :]))  # fmt: skip


def squeeze(input: Tensor, dim: int | Sequence[int] | None = None) -> Tensor:
    """Without the dimensions of length 1, or without those of `dim` that have length 1."""
    x = tensor_of("squeeze", input)
    dims = range(x.ndim) if dim is None else _listed_dims("squeeze", dim, x.ndim)
    return Reshape.apply(x, shape=tuple(n for i, n in enumerate(x.shape) if n != 1 or i not in dims))


def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """With a new dimension of length 1 before dimension `dim` (-1: at the end)."""
    x = tensor_of("unsqueeze", input)
    dim = normal_dim("unsqueeze", dim, x.ndim + 1)
    return Reshape.apply(x, shape=(*x.shape[:dim], 1, *x.shape[dim:]))


def permute(input: Tensor, dims: Sequence[int]) -> Tensor:
    """The dimensions in the order `dims`: `x.permute(0, 2, 3, 1)` takes (N, C, H, W) to (N, H, W, C)."""
    x = tensor_of("permute", input)
    order = _listed_dims("permute", dims, x.ndim)
    if len(order) != x.ndim:
        raise ArgumentError(f"permute: dims {tuple(dims)} must name each of the {x.ndim} dimensions once")
    return Permute.apply(x, dims=order)


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Dimensions dim0 and dim1 exchanged."""
    x = tensor_of("transpose", input)
    i, j = normal_dim("transpose", dim0, x.ndim), normal_dim("transpose", dim1, x.ndim)
    order = list(range(x.ndim))
    if order:
        order[i], order[j] = order[j], order[i]
    return Permute.apply(x, dims=tuple(order))


swapaxes = swapdims = transpose


def t(input: Tensor) -> Tensor:
    """The transpose of a matrix (M, N); tensors of fewer dimensions are returned as they are."""
    x = tensor_of("t", input)
    if x.ndim > 2:
        raise ShapeError(f"t: takes at most 2 dimensions; the input has shape {x.shape}; use .mT or .permute(...)")
    return Permute.apply(x, dims=tuple(range(x.ndim))[::-1])


def movedim(input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Dimensions `source` moved to the places `destination`; the others keep their order."""
    x = tensor_of("movedim", input)
    origins, places = (_listed_dims("movedim", dims, x.ndim) for dims in (source, destination))
    if len(origins) != len(places):
        raise ArgumentError(f"movedim: {len(origins)} source dimensions for {len(places)} destinations")
    order = [dim for dim in range(x.ndim) if dim not in origins]
    for place, origin in sorted(zip(places, origins)):
        order.insert(place, origin)
    return Permute.apply(x, dims=tuple(order))


moveaxis = movedim


def _listed_dims(function: str, dims: Any, ndim: int) -> tuple[int, ...]:
    """One dimension or several, counted from the front; an empty list names none."""
    if not isinstance(dims, int) and not len(dims):
        return ()
    return normal_dims(function, dims, ndim)


def expand(input: Tensor, size: Sequence[int]) -> Tensor:
    """A view in which dimensions of length 1 are stretched to `size`, without copying; -1 keeps a length.

    New dimensions may come in front. Writing in place to a stretched view is refused.
    """
    x = tensor_of("expand", input)
    wanted = int_tuple("expand", size, "size")
    new = len(wanted) - x.ndim
    old = (1,) * max(new, 0) + x.shape
    shape = tuple(n if length == -1 and i >= new else length for i, (n, length) in enumerate(zip(old, wanted)))
    if new < 0 or any(length < 0 or (n != length and n != 1) for n, length in zip(old, shape)):
        raise ShapeError(
            f"expand: shape {x.shape} cannot be stretched to {wanted}; from the right, each length must be the same, "
            "be -1, or stretch a 1"
        )
    return Expand.apply(x, shape=shape)


def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """The input stretched to the shape of `other`."""
    return expand(input, tensor_of("expand_as", other, "other").shape)


def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """The input stretched to `size`, like `expand`."""
    return expand(input, size)


def view_as(input: Tensor, other: Tensor) -> Tensor:
    """The elements of the input in the shape of `other`."""
    return view(input, tensor_of("view_as", other, "other").shape)


def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """The elements of the input in the shape of `other`."""
    return reshape(input, tensor_of("reshape_as", other, "other").shape)


def repeat(input: Tensor, repeats: Sequence[int]) -> Tensor:
    """The input laid side by side `repeats[i]` times along dimension i; new dimensions come in front. Copies."""
    x = tensor_of("repeat", input)
    counts = int_tuple("repeat", repeats, "repeats")
    if len(counts) < x.ndim or any(count < 0 for count in counts):
        raise ArgumentError(f"repeat: repeats {counts} must give each of the {x.ndim} dimensions a number >= 0")
    return Tile.apply(x, counts=counts)


def tile(input: Tensor, dims: Sequence[int]) -> Tensor:
    """Like `repeat`, but with fewer `dims` than dimensions the first ones are not repeated."""
    x = tensor_of("tile", input)
    counts = int_tuple("tile", dims, "dims")
    return repeat(x, (1,) * (x.ndim - len(counts)) + counts)


def flip(input: Tensor, dims: int | Sequence[int]) -> Tensor:
    """A copy with the order of the elements reversed along `dims`."""
    x = tensor_of("flip", input)
    return Flip.apply(x, dims=_listed_dims("flip", dims, x.ndim) if x.ndim else ())


def roll(input: Tensor, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None) -> Tensor:
    """Elements shifted along `dims`, wrapping from the end to the start; without `dims`, along the flattened input."""
    x = tensor_of("roll", input)
    steps = int_tuple("roll", (shifts,) if isinstance(shifts, int) else shifts, "shifts")
    if dims is None or (not isinstance(dims, int) and not len(dims)):
        if len(steps) != 1:
            raise ArgumentError(f"roll: {len(steps)} shifts but no dims; give one dimension each")
        return Roll.apply(x, shifts=steps[0], dims=None)
    listed = (dims,) if isinstance(dims, int) else tuple(dims)
    if len(listed) != len(steps):
        raise ArgumentError(f"roll: {len(steps)} shifts for {len(listed)} dims; give one dimension each")
    order = tuple(normal_dim("roll", dim, x.ndim) for dim in listed)
    if x.ndim == 0:
        raise DimensionError(f"roll: dims {listed} for a 0-dimensional tensor, which has none; leave dims out")
    return Roll.apply(x, shifts=steps, dims=order)


def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The matrices (..., M, N) with zeros above the diagonal that is `diagonal` steps above the main one."""
    return _triangle("tril", input, diagonal, upper=False)


def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The matrices (..., M, N) with zeros below the diagonal that is `diagonal` steps above the main one."""
    return _triangle("triu", input, diagonal, upper=True)


def _triangle(function: str, input: Any, diagonal: int, upper: bool) -> Tensor:
    x = tensor_of(function, input)
    if x.ndim < 2:
        raise ShapeError(f"{function}: takes matrices (..., M, N); the input has shape {x.shape}")
    return Triangle.apply(x, diagonal=diagonal, upper=upper)


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A view (..., K) of the elements whose index in dim2 is `offset` more than that in dim1; the last dimension."""
    x = tensor_of("diagonal", input)
    if x.ndim < 2:
        raise IndexShapeError(f"diagonal: takes at least 2 dimensions; the input has shape {x.shape}")
    i, j = normal_dim("diagonal", dim1, x.ndim), normal_dim("diagonal", dim2, x.ndim)
    if i == j:
        raise ArgumentError(f"diagonal: dim1 {dim1} and dim2 {dim2} are the same dimension")
    return Diagonal.apply(x, offset=offset, dim1=i, dim2=j)


def clone(input: Tensor) -> Tensor:
    """A copy in new memory, through which gradients flow."""
    return Clone.apply(tensor_of("clone", input))
