"""Averages of a model's weights over training: their mean (SWA), or one that forgets (EMA)."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..engine.grad_mode import no_grad
from ..engine.tensor import Tensor
from ..errors import ArgumentError
from ..nn import Module
from ..nn.normalization import _BatchNorm
from ..tensors.creation import tensor
from .lr_scheduler.scheduler import LRScheduler
from .optimizer import Optimizer

Average = Callable[[Tensor, Tensor, Tensor], Tensor]
AverageOfMany = Callable[[Sequence[Tensor], Sequence[Tensor], Tensor], None]


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """decay · average + (1 - decay) · new. ArgumentError unless 0 <= decay <= 1."""
    if not 0 <= decay <= 1:
        raise ArgumentError(f"get_ema_avg_fn: decay must be 0 to 1; got {decay!r}")
    return lambda average, new, count: average * decay + new * (1 - decay)


def get_swa_avg_fn() -> Average:
    """The mean of all: average + (new - average) / (count + 1)."""
    return lambda average, new, count: average + (new - average) / (count + 1)


def get_ema_multi_avg_fn(decay: float = 0.999) -> AverageOfMany:
    """`get_ema_avg_fn` for lists of tensors."""
    return _of_many(get_ema_avg_fn(decay))


def get_swa_multi_avg_fn() -> AverageOfMany:
    """`get_swa_avg_fn` for lists of tensors."""
    return _of_many(get_swa_avg_fn())


def _of_many(rule: Average) -> AverageOfMany:
    @no_grad()
    def update(averages: Sequence[Tensor], news: Sequence[Tensor], count: Tensor) -> None:
        for average, new in zip(averages, news):
            average.copy_(rule(average, new, count))

    return update


class AveragedModel(Module):
    """A copy of `model` whose parameters are averaged with the model's at each `update_parameters(model)`.

    `avg_fn(average, new, count)` is the rule, by default the mean, or `multi_avg_fn`, which takes lists and writes into
    the first; the first update copies. With `use_buffers` the buffers are averaged too, otherwise copied. ArgumentError
    for both rules. Source: Izmailov et al. 2018, arXiv:1803.05407.
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Average | None = None,
        multi_avg_fn: AverageOfMany | None = None,
        use_buffers: bool = False,
    ) -> None:
        if avg_fn is not None and multi_avg_fn is not None:
            raise ArgumentError("AveragedModel: avg_fn and multi_avg_fn are two rules; give one")
        super().__init__()
        self.module = copy.deepcopy(model)
        if device is not None:
            self.module.to(device)
        self.register_buffer("n_averaged", tensor(0))
        self.avg_fn, self.multi_avg_fn, self.use_buffers = avg_fn, multi_avg_fn, use_buffers

    def forward(self, *inputs: Any, **options: Any) -> Any:
        return self.module(*inputs, **options)

    @no_grad()
    def update_parameters(self, model: Module) -> None:
        """Take the weights of now into the average."""
        pairs: list[tuple[Tensor, Tensor]] = [*zip(self.module.parameters(), model.parameters())]
        if self.use_buffers:
            pairs += zip(self.module.buffers(), model.buffers())
        averages, news = [old.detach() for old, _ in pairs], [new.detach().to(old.device) for old, new in pairs]
        if self.n_averaged.item() == 0:
            for average, new in zip(averages, news):
                average.copy_(new)
        else:
            update = self.multi_avg_fn or _of_many(self.avg_fn or get_swa_avg_fn())
            update(averages, news, self.n_averaged)
        if not self.use_buffers:
            for old, new in zip(self.module.buffers(), model.buffers()):
                old.copy_(new)
        self.n_averaged.add_(1)


class SWALR(LRScheduler):
    """From the rate of now to `swa_lr` within `anneal_epochs` steps, by a cosine or in a straight line; then that."""

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | Iterable[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        if anneal_strategy not in ("cos", "linear"):
            raise ArgumentError(f"SWALR: anneal_strategy must be 'cos' or 'linear'; got {anneal_strategy!r}")
        if type(anneal_epochs) is not int or anneal_epochs < 0:
            raise ArgumentError(f"SWALR: anneal_epochs must be an integer of at least 0; got {anneal_epochs!r}")
        groups = optimizer.param_groups
        rates = [swa_lr] * len(groups) if isinstance(swa_lr, int | float) else list(swa_lr)
        if len(rates) != len(groups):
            raise ArgumentError(f"SWALR: swa_lr has {len(rates)} rates for {len(groups)} groups; give one for each")
        for group, rate in zip(groups, rates):
            group["swa_lr"] = rate
        self.anneal_epochs, self.anneal_strategy = anneal_epochs, anneal_strategy
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        step = self._step_count - 1 if self.anneal_epochs else max(1, self._step_count - 1)
        before, now = self._way(step - 1), self._way(step)
        found = []
        for group in self.optimizer.param_groups:
            rate, goal = group["lr"], group["swa_lr"]
            start = goal if before == 1 else (rate - before * goal) / (1 - before)  # the rate without any annealing
            found.append(goal * now + start * (1 - now))
        return found

    def _way(self, step: int) -> float:
        """How far the rate has come, 0 to 1."""
        t = max(0.0, min(1.0, step / max(1, self.anneal_epochs)))
        return t if self.anneal_strategy == "linear" else (1 - math.cos(math.pi * t)) / 2


@no_grad()
def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Take the statistics of the model's batch normalisations anew, as means over all batches of the loader.

    A batch is a tensor, or a tuple or list that begins with one.
    """
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    if not norms:
        return
    before = [norm.momentum for norm in norms]
    was_training = model.training
    model.train()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean of all
    for batch in loader:
        images = batch[0] if isinstance(batch, tuple | list) else batch
        model(images if device is None else images.to(device))
    for norm, momentum in zip(norms, before):
        norm.momentum = momentum
    model.train(was_training)
