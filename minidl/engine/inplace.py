"""Changing a tensor in place, so that backward notices: `overwrite`, and `rebind` inside a graph."""

from __future__ import annotations

from ..backend import Array, backend_of
from ..errors import GraphError
from .tensor import Tensor


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
    """Make `target` the result of a recorded operation: how `x += y` is done inside a graph."""
    if target.grad_fn is None and target.requires_grad:
        raise GraphError(
            "a leaf that requires gradients is changed in place by a recorded operation; "
            "do it under minidl.no_grad(), or make a new tensor"
        )
    if target._storage.viewed or target._storage.exposed is not None:
        raise GraphError(
            "a recorded in-place operation on memory that another tensor or array shares is left out of minidl; "
            "make a new tensor (x = x + y)"
        )
    check_writable(target)
    before = target.grad_fn
    target._array, target._storage = result._array, result._storage
    target.grad_fn, target._requires_grad = result.grad_fn, result.requires_grad
    if before is not None and before.retain is not None:  # the gradient wanted is that of the tensor as it is now
        before.retain = None
        target.retain_grad()
