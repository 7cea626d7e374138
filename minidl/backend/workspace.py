"""Scratch memory that is used again: fresh memory costs more than the arithmetic done in it.

The first touch of a page that the system has just handed out costs about as much as 500 multiplications,
so a column matrix allocated for every convolution spends more time in page faults than in products.
Every thread keeps a buffer for each purpose and lends it again; a buffer above `KEEP_BYTES` is not kept.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

KEEP_BYTES = 16 << 20

_local = threading.local()


def scratch(purpose: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """An uninitialised array of this thread's own, valid until the thread asks for the same `purpose` again."""
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
    """Forget the scratch memory of the calling thread."""
    _local.__dict__.clear()


def held_bytes() -> int:
    """Bytes of scratch memory that the calling thread keeps."""
    return sum(buffer.nbytes for buffer in _local.__dict__.values())
