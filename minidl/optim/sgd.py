"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..backend import Array
from ..errors import ArgumentError
from .optimizer import Group, Optimizer, State, Update, at_least_zero, once, remember


class SGD(Optimizer):
    """p ← p - lr · g, or with momentum μ: v ← μ v + (1 - dampening) g (at first v = g); p ← p - lr · v.

    Nesterov's variant looks ahead: p ← p - lr (g + μ v). `weight_decay` λ adds λ p to g: the gradient of λ/2 |p|².
    `maximize` goes up instead of down. Source: Sutskever et al. 2013, but lr is no part of v, as in PyTorch.

    ArgumentError if lr, momentum or weight_decay is negative, or nesterov without momentum or with dampening.
    """

    _left_out = ("foreach", "differentiable", "fused")
    _remembers = ("momentum_buffer",)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        defaults = {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay, "nesterov": nesterov,
            "maximize": maximize, "foreach": foreach, "differentiable": differentiable, "fused": fused,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _check(self, group: Group) -> None:
        super()._check(group)
        at_least_zero("SGD", "momentum value", group["momentum"])
        once("SGD with momentum", group, unless=group["momentum"] == 0)
        at_least_zero("SGD", "weight_decay value", group["weight_decay"])
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ArgumentError("SGD: nesterov requires a momentum above 0 and zero dampening")

    def _rule(self, p: Array, g: Array, state: State, group: Group) -> Update:
        lr, momentum = float(group["lr"]), group["momentum"]
        if group["maximize"]:
            g = -g
        if group["weight_decay"] != 0:
            g = g + group["weight_decay"] * p
        if momentum == 0:
            return gradient_step, p, g, lr
        if group["dampening"] != 0 and "momentum_buffer" in state:
            g = (1 - group["dampening"]) * g
        v = remember(state, "momentum_buffer", p)  # 0 at first, and the same array in every step
        return nesterov_step if group["nesterov"] else momentum_step, p, g, v, lr, momentum


def gradient_step(xp: Any, p: Array, g: Array, lr: float) -> None:
    """p ← p - lr g; in place."""
    p -= lr * g


def momentum_step(xp: Any, p: Array, g: Array, v: Array, lr: float, momentum: float) -> None:
    """v ← μ v + g;  p ← p - lr v; in place."""
    v *= momentum
    v += g
    p -= lr * v


def nesterov_step(xp: Any, p: Array, g: Array, v: Array, lr: float, momentum: float) -> None:
    """v ← μ v + g;  p ← p - lr (g + μ v); in place."""
    v *= momentum
    v += g
    p -= lr * (g + momentum * v)
