"""The lecture's CNN trained until it is good enough: the same loop in either library, its data in memory."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from .library import Library
from .training import fill
from .works import lecture

MOMENTUM = 0.9
TESTED_AT_ONCE = 1000  # images


class Chase:
    """Images and labels as tensors; weights and orders that depend on the seed alone, not on the library."""

    def __init__(self, library: Library, folder: str, batch: int, lr: float) -> None:
        self.library, self.batch, self.lr = library, batch, lr
        self.images, self.labels = self._load(folder, "train")
        self.test_images, self.test_labels = self._load(folder, "test")

    def _load(self, folder: str, part: str) -> tuple[Any, Any]:
        images, labels = [np.load(Path(folder) / f"{part}-{what}.npy") for what in ("images", "labels")]
        images = images[:, None].astype(np.float32) / 255  # (N, 1, 28, 28)
        return self.library.tensor(images), self.library.tensor(labels.astype(np.int64))

    def run(self, seed: int, bar: float, every: int, most_steps: int) -> dict[str, Any]:
        """Train from new weights and test after every so many steps, until `bar` is reached or the steps are used up.

        Returns the steps, the seconds of training and of testing, and the points (step, seconds of training, accuracy).
        """
        rng = np.random.default_rng(seed)
        model = self.library.in_layout(lecture(self.library.T))
        fill(self.library, model, rng)
        optimizer = self.library.T.optim.SGD(model.parameters(), lr=self.lr, momentum=MOMENTUM)
        points: list[tuple[int, float, float]] = []
        seconds, testing, step = 0.0, 0.0, 0
        while step < most_steps and not (points and points[-1][2] >= bar):
            began = self._now()
            for _ in range(every):
                if step % (len(self.labels) // self.batch) == 0:  # the last images, too few for a batch, sit out
                    orders = np.array_split(rng.permutation(len(self.labels)), len(self.labels) // self.batch)
                self._step(model, optimizer, orders[step % len(orders)])
                step += 1
            trained = self._now()
            accuracy = self._accuracy(model)
            seconds, testing = seconds + trained - began, testing + self._now() - trained
            points.append((step, seconds, accuracy))
        return {
            "reached": points[-1][2] >= bar,
            "steps": step,
            "seconds": seconds,
            "testing": testing,
            "points": points,
        }

    def _now(self) -> float:
        self.library.synchronize()
        return time.perf_counter()

    def _batch(self, images: Any, labels: Any, places: np.ndarray) -> tuple[Any, Any]:
        T, index = self.library.T, self.library.tensor(places)
        return self.library.in_layout(T.index_select(images, 0, index)), T.index_select(labels, 0, index)

    def _step(self, model: Any, optimizer: Any, places: np.ndarray) -> None:
        x, y = self._batch(self.images, self.labels, places)
        optimizer.zero_grad()
        self.library.F.cross_entropy(model(x), y).backward()
        optimizer.step()

    def _accuracy(self, model: Any) -> float:
        """The share of the test images that are told right."""
        right = 0
        with self.library.no_recording():
            for first in range(0, len(self.test_labels), TESTED_AT_ONCE):
                places = np.arange(first, min(first + TESTED_AT_ONCE, len(self.test_labels)))
                x, y = self._batch(self.test_images, self.test_labels, places)
                right += int((model(x).argmax(1) == y).sum())
        return right / len(self.test_labels)
