"""Networks whose steps the page takes again: each gives a model, its input and a loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import minidl
from minidl import nn
from minidl.explain import record
from minidl.explain.tape import Tape
from minidl.explain.teaching.passes import Residual
from minidl.models import make_model
from minidl.nn import functional as F

from ..page.tapes import _bytes


@dataclass
class Network:
    """A pass that can be recorded and trained."""

    model: nn.Module
    x: minidl.Tensor
    loss: Callable[[minidl.Tensor], minidl.Tensor]

    def record(self, check: bool = False) -> Tape:
        with record("live", check=check) as tape:
            self.loss(self.model(self.x)).backward()
        tape.model = repr(self.model)
        return tape


def digits(count: int) -> tuple[np.ndarray, np.ndarray]:
    images = _bytes("t10k-images-idx3-ubyte.xz")[16:].reshape(-1, 1, 28, 28)
    return images[:count].astype(np.float32) / 255, _bytes("t10k-labels-idx1-ubyte.xz")[8:][:count].astype(np.int64)


def _classes(model: nn.Module, pixels: np.ndarray, labels: np.ndarray) -> Network:
    target = minidl.tensor(labels)
    return Network(model, minidl.tensor(pixels, requires_grad=True), lambda z: F.cross_entropy(z, target))


def lecture() -> Network:
    return _classes(make_model("lecture"), *digits(1))


def perceptron() -> Network:
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 32), nn.Tanh(), nn.Linear(32, 10))
    return _classes(model, *digits(2))


def mean_squares() -> Network:
    """Scalars that are learnt by squares: exclusive or."""
    x = minidl.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = minidl.tensor([[0.0], [1.0], [1.0], [0.0]])
    model = nn.Sequential(nn.Linear(2, 8), nn.Sigmoid(), nn.Linear(8, 1))
    return Network(model, x, lambda z: F.mse_loss(z, y))


def _small(images: np.ndarray) -> np.ndarray:
    return images.reshape(-1, 1, 7, 4, 7, 4).mean(axis=(3, 5), dtype=np.float32)


def batch_norm(training: bool = True) -> Network:
    images, labels = digits(3)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, bias=False),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(36, 10),
    )
    model.train(training)
    return _classes(model, _small(images), labels)


def residual() -> Network:
    images, labels = digits(2)
    return _classes(Residual(), _small(images), labels)


NETWORKS = {
    "lecture": lecture, "perceptron": perceptron, "squares": mean_squares, "residual": residual,
    "batch norm": batch_norm, "batch norm, eval": lambda: batch_norm(False),
}  # fmt: skip
