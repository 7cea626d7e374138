"""The judge against a zoo: ordinary models are neither accused nor passed over; what is planted in them is found."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from minidl import Tensor
from minidl.errors import ArgumentError
from minidl.explain import Tape, record
from minidl.explain.checks.verify import NOT_FINITE
from minidl.explain.teaching import breaks
from minidl.proof.judge import RIGHT
from minidl.proof.operations import quiet_engine
from minidl.proof.parameters import Judged, judge_model, judge_parameters
from tests.support.planted import KINDS, differences, gradients, leaves, operations_of, planted
from tests.support.zoo import ZOO, Specimen, specimen

SAMPLE, FEW = 16, 3  # elements of a parameter that are moved
HELD_BACK = {  # where nothing can be told of a parameter, and why
    ("a black image", "input"): "corner",
    ("a norm at 0", "a"): "corner",
}
UNTOLD = {  # where a recorded pass cannot tell about a leaf, and why: the slope of sqrt at 0 is infinite
    "sqrt at 0": (0, NOT_FINITE),
}
QUICK = ("broadcast-sum-forgotten", "gradient-shared")
FAST = [name for i, name in enumerate(ZOO) if i % 4 == 0]


def judged(found: Specimen, sample: int = SAMPLE) -> dict[str, Judged]:
    return judge_model(found.model, found.input, found.loss, sample)


def recorded(found: Specimen) -> Tape:
    with record(torch=False) as tape:
        found.run().backward()
    return tape


def test_the_zoo_is_large() -> None:
    assert len(ZOO) >= 60


@pytest.mark.parametrize("name", ZOO)
def test_no_ordinary_model_is_accused_or_passed_over(name: str) -> None:
    found = specimen(name)
    verdicts = judged(found)
    wanted = {key for key, p in found.model.named_parameters() if p.requires_grad}
    assert verdicts.keys() - {"input"} == wanted
    for key, verdict in verdicts.items():
        assert not verdict.wrong, key
        if (name, key) in HELD_BACK:
            assert not verdict.told and HELD_BACK[name, key] in " ".join(verdict.judgement.reasons)
        else:
            assert verdict.told, (key, verdict.judgement.reasons)


@pytest.mark.parametrize("name", [pytest.param(n, marks=[] if n in FAST else pytest.mark.slow) for n in ZOO])
def test_no_recorded_pass_is_accused_or_passed_over(name: str) -> None:
    found = specimen(name)
    tape = recorded(found)
    leaves = {i: leaf.verdict for i, leaf in enumerate(tape.leaves) if leaf.verdict is not None}
    if name in UNTOLD:
        leaf, reason = UNTOLD[name]
        untold = leaves.pop(leaf)
        assert (untold.state, untold.checked) == ("not checked", reason)
    every = [*(check.verdict for check in tape.checks), *leaves.values()]
    assert {verdict.state for verdict in every} <= {"exact", "approximate", "kink"}
    assert not any(verdict.inherited for verdict in every)
    judged_leaves = {id(leaf.tensor) for leaf in tape.leaves if leaf.verdict is not None}
    used = [p for p in found.model.parameters() if p.requires_grad and p.grad is not None]
    assert {id(p) for p in used} <= judged_leaves


class Place:
    """A specimen in which mistakes are planted, its twin in float64, and the gradients of the twin."""

    def __init__(self, name: str) -> None:
        self.found = specimen(name)
        self.twin = Specimen(copy.deepcopy(self.found.model).double(), in_double(self.found.input), self.found.loss)
        with quiet_engine():
            self.right = gradients(self.twin)
        self.singular = not all(np.isfinite(g).all() for g in self.right)

    def harm(self) -> str | None:
        """The leaf whose gradient a mistake changes most; None if a class could not see any change."""
        with quiet_engine():
            changes = differences(self.right, gradients(self.twin))
        worst = int(np.argmax(changes))
        return None if self.singular or not changes[worst] else list(leaves(self.twin))[worst]

    def is_caught(self, harmed: str) -> bool:
        """Whether one of the two judges says that a gradient is wrong; that of the harmed leaf may suffice."""
        one = judge_parameters(self.twin.run, {harmed: leaves(self.twin)[harmed]}, sample=1)
        if one[harmed].wrong or any(verdict.wrong for verdict in judged(self.found, sample=FEW).values()):
            return True
        tape = recorded(self.found)
        return bool(tape.mismatches()) or "MISMATCH" in {leaf.verdict.state for leaf in tape.leaves if leaf.verdict}


def plant(name: str, kinds: list[str], most: int | None = None) -> tuple[int, list[str]]:
    """Plant mistakes of these kinds in the operations of a specimen: how many make a difference, which are missed."""
    place, acting, missed = Place(name), 0, []
    for function in operations_of(place.found):
        for kind in kinds:
            with planted(function, kind):
                if (harmed := place.harm()) is None:
                    continue
                acting += 1
                if not place.is_caught(harmed):
                    missed.append(f"{name}: {kind} in {function.__name__}")
            if acting == most:
                return acting, missed
    return acting, missed


def in_double(x: Tensor) -> Tensor:
    return x.detach().double().requires_grad_() if x.is_floating_point() else x


@pytest.mark.parametrize("i", range(len(ZOO)), ids=list(ZOO))
def test_a_mistake_in_any_operation_is_found(i: int) -> None:
    """One mistake each; the slow test plants all of them."""
    name = list(ZOO)[i]
    assert plant(name, [list(KINDS)[i % len(KINDS)]], most=1)[1] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ZOO)
def test_every_mistake_in_every_operation_is_found(name: str) -> None:
    assert plant(name, list(KINDS))[1] == []


@pytest.mark.parametrize("name", [pytest.param(n, marks=[] if n in QUICK else pytest.mark.slow) for n in breaks.BREAKS])
def test_a_seeded_mistake_is_found_wherever_it_acts(name: str) -> None:
    acting = 0
    for specimen_name in ZOO:
        place = Place(specimen_name)
        with breaks.broken(name):
            if (harmed := place.harm()) is not None:
                acting += 1
                assert place.is_caught(harmed), specimen_name
    assert acting or name in ("gradient-shared", "softmax-global-max", "mask-drawn-anew"), "acts nowhere in the zoo"


def test_a_saturated_model_is_proven_by_its_rules() -> None:
    assert all(verdict.judgement.right.any() for verdict in judged(specimen("saturated tanh")).values())
    assert RIGHT in {f.verdict for v in judged(specimen("trained: mlp, relu")).values() for f in v.judgement.findings}


def test_a_model_that_gives_something_else_each_time_is_refused() -> None:
    calls = [0]

    def count(z: Tensor) -> Tensor:
        calls[0] += 1
        return z.sum() * calls[0]

    found = specimen("a linear layer")
    with pytest.raises(ArgumentError, match="gives a different output 0 each time"):
        judge_model(found.model, found.input, count)
