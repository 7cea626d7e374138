"""What is particular to a GPU: whether it may be timed, its memory pool, its launches, the way to it."""

from __future__ import annotations

import importlib
import time
from statistics import median
from typing import Any

from .errors import BenchmarkError
from .launches import count_launches

EMULATED = "EMULATED-HOST"
UPLOADS = 5


def name() -> str:
    """The name of the GPU that CuPy uses."""
    runtime = importlib.import_module("cupy").cuda.runtime
    found = runtime.getDeviceProperties(runtime.getDevice())["name"]
    return found.decode() if isinstance(found, bytes) else str(found)


def require_real() -> None:
    """Raise `BenchmarkError` if the GPU is only imitated: its times would say nothing about any GPU."""
    if EMULATED in name():
        raise BenchmarkError(
            f"the device calls itself {EMULATED}: it is host memory that imitates a GPU, and timing it would mean "
            "nothing; measure on a machine with a GPU, or leave cupy out"
        )


def describe(training: Any) -> dict[str, Any]:
    """After some steps: seconds to upload a batch of images, bytes of the memory pool, the GPU's name."""
    pool = importlib.import_module("cupy").get_default_memory_pool()
    return {"upload": upload(training), "pool": pool.total_bytes(), "name": name()}


def launches_of_a_step(training: Any) -> int:
    """The kernels that one step asks for, its upload left out. Raises `BenchmarkError` if they cannot be counted."""
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
