"""An operation with several outputs: one node of the tape, judged as any other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minidl
from minidl.engine.function import Function
from minidl.explain import Tape, record


class Both(Function):
    """a, b, i = x², 3 x₀, argmax x        ∂a/∂x = 2 x,  ∂b/∂x₀ = 3"""

    factor = 3

    def forward(self, x: Any) -> Any:
        self.x = x
        return x * x, 3 * x[:, :1], x.argmax(axis=1)

    def backward(self, da: Any, db: Any, di: Any) -> Any:
        dx = 2 * self.x * da
        dx[:, :1] += self.factor * db
        return dx


class Wrong(Both):
    """a, b, i = x², 3 x₀, argmax x        ∂a/∂x = 2 x,  ∂b/∂x₀ = 3"""

    factor = 2


def leaf() -> minidl.Tensor:
    return minidl.tensor([[1.0, 2.0], [3.0, -1.0]], requires_grad=True)


def states(tape: Tape, op: str) -> list[tuple[int | None, str]]:
    return [(check.input, check.verdict.state) for check in tape.checks if tape.nodes[check.node].op == op]


def every_output_used(function: type[Function]) -> Tape:
    x = leaf()
    with record(torch=False) as tape:
        a, b, i = function.apply(x)
        ((a.sum() * b.sum()).tanh() + a[0, i[0]] + (b * b).sum() + minidl.exp(b).sum()).backward()
    return tape


def test_every_output_is_followed() -> None:
    tape = every_output_used(Both)
    assert states(tape, "Both") == [(None, "exact"), (0, "exact")]
    assert {check.verdict.state for check in tape.checks} == {"exact"}
    node = next(node for node in tape.nodes if node.op == "Both")
    assert node.shapes == ((2, 2), (2, 1), (2,))
    assert [part.shape for part in node.split(node.array)] == list(node.shapes)
    used = {(x.source, x.place) for other in tape.nodes for x in other.inputs if x.source == node.id}
    assert used == {(node.id, 0), (node.id, 1), (node.id, 2)}
    assert tape.leaves[0].verdict is not None
    assert tape.leaves[0].verdict.state == "exact"


def test_a_wrong_rule_is_told() -> None:
    tape = every_output_used(Wrong)
    assert states(tape, "Wrong") == [(None, "exact"), (0, "MISMATCH")]
    assert [tape.nodes[check.node].op for check in tape.mismatches()] == ["Wrong"]


@pytest.mark.parametrize("place", [0, 1])
def test_an_output_that_nobody_uses_sends_nothing(place: int) -> None:
    x = leaf()
    with record(torch=False) as tape:
        (Both.apply(x)[place] ** 2).sum().backward()
    assert states(tape, "Both") == [(None, "exact"), (0, "exact")]
    node = tape.nodes[0]
    assert node.dz is not None
    assert not node.split(node.dz)[1 - place].any()


def test_backward_may_begin_at_an_output() -> None:
    x = leaf()
    with record(torch=False) as tape:
        Both.apply(x)[1].backward(minidl.tensor([[0.5], [-2.0]]))
    assert states(tape, "Both") == [(None, "exact"), (0, "exact")]
    np.testing.assert_array_equal(x.grad.numpy(), [[1.5, 0], [-6, 0]])


def test_an_output_of_whole_numbers_goes_on_as_such() -> None:
    x, table = leaf(), minidl.tensor([[1.0], [2.0]], requires_grad=True)
    with record(torch=False) as tape:
        a, _, i = Both.apply(x)
        (table[i] * a).sum().backward()
    assert {check.verdict.state for check in tape.checks} == {"exact"}


def test_the_page_and_the_text_show_it(tmp_path: Any) -> None:
    tape = every_output_used(Both)
    assert "Both" in tape.text()
    tape.save(tmp_path / "page.html")
    assert "Both" in (tmp_path / "page.html").read_text()
