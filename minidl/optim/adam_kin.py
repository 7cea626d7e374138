"""Kin of Adam: Adamax, NAdam and RAdam keep a mean of the gradients and another measure of their size."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..backend import Array, backend_of
from ..engine.tensor import Tensor
from .adam import Betas, Moments, update_moments
from .optimizer import Group, State, at_least_zero, decayed, remember


class Adamax(Moments):
    """m ← β₁ m + (1 - β₁) g;  u ← max(β₂ u, |g| + eps);  p ← p - lr / (1 - β₁ᵗ) · m / u.

    `weight_decay` λ adds λ p to g. Source: Kingma & Ba 2015. ArgumentError as for `Adam`.
    """

    _left_out = ("foreach", "capturable", "differentiable")
    _remembers = ("step", "exp_avg", "exp_inf")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _rule(self, p: Array, g: Array, state: State, group: Group) -> None:
        xp, (beta1, beta2) = backend_of(p).xp, group["betas"]
        state["step"] = t = state.get("step", 0) + 1
        g = decayed(p, g, group)
        m, u = remember(state, "exp_avg", p), remember(state, "exp_inf", p)
        m += (1 - beta1) * (g - m)
        u *= beta2
        xp.maximum(u, xp.abs(g) + group["eps"], out=u)
        p -= float(group["lr"]) / (1 - beta1**t) * m / u


class NAdam(Moments):
    """Adam with Nesterov's look ahead: p ← p - lr ((1 - μₜ) / (1 - M) g + μₜ₊₁ / (1 - M μₜ₊₁) m) / (√v̂ + eps).

    m and v as in `Adam`; μₜ = β₁ (1 - ½ · 0.96^(t ψ)) with ψ `momentum_decay`, M the product of all μ so far.
    `weight_decay` λ adds λ p to g, or with `decoupled_weight_decay` shrinks p. Source: Dozat 2016.
    """

    _left_out = ("foreach", "capturable", "differentiable")
    _remembers = ("step", "exp_avg", "exp_avg_sq", "mu_product")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize, "foreach": foreach,
            "capturable": capturable, "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _check(self, group: Group) -> None:
        super()._check(group)
        at_least_zero("NAdam", "momentum_decay value", group["momentum_decay"])

    def _loaded(self, who: str, number: Any, parameter: Tensor, key: str, value: Any) -> Any:
        return float(value) if key == "mu_product" else super()._loaded(who, number, parameter, key, value)

    def _rule(self, p: Array, g: Array, state: State, group: Group) -> None:
        xp, lr, (beta1, beta2), psi = backend_of(p).xp, float(group["lr"]), group["betas"], group["momentum_decay"]
        state["step"] = t = state.get("step", 0) + 1
        g = decayed(p, g, group)
        mu, ahead = (beta1 * (1 - 0.5 * 0.96 ** (step * psi)) for step in (t, t + 1))
        # as precise as PyTorch keeps it
        state["mu_product"] = product = float(np.float32(state.get("mu_product", 1.0)) * np.float32(mu))
        m, v = remember(state, "exp_avg", p), remember(state, "exp_avg_sq", p)
        update_moments(xp, g, m, v, 1 - beta1, beta2, 1 - beta2)
        size = xp.sqrt(v / (1 - beta2**t)) + group["eps"]
        p -= lr * (1 - mu) / (1 - product) * g / size
        p -= lr * ahead / (1 - product * ahead) * m / size


class RAdam(Moments):
    """Adam that waits for its measure of size: p ← p - lr m̂ at first, and once ρ > 5, p ← p - lr m̂ r / √v̂.

    m̂ and v̂ as in `Adam`; ρ is how many gradients v averages, r = √((ρ-4)(ρ-2)ρ∞ / ((ρ∞-4)(ρ∞-2)ρ)). `weight_decay`
    as in `NAdam`. Source: Liu et al. 2020.
    """

    _left_out = ("foreach", "capturable", "differentiable")
    _remembers = ("step", "exp_avg", "exp_avg_sq")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            "foreach": foreach, "capturable": capturable, "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _rule(self, p: Array, g: Array, state: State, group: Group) -> None:
        xp, lr, (beta1, beta2) = backend_of(p).xp, float(group["lr"]), group["betas"]
        state["step"] = t = state.get("step", 0) + 1
        g = decayed(p, g, group)
        m, v = remember(state, "exp_avg", p), remember(state, "exp_avg_sq", p)
        update_moments(xp, g, m, v, 1 - beta1, beta2, 1 - beta2)
        corrected = m / (1 - beta1**t)
        most = 2 / (1 - beta2) - 1
        rho = most - 2 * t * beta2**t / (1 - beta2**t)
        if rho <= 5:
            p -= lr * corrected
            return
        rectified = ((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho)) ** 0.5
        p -= lr * rectified * (1 - beta2**t) ** 0.5 * corrected / (xp.sqrt(v) + group["eps"])
