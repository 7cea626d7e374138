"""How a view follows its base when recorded writes change the memory that they share.

A write such as `h[t + 1] = h[t] + w` gives the base a new place in the graph. Views made before it see the new values,
so their own history must be that of the base as it is now: the operations that made the view are applied to it again.

Whether a view is possible depends on the tensor's strides in PyTorch. The backends choose their own order where it is
quicker (a convolution's output lies batch last), so an array's strides do not answer that. The result of an
operation counts as row by row, unless `_strides` says otherwise; views of it have the strides that follow from that.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from ..backend import Array, Backend, get_backend
from ..errors import GraphError
from .grad_mode import set_grad_enabled
from .observe import unobserved

Step = tuple[type, dict[str, Any]]  # a Function that makes a view, and its options


@dataclass(slots=True, eq=False)
class View:
    """Where a view came from: its `base`, and the `steps` from there; `age` counts the recorded writes it includes."""

    base: Any
    steps: tuple[Step, ...]
    age: int
    recorded: bool  # whether it was made while gradients were recorded

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


def as_in_pytorch(x: Any) -> np.ndarray:
    """An array with the shape and strides that the tensor x has in PyTorch; its elements must not be read."""
    view = x._view
    base = x if view is None else view.base
    strides = _row_by_row(base.shape, base.dtype.itemsize) if base._strides is None else base._strides
    layout = np.lib.stride_tricks.as_strided(np.empty(1, base.dtype), base.shape, strides)
    return layout if view is None else seen_by(view.steps, layout, get_backend("numpy"))


def is_row_by_row(x: Any) -> bool:
    """Whether the tensor x is contiguous in PyTorch."""
    view = x._view
    if view is None and x._strides is None:
        return True
    if view is not None and view.base._strides is None and view.base._array.flags.c_contiguous:
        return bool(x._array.flags.c_contiguous)  # the backend's order in memory is PyTorch's
    return bool(as_in_pytorch(x).flags.c_contiguous)


def strides_of(x: Any) -> tuple[int, ...] | None:
    """The strides of x in PyTorch, in bytes; None if its elements lie row by row."""
    return None if is_row_by_row(x) else as_in_pytorch(x).strides


def dense_strides(x: Any, itemsize: int) -> tuple[int, ...] | None:
    """The strides of a result that PyTorch lays out like the tensor x, without gaps; None if they are row by row."""
    strides, shape = as_in_pytorch(x).strides, x.shape
    order = list(reversed(range(len(shape))))  # the dimensions from the quickest on
    for last in range(1, len(order)):
        place = last
        for before in reversed(range(last)):
            a, b = order[before], order[place]
            if 0 in (strides[a], strides[b]):
                continue  # an expanded dimension has no place of its own
            if strides[a] > strides[b] or (strides[a] == strides[b] and shape[a] > shape[b]):
                order[before], order[place], place = b, a, before
            elif strides[a] < strides[b]:
                break
    found, step = [0] * len(shape), itemsize
    for dim in order:
        found[dim], step = step, step * max(shape[dim], 1)
    return None if tuple(found) == _row_by_row(shape, itemsize) else tuple(found)


def can_be_viewed(x: Any, shape: tuple[int, ...]) -> bool:
    """Whether PyTorch can view the tensor x in another shape without a copy."""
    try:
        as_in_pytorch(x).reshape(shape, copy=False)
    except ValueError:
        return prod(shape) == 0
    return True


def _row_by_row(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """The strides, in bytes, of elements stored row by row."""
    return tuple(itemsize * prod(shape[i + 1 :]) for i in range(len(shape)))
