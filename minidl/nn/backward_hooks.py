"""Hooks of a module that see, and may change, the gradients of what comes out of it and of what went in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..engine.function import Function
from ..engine.tensor import Recorded, Tensor, wrap
from ..errors import ArgumentError

Grads = tuple[Tensor | None, ...]


class Gate(Function):
    """z = x, one for each        dx = dz, as the hooks leave it"""

    computes = False
    materialize = False

    def forward(self, *xs: Any, passing: Callable[[Any], Any]) -> Any:
        self.passing = passing
        return tuple(x.copy() for x in xs)

    def backward(self, *dzs: Any) -> Any:
        return self.passing(dzs)


class Passage:
    """One call of a module whose hooks wait for the gradients: a gate before it, and one behind it."""

    def __init__(self, module: Any, before: Sequence[Callable[..., Any]], after: Sequence[Callable[..., Any]]) -> None:
        self.module, self.before, self.after = module, tuple(before), tuple(after)
        self.count, self.places = 0, list[int]()
        self.grad_output: Grads = ()

    def into(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """The inputs behind the gate."""
        self.count, self.places = len(inputs), _recorded(inputs)
        return _gated(inputs, self.places, self._at_inputs) if self.after else inputs

    def out(self, output: Any) -> Any:
        """The output, a tensor or a tuple, behind the gate."""
        outputs = output if isinstance(output, tuple) else (output,)
        passed = _gated(outputs, _recorded(outputs), self._at_outputs)
        return passed if isinstance(output, tuple) else passed[0]

    def _at_outputs(self, dzs: Sequence[Any]) -> list[Any]:
        grads = _tensors(dzs)
        for hook in self.before:
            grads = self._replaced(hook, hook(self.module, grads), grads)
        self.grad_output = grads
        if not self.places:
            for hook in self.after:
                hook(self.module, (None,) * self.count, grads)
        return _arrays(grads, dzs)

    def _at_inputs(self, dzs: Sequence[Any]) -> list[Any]:
        grads = _tensors(dzs)
        for hook in self.after:
            every: list[Any] = [None] * self.count
            for place, grad in zip(self.places, grads):
                every[place] = grad
            given = hook(self.module, tuple(every), self.grad_output)
            whole = self._replaced(hook, given, tuple(every))
            grads = tuple(whole[place] for place in self.places)
        return _arrays(grads, dzs)

    def _replaced(self, hook: Any, given: Any, grads: Grads) -> Grads:
        """The gradients after a hook: those that it returned, or the same. ArgumentError if they do not fit."""
        if given is None:
            return grads
        found = given if isinstance(given, tuple | list) else (given,)
        metas = [[None if g is None else (g.shape, g.dtype) for g in some] for some in (found, grads)]
        if metas[0] != metas[1]:
            raise ArgumentError(
                f"a backward hook of {type(self.module).__name__} must return None or {len(grads)} gradients of the "
                f"same shapes and dtypes, {metas[1]}; got {metas[0]}"
            )
        return tuple(found)


def _recorded(values: tuple[Any, ...]) -> list[int]:
    return [place for place, x in enumerate(values) if isinstance(x, Tensor) and x.requires_grad]


def _gated(values: tuple[Any, ...], places: list[int], passing: Callable[[Any], Any]) -> tuple[Any, ...]:
    if not places:
        return values
    found = list(values)
    for place, z in zip(places, Gate.apply(*[values[place] for place in places], passing=passing)):
        found[place] = z
    return tuple(found)


def _tensors(arrays: Sequence[Any]) -> Grads:
    return tuple(None if a is None else a.tensor if isinstance(a, Recorded) else wrap(a.copy()) for a in arrays)


def _arrays(grads: Grads, arrays: Sequence[Any]) -> list[Any]:
    """The gradients as arrays of the kind that came."""
    return [
        None if grad is None else type(array)(grad) if isinstance(array, Recorded) else grad._array
        for grad, array in zip(grads, arrays)
    ]
