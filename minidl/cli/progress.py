"""How training is followed: a bar on a terminal, a line every so often elsewhere; and how it is stopped."""

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
MUCH_WORSE = 3.0  # times the loss of pure guessing: nothing is being learnt
LEAST_COLUMNS = 20  # a terminal that says it is narrower has no size at all


class Reporter:
    """Tells on stderr how training goes; `quiet`: not at all."""

    def __init__(self, epochs: int, quiet: bool, classes: int = 10) -> None:
        self.epochs, self.quiet = epochs, quiet
        self.guessing = math.log(classes)  # the loss where each class is as probable as the others
        self.on_terminal = sys.stderr is not None and sys.stderr.isatty() and _columns() >= LEAST_COLUMNS
        self.bar: Any = None
        self.told = time.monotonic()

    def on_progress(self, progress: Progress) -> None:
        """Move the bar, or say a line if the last one is long ago."""
        if self.quiet:
            return
        if self.on_terminal:
            with suppress(OSError, ValueError):  # the terminal is gone: no work stops for that
                self._move_bar(progress)
        elif time.monotonic() - self.told > LINE_SECONDS:
            self.told = time.monotonic()
            notice(
                f"epoch {progress.epoch}/{progress.epochs}  {progress.seen:,}/{progress.images:,} images  "
                f"loss {_loss(progress.loss)}  {progress.images_per_second:,.0f} images/s  ETA {duration(progress.eta)}"
            )

    def on_epoch(self, record: dict[str, Any]) -> None:
        """One line for the epoch that has ended."""
        self.close()
        if self.quiet:
            return
        self.told = time.monotonic()
        line = f"epoch {record['epoch']}/{self.epochs}  training loss {_loss(record['train_loss'])}, "
        line += f"accuracy {record['train_accuracy']:.2%}"
        if record["val_loss"] is not None:
            line += f"  validation loss {_loss(record['val_loss'])}, accuracy {record['val_accuracy']:.2%}"
        notice(f"{line}  {record['seconds']:.1f} s, {record['images_per_second']:,.0f} images/s")
        if record["train_loss"] > MUCH_WORSE * self.guessing:
            notice(
                f"the training loss is {record['train_loss']:.4g}, but guessing blindly gives {self.guessing:.4g}: the "
                "learning rate is probably too high; try a tenth of it, by --lr"
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
        """Take the bar away."""
        if self.bar is not None:
            with suppress(OSError, ValueError):
                self.bar.close()
            self.bar = None


def _loss(value: float) -> str:
    """A loss in few letters.

    >>> _loss(0.25), _loss(9.6e28)
    ('0.2500', '9.6e+28')
    """
    return f"{value:.4f}" if value < 1e4 else f"{value:.4g}"


def _columns() -> int:
    """How wide the terminal says it is; 0 where it does not know, as in many a container."""
    with suppress(OSError):
        return os.get_terminal_size(sys.stderr.fileno()).columns
    return 0


class StopOnInterrupt(AbstractContextManager["StopOnInterrupt"]):
    """Within it, the first Ctrl-C only sets `asked`, so that no step is cut in two; the second interrupts at once.

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
        with suppress(OSError):  # print is not to be used in a handler: it may interrupt a print
            os.write(2, b"\nminidl: stopping after this step, with a checkpoint; Ctrl-C again stops at once, without\n")
