"""Memory: the order of images in it, and scratch that is reused.

Convolution and pooling want images with the batch last (see conv.py).
From (N, C, H, W) to (C, H, W, N) is the transposition of a matrix. NumPy runs along one side of it and loads a cache
line for every element; OpenCV works in small squares: 64 images of 32 x 56 x 56 take 5 ms instead of 18.

Fresh memory costs more than the arithmetic done in it.
The first touch of a page that the system has just handed out costs about as much as 500 multiplications,
so a column matrix allocated for every convolution spends more time in page faults than in products.
Every thread keeps a buffer for each purpose and reuses it; a buffer above `KEEP_BYTES` is not kept.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

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


KEEP_BYTES = 16 << 20

_local = threading.local()


def scratch(purpose: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """An uninitialised array that belongs to this thread, valid until it asks for the same `purpose` again."""
    dtype = np.dtype(dtype)
    size = dtype.itemsize
    for length in shape:
        size *= length
    if size > KEEP_BYTES:
        return np.empty(shape, dtype)
    buffers = _local.__dict__
    buffer = buffers.get(purpose)
    if buffer is None or buffer.size < size:
        buffer = buffers[purpose] = np.empty(max(size, 1), np.uint8)
    return np.ndarray(shape, dtype, buffer)


def release() -> None:
    """Release the scratch memory of the calling thread."""
    _local.__dict__.clear()


def held_bytes() -> int:
    """Bytes of scratch memory that the calling thread keeps."""
    return sum(buffer.nbytes for buffer in _local.__dict__.values())


def keep_freed_memory(limit: int = 1 << 29) -> bool:
    """Ask the C library to keep up to `limit` bytes of freed memory for the next arrays; returns whether it agreed.

    By default glibc gives large blocks back to the system as soon as they are freed, and every training step touches
    all its pages for the first time again: for the lecture's network 2,600 page faults and 5 ms of system time a
    step. The NumPy backend calls this when it starts. It changes malloc for the whole process: memory that was
    used once stays with the process, up to the limit, and its peak does not rise. `MINIDL_KEEP_MEMORY=0` in the
    environment leaves malloc as it is; so does any C library but glibc.
    """
    if os.environ.get("MINIDL_KEEP_MEMORY") == "0" or not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    trim_threshold, mmap_threshold = -1, -3  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD of <malloc.h>
    largest = 1 << 25  # bytes: glibc takes no larger threshold
    return bool(mallopt(mmap_threshold, largest)) and bool(mallopt(trim_threshold, min(limit, 2**31 - 1)))
