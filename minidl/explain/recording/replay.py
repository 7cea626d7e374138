"""The recorded pass once more, in float64: its operations one by one, and all of it from its leaves on.

Every operation runs through its own forward with the recorded options; random masks are among those. Gradients are
compared with the results of the entire pass with one tensor moved; the results of each operation alone, on the very
inputs that it saw, decide whether its rule is right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...backend import to_host
from ...dtypes import FLOATING, float64
from ...engine.grad_mode import enable_grad
from ...engine.tensor import Tensor, wrap
from ...ops.join import cat
from ...proof.differences import Arrays
from ...proof.operations import Operation
from ...tensors.gradients import grad
from .packed import bounds, packed
from .tape import Input, Node, Recording

ALIKE = 0.02  # an output that differs by more from the recorded one, relative to the largest, counts as different
ROUNDINGS = 64  # of the largest input: the error that a recorded output may have where terms cancel

Key = tuple[str, int]  # "leaf" or "output", and its number


class Replay:
    """The part of a tape that leads to where backward began, ready to be run with changes.

    Attributes:
        operations: operation -> its rerun by itself, on the inputs that it saw.
        seeds: operation -> the gradient that backward began with there.
        relevant: the operations that lead there along the paths of gradients.
        reached: those that lead there at all, even where no gradient is wanted.
        refused: operation -> why its forward cannot be run again.
        rest: operation -> its output in float64, from the leaves on.
    """

    def __init__(self, tape: Recording) -> None:
        self.tape = tape
        self.operations = [Operation(n.function, [x.array for x in n.inputs], n.options) for n in tape.nodes]
        self.seeds = {node.id: seed for node in tape.nodes if (seed := find_seed(tape, node)) is not None}
        self.relevant = self._leading_to_seeds(wanted=True)
        self.reached = self._leading_to_seeds(wanted=False)
        self.refused: dict[int, str] = {}
        self.rest: dict[int, np.ndarray] = {}
        for number in sorted(self.reached):
            self._prepare(tape.nodes[number])

    @property
    def ends(self) -> list[int]:
        """The operations at which backward began."""
        return sorted(self.seeds)

    def _leading_to_seeds(self, wanted: bool) -> set[int]:
        found = set(self.seeds)
        for node in reversed(self.tape.nodes):
            if node.id in found:
                found |= {x.source for x in node.inputs if x.source is not None and (x.wants or not wanted)}
        return found

    def _prepare(self, node: Node) -> None:
        """Run the operation twice: it must give the same result both times, and the recorded one."""
        operation = self.operations[node.id]
        try:
            first, again = _one(node, operation.outputs()), _one(node, operation.outputs())
            self.rest[node.id] = self._forward(node.id, self.rest, {})
        except Exception as error:  # the user's own forward may raise anything
            self.refused[node.id] = f"{node.op}.forward does not run in float64: {type(error).__name__}: {error}"
            self.rest[node.id] = node.array.astype(float64)
            return
        if not np.array_equal(first, again, equal_nan=True):
            self.refused[node.id] = f"{node.op}.forward gives something else each time"
        elif not node.broken and not _is_alike(first, node):
            self.refused[node.id] = f"{node.op}.forward gives something else in float64"

    def _forward(
        self, number: int, outputs: Mapping[int, np.ndarray], inputs: Mapping[tuple[int, int], np.ndarray]
    ) -> np.ndarray:
        """An operation's output from the outputs of others; `inputs` replace (operation, input)."""
        arrays = list(self.operations[number].inputs)
        for k, x in enumerate(self.tape.nodes[number].inputs):
            if (number, k) in inputs:
                arrays[k] = inputs[number, k]
            elif x.source is not None and x.source in outputs:
                arrays[k] = self._output(x, outputs[x.source])
        node = self.tape.nodes[number]
        return _one(node, self.operations[number].outputs(arrays))  # float64 if floating, as its inputs are

    def _output(self, x: Input, flat: np.ndarray) -> np.ndarray:
        """What an input gets of the output of its operation."""
        assert x.source is not None
        found = self.tape.nodes[x.source].part(flat, x.place)
        return found if x.array.dtype in FLOATING else found.astype(x.array.dtype)

    def plan(self, started: set[int], wanted: bool = True) -> list[int]:
        """The operations, in order, that a change in `started` reaches along the paths of gradients."""
        among = self.relevant if wanted else self.reached
        reached = set(started)
        for node in self.tape.nodes:
            if node.id in among and any(x.source in reached and (x.wants or not wanted) for x in node.inputs):
                reached.add(node.id)
        return sorted(reached & among)

    def obstacle(self, plan: Sequence[int]) -> str | None:
        """Why these operations cannot be run again; None if they can."""
        return next((self.refused[number] for number in plan if number in self.refused), None)

    def run(
        self,
        plan: Sequence[int],
        inputs: Mapping[tuple[int, int], np.ndarray] | None = None,
        outputs: Mapping[int, np.ndarray] | None = None,
        wanted: bool = True,
    ) -> Arrays:
        """The outputs where backward began, as far as they are in the plan, with some inputs or outputs changed."""
        made = self.results(plan, inputs, outputs, wanted)
        return [made[number] for number in plan if number in self.seeds]

    def results(
        self,
        plan: Sequence[int],
        inputs: Mapping[tuple[int, int], np.ndarray] | None = None,
        outputs: Mapping[int, np.ndarray] | None = None,
        wanted: bool = True,
    ) -> dict[int, np.ndarray]:
        """The output of every operation in the plan, with some inputs or outputs changed."""
        made = dict(outputs or {})
        for number in plan:
            if number in made:
                continue
            seen = dict(self.rest)
            for x in self.tape.nodes[number].inputs:
                if x.source in made and (x.wants or not wanted):
                    seen[x.source] = made[x.source]
            made[number] = self._forward(number, seen, inputs or {})
        return made

    def gradients(self, seeds: Sequence[Arrays]) -> list[dict[Key, np.ndarray]]:
        """The gradients of leaves and outputs that backward gives in float64 for each set of seeds.

        Raises what an operation raises that does not run in float64.
        """
        with enable_grad():
            made: dict[Key, Tensor] = {}
            for i, leaf in enumerate(self.tape.leaves):
                if leaf.array.dtype in FLOATING:
                    made["leaf", i] = wrap(leaf.array.astype(float64))
                    if leaf.tensor.requires_grad:
                        made["leaf", i].requires_grad_()
            for number in sorted(self.relevant):
                made["output", number] = self._apply(number, made)
            roots = [made["output", number] for number in self.ends]
            targets = {key: x for key, x in made.items() if x.requires_grad}
            return [self._sent(roots, targets, seed) for seed in seeds]

    def _apply(self, number: int, made: Mapping[Key, Tensor]) -> Tensor:
        operation, inputs = self.operations[number], []
        for x, array in zip(self.tape.nodes[number].inputs, operation.inputs):
            key: Key | None = None if x.source is None else ("output", x.source)
            if x.source is None and x.leaf is not None:
                key = ("leaf", x.leaf)
            if key is not None and key in made and (x.source is None or x.array.dtype in FLOATING):
                given = made[key] if x.source is None else self._part(x, made[key])
                inputs.append(given if x.wants else given.detach())
            elif x.source is not None and x.source in self.rest:
                inputs.append(wrap(self._output(x, self.rest[x.source]).copy()))
            else:
                inputs.append(wrap(array) if isinstance(array, np.ndarray) else array)
        made_here = operation.function.apply(*inputs, **operation.options)
        if self.tape.nodes[number].shapes is None:
            return made_here
        return cat([z.reshape(-1).to(float64) for z in made_here])

    def _part(self, x: Input, flat: Tensor) -> Tensor:
        """The same as `_output`, on a tensor."""
        assert x.source is not None
        if (shapes := self.tape.nodes[x.source].shapes) is None:
            return flat
        start, stop = bounds(shapes, x.place)
        return flat[start:stop].reshape(shapes[x.place])

    def _sent(self, roots: list[Tensor], targets: Mapping[Key, Tensor], seeds: Arrays) -> dict[Key, np.ndarray]:
        wanted = [root for root in roots if root.requires_grad]
        given = [wrap(np.array(seed, float64)) for root, seed in zip(roots, seeds) if root.requires_grad]
        if not wanted or not targets:
            return {}
        found = grad(wanted, list(targets.values()), given, retain_graph=True, allow_unused=True)
        return {key: to_host(g._array) for key, g in zip(targets, found) if g is not None}


