"""NumPy on the CPU; convolution and pooling go through the tiled versions beside this file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal

import numpy as np

from ..base import Array, Axes, Backend
from ..special import erf
from ..window import Pair, Window
from . import conv, copy, divmod, elementwise, gather, matmul, order, pool, scatter, sums, threads
from .workspace import keep_freed_memory

ERF_BLOCK = 1 << 14  # elements whose intermediate results stay in the cache


class NumpyBackend(Backend):
    """Arrays are `numpy.ndarray`, in the memory of the host."""

    name = "numpy"
    device = "cpu"
    xp = np
    array_type = np.ndarray

    def __init__(self) -> None:
        keep_freed_memory()

    def asarray(self, value: Any, dtype: Any = None) -> Array:
        return np.asarray(value, dtype)

    def to_numpy(self, array: Array) -> Any:
        return array

    def scatter_add(self, target: Array, index: Any, values: Array) -> None:
        scatter.scatter_add(target, index, values)

    product = staticmethod(elementwise.product)  # no call in between: small operations take few microseconds
    maximum = staticmethod(elementwise.maximum)
    masked = staticmethod(elementwise.masked)
    elementwise = staticmethod(elementwise.elementwise)

    def along(self, axes: Axes, formula: Callable[..., Any], *arrays: Array) -> Any:
        return elementwise.along(axes, formula, *arrays)

    def copy(self, x: Array, order: Literal["K", "C"] = "K") -> Array:
        return copy.copy(x, order)

    def concatenate(self, xs: Sequence[Array], axis: int) -> Array:
        return copy.concatenate(xs, axis)

    def select(self, x: Array, index: Array, axis: int) -> Array:
        return copy.select(x, index, axis)

    def bounds(self, index: Array) -> tuple[int, int]:
        return gather.bounds(index)

    def places(self, shape: tuple[int, ...], index: Array, dim: int) -> Array:
        return gather.places(shape, index, dim)

    def take(self, x: Array, places: Array) -> Array:
        return gather.take(x, places)

    def add_at(self, target: Array, places: Array, values: Array) -> None:
        np.add.at(target.reshape(-1), places.reshape(-1), values.astype(target.dtype, copy=False).reshape(-1))

    def top_places(self, x: Array, k: int, dim: int, descending: bool) -> Array:
        places = order.top_places(x, k, dim, descending)
        return super().top_places(x, k, dim, descending) if places is None else places

    def median_places(self, x: Array, dim: int) -> Array:
        return super().median_places(x, dim) if x.size <= order.SMALL else order.median_places(x, dim)

    def matmul(self, x: Array, y: Array) -> Array:
        return matmul.matmul(x, y)

    def inner(self, x: Array, y: Array | None, axes: Axes) -> Array:
        return sums.inner(x, y, axes)

    def mean(self, x: Array, y: Array | None, axes: Axes) -> Array:
        return sums.mean(x, y, axes)

    def centred(self, x: Array, axes: Axes) -> tuple[Array, Array]:
        return sums.centred(x, axes)

    def minimum(self, x: Array, high: float) -> Array:
        return elementwise.minimum(x, high)

    def one_or(self, other: float, mask: Array, dtype: Any) -> Any:
        return elementwise.one_or(other, mask, dtype)

    def channel_sums(self, x: Array) -> Array:
        return elementwise.channel_sums(x)

    def erf(self, x: Array) -> Array:
        flat = np.ravel(x)
        z = np.empty_like(flat)
        for start in range(0, flat.size, ERF_BLOCK):
            z[start : start + ERF_BLOCK] = erf(flat[start : start + ERF_BLOCK], np)
        return z.reshape(x.shape)

    def floor_divmod(self, x: Array, y: Array) -> tuple[Array, Array]:
        return divmod.floor_divmod(x, y)

    def quiet(self) -> AbstractContextManager[Any]:
        return np.errstate(all="ignore")

    def one_job(self) -> AbstractContextManager[None]:
        return threads.one_job()

    # A kernel with infinities or NaN goes the plain way, on which nothing is multiplied with padding.

    def correlate(self, x: Array, w: Array, bias: Array | None, window: Window, groups: int) -> Array:
        tuned = conv.correlate if np.isfinite(w).all() else super().correlate
        return tuned(x, w, bias, window, groups)

    def correlate_grad_input(self, dz: Array, w: Array, window: Window, groups: int, size: Pair) -> Array:
        tuned = conv.correlate_grad_input if np.isfinite(w).all() else super().correlate_grad_input
        return tuned(dz, w, window, groups, size)

    def correlate_grad_weight(self, dz: Array, x: Array, window: Window, groups: int) -> Array:
        return conv.correlate_grad_weight(dz, x, window, groups, plain=super().correlate_grad_weight)

    def max_pool(self, x: Array, window: Window, size: Pair) -> tuple[Array, Array]:
        return pool.max_pool(x, window, size)

    def max_pool_values(self, x: Array, window: Window, size: Pair) -> Array:
        return pool.max_pool(x, window, size, want_winners=False)[0]

    def add_at_winners(self, dz: Array, winners: Array, window: Window, size: Pair) -> Array:
        return pool.add_at_winners(dz, winners, window, size)

    def sum_pool(self, x: Array, window: Window) -> Array:
        return pool.sum_pool(x, window)

    def add_at_taps(self, dz: Array, window: Window, size: Pair) -> Array:
        return pool.add_at_taps(dz, window, size)
