"""Watching the engine: recording, summaries and costs are observers, told of each operation while they listen."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ..backend import Array


class Observer:
    """Told of all that the engine does within `observed(observer)`; this base class ignores everything."""

    def on_forward(self, node: Any, inputs: tuple[Any, ...], options: Mapping[str, Any], output: Any) -> None:
        """`node` computed the Tensor `output` from `inputs` (Tensors, numbers or None) with these options."""

    def on_backward(self, node: Any, dz: Array, returned: Sequence[Any], grads: Sequence[Any]) -> None:
        """`node.backward(dz)` returned `returned`; with broadcast axes summed and dtypes kept: `grads`."""

    def on_sum(self, node: Any, gradient: Array, total: Array) -> None:
        """Another `gradient` reached the output of `node`, or a leaf, which makes `total`."""

    def on_leaf(self, leaf: Any, gradient: Array) -> None:
        """`gradient` was added to `leaf.grad`."""


class _Listening(threading.local):
    """Who is told, in this thread: outermost first."""

    observers: tuple[Observer, ...] = ()


listening = _Listening()


@contextmanager
def observed(observer: Observer) -> Iterator[None]:
    """Within it, `observer` is told what the engine does in this thread, after those that listen already."""
    before = listening.observers
    listening.observers = (*before, observer)
    try:
        yield
    finally:
        listening.observers = before


@contextmanager
def unobserved() -> Iterator[None]:
    """Within it, nobody is told: what the engine does is not part of the pass that is being watched."""
    before = listening.observers
    listening.observers = ()
    try:
        yield
    finally:
        listening.observers = before
