"""A recorded backward on the tape: its operations are the pass's own, and are differentiated in turn."""

from __future__ import annotations

import numpy as np
import pytest

import minidl
import minidl.nn.functional as F
from minidl.explain import record
from minidl.explain.recording.recorder import RecordingError
from minidl.explain.recording.tape import Recording
from minidl.explain.teaching.second import SECOND


def states(tape: Recording) -> set[str]:
    verdicts = [check.verdict for check in tape.checks] + [leaf.verdict for leaf in tape.leaves]
    return {verdict.state for verdict in verdicts if verdict is not None}


def test_the_slope_of_a_slope() -> None:
    tape = SECOND["cube"](False)
    assert [(node.op, node.slope_of) for node in tape.nodes] == [("Pow", None)] + [("Mul", 0)] * 3
    assert [float(node.array) for node in tape.nodes] == [64, 16, 48, 48]
    (x,) = [leaf for leaf in tape.leaves if leaf.name == "x"]
    assert x.gradient == 24 and x.uses == [(0, 0), (1, 0), (1, 1)]
    assert tape.nodes[0].dz is None and states(tape) == {"exact"}


def test_a_gradient_penalty() -> None:
    tape = SECOND["penalty"](False)
    names = [(node.op, node.slope_of) for node in tape.nodes]
    assert names[:4] == [("Linear", None), ("Tanh", None), ("Linear", None), ("Sum", None)]
    assert names[-4:] == [("Norm", None), ("Sub", None), ("Pow", None), ("Mean", None)]
    assert {of for _, of in names[4:-4]} == {0, 1, 2, 3}, "a part of the backward of each"
    assert {leaf.name for leaf in tape.leaves if leaf.gradient is not None} >= {"0.weight", "0.bias", "2.weight", "x"}
    assert states(tape) <= {"exact", "approximate"} and "MISMATCH" not in states(tape)


def test_a_third_derivative_and_sums_of_recorded_gradients() -> None:
    x = minidl.tensor([1.0, 2.0], requires_grad=True)
    with record(torch=False) as tape:
        (g,) = minidl.grad((x * x * x).sum(), x, create_graph=True)
        (h,) = minidl.grad(g.sum(), x, create_graph=True)
        (h * x).sum().backward()
    (leaf,) = [leaf for leaf in tape.leaves if leaf.name == "x"]
    np.testing.assert_allclose(leaf.gradient, [12, 24])
    assert "MISMATCH" not in states(tape)
    sums = [node for node in tape.nodes if node.op == "Add"]
    assert sums and all(node.slope_of is not None for node in sums)


def test_a_constant_keeps_its_name() -> None:
    x, data = minidl.tensor([1.0, 2.0], requires_grad=True), minidl.tensor([3.0, 4.0])
    with record(torch=False) as tape:
        (g,) = minidl.grad((x * data).sum(), x, create_graph=True)
        (g * x * x).sum().backward()
    used = [leaf for leaf in tape.leaves if leaf.name == "data"]
    assert len(used) == 1 and len(used[0].uses) == 2


def test_what_a_recording_cannot_follow_is_refused_by_name() -> None:
    x = minidl.ones(2, 3, requires_grad=True)
    with pytest.raises(RecordingError, match=r"backward of CrossEntropy uses self\.softmax"), record():
        minidl.grad(F.cross_entropy(x, minidl.tensor([0, 1])), x, create_graph=True)


def test_a_mistake_in_the_recorded_backward_is_found() -> None:
    """The slope that a wrong rule computes is differentiated rightly; the wrong rule shows in a plain pass."""
    from minidl.explain.teaching import breaks

    x = minidl.tensor([0.5], requires_grad=True)
    with breaks.broken("tanh-not-squared"), record(torch=False) as tape:
        (g,) = minidl.grad(minidl.tanh(x).sum(), x, create_graph=True)
        (g * minidl.tanh(x)).sum().backward()
    assert "MISMATCH" in states(tape)


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_the_walk_says_whose_backward_it_is(lang: str) -> None:
    text = SECOND["cube"](False).text(lang)
    assert {"en": "2  Mul  in the backward of 1 Pow", "ko": "2  Mul  1 Pow의 역전파 안"}[lang] in text
