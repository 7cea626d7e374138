"""Integers as vectors: rows of a table that is learned, and one-hot rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import backend_of
from ..engine.function import Function
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, DtypeError, RangeError, ShapeError, refuse
from ._check.arguments import tensor_of
from .index import check_indices


class Embedding(Function):
    """z[...] = w[i[...]]        dw[i[...]] += dz[...], nothing to the row `padding`"""

    computes = False

    def forward(self, i: Any, w: Any, padding: int | None) -> Any:
        self.i, self.shape, self.padding = i, w.shape, padding
        return w.take(i, axis=0)

    def backward(self, dz: Any) -> Any:
        dw = self.xp.zeros(self.shape, dz.dtype)
        self.backend.scatter_add(dw, self.i, dz)
        if self.padding is not None:
            dw[self.padding] = 0
        return None, dw


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of weight (V, D) at the integers input (...): (..., D). RangeError for an integer outside 0 to V - 1.

    The row `padding_idx` gets no gradient. `norm_type` only has a meaning with max_norm, which is left out.
    """
    refuse("embedding", max_norm=max_norm, scale_grad_by_freq=scale_grad_by_freq, sparse=sparse)
    i, w = tensor_of("embedding", input), tensor_of("embedding", weight, "weight")
    if i.dtype.name not in ("int64", "int32"):
        raise DtypeError(f"embedding: input must be int64 or int32; got {i.dtype}; use .long()")
    if w.ndim != 2:
        raise ShapeError(f"embedding: weight must be (rows, length); got shape {w.shape}")
    rows = w.shape[0]
    if padding_idx is not None and not -rows <= padding_idx < rows:
        raise RangeError(f"embedding: padding_idx {padding_idx} is outside weight's {rows} rows")
    check_indices("embedding", i, rows, 0)
    return Embedding.apply(i, w, padding=None if padding_idx is None else padding_idx % rows)


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
