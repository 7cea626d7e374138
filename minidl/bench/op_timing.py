"""One operation, forward and backward, as what a worker times."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .library import Library
from .ops import Case, Input

SAMPLE = 32  # elements compared of each result
SEED = 1


class Operation:
    """An operation with its inputs at one size. The gradient of its output is random, not ones."""

    def __init__(self, library: Library, case: Case, size: int) -> None:
        rng = np.random.default_rng(SEED)
        self.library, self.case = library, case
        self.arrays = [drawn(one, size, rng) for one in case.inputs]
        self.inputs = [library.tensor(array) for array in self.arrays]
        self.leaves = [x for x, one in zip(self.inputs, case.inputs) if one.is_leaf()]
        for leaf in self.leaves:
            leaf.requires_grad_()
        z = self._forward()
        self.records = bool(self.leaves) and z.requires_grad
        if self.records:
            self.dz = library.in_layout(library.tensor(rng.standard_normal(tuple(z.shape)).astype(np.float32)))

    def _forward(self) -> Any:
        return self.case.run(self.library.T, self.library.F, *self.inputs)

    def step(self, clock: Any) -> Any:
        """Forward, and backward if there is one."""
        z = self._forward()
        clock.mark("forward")
        if self.records:
            z.backward(self.dz)
            clock.mark("backward")
            for leaf in self.leaves:
                leaf.grad = None
        return z

    def times(self, steps: int) -> dict[str, float]:
        """Seconds per step by phase, the mean of `steps`, after one that is not counted."""
        self.step(self.library.clock())
        self.library.synchronize()
        clock = self.library.clock()
        for _ in range(steps):
            self.step(clock)
            clock.mark("data")  # clearing the gradients
        return {name: seconds / max(1, steps) for name, seconds in clock.seconds().items()}

    def results(self, count: int) -> list[float]:
        """Some elements of the result and of each gradient; for a random operation, only what cannot differ."""
        z = self._forward()
        found = [] if self.case.random else some(self.library.numpy(z))
        if self.records:
            z.backward(self.dz)
            for leaf in self.leaves:
                found += [] if self.case.random else some(self.library.numpy(leaf.grad))
                leaf.grad = None
        return [*found, float(np.prod(tuple(z.shape)))] if self.case.random else found


def drawn(one: Input, size: int, rng: np.random.Generator) -> np.ndarray:
    """An input's array."""
    shape = one.shapes[size]
    if one.draw == "labels":
        return rng.integers(0, one.below[size], shape)
    if one.draw == "bools":
        return rng.random(shape) < 0.5
    if one.draw == "signs":
        return np.where(rng.random(shape) < 0.5, -1, 1).astype(np.float32)
    if one.draw == "log":
        x = rng.standard_normal(shape)
        return (x - np.log(np.exp(x).sum(-1, keepdims=True))).astype(np.float32)
    low, high = {"positive": (0.5, 1.5), "unit": (0.05, 0.95)}.get(one.draw, (0.0, 0.0))
    return (rng.uniform(low, high, shape) if high else rng.standard_normal(shape)).astype(np.float32)


def some(array: np.ndarray) -> list[float]:
    """Up to `SAMPLE` evenly spread elements, divided by the largest, and that largest."""
    flat = np.asarray(array, np.float64).ravel()
    flat = flat[:: max(1, len(flat) // SAMPLE)]
    scale = float(np.abs(flat).max()) if len(flat) else 0.0
    return (flat / (scale or 1.0)).tolist() + [math.log1p(scale)]


def convolution(library: Library, batch: int, side: int, channels: int, kernel: int) -> Operation:
    """A convolution that keeps the image's size, as many channels out as in, with all its gradients."""

    def run(T: Any, F: Any, x: Any, w: Any) -> Any:
        return F.conv2d(x, w, padding=kernel // 2)

    image, weights = (batch, channels, side, side), (channels, channels, kernel, kernel)
    inputs = (Input((image, image, image)), Input((weights, weights, weights)))
    return Operation(library, Case("conv2d", inputs, run, images=True), 0)
