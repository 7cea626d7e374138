"""One operation alone, in float64: its rule, independent of what comes before and after it.

A pass is a chain of rules. Where differences cannot judge the full chain, because corners add up or rounding hides the
slope, they can judge each rule: at its actual inputs, with random gradients arriving.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

import numpy as np

from ..backend import backend_of, to_host
from ..dtypes import FLOATING, float64
from ..engine.function import Function
from ..engine.grad_mode import enable_grad, no_grad
from ..engine.observe import Observer, observed, unobserved
from ..engine.tensor import Tensor, wrap
from ..tensors.gradients import grad
from .differences import Arrays, Probe
from .judge import Judgement, judge, random_seeds

SAMPLE = 64  # how many elements of an input are moved one by one
FEW = 2  # and how many suffice for most mistakes, beside all at once


class quiet_engine:
    """Inside it, no observer is notified of the judge's computations, and infinities are ordinary results."""

    def __enter__(self) -> None:
        self.stack = ExitStack()
        self.stack.enter_context(unobserved())
        self.stack.enter_context(np.errstate(all="ignore"))

    def __exit__(self, *error: Any) -> None:
        self.stack.close()


class Operation:
    """One call of an operation on the host; `inputs` are arrays, numbers or None.

    Floating arrays and dtypes become float64 unless `wide` is False.
    """

    def __init__(
        self, function: type[Function], inputs: list[Any], options: Mapping[str, Any], wide: bool = True
    ) -> None:
        self.function = function
        self.inputs = [_wide(x) if wide and isinstance(x, np.ndarray) else x for x in inputs]
        self.options = replayable(function, options, wide)

    def outputs(self, inputs: list[Any] | None = None) -> Arrays:
        """The outputs of the operation, for other inputs if given."""
        given = self.inputs if inputs is None else inputs
        with no_grad():
            made = self.function.apply(*[wrap(x) if isinstance(x, np.ndarray) else x for x in given], **self.options)
        return [to_host(z._array) for z in _several(made)]

    def gradients(self, seeds: Arrays, wanted: set[int]) -> dict[int, np.ndarray | None]:
        """The gradient the engine sends to each wanted input, given gradients of the outputs; None if it sends none."""
        with enable_grad():
            leaves = {k: wrap(self.inputs[k].copy()).requires_grad_() for k in sorted(wanted)}
            given = [
                leaves[k] if k in leaves else wrap(x) if isinstance(x, np.ndarray) else x
                for k, x in enumerate(self.inputs)
            ]
            outputs = _several(self.function.apply(*given, **self.options))
            pairs = [(z, wrap(np.array(seed, z.dtype))) for z, seed in zip(outputs, seeds) if z.requires_grad]
            if not pairs or not leaves:
                return dict.fromkeys(leaves)
            found = grad([z for z, _ in pairs], list(leaves.values()), [s for _, s in pairs], allow_unused=True)
        return {k: None if g is None else to_host(g._array) for k, g in zip(leaves, found)}

    def wantable(self) -> set[int]:
        """The inputs that can have a gradient."""
        return {k for k, x in enumerate(self.inputs) if isinstance(x, np.ndarray) and x.dtype in FLOATING}

    def judged(self, k: int, claims: list[np.ndarray], seeds: list[Arrays], places: Any) -> Judgement:
        """The verdict of the differences on the gradients of input k, at those places and for all elements at once.

        All of them move in the same direction, and equal numbers equally far: those that tie for a maximum stay tied,
        and have one slope together.
        """

        def outputs(moved: np.ndarray) -> Arrays:
            return [z.astype(float64) for z in self.outputs([*self.inputs[:k], moved, *self.inputs[k + 1 :]])]

        x = self.inputs[k]
        return judge(Probe(outputs, x), seeds, claims, places, direction=_together(x, k) if x.size > 1 else None)


def replayable(function: type[Function], options: Mapping[str, Any], wide: bool = True) -> dict[str, Any]:
    """The options for the host: if `wide`, floating dtypes become float64; optional callbacks are left out."""
    defaults = function.defaults()
    found = {}
    for name, thing in options.items():
        if wide and isinstance(thing, np.dtype) and thing.kind == "f":
            thing = float64
        elif callable(thing) and not isinstance(thing, type) and defaults.get(name, thing) is None:
            thing = None  # such as the running statistics of batch normalisation, which must not move
        elif hasattr(thing, "__cuda_array_interface__"):
            thing = backend_of(thing).to_numpy(thing)
        found[name] = thing
    return found


def is_a_rule_wrong(call: Callable[[], Any]) -> bool:
    """Whether the rule of any operation of one call, alone, is wrong, or outside both sides at a corner."""
    listener = _Listener()
    with observed(listener):
        call()
    with quiet_engine():
        return any(_is_wrong(*one, sample) for sample in (FEW, SAMPLE) for one in listener.operations)


def _is_wrong(known: Operation, wanted: set[int], sample: int) -> bool:
    wanted = wanted & known.wantable()
    try:
        rest = known.outputs()
        seeds = random_seeds(rest, 2)
        claims = [known.gradients(seed, wanted) for seed in seeds]
    except Exception:  # it does not run alone, so nothing is known about it
        return False
    for k in wanted:
        x = known.inputs[k]
        given = [np.zeros(x.shape) if (sent := claim[k]) is None else sent for claim in claims]
        found = known.judged(k, given, seeds, _some(x, sample))
        if found.accused:
            return True
    return False


def _together(x: np.ndarray, k: int) -> np.ndarray:
    """A direction in which equal numbers move equally far."""
    values, which = np.unique(x, return_inverse=True)
    return np.random.default_rng((11, k)).uniform(0.5, 1.5, values.shape)[which].reshape(x.shape)


def _some(x: np.ndarray, sample: int) -> np.ndarray:
    """The elements that are moved one by one."""
    return np.sort(np.random.default_rng(23).permutation(x.size)[:sample])


class _Listener(Observer):
    """Records each operation that runs, and which of its inputs want a gradient."""

    def __init__(self) -> None:
        self.operations: list[tuple[Operation, set[int]]] = []

    def on_forward(self, node: Any, inputs: tuple[Any, ...], options: Mapping[str, Any], output: Any) -> None:
        """Record the operation, with its arrays as they are now."""
        arrays = [to_host(x._array).copy() if isinstance(x, Tensor) else x for x in inputs]
        self.operations.append((Operation(type(node), arrays, options), {k for k, w in enumerate(node.needs) if w}))


def _several(output: Any) -> list[Tensor]:
    """The outputs of an operation, which may have one or several."""
    return list(output) if isinstance(output, tuple | list) else [output]


def _wide(x: np.ndarray) -> np.ndarray:
    return x.astype(float64) if x.dtype in FLOATING else x
