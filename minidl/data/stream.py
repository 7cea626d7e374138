"""Which random stream a random transform draws from.

Inside a `DataLoader`, a transform without a generator of its own draws from a stream that belongs to the batch being
made. So the augmentation of a batch depends on the seed, the epoch and the batch's number alone: not on what else
draws random numbers meanwhile, how far a background thread has run ahead, or where a run was resumed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from ..errors import ArgumentError
from ..random import Generator, generator_or_default


class _Current(threading.local):
    stream: np.random.Generator | None = None
    order_is_fixed = True


_current = _Current()


@contextmanager
def use_stream(stream: np.random.Generator, order_is_fixed: bool = True) -> Iterator[None]:
    """A context in which, in this thread, transforms without their own generator draw from `stream`.

    `order_is_fixed=False` says that other threads make samples at the same time.
    """
    before = _current.stream, _current.order_is_fixed
    _current.stream, _current.order_is_fixed = stream, order_is_fixed
    try:
        yield
    finally:
        _current.stream, _current.order_is_fixed = before


def stream_for(generator: Generator | None, name: str) -> np.random.Generator:
    """The stream that `name` draws from: its own generator's, else the batch's, else the default generator's."""
    if generator is None:
        return generator_or_default(None) if _current.stream is None else _current.stream
    if not _current.order_is_fixed:
        raise ArgumentError(
            f"{name}: a transform with a generator of its own draws in the order of the samples, which several "
            "workers do not keep; leave generator out (the DataLoader seeds each batch) or use num_workers=1"
        )
    return generator.numpy
