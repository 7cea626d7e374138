"""NumPy on the CPU; convolution and pooling go through the tiled versions of `cpu_conv` and `cpu_pool`."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from . import cpu_conv, cpu_pool
from .base import Array, Backend
from .special import erf
from .window import Pair, Window

ERF_BLOCK = 1 << 14  # elements whose intermediate results stay in the cache


class NumpyBackend(Backend):
    """Arrays are `numpy.ndarray`, in the memory of the host."""

    name = "numpy"
    xp = np
    array_type = np.ndarray

    def asarray(self, value: Any, dtype: Any = None) -> Array:
        return np.asarray(value, dtype)

    def to_numpy(self, array: Array) -> Any:
        return array

    def scatter_add(self, target: Array, index: Any, values: Array) -> None:
        np.add.at(target, index, values)

    def masked(self, x: Array, mask: Array) -> Array:
        bits = x.view(f"i{x.dtype.itemsize}") * mask  # 20 times faster than np.where, which branches at each element
        return bits.view(x.dtype)

    def erf(self, x: Array) -> Array:
        flat = np.ravel(x)
        z = np.empty_like(flat)
        for start in range(0, flat.size, ERF_BLOCK):
            z[start : start + ERF_BLOCK] = erf(flat[start : start + ERF_BLOCK], np)
        return z.reshape(x.shape)

    def floor_divmod(self, x: Array, y: Array) -> tuple[Array, Array]:
        return np.divmod(x, y)

    def quiet(self) -> AbstractContextManager[Any]:
        return np.errstate(all="ignore")

    def correlate(self, x: Array, w: Array, bias: Array | None, window: Window, groups: int) -> Array:
        return cpu_conv.correlate(x, w, bias, window, groups)

    def correlate_grad_input(self, dz: Array, w: Array, window: Window, groups: int, size: Pair) -> Array:
        return cpu_conv.correlate_grad_input(dz, w, window, groups, size)

    def correlate_grad_weight(self, dz: Array, x: Array, window: Window, groups: int) -> Array:
        return cpu_conv.correlate_grad_weight(dz, x, window, groups)

    def max_pool(self, x: Array, window: Window, size: Pair) -> tuple[Array, Array]:
        return cpu_pool.max_pool(x, window, size)

    def max_pool_grad(self, dz: Array, winners: Array, window: Window, size: Pair) -> Array:
        return cpu_pool.max_pool_grad(dz, winners, window, size)
