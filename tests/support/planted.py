"""Mistakes for any operation: its own backward with one thing wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import minidl
from minidl import Tensor
from minidl.engine.function import Function
from minidl.engine.observe import Observer, observed
from minidl.engine.part import Part
from tests.support.zoo import Specimen


def _times(gradient: Any, factor: float) -> Any:
    if isinstance(gradient, Part):
        return Part(_times(gradient.dz, factor), gradient.index, gradient.shape)
    product = gradient * factor
    return np.asarray(product) if isinstance(product, np.generic) else product  # NumPy makes a scalar of a 0-d array


def _first(returned: Any, change: Callable[[Any], Any]) -> tuple[Any, ...]:
    """The gradients with the first that is there changed."""
    gradients = list(returned) if isinstance(returned, tuple | list) else [returned]
    place = next((i for i, g in enumerate(gradients) if g is not None), None)
    if place is not None:
        gradients[place] = change(gradients[place])
    return tuple(gradients)


def wrong_sign(backward: Any, self: Any, dz: Any) -> Any:
    return _first(backward(self, dz), lambda g: _times(g, -1.0))


def lost(backward: Any, self: Any, dz: Any) -> Any:
    return _first(backward(self, dz), lambda g: None)


def off_by_a_fiftieth(backward: Any, self: Any, dz: Any) -> Any:
    return _first(backward(self, dz), lambda g: _times(g, 1.02))


def forgets_dz(backward: Any, self: Any, dz: Any) -> Any:
    return backward(self, np.ones_like(dz))


KINDS = {
    "a wrong sign": wrong_sign,
    "a gradient lost": lost,
    "off by 2 %": off_by_a_fiftieth,
    "dz forgotten": forgets_dz,
}


@contextmanager
def planted(function: type[Function], kind: str) -> Iterator[None]:
    """Put a mistake into an operation's backward."""
    right = function.backward
    own = "backward" in vars(function)

    def backward(self: Any, dz: Any) -> Any:
        return KINDS[kind](right, self, dz)

    function.backward = backward  # type: ignore[method-assign]
    try:
        yield
    finally:
        if own:
            function.backward = right  # type: ignore[method-assign]
        else:
            del function.backward


class _Listener(Observer):
    def __init__(self) -> None:
        self.functions: dict[type[Function], None] = {}

    def on_forward(self, node: Any, inputs: Any, options: Any, output: Any) -> None:
        if any(node.needs):
            self.functions[type(node)] = None


def operations_of(specimen: Specimen) -> list[type[Function]]:
    """The operations of a pass that send gradients back."""
    listener = _Listener()
    with observed(listener):
        specimen.run()
    return list(listener.functions)


def leaves(specimen: Specimen) -> dict[str, Tensor]:
    """The input and the parameters that require gradients, by name."""
    named = {"input": specimen.input, **dict(specimen.model.named_parameters())}
    return {name: p for name, p in named.items() if p.requires_grad}


def gradients(specimen: Specimen) -> list[np.ndarray]:
    """What backward makes of a gradient that is not 1; dropout has the same mask each time."""
    minidl.manual_seed(5)
    found = leaves(specimen).values()
    (specimen.run() * 1.7).backward()
    sent = [np.zeros(p.shape) if p.grad is None else p.grad.numpy().astype(np.float64) for p in found]
    for p in found:
        p.grad = None
    return sent


def differences(right: list[np.ndarray], wrong: list[np.ndarray]) -> list[float]:
    """How much each gradient changes, relative to its largest number: 0 for what a class could not see.

    That is half a hundredth, or rounding compared with the largest gradient of all.
    """
    rounding = 1e-9 * max((_largest(a) for a in right), default=0.0)
    changes = [(_largest(a - b), _largest(a)) for a, b in zip(right, wrong)]
    return [change / max(size, rounding) if change > max(5e-3 * size, rounding) else 0.0 for change, size in changes]


def _largest(x: np.ndarray) -> float:
    return float(np.max(np.abs(x), initial=0))
