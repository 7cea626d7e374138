"""Progress of training: a bar on a terminal, a line every so often elsewhere; and how it is stopped."""

from __future__ import annotations

import math
import os
import signal
import sys
import time
from contextlib import AbstractContextManager, suppress
from types import FrameType, TracebackType
from typing import Any

from ..training import Progress
from .console import duration, notice

LINE_SECONDS = 10.0
MUCH_WORSE = 3.0  # times the loss of pure guessing: above it, nothing is being learnt
LEAST_COLUMNS = 20  # a terminal that claims to be narrower does not know its size


class Reporter:
    """Reports the progress of training on stderr; `quiet`: not at all."""

    def __init__(self, epochs: int, quiet: bool, classes: int = 10) -> None:
        self.epochs, self.quiet = epochs, quiet
        self.guessing = math.log(classes)  # the loss if all classes are equally probable
        self.on_terminal = sys.stderr is not None and sys.stderr.isatty() and _columns() >= LEAST_COLUMNS
        self.bar: Any = None
        self.last_line = time.monotonic()

    def on_progress(self, progress: Progress) -> None:
        """Move the bar, or print a line if the last one was long ago."""
        if self.quiet:
            return
        if self.on_terminal:
            with suppress(OSError, ValueError):  # the terminal is gone, which stops no work
                self._move_bar(progress)
        elif time.monotonic() - self.last_line > LINE_SECONDS:
            self.last_line = time.monotonic()
            notice(
                f"epoch {progress.epoch}/{progress.epochs}  {progress.seen:,}/{progress.images:,} images  "
                f"loss {_loss(progress.loss)}  {progress.images_per_second:,.0f} images/s  ETA {duration(progress.eta)}"
            )

    def on_epoch(self, record: dict[str, Any]) -> None:
        """Print one line for the epoch that has ended."""
        self.close()
        if self.quiet:
            return
        self.last_line = time.monotonic()
        line = f"epoch {record['epoch']}/{self.epochs}  training loss {_loss(record['train_loss'])}, "
        line += f"accuracy {record['train_accuracy']:.2%}"
        if record["val_loss"] is not None:
            line += f"  validation loss {_loss(record['val_loss'])}, accuracy {record['val_accuracy']:.2%}"
        notice(f"{line}  {record['seconds']:.1f} s, {record['images_per_second']:,.0f} images/s")
        if record["train_loss"] > MUCH_WORSE * self.guessing:
            notice(
                f"the training loss is {record['train_loss']:.4g}, but blind guessing gives {self.guessing:.4g}: the "
                "learning rate is probably too high; try a tenth of it, with --lr"
            )

    def _move_bar(self, progress: Progress) -> None:
        if self.bar is None:
            from tqdm import tqdm

            self.bar = tqdm(
                total=progress.images, unit=" images", desc=f"epoch {progress.epoch}/{progress.epochs}", leave=False,
                dynamic_ncols=True, file=sys.stderr,
                bar_format="{desc}: {percentage:3.0f}%|{bar}| {n:,}/{total:,} [{elapsed}{postfix}]",
            )  # fmt: skip
        self.bar.n = progress.seen
        self.bar.set_postfix_str(
            f"loss {_loss(progress.loss)}, {progress.images_per_second:,.0f} images/s, ETA {duration(progress.eta)}"
        )

    def close(self) -> None:
        """Remove the bar."""
        if self.bar is not None:
            with suppress(OSError, ValueError):
                self.bar.close()
            self.bar = None


def _loss(value: float) -> str:
    """A loss in few characters.

    >>> _loss(0.25), _loss(9.6e28)
    ('0.2500', '9.6e+28')
    """
    return f"{value:.4f}" if value < 1e4 else f"{value:.4g}"


def _columns() -> int:
    """The width that the terminal reports; 0 if it does not know, as in many containers."""
    with suppress(OSError):
        return os.get_terminal_size(sys.stderr.fileno()).columns
    return 0


class StopOnInterrupt(AbstractContextManager["StopOnInterrupt"]):
    """A context where the first Ctrl-C only sets `asked`, so that no step is cut short; the second interrupts at once.

    A process that was started with Ctrl-C ignored, as by nohup, keeps ignoring it.
    """

    def __init__(self) -> None:
        self.asked = False
        self.before: Any = None

    def __enter__(self) -> StopOnInterrupt:
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            self.before = signal.signal(signal.SIGINT, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.before is not None:
            signal.signal(signal.SIGINT, self.before)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with suppress(OSError):  # no print in a handler: it may interrupt another print
            os.write(2, b"\nminidl: stopping after this step, with a checkpoint; Ctrl-C again stops at once, without\n")
