"""The self-test's own judge, on the backend that every machine has."""

from __future__ import annotations

import numpy as np
import pytest

import minidl
from minidl.doctor.selftest import OPERATIONS, wrong_gradients
from tests.support.planted import operations_of, planted
from tests.support.zoo import Expression, Specimen, total


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_operation_of_the_selftest_is_accused(name: str) -> None:
    assert wrong_gradients(*OPERATIONS[name], "numpy") == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_mistake_that_two_libraries_would_share_is_found(name: str) -> None:
    function, shapes = OPERATIONS[name]
    inputs = [minidl.tensor(np.random.default_rng(0).standard_normal(s), requires_grad=True) for s in shapes]
    model = Expression(lambda x: function(*inputs))
    last = operations_of(Specimen(model, minidl.zeros(1), total))[-2:][0]  # the very last may sum it up
    for kind in ("a gradient lost", "dz forgotten"):
        with planted(last, kind):
            assert wrong_gradients(function, shapes, "numpy"), (kind, last)
