"""The recorded pass once more, in float64 and around the recorded numbers: what happens downstream if one tensor moves?

Every operation runs through its own forward, on the recorded inputs plus what has changed, with the recorded
options; random masks are among those. An output is the recorded one plus the change, so that a relu is on the side and
a max is at the winner that the pass itself saw, whatever float64 would have rounded differently.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import numpy as np

from ...backend import is_array, to_host
from ...dtypes import float64
from ...engine.grad_mode import no_grad
from ...engine.observe import unobserved
from ...engine.tensor import Tensor
from .tape import Node, Recording

ALIKE = 0.02  # an output that differs by more from the recorded one, relative to the largest, is another one

Arrays = list[np.ndarray]


class Replay:
    """The part of a tape that leads to where backward began, ready to be run with changes.

    Attributes:
        seeds: operation -> the gradient that backward began with there.
        relevant: the operations that lead there.
        refused: operation -> why its forward cannot be run again.
    """

    def __init__(self, tape: Recording) -> None:
        self.tape = tape
        self.inputs = [[_wide(x.array, x.value is not None) for x in node.inputs] for node in tape.nodes]
        self.options = [_options(node) for node in tape.nodes]
        self.seeds = {node.id: seed for node in tape.nodes if (seed := find_seed(tape, node)) is not None}
        self.relevant = self._leading_to_seeds()
        self.refused: dict[int, str] = {}
        self.at_rest: dict[int, np.ndarray] = {}  # forward of the recorded inputs, in float64
        self.recorded: dict[int, np.ndarray] = {}  # the output that changes are added to
        for number in sorted(self.relevant):
            self._prepare(tape.nodes[number])

    def _leading_to_seeds(self) -> set[int]:
        found = set(self.seeds)
        for node in reversed(self.tape.nodes):
            if node.id in found:
                found |= {x.source for x in node.inputs if x.source is not None and x.wants}
        return found

    def _prepare(self, node: Node) -> None:
        """Run the operation twice: it must give the same again, and what was recorded."""
        self.recorded[node.id] = node.array.astype(float64)
        try:
            first, again = (self._forward(node, self.inputs[node.id]) for _ in range(2))
        except Exception as error:  # the user's own forward may raise anything
            self.refused[node.id] = f"{node.op}.forward does not run in float64: {type(error).__name__}: {error}"
            return
        self.at_rest[node.id] = first
        if not np.array_equal(first, again, equal_nan=True):
            self.refused[node.id] = f"{node.op}.forward gives something else each time"
        elif first.shape != node.array.shape or not _alike(first, self.recorded[node.id]):
            if node.broken:
                self.recorded[node.id] = first
            else:
                self.refused[node.id] = f"{node.op}.forward gives something else in float64"

    def _forward(self, node: Node, arrays: list[Any]) -> np.ndarray:
        inputs = [Tensor(x) if isinstance(x, np.ndarray) else x for x in arrays]
        with no_grad():
            return node.function.apply(*inputs, **self.options[node.id])._array

    def uses(self, number: int) -> list[tuple[int, int]]:
        """The (operation, input) that take the output of an operation and send a gradient back."""
        return [
            (node.id, k)
            for node in self.tape.nodes
            if node.id in self.relevant
            for k, x in enumerate(node.inputs)
            if x.source == number and x.wants
        ]

    def plan(self, started: set[int]) -> list[int]:
        """The operations, in order, that something changed in `started` reaches."""
        reached = set(started)
        for node in self.tape.nodes:
            if node.id in self.relevant and any(x.source in reached and x.wants for x in node.inputs):
                reached.add(node.id)
        return sorted(reached & self.relevant)

    def obstacle(self, plan: list[int]) -> str | None:
        """Why these operations cannot be run again, if one cannot."""
        return next((self.refused[number] for number in plan if number in self.refused), None)

    def run(
        self,
        plan: list[int],
        outputs: Mapping[int, np.ndarray] | None = None,
        inputs: Mapping[tuple[int, int], np.ndarray] | None = None,
    ) -> Arrays:
        """By how much the outputs where backward began change, as far as they are in the plan."""
        changes = {number: _change(array, self.recorded[number]) for number, array in (outputs or {}).items()}
        inputs = inputs or {}
        for number in plan:
            if number not in changes:
                changes[number] = self.change(number, inputs, changes)
        return [changes[number] for number in plan if number in self.seeds]

    def change(
        self, number: int, inputs: Mapping[tuple[int, int], np.ndarray], changes: Mapping[int, np.ndarray]
    ) -> np.ndarray:
        """By how much one operation's output changes."""
        node, arrays = self.tape.nodes[number], list(self.inputs[number])
        for k, x in enumerate(node.inputs):
            if (number, k) in inputs:
                arrays[k] = inputs[number, k]
            elif x.source is not None and x.source in changes and x.wants:
                arrays[k] = arrays[k] + changes[x.source]
        return _change(self._forward(node, arrays), self.at_rest[number])


class quiet_engine:
    """Within it no observer is told of the replays, and infinities are results like any other."""

    def __enter__(self) -> None:
        self.stack = ExitStack()
        self.stack.enter_context(unobserved())
        self.stack.enter_context(np.errstate(all="ignore"))

    def __exit__(self, *error: Any) -> None:
        self.stack.close()


def _change(now: np.ndarray, before: np.ndarray) -> np.ndarray:
    """now - before; infinities and NaN that stay do not change."""
    change = now - before
    odd = ~np.isfinite(change)
    if odd.any():
        change[odd & ((now == before) | (np.isnan(now) & np.isnan(before)))] = 0
    return change


def find_seed(tape: Recording, node: Node) -> np.ndarray | None:
    """What backward began with at this operation: what arrived there beyond what other operations sent."""
    if node.dz is None or node.sums + 1 <= len(node.arrived):
        return None
    seed = node.dz.astype(float64)
    for number, k in node.arrived:
        seed = seed - np.asarray(tape.nodes[number].gradients[k])
    return seed


def _wide(x: Any, is_array: bool) -> Any:
    """Floating arrays in float64; all else as it is."""
    return x.astype(float64) if is_array and x.dtype.kind == "f" else x


def _options(node: Node) -> dict[str, Any]:
    """The options for a replay on the host: floating dtypes are float64, and callbacks that may be left out are."""
    defaults = node.function.defaults()
    found = {}
    for name, thing in node.options.items():
        if isinstance(thing, np.dtype) and thing.kind == "f":
            thing = float64
        elif callable(thing) and not isinstance(thing, type) and defaults.get(name, thing) is None:
            thing = None  # such as the running statistics of batch normalisation, which must not move
        elif is_array(thing):
            thing = to_host(thing)
        found[name] = thing
    return found


def _alike(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether two results are the same but for rounding."""
    finite = np.isfinite(x) & np.isfinite(y)
    if not np.array_equal(x[~finite], y[~finite], equal_nan=True):
        return False
    scale = np.max(np.abs(x[finite]), initial=0)
    return bool((np.abs(x[finite] - y[finite]) <= ALIKE * scale + 1e-30).all())
