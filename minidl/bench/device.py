"""What only a GPU has: whether it may be timed, its memory pool, its launches, its uploads."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING, Any

from .errors import BenchmarkError
from .launches import count_launches

if TYPE_CHECKING:
    from ..backend import Backend

UPLOADS = 5


def require_real(backend: Backend) -> None:
    """Raise `BenchmarkError` if the GPU is only imitated: its times would say nothing about any GPU."""
    if backend.emulated:
        raise BenchmarkError(
            f"the device calls itself {backend.device_label()}: it is host memory that imitates a GPU, and timing it "
            f"would mean nothing; measure on a machine with a GPU, or leave {backend.name} out"
        )


def describe(training: Any) -> dict[str, Any]:
    """After some steps: seconds to upload a batch of images, bytes of the memory pool, the GPU's name."""
    backend = training.library.device
    return {"upload": upload(training), "pool": backend.memory()[1], "name": backend.device_label()}


def launches_of_a_step(training: Any) -> int:
    """Kernels that one step launches, without its upload. Raises `BenchmarkError` if they cannot be counted."""
    batch, clock = training.next_batch(), training.library.clock()
    training.step(clock, batch)
    return count_launches(lambda: training.step(clock, batch))


def upload(training: Any) -> float:
    """Seconds to bring one batch of images to the GPU."""
    images = training.images[: training.batch]
    seconds = []
    for _ in range(UPLOADS):
        training.library.synchronize()
        began = time.perf_counter()
        training.library.tensor(images)
        training.library.synchronize()
        seconds.append(time.perf_counter() - began)
    return median(seconds)
