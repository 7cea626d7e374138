"""Adafactor: Adam's measure of size, kept as one number per row and one per column instead of one per element."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..backend import Array, backend_of, to_host
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, CheckpointError
from .optimizer import Group, Optimizer, State, Update, at_least_zero


class Adafactor(Optimizer):
    """r ← mean of g² along rows, c ← along columns, decaying;  v = r cᵀ / mean(r);  p ← p - α · g / √v, clipped.

    At step t the means move by t^`beta2_decay` towards the new ones. α is min(lr, 1 / √t) times the root mean square
    of p, at least `eps[1]`; an update whose root mean square is above `d` is brought down to it. v is at least
    `eps[0]`², by default the dtype's smallest step from 1. Vectors keep v itself. `weight_decay` shrinks p.
    Source: Shazeer & Stern 2018, arXiv:1804.04235.

    ArgumentError if an option is out of range.
    """

    _left_out = ("foreach",)
    _remembers = ("step", "row_var", "col_var", "variance")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        defaults = {
            "lr": lr, "beta2_decay": beta2_decay, "eps": eps, "d": d, "weight_decay": weight_decay,
            "foreach": foreach, "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _check(self, group: Group) -> None:
        super()._check(group)
        eps = group["eps"]
        if not isinstance(eps, Sequence) or len(eps) != 2:
            raise ArgumentError(f"Adafactor: eps must be two numbers, the first may be None; got {eps!r}")
        at_least_zero("Adafactor", "epsilon1", 0.0 if eps[0] is None else eps[0])
        at_least_zero("Adafactor", "epsilon2", eps[1])
        at_least_zero("Adafactor", "weight_decay value", group["weight_decay"])
        if not group["beta2_decay"] <= 0:
            raise ArgumentError(f"Adafactor: beta2_decay must be at most 0; got {group['beta2_decay']!r}")
        if not group["d"] >= 1:
            raise ArgumentError(f"Adafactor: d, the clipping threshold, must be at least 1; got {group['d']!r}")

    def _step_one(self, parameter: Tensor, gradient: Tensor, group: Group, later: list[Update]) -> None:
        least, smallest = group["eps"]
        if least is None:  # of the parameter's own dtype, which float16 has lost when the rule sees it
            group = {**group, "eps": (float(np.finfo(parameter.dtype).eps), smallest)}
        super()._step_one(parameter, gradient, group, later)

    def _rule(self, p: Array, g: Array, state: State, group: Group) -> None:
        backend, lr, (least, smallest) = backend_of(p), float(group["lr"]), group["eps"]
        state["step"] = t = state.get("step", 0) + 1
        if group["maximize"]:
            g = -g
        share = t ** group["beta2_decay"]
        alpha = max(smallest, root_mean_square(p)) * min(lr, t**-0.5)
        p *= 1 - lr * group["weight_decay"]
        if p.ndim > 1:
            row = _mean(state, "row_var", (g * g).mean(axis=-1, keepdims=True), share)
            column = _mean(state, "col_var", (g * g).mean(axis=-2, keepdims=True), share)
            v = row @ column / row.mean(axis=-2, keepdims=True).clip(least, None)
        else:
            v = _mean(state, "variance", backend.asarray(g * g), share)  # of a number, NumPy makes a scalar
        update = g / backend.xp.sqrt(v.clip(least * least, None))
        p -= alpha / max(1.0, root_mean_square(update) / group["d"]) * update

    def _loaded(self, who: str, number: Any, parameter: Tensor, key: str, value: Any) -> Any:
        if key not in ("row_var", "col_var"):
            return super()._loaded(who, number, parameter, key, value)
        shape = list(parameter.shape)
        shape[-1 if key == "row_var" else -2] = 1
        kept = to_host(value._array) if isinstance(value, Tensor) else np.asarray(value)
        if kept.shape != tuple(shape):
            raise CheckpointError(
                f"{who}: {key} of parameter {number} has shape {kept.shape}, not {tuple(shape)}; nothing was loaded"
            )
        return wrap(backend_of(parameter._array).asarray(kept.astype(parameter.dtype)))


def _mean(state: State, key: str, new: Array, share: float) -> Array:
    """The mean that `state` keeps under `key`, from 0 on, moved by `share` towards the new one."""
    if key not in state:
        state[key] = wrap(backend_of(new).xp.zeros_like(new))
    kept = state[key]._array
    kept += share * (new - kept)
    return kept


def root_mean_square(x: Array) -> float:
    """√mean(x²), on the host."""
    return float((x * x).sum()) ** 0.5 / x.size**0.5 if x.size else 0.0
