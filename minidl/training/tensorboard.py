"""The run for TensorBoard: one event file per start, by the optional package tensorboardX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import MissingPackageError
from .loop import Trainer


def require_tensorboard() -> Any:
    """The module tensorboardX. Raises `MissingPackageError` if it is not installed."""
    try:
        import tensorboardX
    except ImportError:
        raise MissingPackageError(
            "--tensorboard needs the package tensorboardX; install it with pip install 'minidl[tensorboard]', or leave "
            "the option out"
        ) from None
    return tensorboardX


class EventWriter:
    """Writes each epoch's numbers, and the learning curve between, into `folder`."""

    def __init__(self, folder: Path, trainer: Trainer) -> None:
        self.trainer = trainer
        self.writer = require_tensorboard().SummaryWriter(str(folder))
        self.drawn = len(trainer.meter.curve)

    def on_epoch(self, record: dict[str, Any]) -> None:
        """Write the record of an epoch, and the points of the curve since the last one."""
        for step, loss in self.trainer.meter.curve[self.drawn :]:
            self.writer.add_scalar("loss/step", loss, int(step))
        self.drawn = len(self.trainer.meter.curve)
        for name, tag in (
            ("train_loss", "loss/training"), ("val_loss", "loss/validation"), ("lr", "learning_rate"),
            ("train_accuracy", "accuracy/training"), ("val_accuracy", "accuracy/validation"),
            ("images_per_second", "images_per_second"),
        ):  # fmt: skip
            if record[name] is not None:
                self.writer.add_scalar(tag, record[name], record["step"])
        self.writer.flush()
