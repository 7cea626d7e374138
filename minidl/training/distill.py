"""Training a network that has been made smaller, by the labels and by what a larger one says.

loss = (1 - a) cross_entropy(z, y) + a T² KL(softmax(teacher / T) | softmax(z / T)): at a temperature T above 1 the
teacher's scores also tell which wrong answers are nearly right. Source: Hinton et al. 2015.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ..backend import backend_of
from ..compress.numbers import copy_into
from ..data import DataLoader
from ..engine.grad_mode import no_grad
from ..engine.tensor import Tensor
from ..nn import Module
from ..nn import functional as F
from ..optim import SGD
from ..optim.lr_scheduler import CosineAnnealingLR
from .evaluation import on_device
from .meter import DivergenceError

TEMPERATURE, SHARE = 4.0, 0.7  # T, and a
MOMENTUM = 0.9


def distillation_loss(z: Tensor, y: Tensor, teacher: Tensor | None) -> Tensor:
    """The loss of scores z (N, C) for labels y (N,), given the teacher's scores; without, the cross-entropy alone."""
    loss = F.cross_entropy(z, y)
    if teacher is None:
        return loss
    wanted = F.softmax(teacher / TEMPERATURE, 1)
    far = F.kl_div(F.log_softmax(z / TEMPERATURE, 1), wanted, reduction="batchmean")
    return (1 - SHARE) * loss + SHARE * TEMPERATURE**2 * far


def train_on(
    model: Module,
    loader: DataLoader,
    epochs: int,
    lr: float,
    teacher: Module | None = None,
    kept: Mapping[str, np.ndarray] | None = None,
    on_epoch: Callable[[int, float], None] = lambda epoch, loss: None,
) -> None:
    """Train the model for some epochs, in place. Weights that are not `kept`, bool arrays by name, stay 0.

    `on_epoch` is told each epoch's number and mean loss. Raises `DivergenceError` for a loss that is no number.
    """
    optimizer = SGD(model.parameters(), lr=lr, momentum=MOMENTUM)
    schedule = CosineAnnealingLR(optimizer, T_max=epochs * len(loader))
    masks = [(model.get_parameter(name), mask) for name, mask in (kept or {}).items()]
    model.train()
    for epoch in range(1, epochs + 1):
        total, seen = 0.0, 0
        for x, y in on_device(loader):
            with no_grad():
                advice = None if teacher is None else teacher(x)
            optimizer.zero_grad()
            loss = distillation_loss(model(x), y, advice)
            loss.backward()
            optimizer.step()
            schedule.step()
            for weight, mask in masks:
                copy_into(weight, np.where(mask, _host(weight), 0))
            total, seen = total + loss.item() * len(y), seen + len(y)
        if not np.isfinite(total):
            raise DivergenceError(
                f"the loss is no number in epoch {epoch}; use a smaller --lr than {lr:g}", epoch * len(loader)
            )
        on_epoch(epoch, total / seen)
    model.eval()


def _host(x: Tensor) -> np.ndarray:
    return backend_of(x._array).to_numpy(x._array)
