"""Matrix products on the CPU, shared among minidl's own threads.

BLAS could use its own threads, but those spin while they wait for each other: on two cores that others use as well, the
lecture's last layer then took 30 ms instead of 0.2. So BLAS stays at one thread, and a large product is cut into strips
of its result. Strips depend on the shape alone, so results do not depend on the number of threads.
"""

from __future__ import annotations

import numpy as np

from .threads import parallel

SMALL = 1 << 17  # multiply-adds of a product that BLAS never shares among threads
STRIP = 1 << 23  # multiply-adds of a strip
STRIPS = 8
PRODUCTS = 40_000  # multiply-adds a microsecond on one core, roughly


def matmul(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x @ y, for any shapes that `np.matmul` takes."""
    if x.ndim != 2 or y.ndim != 2 or x.dtype != y.dtype or x.dtype.kind != "f" or x.shape[1] != y.shape[0]:
        return np.matmul(x, y)
    m, n = x.shape[0], y.shape[1]
    work = m * n * x.shape[1]
    if work <= SMALL:
        return np.matmul(x, y)
    z = np.empty((m, n), x.dtype)
    tall = m > n
    strips = max(1, min(STRIPS, work // STRIP, max(m, n) // 16))
    ends = [(max(m, n) * i) // strips for i in range(strips + 1)]

    def fill(i: int) -> None:
        part = slice(ends[i], ends[i + 1])
        if tall:
            np.matmul(x[part], y, out=z[part])
        else:
            np.matmul(x, y[:, part], out=z[:, part])

    parallel(fill, strips, work / PRODUCTS)
    return z