def find_seed(tape: Recording, node: Node) -> np.ndarray | None:
    """The gradient that backward began with here: what arrived beyond what other operations sent."""
    if node.dz is None or node.sums + node.reached <= len(node.arrived):
        return None
    seed = node.dz.astype(float64)
    for number, k in node.arrived:
        sender = tape.nodes[number]
        seed = seed - node.spread(np.asarray(sender.gradients[k]), sender.inputs[k].place)
    return seed


def _one(node: Node, outputs: Arrays) -> np.ndarray:
    """The outputs of an operation as the one array of its node."""
    return outputs[0] if node.shapes is None else packed(outputs)


def _is_alike(found: np.ndarray, node: Node) -> bool:
    """Whether an operation gives the same as in the pass, up to rounding."""
    recorded = node.array.astype(float64)
    if found.shape != recorded.shape:
        return False
    finite = np.isfinite(found) & np.isfinite(recorded)
    infinite = np.isinf(recorded) & np.isfinite(found)  # beyond the largest number of the pass's dtype
    if not np.array_equal(found[~finite & ~infinite], recorded[~finite & ~infinite], equal_nan=True):
        return False
    arrays = [x.array for x in node.inputs if isinstance(x.array, np.ndarray) and x.array.dtype in FLOATING]
    largest = max((float(np.max(np.abs(x[np.isfinite(x)]), initial=0)) for x in arrays), default=0.0)
    eps = max((float(np.finfo(x.dtype).eps) for x in [node.array, *arrays] if x.dtype in FLOATING), default=0.0)
    scale = float(np.max(np.abs(found[finite]), initial=0))
    return bool((np.abs(found[finite] - recorded[finite]) <= ALIKE * scale + ROUNDINGS * eps * largest + 1e-30).all())
