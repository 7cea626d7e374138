"""How a view follows its base when recorded writes change the memory that they share.

A write such as `h[t + 1] = h[t] + w` gives the base a new place in the graph. Views made before it see the new values,
so their own history must be that of the base as it is now: the operations that made the view are applied to it again.
"""

from __future__ import annotations

from typing import Any

from ..backend import Array, Backend
from ..errors import GraphError
from .grad_mode import grad_mode, set_grad_enabled
from .observe import unobserved

Step = tuple[type, dict[str, Any]]  # a Function that makes a view, and its options


class View:
    """Where a view came from: its `base`, and the `steps` from there; `age` counts the recorded writes it includes."""

    __slots__ = ("age", "base", "recorded", "steps")

    def __init__(self, base: Any, steps: tuple[Step, ...], age: int) -> None:
        self.base, self.steps, self.age = base, steps, age
        self.recorded = grad_mode.enabled

    def again(self) -> Any:
        """The view as a new tensor, made from the base as it is now."""
        seen = self.base
        if seen.requires_grad and not self.recorded:
            raise GraphError(
                "this view was made under minidl.no_grad(), and its base has been changed in place by a recorded "
                "operation since: whether gradients flow through it is not defined; make the view after the change"
            )
        with set_grad_enabled(True), unobserved():
            for function, options in self.steps:
                seen = function.apply(seen, **options)  # type: ignore[attr-defined]
        return seen


def seen_by(steps: tuple[Step, ...], array: Array, backend: Backend) -> Array:
    """The part of an array of the base's shape that the view covers: dz of the view, from dz of the base."""
    for function, options in steps:
        node = function()
        node.backend, node.needs = backend, (False,)
        array = node.forward(array, **options)
    return array
