"""Integers as vectors: rows of a table that is learned, and one-hot rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import backend_of
from ..engine.function import Function
from ..engine.inplace import check_writable
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, DtypeError, RangeError, ShapeError, refuse
from ._check.arguments import number, tensor_of
from .index import check_indices


class Embedding(Function):
    """z[...] = w[i[...]]        dw[i[...]] += dz[...], nothing to the row `padding`"""

    computes = False

    def forward(self, i: Any, w: Any, padding: int | None, by_frequency: bool = False) -> Any:
        self.i, self.shape, self.padding, self.by_frequency = i, w.shape, padding, by_frequency
        return w.take(i, axis=0)

    def backward(self, dz: Any) -> Any:
        dw = self.xp.zeros(self.shape, dz.dtype)
        if self.by_frequency:
            dz = dz / frequency(self.xp, self.i, dz.dtype)[..., None]
        self.backend.scatter_add(dw, self.i, dz)
        if self.padding is not None:
            dw[self.padding] = 0
        return None, dw


def frequency(xp: Any, i: Any, dtype: Any) -> Any:
    """How often each integer of i occurs in i, in the shape of i."""
    _, places, counts = xp.unique(i.reshape(-1), return_inverse=True, return_counts=True)
    return counts[places].reshape(i.shape).astype(dtype)


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of weight (V, D) at the integers input (...): (..., D). RangeError for an integer outside 0 to V - 1.

    The row `padding_idx` gets no gradient. With `max_norm`, rows that are looked up and longer (in the norm of order
    `norm_type`) are first shortened to it, in the weight itself. `scale_grad_by_freq` divides each row's gradient by
    how often the row is looked up.
    """
    i, w = looked_up("embedding", input, weight, padding_idx, max_norm, norm_type, sparse)
    padding = None if padding_idx is None else padding_idx % w.shape[0]
    return Embedding.apply(i, w, padding=padding, by_frequency=bool(scale_grad_by_freq))


def looked_up(
    name: str,
    input: Any,
    weight: Any,
    padding_idx: int | None,
    max_norm: float | None,
    norm_type: float,
    sparse: bool,
) -> tuple[Tensor, Tensor]:
    """The integers and the table, checked; with `max_norm`, rows that are too long are shortened in place."""
    refuse(name, sparse=sparse)
    i, w = tensor_of(name, input), tensor_of(name, weight, "weight")
    if i.dtype.name not in ("int64", "int32"):
        raise DtypeError(f"{name}: input must be int64 or int32; got {i.dtype}; use .long()")
    if w.ndim != 2:
        raise ShapeError(f"{name}: weight must be (rows, length); got shape {w.shape}")
    rows = w.shape[0]
    if padding_idx is not None and not -rows <= padding_idx < rows:
        raise RangeError(f"{name}: padding_idx {padding_idx} is outside weight's {rows} rows")
    check_indices(name, i, rows, 0)
    if max_norm is not None:
        _shorten(i, w, float(number(name, "max_norm", max_norm)), float(number(name, "norm_type", norm_type)))
    return i, w


def _shorten(i: Tensor, w: Tensor, most: float, p: float) -> None:
    """Scale the rows i of w whose norm of order p is above `most` down to it."""
    check_writable(w)
    backend = backend_of(w._array)
    xp, used = backend.xp, backend.xp.unique(i._array)
    with backend.quiet():
        norms = norm_of_rows(xp, xp.abs(w._array[used]), p)
        factors = xp.where(norms > most, most / (norms + 1e-7), 1)
        w._array[used] *= factors[:, None].astype(w.dtype)
    w._storage.version += 1


def norm_of_rows(xp: Any, size: Any, p: float) -> Any:
    """(Σ sizeᵖ)^(1/p) of each row; its largest or smallest for p = ±inf, how many are not 0 for p = 0."""
    if p == 0:
        return (size != 0).sum(axis=1)
    if abs(p) == np.inf:
        return size.max(axis=1) if p > 0 else size.min(axis=1)
    return (size**p).sum(axis=1) ** (1 / p)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """A last dimension with 1 at the class and 0 elsewhere: (...) int64 -> (..., num_classes) int64.

    Without num_classes it is the largest class + 1. RangeError for a class outside that range.

    >>> import minidl
    >>> one_hot(minidl.tensor([1, 0]), 3)
    tensor([[0, 1, 0],
            [1, 0, 0]])
    """
    labels = tensor_of("one_hot", tensor, "tensor")
    if labels.dtype != np.int64:
        raise DtypeError(f"one_hot: classes must be int64; got {labels.dtype}; use .long()")
    if isinstance(num_classes, bool) or not hasattr(num_classes, "__index__"):
        raise ArgumentError(f"one_hot: num_classes must be an integer; got {num_classes!r}")
    array, backend = labels._array, backend_of(labels._array)
    low, high = backend.bounds(array) if array.size else (0, 0)
    if num_classes == -1:
        if array.size == 0:
            raise ArgumentError("one_hot: an empty tensor does not give the number of classes; give num_classes")
        num_classes = max(high, 0) + 1
    if low < 0:
        raise RangeError(f"one_hot: classes {low} to {high}: none may be negative")
    if num_classes < 1:
        raise ArgumentError(f"one_hot: num_classes must be at least 1, or -1 to find it; got {num_classes}")
    if high >= num_classes:
        raise RangeError(f"one_hot: classes {low} to {high} do not fit into 0 to {num_classes - 1}")
    z = backend.xp.zeros((array.size, num_classes), np.int64)
    z[backend.xp.arange(array.size), array.reshape(-1)] = 1
    return wrap(z.reshape(*array.shape, num_classes))
