"""One step of a work, split into data, forward, backward and update; and what a step keeps in memory."""

from __future__ import annotations

import gc
import math
import tracemalloc
from typing import Any

import numpy as np

from .library import Library
from .works import Work

BATCHES = 4  # batches in the data set
LR, MOMENTUM = 0.01, 0.9
MEASUREMENTS = 3


class Training:
    """A work in one library, with weights, images and order that depend only on the seed, not on the library."""

    def __init__(self, library: Library, work: Work, batch: int, seed: int = 0) -> None:
        self.library, self.work, self.batch = library, work, batch
        rng = np.random.default_rng(seed)
        self.model = library.in_layout(work.model(library.T))
        fill(library, self.model, rng)
        images = rng.random((batch * BATCHES, *work.image), np.float32)
        labels = rng.integers(0, work.classes, len(images)) if work.classes else images[:, :1]
        self.orders: list[Any] = np.split(rng.permutation(len(images)), BATCHES)
        self.images: Any = images
        self.labels: Any = labels
        if library.device is None:
            self.images, self.labels = library.tensor(images), library.tensor(labels)
            self.orders = [library.tensor(order) for order in self.orders]
        self.optimizer = library.T.optim.SGD(self.model.parameters(), lr=LR, momentum=MOMENTUM)
        self.criterion = library.F.cross_entropy if work.classes else library.F.mse_loss
        self.steps = 0

    def next_batch(self) -> tuple[Any, Any]:
        """The next images and labels, gathered from the data set in the host's memory, then uploaded if need be."""
        order = self.orders[self.steps % BATCHES]
        self.steps += 1
        if self.library.device is not None:
            return self.library.tensor(self.images[order]), self.library.tensor(self.labels[order])
        T = self.library.T
        return self.library.in_layout(T.index_select(self.images, 0, order)), T.index_select(self.labels, 0, order)

    def step(self, clock: Any, batch: tuple[Any, Any] | None = None) -> Any:
        """One training step, or one forward pass of an inference work; the loss or the scores."""
        x, y = batch or self.next_batch()
        clock.mark("data")
        if self.work.inference:
            with self.library.no_recording():
                z = self.model(x)
            clock.mark("forward")
            return z
        loss = self.criterion(self.model(x), y)
        clock.mark("forward")
        loss.backward()
        clock.mark("backward")
        self.optimizer.step()
        self.optimizer.zero_grad()
        clock.mark("update")
        return loss

    def results(self, count: int) -> list[float]:
        """The losses of the next `count` steps; of an inference work, the mean squares of the scores."""
        found = []
        for _ in range(count):
            z = self.library.numpy(self.step(self.library.clock())).astype(np.float64)
            found.append(float(z) if z.size == 1 and not self.work.inference else float((z**2).mean()))
        return found

    def times(self, steps: int) -> dict[str, float]:
        """Seconds per step by phase, the mean of `steps`, after one step that is not counted: its caches are cold."""
        self.step(self.library.clock())
        self.library.synchronize()
        clock = self.library.clock()
        for _ in range(steps):
            self.step(clock)
        return {name: seconds / steps for name, seconds in clock.seconds().items()}

    def kept(self) -> int:
        """Bytes that one step keeps between forward and backward, its batch included."""
        measure = _kept_by_torch if self.library.entry.library == "torch" else _kept_by_minidl
        self.step(self.library.clock())  # what is kept from step to step exists by now
        return min(measure(self) for _ in range(MEASUREMENTS))  # a thread may still allocate its first scratch memory


def fill(library: Library, model: Any, rng: np.random.Generator) -> None:
    """Give the model weights drawn from `rng`: matrices and kernels about 1/sqrt(fan-in), scales about 1."""
    parameters = dict(model.named_parameters())
    state = dict(model.state_dict())
    for name, parameter in parameters.items():
        shape = tuple(parameter.shape)
        drawn = rng.standard_normal(shape, np.float32)
        if len(shape) > 1:
            drawn /= math.sqrt(math.prod(shape[1:]))
        else:
            drawn = 0.1 * drawn + (1 if name.endswith("weight") else 0)
        state[name] = library.tensor(drawn.astype(np.float32))
    model.load_state_dict(state)


def _forward(training: Training) -> Any:
    x, y = training.next_batch()
    return training.criterion(training.model(x), y)


def _kept_by_minidl(training: Training) -> int:
    """NumPy reports its arrays to tracemalloc; on a GPU the memory pool knows."""
    if (device := training.library.device) is not None:
        before, _ = device.memory()
        loss = _forward(training)
        kept = device.memory()[0] - before
    else:
        gc.collect()
        tracemalloc.start()
        loss = _forward(training)
        kept = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
    loss.backward()
    training.optimizer.zero_grad()
    return kept


def _kept_by_torch(training: Training) -> int:
    """The memory of the tensors that the graph saved, each counted once, without the weights."""
    weights = {parameter.untyped_storage().data_ptr() for parameter in training.model.parameters()}
    saved: dict[int, int] = {}

    def keep(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            saved[storage.data_ptr()] = storage.nbytes()
        return tensor

    with training.library.T.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = _forward(training)
    loss.backward()
    training.optimizer.zero_grad()
    return sum(saved.values())
