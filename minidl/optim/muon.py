"""Muon: momentum, made orthogonal: every direction of a matrix moves by about the same amount."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from typing import Any

import numpy as np

from ..backend import Array, backend_of
from ..errors import ArgumentError
from .optimizer import Group, Optimizer, State, at_least_zero, remember

ADJUSTMENTS = ("original", "match_rms_adamw")


class Muon(Optimizer):
    """m ← μ m + (1 - μ) g;  p ← (1 - lr λ) p - lr · scale · orthogonal(u), with u = μ m + (1 - μ) g, or m.

    For matrices alone, such as the weights of hidden linear layers; give biases and embeddings to another optimizer.
    u is m with a look ahead, unless `nesterov` is False; λ is `weight_decay`. `orthogonal` sets the singular values of
    u to about 1, in `ns_steps` steps (`orthogonalized`). The scale is √max(1, rows / columns), or with
    `adjust_lr_fn="match_rms_adamw"` 0.2 √max(rows, columns), which suits the learning rates of AdamW.
    Source: Jordan et al. 2024; Liu et al. 2025, arXiv:2502.16982.

    ArgumentError for a parameter that is no matrix, or an option out of range.
    """

    _remembers = ("momentum_buffer",)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        defaults = {
            "lr": lr, "weight_decay": weight_decay, "momentum": momentum, "nesterov": nesterov,
            "ns_coefficients": ns_coefficients, "eps": eps, "ns_steps": ns_steps, "adjust_lr_fn": adjust_lr_fn,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _check(self, group: Group) -> None:
        super()._check(group)
        at_least_zero("Muon", "momentum value", group["momentum"])
        at_least_zero("Muon", "weight_decay value", group["weight_decay"])
        adjust, coefficients, steps = group["adjust_lr_fn"], group["ns_coefficients"], group["ns_steps"]
        if adjust is not None and adjust not in ADJUSTMENTS:
            raise ArgumentError(
                f"Muon: adjust_lr_fn must be None, {' or '.join(map(repr, ADJUSTMENTS))}; got {adjust!r}"
            )
        if len(coefficients) != 3:
            raise ArgumentError(f"Muon: ns_coefficients must be three numbers; got {coefficients!r}")
        if not 0 <= steps < 100:
            raise ArgumentError(f"Muon: ns_steps must be from 0 to 99; got {steps!r}")
        for parameter in group["params"]:
            if parameter.ndim != 2:
                raise ArgumentError(
                    f"Muon: only matrices can be optimized; got a parameter of shape {parameter.shape}; "
                    "give it to another optimizer, such as AdamW"
                )

    def _rule(self, p: Array, g: Array, state: State, group: Group) -> None:
        lr, momentum = float(group["lr"]), group["momentum"]
        m = remember(state, "momentum_buffer", p)
        m += (1 - momentum) * (g - m)
        u = g + momentum * (m - g) if group["nesterov"] else m
        rows, columns = p.shape
        if group["adjust_lr_fn"] == "match_rms_adamw":
            scale = 0.2 * sqrt(max(rows, columns))
        else:
            scale = sqrt(max(1, rows / columns))
        step = orthogonalized(u, group["ns_coefficients"], group["ns_steps"], group["eps"])
        p *= 1 - lr * group["weight_decay"]
        p -= lr * scale * step.astype(p.dtype)


def orthogonalized(u: Array, coefficients: tuple[float, float, float], steps: int, eps: float) -> Array:
    """U Vᵀ, roughly, for u = U S Vᵀ: x ← a x + (b x xᵀ + c (x xᵀ)²) x, which draws each singular value towards 1.

    float32, rounded to bfloat16 after every step, as PyTorch does: the result need not be exact.
    """
    xp, (a, b, c) = backend_of(u).xp, coefficients
    x = as_bfloat16(xp, u.T if len(u) > u.shape[1] else u)
    size = as_bfloat16(xp, xp.sqrt((x * x).sum(keepdims=True)))
    x = as_bfloat16(xp, x / xp.maximum(size, np.float32(eps)))  # no singular value above 1
    for _ in range(steps):
        gram = as_bfloat16(xp, x @ x.T)
        update = as_bfloat16(xp, np.float32(b) * gram + np.float32(c) * (gram @ gram))
        x = as_bfloat16(xp, np.float32(a) * x + update @ x)
    return x.T if len(u) > u.shape[1] else x


def as_bfloat16(xp: Any, x: Array) -> Array:
    """The nearest number of 8 significant bits (ties to even) in float32, whose upper half is a bfloat16."""
    x = xp.ascontiguousarray(x, np.float32)
    bits = x.view(np.uint32)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return xp.where(x == x, rounded.astype(np.uint32).view(np.float32), x)  # NaN stays as it is
