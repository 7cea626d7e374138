"""Several schedules on one optimizer: one after another, or all at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from ...errors import ArgumentError, CheckpointError, DtypeError
from ..optimizer import Optimizer
from .plateau import ReduceLROnPlateau
from .scheduler import LRScheduler, checked


class _Combined(LRScheduler):
    """The common part of SequentialLR and ChainedScheduler: inner schedulers, saved with the outer one."""

    _schedulers: list[LRScheduler]

    def _adopt(self, optimizer: Any, schedulers: Sequence[LRScheduler]) -> None:
        who = type(self).__name__
        if not schedulers:
            raise ArgumentError(f"{who}: at least one scheduler is expected; got none")
        for i, scheduler in enumerate(schedulers):
            if not hasattr(scheduler, "optimizer"):
                raise DtypeError(f"{who}: schedulers[{i}] is not a scheduler but {type(scheduler).__name__}")
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ArgumentError(
                    f"{who}: schedulers[{i}] is ReduceLROnPlateau, whose step needs a metric; step it separately"
                )
            if scheduler.optimizer is not optimizer:
                raise ArgumentError(f"{who}: schedulers[{i}] belongs to another optimizer; all must share one")
        self.optimizer, self._schedulers = checked(self, optimizer), list(schedulers)

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer, including the state of each inner scheduler."""
        state = super().state_dict()
        state["_schedulers"] = [scheduler.state_dict() for scheduler in self._schedulers]
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from what `state_dict()` returned."""
        self._check_state(state_dict)
        inside = state_dict.get("_schedulers")
        if not isinstance(inside, list) or len(inside) != len(self._schedulers):
            raise CheckpointError(
                f"{type(self).__name__}.load_state_dict: the states of {len(self._schedulers)} schedulers are expected "
                f"in '_schedulers'; got {inside!r}; nothing was loaded"
            )
        for scheduler, state in zip(self._schedulers, inside):
            scheduler._check_state(state)
        self.__dict__.update({name: value for name, value in state_dict.items() if name != "_schedulers"})
        for scheduler, state in zip(self._schedulers, inside):
            scheduler.load_state_dict(state)


class SequentialLR(_Combined):
    """One schedule after another: at step `milestones[i]`, `schedulers[i + 1]` starts from its own step 0.

    ArgumentError unless there is one milestone fewer than schedulers.
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int], last_epoch: int = -1
    ) -> None:
        self._adopt(optimizer, schedulers)
        if len(milestones) != len(schedulers) - 1:
            raise ArgumentError(
                f"SequentialLR: {len(schedulers)} schedulers need one milestone fewer; got {len(milestones)} milestones"
            )
        self._milestones = list(milestones)
        self.last_epoch = last_epoch + 1
        for group in optimizer.param_groups:  # undo the first steps that the schedulers took when they were made
            group["lr"] = group["initial_lr"]
        _undo(self)
        first = self._schedulers[bisect_right(self._milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def step(self, epoch: int | None = None) -> None:
        """Advance the current schedule by one step."""
        if epoch is not None:
            raise ArgumentError("SequentialLR.step takes no epoch")
        self.last_epoch += 1
        turn = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[turn]
        if turn > 0 and self._milestones[turn - 1] == self.last_epoch:
            scheduler._update_lr(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


def _undo(scheduler: LRScheduler) -> None:
    if isinstance(scheduler, _Combined):
        for inner in scheduler._schedulers:
            _undo(inner)
    else:
        scheduler.last_epoch -= 1


class ChainedScheduler(_Combined):
    """All schedules at every step, each applied to the rates that the one before has set."""

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        if optimizer is None and schedulers:
            optimizer = getattr(schedulers[0], "optimizer", None)
        self._adopt(optimizer, schedulers)
        self._last_lr = self._rates()

    def step(self, epoch: int | None = None) -> None:
        """Advance every schedule by one step."""
        if epoch is not None:
            raise ArgumentError("ChainedScheduler.step takes no epoch")
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = self._rates()
