"""What a network costs to keep and to run: bytes, multiply-adds, milliseconds per image, memory, accuracy."""

from __future__ import annotations

import statistics
import time
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..backend import current_backend
from ..engine.grad_mode import no_grad
from ..engine.tensor import Tensor
from ..models.summary import bytes_of, summarize
from ..nn import Module
from .evaluation import Evaluation

SECONDS = 1.5  # of timing, for all networks together
LEAST, MOST = 5, 200  # rounds


@dataclass(frozen=True)
class Cost:
    """One network.

    Attributes:
        bytes: of parameters and buffers.
        zeros: the share of its weights that are 0.
        multiply_adds: of a forward pass of one image.
        milliseconds: of a forward pass of one image, the median.
        memory: bytes that a forward pass of one image takes beyond the weights, at its peak; None on a GPU.
        accuracy, loss: on the test set.
    """

    bytes: int
    zeros: float
    multiply_adds: int
    milliseconds: float
    memory: int | None
    accuracy: float
    loss: float


def costs(models: Sequence[Module], image: Tensor, tested: Sequence[Evaluation]) -> list[Cost]:
    """The cost of each network for one `image` (1, C, H, W); their times are measured in turn, so that all see the same
    machine."""
    times = milliseconds(models, image)
    return [
        Cost(
            bytes=bytes_of(model),
            zeros=share_of_zeros(model),
            multiply_adds=summarize(model, image.shape).multiply_adds,
            milliseconds=spent,
            memory=peak_memory(model, image),
            accuracy=found.accuracy,
            loss=found.loss,
        )
        for model, spent, found in zip(models, times, tested)
    ]


def share_of_zeros(model: Module) -> float:
    """The share of zeros among the numbers of all weights, which are arrays of at least two dimensions."""
    arrays = [x._array for x in model.state_dict().values() if x.ndim > 1]
    count = sum(array.size for array in arrays)
    return sum(int((array == 0).sum()) for array in arrays) / count if count else 0.0


def milliseconds(models: Sequence[Module], image: Tensor) -> list[float]:
    """The median time of a forward pass of each model, measured in turn."""
    spent: list[list[float]] = [[] for _ in models]
    synchronize = current_backend().synchronize
    with no_grad():
        began = time.perf_counter()
        for number in range(MOST):
            for model, found in zip(models, spent):
                start = time.perf_counter()
                model(image)
                synchronize()
                found.append(time.perf_counter() - start)
            if number >= LEAST and time.perf_counter() - began > SECONDS:
                break
    return [statistics.median(found[1:]) * 1e3 for found in spent]  # the first one fills caches


def peak_memory(model: Module, image: Tensor) -> int | None:
    """The bytes that NumPy has allocated at the peak of a forward pass, beyond what was there before."""
    if current_backend().xp is not np:
        return None
    running = tracemalloc.is_tracing()
    if not running:
        tracemalloc.start()
    try:
        with no_grad():
            model(image)
            before = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            model(image)
            return max(tracemalloc.get_traced_memory()[1] - before, 0)
    finally:
        if not running:
            tracemalloc.stop()
