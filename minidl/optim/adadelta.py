"""Adadelta: steps as large as recent steps were, scaled by the size of recent gradients."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..backend import Array, backend_of
from ..errors import ArgumentError
from .optimizer import Group, Optimizer, State, at_least_zero, decayed, remember


class Adadelta(Optimizer):
    """s ← ρ s + (1 - ρ) g²;  d = √(u + eps) / √(s + eps) g;  u ← ρ u + (1 - ρ) d²;  p ← p - lr d.

    `weight_decay` λ adds λ p to g. Source: Zeiler 2012. ArgumentError for rho outside [0, 1] or a negative option.
    """

    _left_out = ("foreach", "capturable", "differentiable")
    _remembers = ("step", "square_avg", "acc_delta")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            "capturable": capturable, "foreach": foreach, "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _check(self, group: Group) -> None:
        super()._check(group)
        if not 0.0 <= group["rho"] <= 1.0:
            raise ArgumentError(f"Adadelta: Invalid rho value: {group['rho']}; a number in [0, 1] is expected")
        at_least_zero("Adadelta", "epsilon value", group["eps"])
        at_least_zero("Adadelta", "weight_decay value", group["weight_decay"])

    def _rule(self, p: Array, g: Array, state: State, group: Group) -> None:
        xp, rho, eps = backend_of(p).xp, group["rho"], group["eps"]
        state["step"] = state.get("step", 0) + 1
        g = decayed(p, g, group)
        s, u = remember(state, "square_avg", p), remember(state, "acc_delta", p)
        s *= rho
        s += (1 - rho) * g * g
        d = xp.sqrt(u + eps) / xp.sqrt(s + eps) * g
        u *= rho
        u += (1 - rho) * d * d
        p -= float(group["lr"]) * d
