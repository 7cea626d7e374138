"""Tangents, inverse functions and hyperbolas against PyTorch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl.ops import trigonometry as ops
from tests.support.compare import check
from tests.support.dtypes import ALL, same_or_both_refuse, sample
from tests.support.strategies import arrays, broadcast_pairs

inf, nan = np.inf, np.nan
EVERYWHERE = ["atan", "asinh", "cosh", "exp2", "sinh", "tan"]
INSIDE = ["acos", "asin", "atanh"]
EDGES = np.array([-inf, -50.0, -1.5, -1.0, -1e-8, -0.0, 0.0, 1e-8, 0.5, 1.0, 1.5, 50.0, inf, nan])


@given(arrays(), st.sampled_from(EVERYWHERE))
def test_everywhere(x, name):
    check(getattr(ops, name), getattr(torch, name), x, tolerance={"float32": 2e-4} if name == "tan" else None)


@given(arrays(low=-0.95, high=0.95), st.sampled_from(INSIDE))
def test_inside_the_unit_interval(x, name):
    check(getattr(ops, name), getattr(torch, name), x)


@given(arrays(low=1.05))
def test_acosh(x):
    check(ops.acosh, torch.acosh, x)


@given(broadcast_pairs())
def test_atan2(pair):
    check(ops.atan2, torch.atan2, *pair)


@pytest.mark.parametrize("name", [*EVERYWHERE, *INSIDE, "acosh"])
def test_edges_and_dtypes(name):
    for x in EDGES if name != "tan" else EDGES[np.abs(EDGES) < 2]:
        check(getattr(ops, name), getattr(torch, name), np.array([x]))
    rng = np.random.default_rng(0)
    for dtype in ALL:
        same_or_both_refuse(getattr(ops, name), getattr(torch, name), sample(dtype, rng))


def test_the_axes_of_atan2():
    y, x = np.array([0.0, 0.0, -0.0, 1.0, -1.0, 0.0]), np.array([1.0, -1.0, -1.0, 0.0, 0.0, -0.0])
    check(ops.atan2, torch.atan2, y, x)


def test_other_names():
    for short in ("sin", "cos", "tan", "sinh", "cosh", "tanh"):
        assert getattr(minidl, f"arc{short}") is getattr(minidl, f"a{short}")
    assert minidl.arctan2 is minidl.atan2
