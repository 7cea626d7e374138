"""The opponent's epoch: the loop that `minidl train` runs, written in the opponent's library, its data in memory."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from .library import Library
from .memory import peak_memory
from .works import lecture

MOMENTUM = 0.9


class EpochLoop:
    """Images and labels as tensors, and a loop over them in a new order each epoch."""

    def __init__(self, library: Library, folder: str, batch: int, lr: float) -> None:
        images, labels = np.load(Path(folder) / "images.npy"), np.load(Path(folder) / "labels.npy")
        self.library, self.batch, self.lr = library, batch, lr
        self.images = library.tensor(images[:, None].astype(np.float32) / 255)  # (N, 1, 28, 28)
        self.labels = library.tensor(labels.astype(np.int64))

    def __len__(self) -> int:
        return len(self.labels)

    def epoch(self, seed: int) -> dict[str, float]:
        """Train a new network for one epoch: seconds, mean loss, accuracy, highest memory."""
        T, F = self.library.T, self.library.F
        T.manual_seed(seed)
        model = self.library.in_layout(lecture(T))
        T.nn.init.xavier_uniform_(model[-1].weight)
        optimizer = T.optim.SGD(model.parameters(), lr=self.lr, momentum=MOMENTUM)
        losses, right = [], []
        began = time.perf_counter()
        for indices in T.randperm(len(self)).split(self.batch):
            x = self.library.in_layout(T.index_select(self.images, 0, indices))
            y = T.index_select(self.labels, 0, indices)
            optimizer.zero_grad()
            z = model(x)
            loss = F.cross_entropy(z, y)
            loss.backward()
            optimizer.step()
            with T.no_grad():
                right.append((z.argmax(1) == y).sum())
            losses.append(loss.detach() * len(y))
        total, correct = float(sum(losses)), float(sum(right))
        seconds = time.perf_counter() - began
        return {
            "seconds": seconds,
            "loss": total / len(self),
            "accuracy": correct / len(self),
            "memory": peak_memory(),
        }
