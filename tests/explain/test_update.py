"""The learning rate that the update screen proposes."""

from __future__ import annotations

import numpy as np

import minidl
from minidl.explain import record
from minidl.explain.checks.update import LARGEST, STEPS, updated


def _neuron(w: float):  # type: ignore[no-untyped-def]
    """tanh(2 w + 6.88), as in micrograd."""
    a, b = (minidl.tensor(number, requires_grad=True) for number in (w, 6.88))
    with record("a neuron", torch=False, check=False) as tape:
        (a * 2.0 + b).tanh().backward()
    return updated(tape)


def test_the_step_promises_two_fifths_of_the_loss_or_a_little_less() -> None:
    found = _neuron(-3.0)  # tanh(0.88)
    promised = found.rates[STEPS] * found.slope / np.tanh(0.88)
    assert 0.15 < promised <= 0.4001  # rounded down to 1, 2 or 5 times a power of ten
    assert found.losses[STEPS] < found.losses[0]


def test_vanished_gradients_do_not_ask_for_billions() -> None:
    found = _neuron(-7.5)  # tanh(-8.12): a slope of 4e-7
    assert found.rates[STEPS] == LARGEST == 1.0
    assert abs(found.losses[STEPS] - found.losses[0]) < 1e-9
