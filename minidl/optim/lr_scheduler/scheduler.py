"""The base of schedules that are functions of the number of steps."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from types import MethodType
from typing import Any

from ...errors import ArgumentError, CheckpointError, DtypeError
from ..optimizer import Optimizer, noting

EPOCH_IS_OLD = "scheduler.step(epoch) is deprecated, as in PyTorch; call step() without it"
STEP_TOO_EARLY = (
    "lr_scheduler.step() was called before optimizer.step(): the first rate of the schedule is skipped; call "
    "optimizer.step() first"
)
STEP_REPLACED = (
    "optimizer.step was replaced after the scheduler was made, which can no longer tell whether it is called first; "
    "make the scheduler afterwards"
)


class LRScheduler:
    """Sets `lr` of every group at each `step()`; a subclass defines the value.

    Most rules are recursive, as in PyTorch: `get_lr` computes the next rate from the group's current one, so that
    several schedulers can work on the same optimizer. `_get_closed_form_lr`, where there is one, computes it from the
    initial rate instead; it is used by `step(epoch)`.

    Attributes:
        base_lrs: the initial rate of each group.
        last_epoch: the number of steps since the start.
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = checked(self, optimizer)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise ArgumentError(
                    f"{type(self).__name__}: last_epoch={last_epoch} continues a schedule, but param_groups[{i}] "
                    "has no 'initial_lr'; load the optimizer's state first, or start with last_epoch=-1"
                )
        _watch(optimizer)
        self.base_lrs: list[float] = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._is_initial = False
        self._initial_step()

    def _initial_step(self) -> None:
        """Take step 0, which happens on construction."""
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def get_lr(self) -> list[float]:
        """The rate of each group at step `last_epoch`; to be called by `step` only (see `get_last_lr`)."""
        raise TypeError(f"{type(self).__name__} has no get_lr: define it in the class")

    def get_last_lr(self) -> list[float]:
        """The rate of each group, as last set by this scheduler."""
        return self._last_lr

    def step(self, epoch: int | None = None) -> None:
        """Advance one step, and set the rates. `epoch`, which jumps to a step, is deprecated as in PyTorch."""
        if self._step_count == 1 and not hasattr(self.optimizer.step, "_notes"):
            warnings.warn(STEP_REPLACED, UserWarning, stacklevel=2)
        elif self._step_count == 1 and not self.optimizer._opt_called:
            warnings.warn(STEP_TOO_EARLY, UserWarning, stacklevel=2)
        self._step_count += 1
        if epoch is not None:
            warnings.warn(EPOCH_IS_OLD, UserWarning, stacklevel=2)
        self._update_lr(epoch)

    def _update_lr(self, epoch: int | None = None) -> None:
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        closed_form = None if epoch is None else getattr(self, "_get_closed_form_lr", None)
        self._set((closed_form or self.get_lr)())

    def _set(self, rates: list[float]) -> None:
        if len(rates) != len(self.optimizer.param_groups):
            raise ArgumentError(
                f"{type(self).__name__}: the optimizer has {len(self.optimizer.param_groups)} groups but {len(rates)} "
                "when the scheduler was made; make the scheduler after the last add_param_group"
            )
        for group, rate in zip(self.optimizer.param_groups, rates):
            group["lr"] = rate
        self._last_lr = self._rates()

    def _rates(self) -> list[float]:
        """The current rate of each group."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def _scaled(self, factor: float) -> list[float]:
        """The current rate of each group, times a factor."""
        return [group["lr"] * factor for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer, under PyTorch's names."""
        return {name: value for name, value in self.__dict__.items() if name != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from what `state_dict()` returned. The rates are in the optimizer's own state: load that too.

        CheckpointError, with nothing loaded, for the state of another kind of schedule.
        """
        self._check_state(state_dict)
        self.__dict__.update(state_dict)

    def _check_state(self, state_dict: Any) -> None:
        """CheckpointError unless `state_dict` has this schedule's names, apart from private ones and `verbose`."""
        who = f"{type(self).__name__}.load_state_dict"
        if not isinstance(state_dict, dict):
            raise CheckpointError(f"{who}: a dictionary as returned by state_dict() is expected; got {state_dict!r}")
        ours, theirs = ({str(k) for k in kept if str(k)[0] != "_"} for kept in (self.state_dict(), state_dict))
        missing, foreign = sorted(ours - theirs), sorted(theirs - ours - {"verbose"})
        if missing or foreign:
            raise CheckpointError(
                f"{who}: this is the state of another kind of schedule; nothing was loaded; missing: "
                f"{', '.join(missing) or 'none'}; not known here: {', '.join(foreign) or 'none'}"
            )


def _watch(optimizer: Optimizer) -> None:
    """Make the optimizer note from now on whether its step is called."""
    if optimizer._opt_called is None:
        optimizer._opt_called = False
    if not hasattr(optimizer.step, "_notes"):  # an attribute of this optimizer alone
        optimizer.step = MethodType(noting(_ignoring_self(optimizer.step)), optimizer)  # type: ignore[method-assign]


def _ignoring_self(step: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, *args, **options: step(*args, **options)


def checked(scheduler: Any, optimizer: Any) -> Optimizer:
    """The optimizer, after checking its type."""
    if not isinstance(optimizer, Optimizer):
        raise DtypeError(f"{type(scheduler).__name__}: {type(optimizer).__name__} is not an Optimizer")
    return optimizer


def per_group(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """One value per group: the list itself, or the same value for all."""
    groups = len(optimizer.param_groups)
    if not isinstance(value, list | tuple):
        return [value] * groups
    if len(value) != groups:
        raise ArgumentError(f"{name} has {len(value)} values but the optimizer {groups} groups; give one each")
    return list(value)
