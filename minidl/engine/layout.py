"""How PyTorch would lay a tensor out in memory, which decides what `view` may do.

The backends choose their own order where it is quicker (a convolution's output lies batch last), so an array's strides
do not answer that. The result of an operation counts as row by row, unless `_strides` says otherwise; views of it have
the strides that follow from that.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..backend import Array, get_backend
from .view import seen_by


def as_in_pytorch(x: Any) -> np.ndarray:
    """An array with the shape and strides that the tensor x has in PyTorch; its elements must not be read."""
    view = x._view
    base = x if view is None else view.base
    strides = _row_by_row(base.shape, base.dtype.itemsize) if base._strides is None else base._strides
    layout = np.lib.stride_tricks.as_strided(np.empty(1, base.dtype), base.shape, strides)
    return layout if view is None else seen_by(view.steps, layout, get_backend("numpy"))


def is_row_by_row(x: Any) -> bool:
    """Whether the tensor x is contiguous in PyTorch."""
    if x._view is None and x._strides is None:
        return True
    return bool(as_in_pytorch(x).flags.c_contiguous)


def strides_of(x: Any) -> tuple[int, ...] | None:
    """The strides of x in PyTorch, in bytes; None if its elements lie row by row."""
    return None if is_row_by_row(x) else as_in_pytorch(x).strides


def inherited_strides(inputs: tuple[Any, ...], array: Array) -> tuple[int, ...] | None:
    """The strides of an operation's output if it takes them from an input of its shape, and so in PyTorch too."""
    for x in inputs:
        view, strides = getattr(x, "_view", None), getattr(x, "_strides", None)
        if (view is not None or strides is not None) and x.shape == array.shape and not is_row_by_row(x):
            return array.strides
    return None


def can_be_viewed(x: Any, shape: tuple[int, ...]) -> bool:
    """Whether PyTorch can view the tensor x in another shape without a copy."""
    try:
        as_in_pytorch(x).reshape(shape, copy=False)
    except ValueError:
        return prod(shape) == 0
    return True


def _row_by_row(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """The strides, in bytes, of elements stored row by row."""
    return tuple(itemsize * prod(shape[i + 1 :]) for i in range(len(shape)))
