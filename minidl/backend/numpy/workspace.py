"""Scratch memory that is reused: fresh memory costs more than the arithmetic done in it.

The first touch of a page that the system has just handed out costs about as much as 500 multiplications,
so a column matrix allocated for every convolution spends more time in page faults than in products.
Every thread keeps a buffer for each purpose and reuses it; a buffer above `KEEP_BYTES` is not kept.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from typing import Any

import numpy as np

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
