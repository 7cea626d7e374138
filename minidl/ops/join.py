"""Tensors put together, taken apart, and padded."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from ..backend import backend_of
from ..dtypes import promote_types
from ..engine.function import Function
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, ArgumentTypeError, IndexShapeError, RangeError, ShapeError
from ._check.arguments import cast, element, int_tuple, normal_dim, tensor_of
from .gather import index_select
from .index import Slice, getitem
from .shape import clone, unsqueeze


class Cat(Function):
    """z = the x_k one after the other        dx_k = the part of dz where x_k lies"""

    computes = False

    def forward(self, *xs: Any, dim: int) -> Any:
        self.dim, self.shapes = dim, [x.shape for x in xs]
        full = [x for x in xs if x.shape != (0,)]  # PyTorch skips empty vectors, whatever the others' shape
        return self.backend.concatenate(full, dim) if full else xs[0].copy()

    def backward(self, dz: Any) -> Any:
        before = (slice(None),) * self.dim
        parts, start = [], 0
        for shape in self.shapes:
            length = 0 if shape == (0,) else shape[self.dim]
            parts.append(dz[(*before, slice(start, start + length))].reshape(shape))
            start += length
        return parts


class Pad(Function):
    """z = x framed by `value`        dx = dz without the frame"""

    computes = False

    def forward(self, x: Any, widths: tuple[tuple[int, int], ...], value: Any) -> Any:
        self.inside = tuple(slice(before, before + n) for n, (before, _) in zip(x.shape, widths))
        return self.xp.pad(x, widths, constant_values=value)

    def backward(self, dz: Any) -> Any:
        return dz[self.inside]


def _tensors(function: str, tensors: Any) -> list[Tensor]:
    """The tensors in one dtype."""
    if isinstance(tensors, Tensor) or not isinstance(tensors, Sequence):
        raise ArgumentTypeError(f"{function}: takes a list or tuple of tensors; got {type(tensors).__name__}")
    if not all(isinstance(x, Tensor) for x in tensors):
        for i, x in enumerate(tensors):
            tensor_of(function, x, f"tensors[{i}]")
    if not tensors:
        raise ArgumentError(f"{function}: takes at least one tensor; the list is empty")
    dtypes = [x._array.dtype for x in tensors]
    if len(set(dtypes)) == 1:  # the common case, recognised quickly
        return list(tensors)
    dtype = reduce(promote_types, dtypes)
    return [cast(x, dtype) for x in tensors]


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The tensors joined along `dim`; their other dimensions must agree. dtype by promotion.

    >>> import minidl
    >>> minidl.cat([minidl.tensor([1, 2]), minidl.tensor([3.5])])
    tensor([1.0000, 2.0000, 3.5000])
    """
    xs = _tensors("cat", tensors)
    if any(x.ndim == 0 for x in xs):
        raise ShapeError("cat: a 0-dimensional tensor cannot be joined; use stack")
    full = [x for x in xs if x.shape != (0,)] or xs[:1]  # PyTorch skips empty vectors, whatever the others' shape
    dim = normal_dim("cat", dim, full[0].ndim)
    shape, wanted = full[0].shape, _beside(full[0].shape, dim)
    for i, x in enumerate(xs):
        if x.shape not in (shape, (0,)) and (x.ndim != full[0].ndim or _beside(x.shape, dim) != wanted):
            raise ShapeError(f"cat: tensors[{i}] has shape {x.shape}, which does not fit {shape} outside dim {dim}")
    return Cat.apply(*xs, dim=dim)


concat = concatenate = cat


