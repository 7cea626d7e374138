"""Sums and means of floats that stay accurate however long the rows are, and need no array of the products.

One running sum in float32 has half its digits left after some millions of elements: the sum is large, and what is added
to it is rounded to its last digit. Here a few elements at a time are added up in float32, by BLAS, and their sums in
float64, which costs nothing: 4 million squares take 1.6 ms as one product and 1.6 ms in pieces, with an error of 1e-8.
Where the summed axes are not the fastest in memory, pieces are products with a vector of ones: 2 ms for 100,000 rows of
10, which `np.sum` adds in 9 ms with an error of 2e-5.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import NamedTuple

import numpy as np

from ..base import Axes
from .memory import memory_order
from .threads import parallel

SMALL = 1 << 14  # up to this many elements, the preparation is not worth it
RUN = 1 << 11  # neighbours that are summed in the precision of the array
BLOCK = 1 << 18  # elements that a mean is subtracted from at a time
ELEMENTS = 2_000  # elements per microsecond on one core, roughly, when subtracting a mean
ROWS = 1 << 7  # the same for rows, which are added one after another
_FLOAT64 = np.dtype(np.float64)


def inner(x: np.ndarray, y: np.ndarray | None, axes: Axes) -> np.ndarray:
    """Σ x · y (or Σ x) over `axes`, which stay with length 1, for x and y of one shape."""
    return _sums(x, y, axes).astype(x.dtype, copy=False)


def mean(x: np.ndarray, y: np.ndarray | None, axes: Axes) -> np.ndarray:
    """The mean of x · y (or of x) over `axes`, which stay with length 1: finite where all of x is."""
    return _mean(x, y, axes).astype(x.dtype, copy=False)


def centred(x: np.ndarray, axes: Axes) -> tuple[np.ndarray, np.ndarray]:
    """The mean over `axes`, which stay with length 1, and x minus the mean before it was rounded."""
    exact = _mean(x, None, axes)
    mean = exact.astype(x.dtype)
    if x.size <= SMALL or exact.dtype == x.dtype:
        return mean, x - mean if exact.dtype == x.dtype else (x - exact).astype(x.dtype)
    rest, z, axis = (exact - mean).astype(x.dtype), np.empty_like(x), memory_order(x)[0]
    step = max(1, x.shape[axis] * BLOCK // x.size)

    def fill(i: int) -> None:
        block = (slice(None),) * axis + (slice(i * step, (i + 1) * step),)
        own = block if mean.shape[axis] > 1 else ...
        part = z[block]
        np.subtract(x[block], mean[own], out=part)
        part -= rest[own]

    parallel(fill, -(-x.shape[axis] // step), x.size / ELEMENTS, products=False)
    return mean, z


def _mean(x: np.ndarray, y: np.ndarray | None, axes: Axes) -> np.ndarray:
    """Like `mean`; for float32, in float64."""
    count = prod([x.shape[axis] for axis in (axes if isinstance(axes, tuple) else (axes,))])
    sums = _sums(x, y, axes)
    may_overflow = y is None and (x.size > SMALL or sums.dtype == x.dtype)
    if may_overflow and not np.isfinite(sums).all():  # the sum overflows where the mean need not
        power = 2.0 ** count.bit_length()
        return _sums(x * x.dtype.type(1 / power), y, axes) * (power / max(count, 1))
    return sums / count


def _sums(x: np.ndarray, y: np.ndarray | None, axes: Axes) -> np.ndarray:
    """Σ x · y (or Σ x) over `axes`, which stay with length 1; for float32, in float64."""
    wide = _FLOAT64 if x.dtype == np.float32 else x.dtype
    if x.size > SMALL:
        order = memory_order(x)
        first = x.transpose(order)
        second = None if y is None else y.transpose(order)
        if first.flags.c_contiguous and (second is None or second.flags.c_contiguous):
            plan = _plan(first.shape, order, axes)
            rows = first.reshape(plan.rows)
            others = None if second is None else second.reshape(plan.rows)
            if plan.rows[-1] == 1:
                sums = _of_runs(rows[..., 0], None if others is None else others[..., 0], wide)
            else:
                sums = _of_rows(rows if others is None else rows * others, wide)
            sums = sums.reshape(plan.sums)
            if plan.others:
                sums = sums.sum(axis=plan.others, keepdims=True)
            return sums.transpose(plan.back)
    return np.add.reduce(x if y is None else x * y, axis=axes, keepdims=True, dtype=wide)


class Plan(NamedTuple):
    """How to sum a contiguous array: all that depends on its shape alone."""

    rows: tuple[int, ...]  # its shape with the fastest run of summed axes as one, before one axis of what is kept
    sums: tuple[int, ...]  # the shape after that sum, each summed axis of length 1
    others: tuple[int, ...]  # the slower axes that are summed afterwards
    back: list[int]  # the transposition from memory order to the array's own


@lru_cache(maxsize=256)
def _plan(shape: tuple[int, ...], order: tuple[int, ...], axes: Axes) -> Plan:
    summed = axes if isinstance(axes, tuple) else (axes,)
    over = [axis in summed for axis in order]
    stop = len(shape)
    while stop and not over[stop - 1]:
        stop -= 1
    start = stop
    while start and over[start - 1]:
        start -= 1
    lead, tail = shape[:start], shape[stop:]
    return Plan(
        (*lead, prod(shape[start:stop]), prod(tail)),
        (*lead, *(1,) * (stop - start), *tail),
        tuple([axis for axis in range(start) if over[axis]]),
        [order.index(axis) for axis in range(len(shape))],
    )


def _of_runs(x: np.ndarray, y: np.ndarray | None, wide: np.dtype) -> np.ndarray:
    """Σ x · y (or Σ x) over the last axis, which is the fastest: (..., M) to (...)."""
    length, fewest = x.shape[-1], -(-x.shape[-1] // RUN)
    if fewest <= 1:
        return _dot(x, y)
    count = next((count for count in range(fewest, 2 * fewest) if length % count == 0), fewest - 1)
    run = length // count if length % count == 0 else RUN
    cut, pieces = count * run, (*x.shape[:-1], count, run)
    runs = _dot(x[..., :cut].reshape(pieces), None if y is None else y[..., :cut].reshape(pieces))
    sums = runs.sum(axis=-1, dtype=wide)
    return sums if cut == length else sums + _dot(x[..., cut:], None if y is None else y[..., cut:])


def _dot(x: np.ndarray, y: np.ndarray | None) -> np.ndarray:
    return np.vecdot(x, _ones(x.shape[-1], x.dtype) if y is None else y)


def _of_rows(x: np.ndarray, wide: np.dtype) -> np.ndarray:
    """Σ x over the second-to-last axis: (..., M, C) to (..., C)."""
    m, c = x.shape[-2:]
    if m <= ROWS:
        return np.matmul(_ones(m, x.dtype), x)
    cut = m // ROWS * ROWS
    blocks = np.matmul(_ones(ROWS, x.dtype), x[..., :cut, :].reshape(*x.shape[:-2], -1, ROWS, c))
    sums = blocks.sum(axis=-2, dtype=wide)
    return sums if cut == m else sums + np.matmul(_ones(m - cut, x.dtype), x[..., cut:, :])


@lru_cache(maxsize=16)
def _ones(length: int, dtype: np.dtype) -> np.ndarray:
    return np.ones(length, dtype)
