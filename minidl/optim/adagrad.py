"""Adagrad: each element's step is scaled by the size of all its gradients so far."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..backend import Array, backend_of
from .optimizer import Group, Optimizer, State, at_least_zero, decayed, remember


class Adagrad(Optimizer):
    """s ← s + g²;  p ← p - lr / (1 + (t - 1) · lr_decay) · g / (√s + eps).

    s starts from `initial_accumulator_value`, t from 1; `weight_decay` λ adds λ p to g. Source: Duchi et al. 2011.

    ArgumentError if an option is negative.
    """

    _left_out = ("foreach", "differentiable", "fused")
    _remembers = ("step", "sum")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        defaults = {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "fused": fused,
        }  # fmt: skip
        super().__init__(params, defaults)
        for group in self.param_groups:
            for parameter in group["params"]:
                state = self.state[parameter] = {"step": 0}
                remember(state, "sum", parameter._array, initial_accumulator_value)

    def _check(self, group: Group) -> None:
        super()._check(group)
        at_least_zero("Adagrad", "epsilon value", group["eps"])
        for name in ("lr_decay", "weight_decay", "initial_accumulator_value"):
            at_least_zero("Adagrad", f"{name} value", group[name])

    def _rule(self, p: Array, g: Array, state: State, group: Group) -> None:
        state["step"] = t = state.get("step", 0) + 1
        g = decayed(p, g, group)
        s = remember(state, "sum", p, self.defaults["initial_accumulator_value"])
        s += g * g
        size = backend_of(p).xp.sqrt(s)
        size += group["eps"]
        p -= float(group["lr"]) / (1 + (t - 1) * group["lr_decay"]) * g / size
