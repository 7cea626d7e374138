"""Every seeded mistake shows as a MISMATCH at the operation it is in, and nowhere else."""

from __future__ import annotations

import inspect
from pathlib import Path

import numpy as np
import pytest

import minidl
from minidl.engine import backward as engine
from minidl.errors import ArgumentError
from minidl.explain import record
from minidl.explain.teaching import breaks, passes
from minidl.explain.teaching.breaks import BREAKS
from minidl.ops.conv import Conv2d
from tests.explain.passes import digits

ROOT = Path(minidl.__file__).parent.parent

# operation and input (None: the sum that arrived at its output) of each MISMATCH, as often as it occurs
EXPECTED = {
    "grad-assigned-not-accumulated": [("Relu", None)],
    "broadcast-sum-forgotten": [("Add", 1)],
    "conv-kernel-not-flipped": [("Conv2d", 0), ("Conv2d", 0)],
    "softmax-global-max": [("CrossEntropy", 0)],
    "wrong-order": [("Relu", None)],
    "gradient-shared": [("MatMul", None), ("MatMul", None)],
    "relu-mask-of-gradient": [("Relu", 0), ("Relu", 0)],
    "pool-to-every-tap": [("MaxPool2d", 0), ("MaxPool2d", 0)],
    "tanh-not-squared": [("Tanh", 0)],
    "loss-not-averaged": [("CrossEntropy", 0)],
    "mask-drawn-anew": [("Dropout", 0)],
}

# Those in a pass of the lecture's whole network.
LONG = {name for name, what in BREAKS.items() if what.example == "lecture"}


def test_every_mistake_has_a_test() -> None:
    assert EXPECTED.keys() == BREAKS.keys()


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (name in LONG)) for name in BREAKS])
def test_a_mistake_shows_where_it_is_and_nowhere_else(name: str) -> None:
    tape = passes.example(BREAKS[name].example, *digits()).record(name, torch=False)
    found = [(tape.nodes[check.node].op, check.input) for check in tape.mismatches()]
    assert found == EXPECTED[name]
    assert tape.broken == name
    unchecked = {c.verdict.checked for c in tape.checks if c.verdict.state == "not checked"}
    if name == "softmax-global-max":
        assert unchecked == {"what arrived holds NaN or infinity"}
    else:
        assert unchecked == set()
    guilty = {(check.node, check.input) for check in tape.mismatches()}
    for leaf in tape.leaves:  # a leaf is wrong only if the gradient comes straight from the mistake
        if leaf.verdict is not None and leaf.verdict.state == "MISMATCH":
            assert guilty & set(leaf.uses), leaf.name


@pytest.mark.parametrize("name", ["conv-kernel-not-flipped", "relu-mask-of-gradient", "softmax-global-max"])
def test_the_source_that_is_shown_is_the_one_that_ran(name: str) -> None:
    example = "bright" if name == "softmax-global-max" else "residual"  # smaller than the lecture's
    tape = passes.example(example, *digits()).record(name, torch=False)
    phase = BREAKS[name].attribute
    node = next(node for node in tape.nodes if issubclass(node.function, BREAKS[name].owner))
    number = node.forward_source if phase == "forward" else node.backward_source
    assert number is not None
    lines, first = inspect.getsourcelines(BREAKS[name].replacement)
    source = tape.sources[number]
    assert (source.file, source.first) == ("minidl/explain/teaching/mistakes.py", first)
    assert list(source.lines) == [line.rstrip("\n") for line in lines]
    in_file = (ROOT / source.file).read_text(encoding="utf-8").splitlines()
    assert list(source.lines) == in_file[first - 1 : first - 1 + len(lines)]


def test_an_engine_s_mistake_is_shown_beside_what_the_engine_did() -> None:
    tape = passes.example("residual", *digits()).record("grad-assigned-not-accumulated", torch=False)
    added = [what for event in tape.events for what in event.engine if what["kind"] == "accumulated"]
    assert len(added) == 1
    assert "pending[node] = gradient" in "\n".join(tape.sources[added[0]["source"]].lines)


def test_the_kernel_that_is_not_flipped_gives_what_a_kernel_that_is_not_flipped_gives() -> None:
    x = minidl.randn(1, 1, 5, 5).requires_grad_()
    w = minidl.randn(1, 1, 3, 3).requires_grad_()
    with breaks.broken("conv-kernel-not-flipped"), record(torch=False) as tape:
        minidl.conv2d(x, w).sum().backward()
    assert [(c.node, c.input) for c in tape.mismatches()] == [(0, 0)]
    assert x.grad is not None
    taps = w.detach().numpy()[0, 0, ::-1, ::-1]
    wanted = np.zeros((5, 5))
    for p in range(3):
        for q in range(3):
            wanted[p : p + 3, q : q + 3] += taps
    np.testing.assert_allclose(x.grad.numpy()[0, 0], wanted, atol=1e-5)


def test_the_checkpoint_that_keeps_its_mask_is_right() -> None:
    tape = passes.example("checkpointed", *digits()).record(torch=False)
    assert "Dropout" in [node.op for node in tape.nodes]
    assert {check.verdict.state for check in tape.checks} <= {"exact", "approximate"}


def test_afterwards_the_right_rule_is_back_also_after_an_error() -> None:
    before = Conv2d.backward, engine._add
    with pytest.raises(ZeroDivisionError), breaks.broken("conv-kernel-not-flipped"):
        assert Conv2d.backward is not before[0]
        raise ZeroDivisionError
    for name in BREAKS:
        with breaks.broken(name), breaks.repaired():
            assert (Conv2d.backward, engine._add) == before
    assert (Conv2d.backward, engine._add) == before
    assert breaks.active() is None


def test_an_unknown_mistake_and_two_at_once_are_refused() -> None:
    with (
        pytest.raises(ArgumentError, match="there is no mistake 'nonsense'; use one of grad-assigned"),
        breaks.broken("nonsense"),
    ):
        pass
    with (
        breaks.broken("wrong-order"),
        pytest.raises(ArgumentError, match="'wrong-order' is in place already"),
        breaks.broken("gradient-shared"),
    ):
        pass


def test_a_mistake_that_makes_no_difference_is_an_error_not_a_page_without_one() -> None:
    with pytest.raises(ArgumentError, match="makes no difference in this pass"):
        passes.example("biased", *digits()).record("conv-kernel-not-flipped", torch=False)
