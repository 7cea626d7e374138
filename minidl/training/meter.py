"""Loss and accuracy of an epoch so far: summed on the host, but fetched from the device only now and then.

Reading a number back means waiting for all work queued on the GPU. So each step leaves its loss where it was
computed, and `settle` fetches many at once; the sums, in step order, do not depend on when that happens.
"""

from __future__ import annotations

import math
from typing import Any

from ..backend import backend_of, to_host
from ..engine.tensor import Tensor
from ..errors import MinidlError

CURVE_STEPS = 25  # steps averaged in one point of the learning curve


class DivergenceError(MinidlError, FloatingPointError):
    """Training became infinite or NaN; `step` is the first step that did."""

    def __init__(self, message: str, step: int) -> None:
        super().__init__(message)
        self.step = step


class Meter:
    """Loss and accuracy over an epoch, and the learning curve over the run.

    Attributes:
        recent: the mean loss of the steps last settled; NaN before there are any.
        curve: `[step, mean loss of the 25 steps up to it]`, in order.
    """

    def __init__(self) -> None:
        self.curve: list[list[float]] = []
        self.curve_sum = 0.0
        self.recent = math.nan
        self.start_epoch()

    def start_epoch(self) -> None:
        """Begin the sums of another epoch; the curve continues."""
        self.loss_sum, self.right, self.seen = 0.0, 0, 0
        self.pending: list[tuple[int, Any, Any, int]] = []

    @property
    def loss(self) -> float:
        """The mean loss of the epoch's samples so far."""
        return self.loss_sum / self.seen

    @property
    def accuracy(self) -> float:
        """The share of the epoch's samples classified correctly, each at the time it was seen."""
        return self.right / self.seen

    def add(self, step: int, loss: Tensor, right: Tensor, samples: int) -> None:
        """Note a step's mean loss over `samples` and how many were classified correctly; neither is read yet."""
        self.pending.append((step, loss._array, right._array, samples))

    def settle(self) -> None:
        """Read what is pending. Raises `DivergenceError` with the first step whose loss is not finite."""
        if not self.pending:
            return
        steps, losses, rights, samples = zip(*self.pending, strict=True)
        self.pending = []
        values = _fetch(losses)
        for step, value, right, count in zip(steps, values, _fetch(rights), samples, strict=True):
            if not math.isfinite(value):
                raise DivergenceError(f"the loss became {value} at step {step}", step)
            self.loss_sum += value * count
            self.right += int(right)
            self.seen += count
            self._draw_curve(step, value)
        self.recent = sum(values) / len(values)

    def _draw_curve(self, step: int, loss: float) -> None:
        self.curve_sum += loss
        if step % CURVE_STEPS == 0:
            self.curve.append([step, self.curve_sum / CURVE_STEPS])
            self.curve_sum = 0.0

    def state_dict(self) -> dict[str, Any]:
        """The sums and the curve, after `settle`."""
        self.settle()
        kept = ("loss_sum", "right", "seen", "curve_sum")
        return {name: getattr(self, name) for name in kept} | {"curve": [list(point) for point in self.curve]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Resume from `state_dict`."""
        self.start_epoch()
        for name, value in state.items():
            setattr(self, name, value)


def _fetch(scalars: tuple[Any, ...]) -> list[float]:
    """Scalars on the device as Python numbers, in one transfer."""
    return to_host(backend_of(scalars[0]).xp.stack(scalars)).tolist()
