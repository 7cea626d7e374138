"""The order of arrays in memory; convolution and pooling want images with the batch last (see conv.py).

From (N, C, H, W) to (C, H, W, N) is the transposition of a matrix. NumPy runs along one side of it and loads a cache
line for every element; OpenCV works in small squares: 64 images of 32 x 56 x 56 take 5 ms instead of 18.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .threads import parallel

LEAST = 1 << 12  # the fewest elements of a matrix that this pays for
STRIP = 1 << 19  # elements that a thread takes at a time
ELEMENTS = 1_200  # elements per microsecond on one core, roughly
BLOCK = 1 << 16  # elements per block of rows
LIKE = {1: np.uint8, 2: np.uint16, 4: np.int32, 8: np.float64}  # OpenCV's type for elements of that many bytes


def batch_last(x: np.ndarray) -> np.ndarray:
    """x (N, C, H, W) as (C, H, W, N), contiguous: a view where memory already has that order."""
    turned = x.transpose(1, 2, 3, 0)
    if turned.flags.c_contiguous or not x.flags.c_contiguous or x.size < LEAST:
        return np.ascontiguousarray(turned)
    return transposed(x.reshape(x.shape[0], -1)).reshape(turned.shape)


def memory_order(x: np.ndarray) -> tuple[int, ...]:
    """The axes of x from the slowest in memory to the fastest."""
    steps = list(map(abs, x.strides))
    return tuple(sorted(range(x.ndim), key=steps.__getitem__, reverse=True))


def transposed(x: np.ndarray) -> np.ndarray:
    """The contiguous matrix x (M, N) as a contiguous matrix (N, M)."""
    import cv2

    m, n = x.shape
    z = np.empty((n, m), x.dtype)
    source, target = x.view(LIKE[x.itemsize]), z.view(LIKE[x.itemsize])
    width = max(1, STRIP // m)
    starts = range(0, n, width)

    def turn(i: int) -> None:
        part = slice(starts[i], starts[i] + width)
        cv2.transpose(source[:, part], target[part])

    parallel(turn, len(starts), x.size / ELEMENTS, products=False)
    return z


def in_row_blocks(fill: Callable[[int, int], None], x: np.ndarray, elements: int) -> None:
    """fill(start, stop) for blocks of the rows of x, shared among threads; each does `elements` per microsecond."""
    if x.size == 0:
        return
    rows = max(1, BLOCK * len(x) // x.size)
    starts = range(0, len(x), rows)
    parallel(lambda i: fill(starts[i], min(starts[i] + rows, len(x))), len(starts), x.size / elements, products=False)
