"""Recording beside everything else: threads, tracers, errors, training steps, other graphs, no_grad."""

from __future__ import annotations

import sys
import threading
from typing import Any

import pytest

import minidl
from minidl import nn
from minidl.engine.observe import listening
from minidl.errors import MinidlError
from minidl.explain import RecordingError, record


def test_only_what_the_pass_adds_counts_as_its_gradient() -> None:
    x = minidl.tensor([1.0, 2.0], requires_grad=True)
    (x * 10).sum().backward()
    with record() as tape:
        (x * x).sum().backward()
    gradient = tape.leaves[0].gradient
    assert gradient is not None
    assert gradient.tolist() == [2.0, 4.0]
    assert tape.leaves[0].verdict is not None and tape.leaves[0].verdict.state == "exact"


def test_two_losses_in_one_recording() -> None:
    x = minidl.tensor([1.0, 2.0], requires_grad=True)
    with record() as tape:
        (x * x).sum().backward()
        x.exp().sum().backward()
    assert {check.verdict.state for check in tape.checks} == {"exact"}
    assert tape.leaves[0].verdict is not None and tape.leaves[0].verdict.state == "exact"


def test_a_second_backward_through_the_same_operations_is_refused() -> None:
    x = minidl.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RecordingError, match="a second time"), record():
        z = (x * x).sum()
        z.backward(retain_graph=True)
        z.backward()


def test_a_second_recording_at_once_is_refused_also_from_another_thread() -> None:
    errors: list[BaseException] = []

    def other() -> None:
        try:
            with record():
                pass
        except RecordingError as error:
            errors.append(error)

    with record():
        with pytest.raises(MinidlError, match="another recording is running"), record():
            pass
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert len(errors) == 1
    with record() as tape:  # and the first one has ended cleanly
        pass
    assert tape.nodes == []


def test_other_threads_are_not_recorded() -> None:
    x = minidl.tensor([1.0], requires_grad=True)

    def other() -> None:
        (minidl.ones(3, requires_grad=True) * 7).sum().backward()

    with record() as tape:
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        (x + 1).sum().backward()
    assert [node.op for node in tape.nodes] == ["Add", "Sum"]


def test_an_error_in_the_block_comes_through_and_leaves_nothing_behind() -> None:
    before = sys.gettrace()
    x = minidl.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(MinidlError), record() as tape:
        x.reshape(5)
    assert not listening.observers
    assert sys.gettrace() is before
    assert tape.checks == []
    with record() as again:
        (x * x).sum().backward()
    assert len(again.nodes) == 2


def test_a_tracer_that_was_there_is_put_back() -> None:
    def debugger(frame: Any, event: str, argument: Any) -> None:
        return None

    before = sys.gettrace()
    sys.settrace(debugger)
    try:
        with record() as tape:
            (minidl.ones(2, requires_grad=True) * 2).sum().backward()
        assert sys.gettrace() is debugger
    finally:
        sys.settrace(before)
    assert tape.events


def test_forward_alone_is_recorded_too() -> None:
    x = minidl.ones(3)
    with record() as tape:
        x * 2
    assert [node.op for node in tape.nodes] == ["Mul"]
    assert tape.checks == []
    assert tape.to_dict()["loss"] is None


def test_no_grad_and_detach_cut_the_gradient_but_are_shown() -> None:
    x = minidl.tensor([2.0, 3.0], requires_grad=True)
    with record() as tape:
        with minidl.no_grad():
            scale = x * 2
        (x * scale + x.detach()).sum().backward()
    assert [node.op for node in tape.nodes] == ["Mul", "Mul", "Add", "Sum"]
    assert [x.source for x in tape.nodes[1].inputs] == [None, 0]
    assert {check.verdict.state for check in tape.checks} == {"exact"}
    assert all(check.node != 0 for check in tape.checks)


def test_two_models_are_told_apart() -> None:
    first, second = nn.Linear(2, 2), nn.Linear(2, 2)
    x = minidl.ones(1, 2)
    with record() as tape:
        second(first(x)).sum().backward()
    names = [one.name for one in tape.leaves if one.gradient is not None]
    assert names == ["first.weight", "first.bias", "second.weight", "second.bias"]


def test_a_whole_training_step_in_the_block() -> None:
    """Zeroing old gradients, stepping and zeroing again do not disturb what is recorded."""
    model = nn.Linear(3, 2)
    optimizer = minidl.optim.SGD(model.parameters(), lr=0.1)
    model(minidl.ones(1, 3)).sum().backward()
    with record() as tape:
        loss = (model(minidl.tensor([[1.0, 2.0, 3.0]])) ** 2).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    found = {one.name: one.verdict for one in tape.leaves if one.gradient is not None}
    assert {name: verdict.state for name, verdict in found.items() if verdict} == {"weight": "exact", "bias": "exact"}


def test_grad_of_an_intermediate_is_checked_as_far_as_it_goes() -> None:
    x = minidl.tensor([1.0, 2.0], requires_grad=True)
    w = minidl.tensor([3.0, 4.0], requires_grad=True)
    with record() as tape:
        h = x * w
        (g,) = minidl.grad((h * h).sum(), h)
    assert g is not None and g.tolist() == [6.0, 16.0]
    assert {check.node for check in tape.checks} == {1, 2}
    assert {check.verdict.state for check in tape.checks} == {"exact"}
    assert all(one.verdict is None for one in tape.leaves)
