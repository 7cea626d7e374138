"""The 1cycle schedule: up to a large rate and down to a tiny one, while momentum goes the other way."""

from __future__ import annotations

import math
from typing import Any

from ...errors import ArgumentError
from ..optimizer import Optimizer
from .scheduler import LRScheduler, checked, per_group


class OneCycleLR(LRScheduler):
    """lr goes up from max_lr / div_factor to `max_lr` in the first `pct_start` of all steps, and then down.

    It ends at max_lr / div_factor / final_div_factor; with `three_phase` it first goes down as fast as it went up.

    Momentum (or beta1) goes from `max_momentum` to `base_momentum` and back. The number of steps is `total_steps` or
    epochs * steps_per_epoch. Call `step()` after every batch. Source: Smith & Topin 2018.

    ArgumentError if the number of steps is not given or too few, for an unknown strategy, for an optimizer
    without momentum with `cycle_momentum`, and for a step after the last.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        self.optimizer = checked(self, optimizer)
        self.total_steps = _total_steps(total_steps, epochs, steps_per_epoch)
        if not isinstance(pct_start, float) or not 0 <= pct_start <= 1:
            raise ArgumentError(f"OneCycleLR: pct_start must be a float between 0 and 1; got {pct_start!r}")
        if anneal_strategy not in ("cos", "linear"):
            raise ArgumentError(f"OneCycleLR: anneal_strategy must be 'cos' or 'linear'; got {anneal_strategy!r}")
        self._anneal_func_type = anneal_strategy
        self._schedule_phases = _phases(self.total_steps, pct_start, three_phase)
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
                raise ArgumentError(
                    f"OneCycleLR: {type(optimizer).__name__} has neither momentum nor betas; use cycle_momentum=False"
                )
            self.use_beta1 = "betas" in optimizer.defaults
        if last_epoch == -1:
            for group, rate in zip(optimizer.param_groups, per_group("max_lr", optimizer, max_lr)):
                group["initial_lr"] = rate / div_factor
                group["max_lr"] = rate
                group["min_lr"] = group["initial_lr"] / final_div_factor
            if cycle_momentum:
                self._start_momentum(max_momentum, base_momentum)
        super().__init__(optimizer, last_epoch)

    def _start_momentum(self, highest: Any, lowest: Any) -> None:
        high, low = (
            per_group("max_momentum", self.optimizer, highest),
            per_group("base_momentum", self.optimizer, lowest),
        )
        for group, top, bottom in zip(self.optimizer.param_groups, high, low):
            self._set_momentum(group, top)
            group["max_momentum"], group["base_momentum"] = top, bottom

    def _set_momentum(self, group: dict[str, Any], momentum: float) -> None:
        if self.use_beta1:
            group["betas"] = (momentum, *group["betas"][1:])
        else:
            group["momentum"] = momentum

    def _anneal(self, start: float, end: float, part: float) -> float:
        if self._anneal_func_type == "cos":
            return end + (start - end) / 2.0 * (math.cos(math.pi * part) + 1)
        return (end - start) * part + start

    def get_lr(self) -> list[float]:
        step = self.last_epoch
        if step > self.total_steps:
            raise ArgumentError(f"OneCycleLR: step {step}, but the cycle has {self.total_steps}; raise total_steps")
        begin = 0.0
        for phase in self._schedule_phases:
            end = phase["end_step"]
            if step <= end or phase is self._schedule_phases[-1]:
                break
            begin = end
        if end == begin:
            raise ArgumentError(
                f"OneCycleLR: {self.total_steps} steps with this pct_start leave a phase of the cycle without a step"
            )
        part = (step - begin) / (end - begin)
        rates = []
        for group in self.optimizer.param_groups:
            rates.append(self._anneal(group[phase["start_lr"]], group[phase["end_lr"]], part))
            if self.cycle_momentum:
                momentum = self._anneal(group[phase["start_momentum"]], group[phase["end_momentum"]], part)
                self._set_momentum(group, momentum)
        return rates


def _total_steps(total_steps: Any, epochs: Any, steps_per_epoch: Any) -> int:
    """The number of steps, given in either of the two ways."""
    if total_steps is None and (epochs is None or steps_per_epoch is None):
        raise ArgumentError("OneCycleLR: give total_steps, or epochs and steps_per_epoch")
    given = (
        {"epochs": epochs, "steps_per_epoch": steps_per_epoch} if total_steps is None else {"total_steps": total_steps}
    )
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
            raise ArgumentError(f"OneCycleLR: {name} must be an integer above 0; got {value!r}")
    return math.prod(given.values())


def _phases(total: int, pct_start: float, three_phase: bool) -> list[dict[str, Any]]:
    """The last step of each phase, and the options of a group that it moves between."""
    up = ("initial_lr", "max_lr", "max_momentum", "base_momentum")
    rise = pct_start * total
    if three_phase:
        down = ("max_lr", "initial_lr", "base_momentum", "max_momentum")
        out = ("initial_lr", "min_lr", "max_momentum", "max_momentum")
        table = [(float(rise) - 1, *up), (float(2 * rise) - 2, *down), (total - 1, *out)]
    else:
        table = [(float(rise) - 1, *up), (total - 1, "max_lr", "min_lr", "base_momentum", "max_momentum")]
    names = ("end_step", "start_lr", "end_lr", "start_momentum", "end_momentum")
    return [dict(zip(names, row)) for row in table]
