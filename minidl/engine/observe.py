"""Watching the engine: recordings, summaries and costs are observers, notified of each operation while they listen."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ..backend import Array


class Observer:
    """Is notified of everything that the engine does within `observed(observer)`; this base class ignores it all."""

    def on_forward(self, node: Any, inputs: tuple[Any, ...], options: Mapping[str, Any], output: Any) -> None:
        """`node` computed the Tensor `output` from `inputs` (Tensors, numbers or None) with these options."""

    def on_backward(self, node: Any, dz: Array, returned: Sequence[Any], grads: Sequence[Any]) -> None:
        """`node.backward(dz)` returned `returned`; after summing broadcast axes and restoring dtypes: `grads`."""

    def on_sum(self, node: Any, gradient: Array, total: Array) -> None:
        """Another `gradient` reached the output of `node`, or a leaf, bringing the sum so far to `total`."""

    def on_leaf(self, leaf: Any, gradient: Array) -> None:
        """`gradient` was added to `leaf.grad`."""


class _Listening(threading.local):
    """The observers of this thread, outermost first."""

    observers: tuple[Observer, ...] = ()


listening = _Listening()


@contextmanager
def observed(observer: Observer) -> Iterator[None]:
    """Inside it, `observer` is notified of what the engine does in this thread, after those already listening."""
    before = listening.observers
    listening.observers = (*before, observer)
    try:
        yield
    finally:
        listening.observers = before


@contextmanager
def unobserved() -> Iterator[None]:
    """Inside it, no observer is notified: this work is not part of the pass being watched."""
    before = listening.observers
    listening.observers = ()
    try:
        yield
    finally:
        listening.observers = before
