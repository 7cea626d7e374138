"""The three sorts that CuPy takes from Thrust, whose compiled GPU code no host can run: NumPy's do the work."""

from __future__ import annotations

import ctypes
import math

import numpy as np

from tests.cupy_on_cpu import counters


def _view(dtype, address: int, shape) -> np.ndarray:
    """The device memory at `address` as an array; on this device it is host memory."""
    dtype = np.dtype(dtype)
    count = math.prod(shape)
    buffer = (ctypes.c_char * (count * dtype.itemsize)).from_address(address)
    return np.frombuffer(buffer, dtype=dtype, count=count).reshape(shape)


def sort(dtype, data: int, keys: int, shape) -> None:
    """Sort the last axis in place, NaN last."""
    counters.count_launch("thrust_sort")
    _view(dtype, data, shape).sort(axis=-1, kind="stable")


def argsort(dtype, indices: int, data: int, keys: int, shape) -> None:
    """The stable order of the last axis into `indices`; `data` is sorted too, as Thrust does."""
    counters.count_launch("thrust_argsort")
    values = _view(dtype, data, shape)
    order = np.argsort(values, axis=-1, kind="stable")
    _view(np.intp, indices, shape)[...] = order
    values[...] = np.take_along_axis(values, order, axis=-1)


def lexsort(dtype, indices: int, keys: int, k: int, n: int) -> None:
    """The order of n columns by k rows of keys, the last row first."""
    counters.count_launch("thrust_lexsort")
    _view(np.intp, indices, (n,))[...] = np.lexsort(_view(dtype, keys, (k, n)))
