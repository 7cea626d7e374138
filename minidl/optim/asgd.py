"""ASGD: stochastic gradient descent that also keeps the mean of the parameters on their way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..backend import Array
from ..engine.tensor import Tensor
from .optimizer import Group, Optimizer, State, at_least_zero, decayed, remember


class ASGD(Optimizer):
    """p ← (1 - λ η) p - η g;  a ← a + μ (p - a), with η = lr / (1 + λ lr t)^alpha and μ = 1 / max(1, t - t0).

    `weight_decay` adds its multiple of p to g; λ is `lambd`. The mean a is in the state, as "ax". Source: Polyak &
    Juditsky 1992.
    """

    _left_out = ("foreach", "capturable", "differentiable")
    _remembers = ("step", "eta", "mu", "ax")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _check(self, group: Group) -> None:
        super()._check(group)
        at_least_zero("ASGD", "weight_decay value", group["weight_decay"])

    def _loaded(self, who: str, number: Any, parameter: Tensor, key: str, value: Any) -> Any:
        return float(value) if key in ("eta", "mu") else super()._loaded(who, number, parameter, key, value)

    def _rule(self, p: Array, g: Array, state: State, group: Group) -> None:
        lr, decay = float(group["lr"]), group["lambd"]
        state["step"] = t = state.get("step", 0) + 1
        g = decayed(p, g, group)
        eta, mu, mean = state.get("eta", _as_kept(lr)), state.get("mu", 1.0), remember(state, "ax", p)
        p *= 1 - decay * eta
        p -= eta * g
        if mu == 1:
            mean[...] = p
        else:
            mean += mu * (p - mean)
        state["eta"] = _as_kept(lr / (1 + decay * lr * t) ** group["alpha"])
        state["mu"] = _as_kept(1 / max(1, t - group["t0"]))


def _as_kept(value: float) -> float:
    """As precise as PyTorch keeps it."""
    return float(np.float32(value))
