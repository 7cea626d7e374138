"""Changing a tensor in place, so that backward notices: `overwrite`, and `rebind` where gradients flow."""

from __future__ import annotations

from typing import Any

from ..backend import Array, backend_of
from ..errors import GraphError
from .function import Function
from .tensor import Tensor, alias_of, edge_of, wrap
from .view import Step, seen_by


def overwrite(target: Tensor, array: Array) -> None:
    """Replace the contents of `target`; nothing is recorded."""
    check_writable(target)
    if target._array is not array:
        with backend_of(target._array).quiet():
            target._array[...] = array
    target._storage.version += 1


def check_writable(target: Tensor) -> None:
    """GraphError, with the reason, if the memory of `target` must not be changed through it."""
    array = target._array
    if target._storage.frozen is not None:
        raise GraphError(target._storage.frozen)
    if array.size and 0 in array.strides and any(step == 0 and n > 1 for step, n in zip(array.strides, array.shape)):
        raise GraphError("several elements of this tensor share one place in memory (expand); use .clone() first")
    if not getattr(array.flags, "writeable", True):
        raise GraphError("the memory of this tensor is read-only; use .clone() first")


def rebind(target: Tensor, result: Tensor) -> None:
    """Make `target` the result of a recorded operation: how `x += y` is done inside a graph.

    Memory that nothing else shares is replaced by that of the result. Shared memory is written to, and every tensor
    that shares it follows: `result` must then hold no part of it (`unshared`).
    """
    base = target if target._view is None else target._view.base
    if base.is_leaf and base.requires_grad:
        raise GraphError(
            f"a {'leaf' if base is target else 'view of a leaf'} that requires gradients is changed in place by a "
            "recorded operation; do it under minidl.no_grad(), or make a new tensor"
        )
    check_writable(target)
    retained = edge_of(target) if target.requires_grad and not target.is_leaf else None
    if is_shared(target):
        _write_through(target, base, result)
    else:
        target._array, target._storage = result._array, result._storage
        target._edge, target._requires_grad = result._edge, result._requires_grad
    if retained is not None and retained.retain is not None:  # the gradient wanted is that of the tensor as it is now
        retained.retain = None
        target.retain_grad()


def is_shared(x: Tensor) -> bool:
    """Whether another tensor or array may see the memory of x."""
    return x._storage.viewed or x._storage.exposed is not None


def unshared(x: Tensor) -> Tensor:
    """x in its own memory, for an operation to keep although x is about to be written to."""
    if not is_shared(x):
        return x
    copied = wrap(backend_of(x._array).copy(x._array))
    if (edge := edge_of(x)) is not None:
        copied._edge, copied._requires_grad = (None if edge is x else edge), True
    return copied


def _write_through(target: Tensor, base: Tensor, result: Tensor) -> None:
    """Write the result into memory that others share, and give the base its new place in the graph."""
    view = target._view
    if view is not None and not view.recorded:
        raise GraphError(
            "a view that was made under minidl.no_grad() is changed in place by a recorded operation: whether "
            "gradients flow through it is not defined; make the view outside of no_grad"
        )
    if view is not None:
        before = alias_of(base)
        before._edge, before._requires_grad = base._edge, base.requires_grad
        result = Overwritten.apply(before, result, steps=view.steps)
        target._storage.version += 1
    else:
        overwrite(target, result._array)
    target._storage.rewrites += 1
    base._edge, base._requires_grad = result._edge, result._requires_grad


class Overwritten(Function):
    """z = x, in which v was written through a view        dx = dz, but 0 under the view;  dv = dz under the view"""

    is_view = True
    computes = False

    def forward(self, x: Any, v: Any, steps: tuple[Step, ...]) -> Any:
        self.steps = steps
        seen_by(steps, x, self.backend)[...] = v
        return x

    def backward(self, dz: Any) -> Any:
        dx = dz.copy()
        seen_by(self.steps, dx, self.backend)[...] = 0
        return dx, seen_by(self.steps, dz, self.backend)
