"""The passes that `minidl explain` records: a model, its input, its target, and their descriptions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ... import nn
from ...engine.tensor import Tensor
from ...errors import ArgumentError
from ...models.networks import make_model
from ...nn import functional as F
from ...nn.recompute import checkpoint
from ...random import manual_seed
from ...tensors.creation import tensor, zeros
from ..record import record
from ..tape import Tape
from . import breaks

SEED = 0


@dataclass(frozen=True)
class Pass:
    """What is recorded: scores = model(input), a cross-entropy with the target, and backward."""

    model: nn.Module
    input: Tensor
    target: Tensor
    title: str
    says: dict[str, str]  # in each language
    classes: list[str] | None = None

    def record(self, mistake: str | None = None, torch: bool | None = None) -> Tape:
        """The tape of this pass, with a seeded mistake if one is named. `torch` as in `record`.

        Raises `ArgumentError` if the mistake makes no difference in this pass.
        """
        if mistake is None:
            return self._recorded(torch, True)
        with breaks.broken(mistake):
            tape = self._recorded(torch, True)
        verdicts = [check.verdict for check in tape.checks] + [leaf.verdict for leaf in tape.leaves]
        if not any(verdict is not None and verdict.state == "MISMATCH" for verdict in verdicts):
            raise ArgumentError(
                f"the mistake {mistake!r} makes no difference in this pass ({breaks.BREAKS[mistake].says}); "
                "leave the model and the image out to see it in one where it does"
            )
        return tape

    def unchecked(self) -> Tape:
        """The tape of this pass without verdicts."""
        return self._recorded(False, False)

    def _recorded(self, torch: bool | None, check: bool) -> Tape:
        model, input, target = self.model, self.input, self.target
        with record(self.title, torch, check) as tape:
            F.cross_entropy(model(input), target).backward()
        tape.model, tape.input, tape.classes = repr(model), self.says, self.classes
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
        self.weight = nn.Parameter(nn.init.xavier_uniform_(zeros(49, 10)))
        self.bias = nn.Parameter(zeros(10))

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1) @ self.weight + self.bias


class Twice(nn.Module):
    """Two features, their sum plus their product: both are used twice. (N, 1, 7, 7) -> (N, 10)."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = (nn.Parameter(nn.init.xavier_uniform_(zeros(49, 10))) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)
        a, b = x @ self.left, x @ self.right
        return a * b + (a + b)


class Checkpointed(nn.Module):
    """A hidden layer with dropout of which nothing is kept: it is computed once more for backward."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.fc = nn.Linear(49, 12), nn.Linear(12, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(checkpoint(self.dropped, x.flatten(1)))

    def dropped(self, x: Tensor) -> Tensor:
        """The hidden layer: (N, 49) -> (N, 12)."""
        return F.dropout(self.hidden(x).tanh(), 0.5)


def image_pass(model: nn.Module, images: np.ndarray, labels: np.ndarray, title: str, says: dict[str, str]) -> Pass:
    """A pass of images (N, H, W) or (N, H, W, C) uint8 that goes back to the pixels."""
    planes = images[:, None] if images.ndim == 3 else images.transpose(0, 3, 1, 2)
    return _pass(model, planes.astype(np.float32) / 255, labels, title, says)  # (N, C, H, W), 0 to 1


def _pass(model: nn.Module, pixels: np.ndarray, labels: np.ndarray, title: str, says: dict[str, str]) -> Pass:
    input = tensor(np.ascontiguousarray(pixels), requires_grad=True)
    return Pass(model, input, tensor(labels.astype(np.int64)), title, says)


def example(name: str, images: np.ndarray, labels: np.ndarray) -> Pass:
    """The pass in which a mistake can be seen, on the first of the images (N, 28, 28) uint8 with their labels."""
    manual_seed(SEED)
    if name in ("lecture", "mlp", "lenet"):
        says = {"en": f"one digit, labelled {labels[0]}", "ko": f"숫자 하나, 정답 {labels[0]}"}
        return image_pass(make_model(name), images[:1], labels[:1], name, says)
    small: dict[str, tuple[Callable[[], nn.Module], int]] = {
        "residual": (Residual, 1), "biased": (Biased, 3), "bright": (Biased, 2), "twice": (Twice, 1),
        "checkpointed": (Checkpointed, 1),
    }  # fmt: skip
    if name not in small:
        raise ArgumentError(f"there is no example pass {name!r}")
    make, count = small[name]
    pixels = _shrunk(images[:count])
    answers = _listed(labels[:count])
    says = {
        "en": f"{count} digit{'s' * (count > 1)} of the sample in 7 by 7 pixels, labelled {answers}",
        "ko": f"표본의 숫자 {count}개(7×7 픽셀), 정답 {answers}",
    }
    if name == "bright":
        pixels[1] *= 10_000
        says["en"] += ", the second 10,000 times as bright"
        says["ko"] += ", 두 번째는 10,000배 밝음"
    return _pass(make(), pixels, labels[:count], make.__name__, says)


def _shrunk(images: np.ndarray) -> np.ndarray:
    """(N, 28, 28) uint8 as (N, 1, 7, 7) float32 from 0 to 1: means of 4 by 4 pixels."""
    n = len(images)
    return images.reshape(n, 1, 7, 4, 7, 4).mean(axis=(3, 5), dtype=np.float32) / np.float32(255)


def _listed(labels: np.ndarray) -> str:
    return ", ".join(str(int(label)) for label in labels)