def _beside(shape: tuple[int, ...], dim: int) -> tuple[int, ...]:
    return (*shape[:dim], *shape[dim + 1 :])


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The tensors, all of one shape, along a new dimension `dim`."""
    xs = _tensors("stack", tensors)
    dim = normal_dim("stack", dim, xs[0].ndim + 1)
    for i, x in enumerate(xs):
        if x.shape != xs[0].shape:
            raise ShapeError(f"stack: tensors[{i}] has shape {x.shape} but tensors[0] has {xs[0].shape}")
    return Cat.apply(*(unsqueeze(x, dim) for x in xs), dim=dim)


def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """The tensors as rows (at least 2 dimensions), one below the other."""
    return cat([_at_least(x, 2) for x in _tensors("vstack", tensors)], 0)


def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """The tensors side by side: along dimension 1, or 0 if they have only that."""
    xs = [_at_least(x, 1) for x in _tensors("hstack", tensors)]
    return cat(xs, 0 if xs[0].ndim == 1 else 1)


def _at_least(x: Tensor, ndim: int) -> Tensor:
    while x.ndim < ndim:
        x = unsqueeze(x, 0)
    return x


def split(tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Views along `dim`: each of that length (the last may be shorter), or of the lengths in a list."""
    x = _with_dims("split", tensor)
    dim = normal_dim("split", dim, x.ndim)
    n = x.shape[dim]
    if not isinstance(split_size_or_sections, int):
        lengths = int_tuple("split", split_size_or_sections, "split_size_or_sections")
        if any(length < 0 for length in lengths):
            raise ArgumentError(f"split: no length may be negative; got {lengths}")
        if sum(lengths) != n:
            raise ShapeError(f"split: lengths {lengths} do not add up to {n}, the length of dimension {dim}")
    else:
        size = split_size_or_sections
        if size < 0 or (size == 0 and n):
            raise ArgumentError(f"split: a part must be at least 1 long; got {size}")
        lengths = (0,) if n == 0 else (size,) * (n // size) + ((n % size,) if n % size else ())
    return _parts(x, lengths, dim)


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` views of equal length along `dim`; the last may be shorter."""
    x = _with_dims("chunk", input)
    dim = normal_dim("chunk", dim, x.ndim)
    if isinstance(chunks, bool) or not hasattr(chunks, "__index__") or chunks < 1:
        raise ArgumentError(f"chunk: chunks must be an integer of at least 1; got {chunks!r}")
    n = x.shape[dim]
    return _parts(x, (0,) * chunks, dim) if n == 0 else split(x, -(-n // chunks), dim)


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along `dim`, each without it; views."""
    x = _with_dims("unbind", input)
    before = (slice(None),) * normal_dim("unbind", dim, x.ndim)
    return tuple(Slice.apply(x, index=(*before, i)) for i in range(x.shape[len(before)]))


def _with_dims(function: str, input: Any) -> Tensor:
    x = tensor_of(function, input, "tensor" if function == "split" else "input")
    if x.ndim == 0:
        raise IndexShapeError(f"{function}: a 0-dimensional tensor has no dimension to take apart")
    return x


def _parts(x: Tensor, lengths: Sequence[int], dim: int) -> tuple[Tensor, ...]:
    before, parts, start = (slice(None),) * dim, [], 0
    for length in lengths:
        parts.append(Slice.apply(x, index=(*before, slice(start, start + length))))
        start += length
    return tuple(parts)


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """The input with a frame. `pad` = (before, after) of the last dimension, then of the one before it, ...

    mode "constant" fills it with `value` (0); negative widths crop. "reflect" mirrors without repeating the edge,
    "replicate" repeats the edge, "circular" goes around: these three pad the last 1, 2 or 3 dimensions
    of (C, ...) or (N, C, ...).
    """
    x = tensor_of("pad", input)
    widths = int_tuple("pad", pad, "pad")
    if len(widths) % 2 or len(widths) > 2 * x.ndim:
        raise ArgumentError(f"pad: {len(widths)} widths for shape {x.shape}; give two for each padded dimension")
    pairs = [(widths[i], widths[i + 1]) for i in range(0, len(widths), 2)]
    if mode == "constant":
        return _pad_constant(x, pairs, element("pad", "value", 0 if value is None else value, x.dtype))
    if mode not in _SOURCES:
        raise ArgumentError(f"pad: mode {mode!r} is unknown; use 'constant', 'reflect', 'replicate' or 'circular'")
    if value is not None:
        raise ArgumentError(f"pad: mode {mode!r} takes no value; got {value!r}")
    if not 1 <= len(pairs) <= 3 or x.ndim not in (len(pairs) + 1, len(pairs) + 2):
        raise ShapeError(
            f"pad: mode {mode!r} pads the last 1, 2 or 3 dimensions of (C, ...) or (N, C, ...); "
            f"got shape {x.shape} and {len(widths)} widths"
        )
    for i, (before, after) in enumerate(pairs):
        dim = x.ndim - 1 - i
        x = index_select(x, dim, _source(x, mode, dim, before, after))
    return x


def _pad_constant(x: Tensor, pairs: list[tuple[int, int]], value: Any) -> Tensor:
    crop: list[slice] = [slice(None)] * x.ndim
    frame = [(0, 0)] * x.ndim
    for i, (before, after) in enumerate(pairs):
        dim = x.ndim - 1 - i
        n = x.shape[dim]
        crop[dim] = slice(max(-before, 0), n + min(after, 0))
        frame[dim] = (max(before, 0), max(after, 0))
        if crop[dim].start > crop[dim].stop:
            raise RangeError(f"pad: widths {(before, after)} crop more than dimension {dim} of length {n} holds")
    if any(width < 0 for pair in pairs for width in pair):
        x = getitem(x, tuple(crop))
    if frame == [(0, 0)] * x.ndim:
        return clone(x)
    return Pad.apply(x, widths=tuple(frame), value=value)


def _reflected(places: Any, n: int) -> Any:
    return n - 1 - abs(n - 1 - abs(places))


def _replicated(places: Any, n: int) -> Any:
    return places.clip(0, n - 1)


def _around(places: Any, n: int) -> Any:
    return places % n


_SOURCES = {"reflect": (_reflected, -1), "replicate": (_replicated, None), "circular": (_around, 0)}


def _source(x: Tensor, mode: str, dim: int, before: int, after: int) -> Tensor:
    """For each position in the padded dimension, the index that its element comes from."""
    place_of, slack = _SOURCES[mode]
    n = x.shape[dim]
    if min(before, after) < 0:
        raise ArgumentError(f"pad: mode {mode!r} takes widths of at least 0; got {(before, after)}; crop with slices")
    if n == 0 or (slack is not None and max(before, after) > n + slack):
        raise ArgumentError(f"pad: mode {mode!r} cannot pad dimension {dim} of length {n} by {(before, after)}")
    return wrap(backend_of(x._array).asarray(place_of(np.arange(-before, n + after), n)))
