"""Rprop: only the signs of the gradients count; each element has a step size of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..backend import Array, backend_of
from ..errors import ArgumentError
from .optimizer import Group, Optimizer, State, remember


class Rprop(Optimizer):
    """p ← p - s sign g. s grows by η⁺ where g keeps its sign; where it changes, s shrinks by η⁻ and p waits.

    `etas` is (η⁻, η⁺); s starts from lr and stays within `step_sizes`. For whole data sets, not batches. Source:
    Riedmiller & Braun 1993. ArgumentError unless 0 < η⁻ < 1 < η⁺.
    """

    _left_out = ("foreach", "capturable", "differentiable")
    _remembers = ("step", "prev", "step_size")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr, "etas": etas, "step_sizes": step_sizes, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _check(self, group: Group) -> None:
        super()._check(group)
        shrink, grow = group["etas"]
        if not 0.0 < shrink < 1.0 < grow:
            raise ArgumentError(f"Rprop: Invalid eta values: {shrink}, {grow}; below 1 and above 1 are expected")

    def _rule(self, p: Array, g: Array, state: State, group: Group) -> None:
        xp, (shrink, grow) = backend_of(p).xp, group["etas"]
        state["step"] = state.get("step", 0) + 1
        if group["maximize"]:
            g = -g
        before, size = remember(state, "prev", p), remember(state, "step_size", p, float(group["lr"]))
        turn = g * before
        size *= xp.where(turn > 0, grow, xp.where(turn < 0, shrink, 1)).astype(p.dtype)
        size[...] = size.clip(*group["step_sizes"])
        g = xp.where(turn < 0, 0, g)
        p -= xp.sign(g) * size
        before[...] = g
