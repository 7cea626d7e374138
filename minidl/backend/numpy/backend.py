"""NumPy on the CPU; convolution and pooling use the tiled versions next to this file."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..base import Array, Backend
from ..special import erf
from . import conv, divmod, elementwise, gather, lstm, matmul, order, pool, quiet, scatter, sums, threads
from . import copy as copies
from .memory import keep_freed_memory

ERF_BLOCK = 1 << 14  # up to this many elements, intermediate results stay in the cache


class NumpyBackend(Backend):
    """Arrays are `numpy.ndarray`, in the memory of the host."""

    name = "numpy"
    device = "cpu"
    xp = np
    linalg = np.linalg
    array_type = np.ndarray

    def __init__(self) -> None:
        keep_freed_memory()

    asarray = staticmethod(np.asarray)  # type: ignore[assignment]

    def to_numpy(self, array: Array) -> Any:
        return array

    scatter_add = staticmethod(scatter.scatter_add)

    # Assigned directly, without a call in between: small operations take only a few microseconds.

    product = staticmethod(elementwise.product)
    maximum = staticmethod(elementwise.maximum)
    minimum = staticmethod(elementwise.minimum)
    one_or = staticmethod(elementwise.one_or)
    masked = staticmethod(elementwise.masked)
    along = staticmethod(elementwise.along)
    channel_sums = staticmethod(elementwise.channel_sums)
    update = staticmethod(elementwise.update)
    exp = staticmethod(elementwise.exp)
    elementwise = staticmethod(elementwise.elementwise)

    inner = staticmethod(sums.inner)
    mean = staticmethod(sums.mean)
    centred = staticmethod(sums.centred)
    walks = staticmethod(matmul.walks)
    side_by_side = staticmethod(matmul.side_by_side)
    over_time = staticmethod(lstm.over_time)
    matmul = staticmethod(matmul.matmul)
    one_job = staticmethod(threads.one_job)
    floor_divmod = staticmethod(divmod.floor_divmod)

    copy = staticmethod(copies.copy)
    concatenate = staticmethod(copies.concatenate)
    select = staticmethod(copies.select)
    broadcast_to = staticmethod(copies.broadcast_to)

    bounds = staticmethod(gather.bounds)
    places = staticmethod(gather.places)
    take = staticmethod(gather.take)

    def add_at(self, target: Array, places: Array, values: Array) -> None:
        np.add.at(target.reshape(-1), places.reshape(-1), values.astype(target.dtype, copy=False).reshape(-1))

    def top_places(self, x: Array, k: int, dim: int, descending: bool) -> Array:
        places = order.top_places(x, k, dim, descending)
        return super().top_places(x, k, dim, descending) if places is None else places

    def median_places(self, x: Array, dim: int) -> Array:
        return super().median_places(x, dim) if x.size <= order.SMALL else order.median_places(x, dim)

    def erf(self, x: Array) -> Array:
        flat = np.ravel(x)
        z = np.empty_like(flat)
        for start in range(0, flat.size, ERF_BLOCK):
            z[start : start + ERF_BLOCK] = erf(flat[start : start + ERF_BLOCK], np)
        return z.reshape(x.shape)

    mute = staticmethod(quiet.mute)
    unmute = staticmethod(quiet.unmute)

    correlate = conv.correlate  # these three are methods, so that they can fall back on their plain twins
    correlate_grad_input = conv.correlate_grad_input
    correlate_grad_weight = conv.correlate_grad_weight
    max_pool = staticmethod(pool.max_pool)
    max_pool_values = staticmethod(pool.max_pool_values)
    add_at_winners = staticmethod(pool.add_at_winners)
    sum_pool = staticmethod(pool.sum_pool)
    add_at_taps = staticmethod(pool.add_at_taps)
