"""Adam and AdamW: momentum, with each element scaled by the size of its recent gradients."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..backend import Array, backend_of
from ..errors import ArgumentError
from .optimizer import Group, Optimizer, State, Update, at_least_zero, decayed, remember

Betas = tuple[float, float]


class Moments(Optimizer):
    """What Adam and its kin have in common: `betas`, two means of past gradients; `eps`, and a weight decay."""

    def _check(self, group: Group) -> None:
        super()._check(group)
        who = type(self).__name__
        at_least_zero(who, "epsilon value", group["eps"])
        at_least_zero(who, "weight_decay value", group["weight_decay"])
        if not isinstance(group["betas"], Sequence) or len(group["betas"]) != 2:
            raise ArgumentError(f"{who}: betas must be two floats; got {group['betas']}")
        for i, beta in enumerate(group["betas"]):
            if not isinstance(beta, float) or not 0.0 <= beta < 1.0:
                raise ArgumentError(
                    f"{who}: Invalid beta parameter at index {i}: {beta}; a float in [0, 1) is expected"
                )


class Adam(Moments):
    """m ← β₁ m + (1 - β₁) g;  v ← β₂ v + (1 - β₂) g²;  p ← p - lr · m̂ / (√v̂ + eps).

    m̂ = m / (1 - β₁ᵗ) and v̂ = v / (1 - β₂ᵗ) correct for starting from 0. `amsgrad` uses the largest v so far.
    `weight_decay` λ adds λ p to g; with `decoupled_weight_decay` p shrinks by the factor 1 - lr λ instead (AdamW).
    Source: Kingma & Ba 2015; amsgrad: Reddi et al. 2018.

    ArgumentError if lr, eps or weight_decay is negative, or a beta is not a float in [0, 1).
    """

    _left_out = ("foreach", "capturable", "differentiable", "fused")
    _remembers = ("step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
            "maximize": maximize, "foreach": foreach, "capturable": capturable, "differentiable": differentiable,
            "fused": fused, "decoupled_weight_decay": decoupled_weight_decay,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _rule(self, p: Array, g: Array, state: State, group: Group) -> Update:
        lr, (beta1, beta2) = float(group["lr"]), group["betas"]
        state["step"] = t = state.get("step", 0) + 1
        g = decayed(p, g, group)
        m, v = remember(state, "exp_avg", p), remember(state, "exp_avg_sq", p)
        backend, decays = backend_of(p), (1 - beta1, beta2, 1 - beta2)
        rate, correction = lr / (1 - beta1**t), (1 - beta2**t) ** 0.5  # m and v start at 0: at first they are too small
        if not group["amsgrad"]:
            return adam_step, p, g, m, v, *decays, rate, correction, group["eps"]
        largest = remember(state, "max_exp_avg_sq", p)
        backend.update(update_moments, g, m, v, *decays)
        backend.xp.maximum(largest, v, out=largest)
        return descend, p, m, largest, rate, correction, group["eps"]


# 1 - β₁ and 1 - β₂ are arguments: inside one fused kernel, numbers would be combined in half precision.


def adam_step(
    xp: Any, p: Array, g: Array, m: Array, v: Array,
    rest1: float, beta2: float, rest2: float, rate: float, correction: float, eps: float,
) -> None:  # fmt: skip
    """One step of Adam, in place."""
    update_moments(xp, g, m, v, rest1, beta2, rest2)
    descend(xp, p, m, v, rate, correction, eps)


def update_moments(xp: Any, g: Array, m: Array, v: Array, rest1: float, beta2: float, rest2: float) -> None:
    """m ← β₁ m + (1 - β₁) g;  v ← β₂ v + (1 - β₂) g²; in place."""
    m += rest1 * (g - m)
    v *= beta2
    v += rest2 * g * g


def descend(xp: Any, p: Array, m: Array, v: Array, rate: float, correction: float, eps: float) -> None:
    """p ← p - rate · m / (√v / correction + eps); in place."""
    size = xp.sqrt(v)
    size /= correction
    size += eps
    p -= rate * m / size


class AdamW(Adam):
    """Adam whose weight decay is decoupled from the gradient: p ← (1 - lr λ) p before the step.

    Source: Loshchilov & Hutter 2019.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize, capturable=capturable,
            differentiable=differentiable, fused=fused, decoupled_weight_decay=True,
        )  # fmt: skip

    def _check(self, group: Group) -> None:
        super()._check(group)
        group["decoupled_weight_decay"] = True
