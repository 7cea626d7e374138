"""Every gradient of a tape, of leaves and of intermediate results, compared with central differences in float64.

A pass is a chain of rules, so each operation is judged alone: given the inputs that it saw, and the gradient that
arrived or random ones, does its backward send on the right gradients? Then the engine: is the gradient of a result or
a leaf the sum of all that was sent to it? Last, the entire pass is run again from its leaves, and the slope of the loss
stands beside each gradient. An operation that is right by itself has only inherited a mistake made nearer to the loss;
it is not the one to be found.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ...backend.numpy.threads import parallel
from ...proof.differences import Arrays, Probe
from ...proof.judge import Judgement, judge, random_seeds
from ...proof.operations import Operation, quiet_engine
from ...proof.parameters import choose
from ...random import default_generator
from ..recording.replaced import repaired
from ..recording.replay import Key, Replay
from ..recording.tape import Check, Leaf, Node, Recording, Verdict
from .differences import AT_A_JUMP, AT_AN_EDGE, FAINT, NO_NUMBERS, sample_size, verdict

__all__ = ["AT_AN_EDGE", "AT_A_JUMP", "FAINT", "NOT_FINITE", "NO_NUMBERS", "verify"]

NOT_FINITE = "what arrived holds NaN or infinity"
MISSING = "no gradient, differences say it should have one"
FORGETS = "right for the gradient that arrived, wrong for others: does backward multiply by dz?"
HOOKED = "a hook may have changed this gradient"
ELSEWHERE = "the pass, in its own precision, gives another gradient than in float64"
GROSS = 1024  # roundings of the pass's dtype allowed to a single operation
RANDOM = 2  # random gradients that each operation is tried with too

Sender = tuple[int, int]  # operation, input


def verify(tape: Recording) -> None:
    """Fill in `tape.checks` and the verdicts of the leaves.

    Thousands of small products run in one thread: several would spend their time waiting for each other.
    """
    state = default_generator.get_state()
    try:
        with quiet_engine():
            parallel(lambda _: _Verifier(tape).run(), 1, microseconds=0)
    finally:
        default_generator.set_state(state)


class _Verifier:
    """The verdicts of one tape. Claims come from the rules as they are, differences from the right ones."""

    def __init__(self, tape: Recording) -> None:
        self.tape = tape
        with repaired():
            self.replay = Replay(tape)
        nodes = [tape.nodes[number] for number in self.replay.relevant]
        elements = sum(node.array.size + sum(np.size(x.array) for x in node.inputs) for node in nodes)
        self.sample = sample_size(elements, sum(1 + sum(x.wants for x in node.inputs) for node in nodes))
        self.verdicts: dict[tuple[int, int | None], Verdict] = {}
        self.seeds = [[self.replay.seeds[n] for n in self.replay.ends]]
        self.seeds += random_seeds(self.seeds[0], 1)
        self.claims = self.in_float64()

    def in_float64(self) -> list[dict[Key, np.ndarray]] | str:
        """The gradients of the entire pass in float64, or why there are none."""
        if (reason := self.replay.obstacle(sorted(self.replay.relevant))) is not None:
            return reason
        try:
            return self.replay.gradients(self.seeds)
        except Exception as error:  # the user's own backward may raise anything
            return f"backward does not run in float64: {type(error).__name__}: {error}"

    def run(self) -> None:
        """From the loss back to the leaves."""
        for node in reversed(self.tape.nodes):
            if node.id not in self.replay.relevant or node.dz is None:
                continue
            self.verdicts[node.id, None] = self.of_output(node)
            for k, x in enumerate(node.inputs):
                if x.wants:
                    self.verdicts[node.id, k] = self.of_input(node, k)
        self.tape.checks = [Check(*place, found) for place, found in self.verdicts.items()]
        for i, leaf in enumerate(self.tape.leaves):
            leaf.verdict = self.of_leaf(i, leaf)

    def is_tainted(self, senders: list[Sender]) -> bool:
        """Whether what was sent is already wrong."""
        found = [self.verdicts[sender] for sender in senders if sender in self.verdicts]
        return any(one.state == "MISMATCH" or one.inherited for one in found)

    def inherits(self, node: Node) -> bool:
        """Whether what arrived at an operation is already wrong."""
        arrived = self.verdicts[node.id, None]
        return arrived.state == "MISMATCH" or arrived.inherited or arrived.checked == HOOKED

    def of_input(self, node: Node, k: int) -> Verdict:
        """The gradient that an operation sent to one of its inputs: its rule alone."""
        assert node.dz is not None
        if (reason := self.replay.refused.get(node.id)) is not None:
            return Verdict("not checked", reason)
        inherits, operation = self.inherits(node), self.replay.operations[node.id]
        if not np.isfinite(node.dz).all():
            return Verdict("not checked", NOT_FINITE, inherited=True)
        wide = node.dz.astype(np.float64)
        seeds: list[Arrays] = [
            node.split(seed) for seed in (wide, *(s[0] for s in random_seeds([wide], RANDOM, node.id)))
        ]
        try:
            sent = [operation.gradients(seed, {k})[k] for seed in seeds]
        except Exception as error:  # the user's own backward may raise anything
            return Verdict(
                "not checked", f"{node.op}.backward does not run in float64: {type(error).__name__}: {error}"
            )
        x = operation.inputs[k]
        claims = [np.zeros(x.shape) if g is None else g for g in sent]
        dx = node.gradients[k]
        recorded = dx if dx is not None else np.zeros(x.shape, node.inputs[k].array.dtype)
        places, shown = self.places(("input", node.id, k), recorded, x)
        with repaired():
            found = operation.judged(k, claims, seeds, places)
        made = verdict(found, recorded, claims[0], shown, found.accused)
        if made.state == "MISMATCH":
            return replace(made, checked=FORGETS) if found.forgets_dz else made
        if self.differs(recorded, claims[0], node):
            if self.differs(recorded, self.in_own_precision(node, k), node):
                return replace(made, state="MISMATCH")  # what backward needs has changed since forward
            made = replace(made, state="not checked", checked=ELSEWHERE)
        return replace(made, inherited=inherits)

    def in_own_precision(self, node: Node, k: int) -> np.ndarray:
        """What an operation's rule sends to input k for what it saw, in the dtypes of the pass."""
        operation = Operation(node.function, [x.array for x in node.inputs], node.options, wide=False)
        assert node.dz is not None
        sent = operation.gradients(node.split(node.dz), {k})[k]
        return np.zeros(operation.inputs[k].shape) if sent is None else sent.astype(np.float64)

    def differs(self, recorded: np.ndarray, exact: np.ndarray, node: Node) -> bool:
        """Whether an operation sent something other than its rule gives, beyond rounding."""
        if recorded.dtype == np.float64:
            scale = max(_largest(exact), _largest(node.dz))
            return not np.allclose(recorded, exact, rtol=0, atol=1e-9 * scale, equal_nan=True)
        error = np.abs(recorded.astype(np.float64) - exact)
        scale = max(_largest(exact), _largest(node.dz))
        return bool((error[np.isfinite(error)] > GROSS * float(np.finfo(recorded.dtype).eps) * scale).any())

    def of_output(self, node: Node) -> Verdict:
        """The gradient of an operation's output: did all that was sent to it arrive?"""
        dz = node.dz
        assert dz is not None
        sent: list[Any] = []
        for n, k in node.arrived:
            gradient = self.tape.nodes[n].gradients[k]
            assert gradient is not None
            sent.append(node.spread(gradient, self.tape.nodes[n].inputs[k].place))
        if node.id in self.replay.seeds:
            sent.append(self.replay.seeds[node.id])
        plan = self.replay.plan({node.id})

        def outputs(moved: np.ndarray) -> Arrays:
            return self.replay.run(plan, outputs={node.id: moved})

        further = [n for n in plan if n != node.id]
        found = self.of_whole(("output", node.id), dz, self.replay.rest[node.id], plan, further, outputs)
        return self.of_sum(found, dz, sent, node.arrived, node.hooked)

    def of_leaf(self, i: int, leaf: Leaf) -> Verdict | None:
        """The final gradient of a leaf; None if it should have none."""
        if not leaf.tensor.requires_grad:
            return None
        uses = [(n, k) for n, k in leaf.uses if n in self.replay.relevant and self.tape.nodes[n].inputs[k].wants]
        if not uses:
            return self.of_missing(i, leaf)
        if any(self.tape.nodes[n].dz is None for n, _ in uses):
            return None
        total = leaf.gradient if leaf.gradient is not None else np.zeros_like(leaf.array)
        plan = self.replay.plan({n for n, _ in uses})

        def outputs(moved: np.ndarray) -> Arrays:
            return self.replay.run(plan, inputs=dict.fromkeys(uses, moved))

        found = self.of_whole(("leaf", i), total, leaf.array.astype(np.float64), plan, plan, outputs)
        sent = [g for n, k in uses if (g := self.tape.nodes[n].gradients[k]) is not None]
        wrong = [sender for sender in uses if self.verdicts[sender].state == "MISMATCH"]
        if wrong and isinstance(found, tuple):
            return self.with_state(found, "MISMATCH", total)
        return self.of_sum(found, total, sent, uses)

    def of_missing(self, i: int, leaf: Leaf) -> Verdict | None:
        """A leaf that requires gradients, and that none could reach: does the result depend on it?"""
        uses = [(n, k) for n, k in leaf.uses if n in self.replay.reached]
        plan = self.replay.plan({n for n, _ in uses}, wanted=False)
        if not uses or leaf.array.size == 0 or self.replay.obstacle(plan) is not None:
            return None
        ends = [self.replay.ends.index(n) for n in plan if n in self.replay.seeds]
        places, shown = self.places(("leaf", i, 0), leaf.array, leaf.array)
        claim = np.zeros(leaf.array.shape)

        def outputs(moved: np.ndarray) -> Arrays:
            return self.replay.run(plan, inputs=dict.fromkeys(uses, moved), wanted=False)

        with repaired():
            probe = Probe(outputs, leaf.array.astype(np.float64))
            seeds = [[seed[end] for end in ends] for seed in self.seeds]
            found = judge(probe, seeds, [claim] * len(seeds), places)
        if not found.wrong:
            return None
        return replace(verdict(found, claim.astype(leaf.array.dtype), claim, shown, True), checked=MISSING)

    def of_whole(
        self, key: Key, gradient: np.ndarray, x: np.ndarray, plan: list[int], again: list[int], outputs: Any
    ) -> tuple[Judgement, np.ndarray, np.ndarray | None] | Verdict:
        """The slopes of the entire rest of the pass, to stand beside a gradient; a Verdict says why there are none."""
        if (reason := self.replay.obstacle(again)) is not None:
            return Verdict("not checked", reason)
        if isinstance(self.claims, str):
            return Verdict("not checked", self.claims)
        recorded = [self.tape.nodes[n].array for n in plan if n in self.replay.seeds and not self.tape.nodes[n].broken]
        if (x.size and not np.isfinite(x).any()) or any(z.size and not np.isfinite(z).any() for z in recorded):
            return Verdict("not checked", NO_NUMBERS)
        claims = [sent.get(key, np.zeros(x.shape)) for sent in self.claims]
        ends = [self.replay.ends.index(n) for n in plan if n in self.replay.seeds]
        seeds = [[seed[end] for end in ends] for seed in self.seeds]
        places, shown = self.places((*key, 0), gradient, x)
        with repaired():
            found = judge(Probe(outputs, x), seeds, claims, places)
        return found, claims[0], shown

    def of_sum(
        self,
        found: tuple[Judgement, np.ndarray, np.ndarray | None] | Verdict,
        total: np.ndarray,
        sent: list[Any],
        senders: list[Sender],
        hooked: bool = False,
    ) -> Verdict:
        """The verdict on a sum: it must be the sum of what was sent, and equals the slope if all of that is right."""
        expected = sum((g.astype(np.float64) for g in sent), np.zeros(total.shape))
        rounding = 64 * float(np.finfo(total.dtype).eps) * max((_largest(g) for g in sent), default=0.0)
        is_sum = np.allclose(total, expected, rtol=0, atol=rounding, equal_nan=True)
        if isinstance(found, Verdict):
            if is_sum:
                return replace(found, inherited=self.is_tainted(senders) and not hooked)
            return Verdict("not checked", HOOKED) if hooked else replace(found, state="MISMATCH")
        if not is_sum:
            made = self.with_state(found, "MISMATCH", total)
            return replace(made, state="not checked", checked=HOOKED) if hooked else made
        if not np.isfinite(total).all():
            return replace(self.with_state(found, "not checked", total), checked=NOT_FINITE, inherited=True)
        if self.is_tainted(senders) or any(self.inherits(self.tape.nodes[n]) for n, _ in senders):
            made = self.with_state(found, "exact", total)
            numeric = expected.ravel()[found[0].places]
            return replace(made, numeric=numeric, max_difference=_error(made.analytic, numeric), inherited=True)
        judgement, claims, shown = found
        corners = any(one.kinks for one in self.verdicts.values())  # they may add up to something smooth
        wrong = judgement.wrong and not corners and not _agrees(judgement, total)
        return verdict(judgement, total, claims, shown, wrong)

    def with_state(
        self, found: tuple[Judgement, np.ndarray, np.ndarray | None], state: str, total: np.ndarray | None = None
    ) -> Verdict:
        """The same numbers with another verdict."""
        judgement, claims, shown = found
        return replace(verdict(judgement, claims if total is None else total, claims, shown, False), state=state)

    def places(
        self, key: tuple[str, int, int], gradient: np.ndarray, x: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """The elements to compare, always the same for the same tensor; and the same with None for all."""
        kind, number, k = key
        draw = np.random.default_rng((0, ("output", "input", "leaf").index(kind) + 3 * (k + 100 * number)))
        chosen = choose(gradient, np.isfinite(x).ravel(), draw, self.sample)
        return chosen, None if len(chosen) == x.size else chosen


def _agrees(found: Judgement, recorded: np.ndarray) -> bool:
    """Whether the pass's own gradient is the slope wherever there is a slope."""
    told = found.told
    here = recorded.ravel()[found.places][told].astype(np.float64)
    slopes = found.differences[told]
    scale = max(_largest(here), _largest(slopes))
    return bool((np.abs(here - slopes) <= 1e-3 * scale).all())


def _largest(x: Any) -> float:
    return float(np.max(np.abs(x[np.isfinite(x)]), initial=0))


def _error(analytic: np.ndarray | None, numeric: np.ndarray) -> float:
    return 0.0 if analytic is None else float(np.max(np.abs(analytic - numeric), initial=0.0))
