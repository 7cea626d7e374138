"""The training loop, and the state from which a stopped run resumes bit for bit."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..data import DataLoader
from ..engine.grad_mode import no_grad
from ..engine.tensor import Tensor
from ..errors import ArgumentError
from ..nn import Module
from ..nn import functional as F
from ..optim.lr_scheduler import ReduceLROnPlateau
from ..random import default_generator
from .evaluation import Evaluation, Loss, evaluate, on_device
from .meter import DivergenceError, Meter

REPORT_SECONDS = 0.5  # how often losses are read and progress is reported


@dataclass(frozen=True)
class Progress:
    """The progress of training, reported about twice a second.

    Attributes:
        epoch: counted from 1, of `epochs`.
        seen: images of this epoch so far, of `images`.
        loss: the mean loss since the last report.
        images_per_second: over this epoch.
        eta: seconds until the last epoch ends, validation not counted.
    """

    epoch: int
    epochs: int
    seen: int
    images: int
    loss: float
    images_per_second: float
    eta: float


class Trainer:
    """Trains a classifier, and can stop after any step and resume later exactly where it was.

    Args:
        model: gives scores `(N, C)` for a batch.
        optimizer: over the model's parameters.
        loader: gives batches `(images, labels)`.
        validation: a loader to evaluate on after each epoch, or None.
        scheduler: a learning-rate schedule, stepped after each batch (`each="batch"`) or each epoch (`each="epoch"`;
            one that watches a metric gets the validation loss, or the training loss where there is no validation).
        loss: of (scores, labels), the mean over the batch.

    Attributes:
        history: a dictionary per epoch: epoch, step, train_loss, train_accuracy, val_loss, val_accuracy, lr (at its
            end), seconds (of training), images_per_second.
        epoch, step: how many are done.

    Random numbers come from `minidl.default_generator`; its state is part of `state_dict`.
    """

    def __init__(
        self,
        model: Module,
        optimizer: Any,
        loader: DataLoader,
        *,
        validation: DataLoader | None = None,
        scheduler: Any = None,
        each: str = "batch",
        loss: Loss = F.cross_entropy,
    ) -> None:
        if each not in ("batch", "epoch"):
            raise ArgumentError(f"Trainer: each must be 'batch' or 'epoch', got {each!r}")
        self.model, self.optimizer, self.loader, self.loss = model, optimizer, loader, loss
        self.validation, self.scheduler, self.each = validation, scheduler, each
        self.history: list[dict[str, Any]] = []
        self.epoch = self.step = 0
        self.seconds = 0.0  # of the epoch in progress
        self.meter = Meter()

    def fit(
        self,
        epochs: int,
        *,
        on_progress: Callable[[Progress], None] = lambda progress: None,
        on_epoch: Callable[[dict[str, Any]], None] = lambda record: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Train until `epochs` are done; False if `should_stop`, asked after each step, ended it earlier.

        An epoch whose last step is done is finished first. `on_epoch` gets each new record of `history`. Raises
        `DivergenceError`, which names the step, if the loss or a weight is no longer finite; it may be raised up to
        half a second after that step.
        """
        while self.epoch < epochs:
            if not self._train_epoch(epochs, on_progress, should_stop):
                return False
            on_epoch(self._finish_epoch())
            if should_stop():
                return False
        return True

    def _train_epoch(
        self, epochs: int, on_progress: Callable[[Progress], None], should_stop: Callable[[], bool]
    ) -> bool:
        """The rest of this epoch; False if stopped within it."""
        self.model.train()
        before, here = self.meter.seen, 0
        began = reported = time.perf_counter()
        resumed_seconds = self.seconds
        for x, y in on_device(self.loader):
            here += self._step(x, y)
            now = time.perf_counter()
            self.seconds = resumed_seconds + now - began
            if now - reported > REPORT_SECONDS:
                self._settle()
                on_progress(self._progress(epochs, before + here, here / (now - began)))
                reported = now
            if self.step % len(self.loader) and should_stop():
                return False
        self._settle()
        self.seconds = resumed_seconds + time.perf_counter() - began
        return True

    def _step(self, x: Tensor, y: Tensor) -> int:
        """One update; returns the number of images in it."""
        self.optimizer.zero_grad()
        z = self.model(x)
        loss = self.loss(z, y)
        loss.backward()
        self.optimizer.step()
        with no_grad():
            right = (z.argmax(1) == y).sum()
        return self._count(loss, right, len(y))

    def _count(self, loss: Tensor, right: Tensor, samples: int) -> int:
        """Count an update that is done. Its loss is read later: to read it is to wait for a GPU."""
        if self.scheduler is not None and self.each == "batch":
            self.scheduler.step()
        self.step += 1
        self.meter.add(self.step, loss, right, samples)
        return samples

    def _settle(self) -> None:
        """Read the losses of the updates since the last time."""
        try:
            self.meter.settle()
        except DivergenceError as error:
            raise self._diverged(str(error), error.step) from None

    def _diverged(self, what: str, step: int) -> DivergenceError:
        batch = (step - 1) % len(self.loader) + 1
        return DivergenceError(
            f"{what} (epoch {self.epoch + 1}, batch {batch}); training stopped; try a lower learning rate "
            f"(it is {self.lr:.3g}), and check the inputs for NaN and infinity",
            step,
        )

    def _progress(self, epochs: int, seen: int, rate: float) -> Progress:
        images = len(self.loader.dataset)
        left = images - seen + images * (epochs - self.epoch - 1)
        return Progress(self.epoch + 1, epochs, seen, images, self.meter.recent, rate, left / rate)

    def _finish_epoch(self) -> dict[str, Any]:
        """Validate, step the schedule, and add the epoch to the history."""
        self.check_weights()
        train_loss, train_accuracy = self.meter.loss, self.meter.accuracy
        found = None if self.validation is None else self.evaluate(self.validation)
        if self.scheduler is not None and self.each == "epoch":
            watched = train_loss if found is None else found.loss
            if _watches_a_metric(self.scheduler):
                self.scheduler.step(watched)
            else:
                self.scheduler.step()
        record = {
            "epoch": self.epoch + 1,
            "step": self.step,
            "train_loss": train_loss,
            "train_accuracy": train_accuracy,
            "val_loss": None if found is None else found.loss,
            "val_accuracy": None if found is None else found.accuracy,
            "lr": self.lr,
            "seconds": self.seconds,
            "images_per_second": self.meter.seen / self.seconds,
        }
        self.history.append(record)
        self.epoch, self.seconds = self.epoch + 1, 0.0
        self.meter.start_epoch()
        return record

    def evaluate(self, loader: DataLoader) -> Evaluation:
        """The model's results on other data."""
        return evaluate(self.model, loader, self.loss)

    @property
    def lr(self) -> float:
        """The current learning rate of the first parameter group."""
        return float(self.optimizer.param_groups[0]["lr"])

    def check_weights(self) -> None:
        """Raise `DivergenceError` if a weight or a running statistic is not finite."""
        for name, tensor in self.model.state_dict().items():
            array = tensor.cpu()._array  # on the host: a GPU would compile `all` first, for eight seconds
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise self._diverged(f"the weight {name} is no longer finite after step {self.step}", self.step)

    def state_dict(self) -> dict[str, Any]:
        """All that the rest of the run depends on. Raises `DivergenceError` if a weight in it is not finite."""
        self._settle()
        self.check_weights()
        return {
            "epoch": self.epoch,
            "step": self.step,
            "seconds": self.seconds,
            "history": [dict(record) for record in self.history],
            "meter": self.meter.state_dict(),
            "model": dict(self.model.state_dict()),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": None if self.scheduler is None else self.scheduler.state_dict(),
            "loader": self.loader.state_dict(),
            "random": default_generator.get_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Resume from `state_dict`, with the same model, optimizer, schedule and data."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.scheduler is not None:
            self.scheduler.load_state_dict(state["scheduler"])
        self.loader.load_state_dict(state["loader"])
        self.meter.load_state_dict(state["meter"])
        default_generator.set_state(state["random"])
        self.epoch, self.step, self.seconds = state["epoch"], state["step"], state["seconds"]
        self.history = [dict(record) for record in state["history"]]


def _watches_a_metric(scheduler: Any) -> bool:
    return isinstance(scheduler, ReduceLROnPlateau)
