"""RMSprop: each element's step is scaled by the root mean square of its recent gradients."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..backend import Array, backend_of
from .optimizer import Group, Optimizer, State, at_least_zero, decayed, remember


class RMSprop(Optimizer):
    """s ← α s + (1 - α) g²;  p ← p - lr · g / (√s + eps).

    `centered` uses the variance s - (mean of g)² for s. With momentum μ: b ← μ b + g / (√s + eps); p ← p - lr · b.
    `weight_decay` λ adds λ p to g. Source: Hinton's lecture 6 of "Neural Networks for Machine Learning"; centered:
    Graves 2013.

    ArgumentError if lr, alpha, eps, weight_decay or momentum is negative.
    """

    _left_out = ("capturable", "foreach", "differentiable")
    _remembers = ("step", "square_avg", "momentum_buffer", "grad_avg")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
            "weight_decay": weight_decay, "capturable": capturable, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _check(self, group: Group) -> None:
        super()._check(group)
        at_least_zero("RMSprop", "epsilon value", group["eps"])
        for name in ("momentum", "weight_decay", "alpha"):
            at_least_zero("RMSprop", f"{name} value", group[name])

    def _rule(self, p: Array, g: Array, state: State, group: Group) -> None:
        xp, alpha = backend_of(p).xp, group["alpha"]
        state["step"] = state.get("step", 0) + 1
        g = decayed(p, g, group)
        s = remember(state, "square_avg", p)
        s *= alpha
        s += (1 - alpha) * g * g
        if group["centered"]:
            mean = remember(state, "grad_avg", p)
            mean += (1 - alpha) * (g - mean)
            s = s - mean * mean
        size = xp.sqrt(s)
        size += group["eps"]
        if group["momentum"] > 0:
            b = remember(state, "momentum_buffer", p)
            b *= group["momentum"]
            b += g / size
            p -= float(group["lr"]) * b
        else:
            p -= float(group["lr"]) * g / size
