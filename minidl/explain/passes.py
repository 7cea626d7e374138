"""The passes that `minidl explain` records: a model, its input, its target, and what they are in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .. import nn
from ..autograd import Tensor
from ..errors import ArgumentError
from ..models import make_model
from ..nn import functional as F
from ..random import manual_seed
from . import breaks
from .record import record
from .tape import Tape

SEED = 0


@dataclass(frozen=True)
class Pass:
    """What is recorded: scores = model(input), a cross-entropy with the target, and backward."""

    model: nn.Module
    input: Tensor
    target: Tensor
    title: str
    says: str

    def record(self, mistake: str | None = None) -> Tape:
        """The tape of this pass, with a seeded mistake if one is named."""
        if mistake is None:
            return self._recorded()
        with breaks.broken(mistake):
            return self._recorded()

    def _recorded(self) -> Tape:
        model, input, target = self.model, self.input, self.target
        with record(self.title) as tape:
            F.cross_entropy(model(input), target).backward()
        tape.model, tape.input = repr(model), self.says
        return tape


class Residual(nn.Module):
    """Two convolutions, the second around a shortcut: a tensor that is used twice. (N, 1, 7, 7) -> (N, 10)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, kernel_size=3, padding=1)
        self.inner = nn.Conv2d(2, 2, kernel_size=3, padding=1)
        self.fc = nn.Linear(98, 10)

    def forward(self, x: Tensor) -> Tensor:
        h = F.relu(self.conv(x))
        h = self.inner(h).tanh() + h
        return self.fc(h.flatten(1))


class Biased(nn.Module):
    """A linear layer by hand: a bias that is added to every row. (N, 1, 7, 7) -> (N, 10)."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(nn.init.xavier_uniform_(_zeros(49, 10)))
        self.bias = nn.Parameter(_zeros(10))

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1) @ self.weight + self.bias


class Twice(nn.Module):
    """Two features, their sum plus their product: both are used twice. (N, 1, 7, 7) -> (N, 10)."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = (nn.Parameter(nn.init.xavier_uniform_(_zeros(49, 10))) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)
        a, b = x @ self.left, x @ self.right
        return a * b + (a + b)


def _zeros(*shape: int) -> Tensor:
    return Tensor(np.zeros(shape, np.float32))


def image_pass(model: nn.Module, images: np.ndarray, labels: np.ndarray, title: str, says: str) -> Pass:
    """A pass of images (N, 28, 28) uint8 that goes back to the pixels."""
    input = Tensor(images[:, None].astype(np.float32) / 255)  # (N, 1, 28, 28)
    return Pass(model, input.requires_grad_(), Tensor(labels.astype(np.int64)), title, says)


def example(name: str, images: np.ndarray, labels: np.ndarray) -> Pass:
    """The pass in which a mistake can be seen, on the first of the images (N, 28, 28) uint8 with their labels."""
    manual_seed(SEED)
    if name in ("lecture", "mlp", "lenet"):
        return image_pass(make_model(name), images[:1], labels[:1], name, f"one digit, labelled {labels[0]}")
    if name == "pair":
        says = f"two digits, labelled {labels[0]} and {labels[1]}"
        return image_pass(make_model("mlp"), images[:2], labels[:2], "mlp", says)
    small: dict[str, tuple[Callable[[], nn.Module], int]] = {
        "residual": (Residual, 1), "biased": (Biased, 3), "bright": (Biased, 2), "twice": (Twice, 1),
    }  # fmt: skip
    if name not in small:
        raise ArgumentError(f"there is no example pass {name!r}")
    make, count = small[name]
    pixels = _shrunk(images[:count])
    says = f"{count} digit{'s' * (count > 1)} of the sample in 7 by 7 pixels, labelled {_listed(labels[:count])}"
    if name == "bright":
        pixels[1] *= 10_000
        says += ", the second 10,000 times as bright"
    input = Tensor(pixels).requires_grad_()
    return Pass(make(), input, Tensor(labels[:count].astype(np.int64)), make.__name__, says)


def _shrunk(images: np.ndarray) -> np.ndarray:
    """(N, 28, 28) uint8 as (N, 1, 7, 7) float32 from 0 to 1: means of 4 by 4 pixels."""
    n = len(images)
    return images.reshape(n, 1, 7, 4, 7, 4).mean(axis=(3, 5), dtype=np.float32) / np.float32(255)


def _listed(labels: np.ndarray) -> str:
    return ", ".join(str(int(label)) for label in labels)
