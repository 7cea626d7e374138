"""Every gradient of a tape, of leaves and of what lies between, held against central differences in float64.

Twice, where need be. First the whole rest of the pass: how does the loss change when this tensor does? If that is not
what backward said, the operation alone: given the gradient that arrived, is what it sent on right? An operation that
is right by itself has only inherited a mistake made nearer to the loss; it is not the one to be found.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ...backend.numpy.threads import parallel
from ...random import default_generator
from ..recording.replaced import mended
from ..recording.replay import Replay, quiet_engine
from ..recording.tape import Check, Leaf, Node, Recording, Verdict
from .differences import Change, Differences, Target, differences, sample_size

Key = tuple[str, int, int]  # "output", operation, 0; "input", operation, input; or "leaf", leaf, 0
NOT_FINITE = "what arrived holds NaN or infinity"
FAINT = "too small beside the function itself for differences in float64"
NO_NUMBERS = "the pass holds NaN or infinity here"


def verify(tape: Recording) -> None:
    """Fill in `tape.checks` and the verdicts of the leaves.

    Thousands of small products run in one thread: several would spend their time waiting for each other.
    """
    state = default_generator.get_state()
    try:
        with mended(), quiet_engine():
            parallel(lambda _: _Verifier(tape).run(), 1, microseconds=0)
    finally:
        default_generator.set_state(state)


class _Verifier:
    """The verdicts of one tape."""

    def __init__(self, tape: Recording) -> None:
        self.tape = tape
        self.replay = Replay(tape)
        nodes = [tape.nodes[number] for number in self.replay.relevant]
        elements = sum(node.array.size + sum(np.size(x.array) for x in node.inputs) for node in nodes)
        self.sample = sample_size(elements, sum(1 + sum(x.wants for x in node.inputs) for node in nodes))
        self.known: dict[Key, tuple[np.ndarray, Differences]] = {}
        self.whole: dict[tuple[int, int | None], Differences] = {}
        self.rounding: dict[tuple[int, int], float] = {}  # (operation, input) -> of what it sent, where terms cancel

    def run(self) -> None:
        """From the loss back to the leaves."""
        checks: list[Check] = []
        for node in reversed(self.tape.nodes):
            if node.id not in self.replay.relevant or node.dz is None:
                continue
            checks.append(Check(node.id, None, self.of_output(node)))
            for k, x in enumerate(node.inputs):
                if x.wants:
                    checks.append(Check(node.id, k, self.of_input(node, k)))
        self.tape.checks = checks
        for i, leaf in enumerate(self.tape.leaves):
            uses = [(n, k) for n, k in leaf.uses if n in self.replay.relevant]
            if leaf.tensor.requires_grad and uses and all(self.tape.nodes[n].dz is not None for n, _ in uses):
                leaf.verdict = self.of_leaf(i, leaf, uses)
        self.blame()

    def blame(self) -> None:
        """A mistake that is inherited was made somewhere: if the sample missed it, it is told where it shows first."""
        if any(check.verdict.state in ("MISMATCH", "not checked") for check in self.tape.checks):
            return
        for check in self.tape.checks:
            if check.verdict.inherited:
                check.verdict = self.whole[check.node, check.input].verdict("MISMATCH")
                return

    def of_output(self, node: Node) -> Verdict:
        """The gradient of an operation's output: did all that was sent to it arrive?"""
        dz = node.dz
        assert dz is not None
        whole = self.against_rest(("output", node.id, 0), dz, self.replay.recorded.get(node.id, node.array))
        if isinstance(whole, Verdict):
            return whole
        self.whole[node.id, None] = whole
        sent: list[Any] = [self.tape.nodes[n].gradients[k] for n, k in node.arrived]
        if node.id in self.replay.seeds:
            sent.append(self.replay.seeds[node.id])
        verdict = self.of_sum(whole, dz, sent, node.arrived)
        if verdict.state == "MISMATCH" and node.hooked:
            return replace(verdict, state="not checked", checked="a hook may have changed this gradient")
        return verdict

    def of_input(self, node: Node, k: int) -> Verdict:
        """The gradient that an operation sent to one of its inputs."""
        gradient, x = node.gradients[k], node.inputs[k]
        dx = gradient if gradient is not None else np.zeros_like(x.array)
        whole = self.against_rest(self.key_of(node, k), dx, x.array)
        if isinstance(whole, Verdict):
            return whole
        self.whole[node.id, k] = whole
        if whole.right.all() and not whole.kinks.any() and not whole.faint:
            return whole.verdict()
        assert node.dz is not None
        if not np.isfinite(node.dz).all():
            return replace(whole.verdict("not checked"), checked=NOT_FINITE, inherited=True)
        alone = self.alone(node, k, dx)
        if isinstance(alone, Verdict):
            return alone
        if alone.faint:
            return replace(alone.verdict("not checked"), checked=FAINT)
        if not alone.right.all() or whole.faint:
            return alone.verdict()
        self.rounding[node.id, k] = alone.exact
        whole = self.whole[node.id, k] = whole.allowing(alone.exact)
        self.known[self.key_of(node, k)] = dx, whole
        if whole.right.all():
            return whole.verdict()
        return alone.verdict(inherited=True) if whole.wrong else whole.verdict("kink")

    def of_leaf(self, i: int, leaf: Leaf, uses: list[tuple[int, int]]) -> Verdict:
        """The gradient that a leaf has in the end."""
        total = leaf.gradient if leaf.gradient is not None else np.zeros_like(leaf.array)
        whole = self.against_rest(("leaf", i, 0), total, leaf.array)
        if isinstance(whole, Verdict):
            return whole
        senders = [check.verdict.state for check in self.tape.checks if (check.node, check.input) in uses]
        if whole.wrong and "MISMATCH" in senders:
            return whole.verdict("MISMATCH")
        sent = [g for n, k in uses if (g := self.tape.nodes[n].gradients[k]) is not None]
        return self.of_sum(whole, total, sent, uses)

    def of_sum(self, whole: Differences, total: np.ndarray, sent: list[Any], senders: list[tuple[int, int]]) -> Verdict:
        """The verdict on a sum: where it is not the slope, it is right by itself if it is the sum of what was sent."""
        whole = whole.allowing(sum(self.rounding.get(sender, 0.0) for sender in senders))
        if whole.right.all() and not whole.faint:
            return whole.verdict()
        if not np.isfinite(total).all():
            return replace(whole.verdict("not checked"), checked=NOT_FINITE, inherited=True)
        expected = sum((g.astype(np.float64) for g in sent), np.zeros(total.shape))
        rounding = 64 * float(np.finfo(total.dtype).eps) * np.max(np.abs(expected[np.isfinite(expected)]), initial=0)
        if not np.allclose(total, expected, rtol=0, atol=rounding, equal_nan=True):
            return whole.verdict("MISMATCH")
        if not whole.wrong and not whole.faint:
            return whole.verdict("kink")
        numeric = expected.ravel()[slice(None) if whole.places is None else whole.places]
        as_sent = replace(whole, numeric=numeric, kinks=np.zeros_like(whole.kinks), exact=rounding)
        return as_sent.verdict("exact", inherited=whole.wrong)

    def key_of(self, node: Node, k: int) -> Key:
        """What is moved: the tensor itself where only this operation uses it, else this use of it."""
        x = node.inputs[k]
        if x.source is not None and x.source not in self.replay.seeds and len(self.replay.uses(x.source)) == 1:
            return ("output", x.source, 0)
        if x.leaf is not None and len(self.tape.leaves[x.leaf].uses) == 1:
            return ("leaf", x.leaf, 0)
        return ("input", node.id, k)

    def against_rest(self, key: Key, gradient: np.ndarray, value: np.ndarray) -> Differences | Verdict:
        """Move a tensor, run the rest of the pass, compare; a Verdict says why that cannot be done."""
        if key in self.known and np.array_equal(self.known[key][0], gradient, equal_nan=True):
            return self.known[key][1]
        kind, number, k = key
        moved_uses = self.tape.leaves[number].uses if kind == "leaf" else [(number, k)]
        plan = self.replay.plan({number} if kind == "output" else {n for n, _ in moved_uses})
        run_again = [n for n in plan if kind != "output" or n != number]
        if (reason := self.replay.obstacle(run_again)) is not None:
            return Verdict("not checked", reason)

        def change(moved: np.ndarray) -> list[np.ndarray]:
            if kind == "output":
                return self.replay.run(plan, outputs={number: moved})
            return self.replay.run(plan, inputs=dict.fromkeys(moved_uses, moved))

        ends = [n for n in plan if n in self.replay.seeds]
        seeds, outputs = [self.replay.seeds[n] for n in ends], [self.replay.recorded[n] for n in ends]
        found = self.compare(key, gradient, value, seeds, outputs, change)
        if isinstance(found, Differences):
            self.known[key] = gradient, found
        return found

    def alone(self, node: Node, k: int, gradient: np.ndarray) -> Differences | Verdict:
        """Move one input of one operation, and nothing else."""
        if (reason := self.replay.obstacle([node.id])) is not None:
            return Verdict("not checked", reason)
        assert node.dz is not None
        seeds, outputs = [node.dz.astype(np.float64)], [self.replay.recorded[node.id]]

        def change(moved: np.ndarray) -> list[np.ndarray]:
            return [self.replay.change(node.id, {(node.id, k): moved}, {})]

        return self.compare(self.key_of(node, k), gradient, node.inputs[k].array, seeds, outputs, change)

    def compare(
        self, key: Key, gradient: np.ndarray, value: np.ndarray, seeds: list[Any], outputs: list[Any], change: Change
    ) -> Differences | Verdict:
        """Hold a gradient against the differences, if there are numbers to take them of."""
        if (value.size and not np.isfinite(value).any()) or any(not np.isfinite(z).any() for z in outputs if z.size):
            return Verdict("not checked", NO_NUMBERS)
        products = [np.abs(seed * z) for seed, z in zip(seeds, outputs)]
        size = sum(float(product[np.isfinite(product)].sum()) for product in products)
        return differences(Target(value, seeds, size, change), gradient, _seed_of(key), self.sample)


def _seed_of(key: Key) -> int:
    """The same elements are chosen whenever the same tensor is looked at."""
    kind, number, k = key
    return ("output", "input", "leaf").index(kind) + 3 * (k + 100 * number)
