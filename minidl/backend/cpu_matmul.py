"""Matrix products on the CPU, shared among minidl's own threads.

BLAS could use its own threads, but those go on spinning for a while after a product: on two cores that others use as
well, the lecture's last layer then took 30 ms instead of 0.2, and a network of convolutions and large linear layers 1.3
times as long as with strips, because they are in the way of the threads that share tiles (an MLP alone takes 0.87 times
as long). So BLAS stays at one thread, and a large product is cut into strips of its result. Strips depend on the shape
alone, so results do not depend on the number of threads.
"""

from __future__ import annotations

import numpy as np

from .threads import parallel

SMALL = 1 << 17  # multiply-adds of a product of matrices that BLAS never shares among threads
SMALL_VECTOR = 1 << 13  # the same, of a product with a vector
STRIP = 1 << 24  # multiply-adds of a strip: wide strips multiply faster, and each costs a thread's waking
STRIPS = 8
WHOLE = 16  # rows or columns that BLAS takes at a time; strips are multiples of it
PRODUCTS = 40_000  # multiply-adds a microsecond on one core, roughly


def matmul(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x @ y, for any shapes that `np.matmul` takes."""
    if x.dtype != y.dtype or x.dtype.kind != "f":
        return np.matmul(x, y)
    if x.ndim == 2 and y.ndim == 2 and x.shape[1] == y.shape[0]:
        work = x.size * y.shape[1]
        if work > SMALL and min(x.shape[0], y.shape[1]) > 1:
            return _in_strips(x, y, work)
    else:
        work = x.size * (y.shape[-1] if y.ndim > 1 else 1)
    if work <= SMALL_VECTOR:
        return np.matmul(x, y)
    result = []
    parallel(lambda _: result.append(np.matmul(x, y)), 1, work / PRODUCTS)
    return result[0]


def _in_strips(x: np.ndarray, y: np.ndarray, work: int) -> np.ndarray:
    """The product of two matrices, cut along the longer side of the result."""
    m, n = x.shape[0], y.shape[1]
    z = np.empty((m, n), x.dtype)
    tall, length = m > n, max(m, n)
    pairs = max(1, work // (2 * STRIP))  # an even number of strips, so that two threads end together
    strips = max(1, min(2 * pairs, STRIPS, length // WHOLE)) if 2 * work > STRIP else 1
    ends = [length * i // strips // WHOLE * WHOLE for i in range(strips)] + [length]

    def fill(i: int) -> None:
        part = slice(ends[i], ends[i + 1])
        if tall:
            np.matmul(x[part], y, out=z[part])
        else:
            np.matmul(x, y[:, part], out=z[:, part])

    parallel(fill, strips, work / PRODUCTS)
    return z
