"""A classifier's results on a data set, or on a few images: scores, accuracy, probabilities."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ..backend import current_backend, to_host
from ..data import DataLoader
from ..engine.grad_mode import no_grad
from ..engine.tensor import Tensor, wrap
from ..nn import Module
from ..nn import functional as F
from ..nn.evaluating import evaluating

Loss = Callable[[Tensor, Tensor], Tensor]
Result = tuple[float, np.ndarray, np.ndarray]  # of a batch: the sum of the losses, scores (N, C), labels (N,)


@dataclass(frozen=True)
class Evaluation:
    """A classifier's results on a data set: mean loss, accuracy, scores `(N, C)` and labels `(N,)`."""

    loss: float
    accuracy: float
    scores: np.ndarray
    labels: np.ndarray

    @property
    def probabilities(self) -> np.ndarray:
        """softmax of the scores: `(N, C)` float64, rows that sum to 1."""
        return _softmax(self.scores)

    @property
    def predicted(self) -> np.ndarray:
        """The class with the highest score for each sample: `(N,)`."""
        return self.scores.argmax(1)


def evaluate(model: Module, loader: DataLoader, loss: Loss = F.cross_entropy) -> Evaluation:
    """Run `model` over `loader`, whose batches are (images, labels), without recording and in evaluation mode."""
    return joined(results(model, loader, loss))


def results(model: Module, loader: DataLoader, loss: Loss) -> list[Result]:
    """The results of `evaluate` on each batch."""
    with no_grad(), evaluating(model):
        found = ((model(x), y) for x, y in on_device(loader))
        return [(loss(z, y).item() * len(y), to_host(z._array), to_host(y._array)) for z, y in found]


def joined(parts: list[Result]) -> Evaluation:
    """The results on all batches, as one."""
    losses, scores, labels = zip(*parts, strict=True)
    all_scores, all_labels = np.concatenate(scores), np.concatenate(labels)
    accuracy = float((all_scores.argmax(1) == all_labels).mean())
    return Evaluation(sum(losses) / len(all_labels), accuracy, all_scores, all_labels)


def predict(model: Module, images: np.ndarray) -> np.ndarray:
    """The probability of each class, `(N, C)` float64, for images `(N, C, H, W)` float32 from 0 to 1."""
    with no_grad():
        return _softmax(to_host(model.eval()(to_device(wrap(images)))._array))


def _softmax(scores: np.ndarray) -> np.ndarray:
    exponentials = np.exp(scores - scores.max(1, keepdims=True), dtype=np.float64)
    return exponentials / exponentials.sum(1, keepdims=True)


def on_device(loader: DataLoader) -> Iterator[tuple[Tensor, Tensor]]:
    """The batches of `loader`, moved to the current backend's device."""
    for x, y in loader:
        yield to_device(x), to_device(y)


def to_device(tensor: Tensor) -> Tensor:
    """The tensor in the current backend's library: itself if it is there."""
    return tensor.to(current_backend().device)
