"""Comparisons and logic against PyTorch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl.ops import comparison as ops
from tests.support.compare import check
from tests.support.dtypes import ALL, PAIRS, same_or_both_refuse, sample
from tests.support.strategies import broadcast_pairs

inf, nan = np.inf, np.nan
RELATIONS = ["eq", "ne", "lt", "le", "gt", "ge"]
LOGICAL = ["logical_and", "logical_or", "logical_xor"]
BITWISE = ["bitwise_and", "bitwise_or", "bitwise_xor"]
TESTS = ["isnan", "isinf", "isfinite", "logical_not", "bitwise_not"]
EDGES = np.array([-inf, -1.0, -0.0, 0.0, 1.0, 2.0, inf, nan])


@given(broadcast_pairs(), st.sampled_from(RELATIONS + LOGICAL))
def test_broadcast(pair, name):
    x, y = (np.asarray(np.round(x)) for x in pair)
    check(getattr(ops, name), getattr(torch, name), x, y, dtypes=("float64", "float32", "float16"))


@pytest.mark.parametrize("name", RELATIONS + LOGICAL)
def test_edges(name):
    x, y = (np.array(grid) for grid in np.meshgrid(EDGES, EDGES))
    check(getattr(ops, name), getattr(torch, name), x, y)


@pytest.mark.parametrize("name", RELATIONS + LOGICAL + BITWISE)
def test_every_pair_of_dtypes(name):
    rng = np.random.default_rng(0)
    for a, b in PAIRS:
        same_or_both_refuse(getattr(ops, name), getattr(torch, name), sample(a, rng), sample(b, rng))
        same_or_both_refuse(getattr(ops, name), getattr(torch, name), sample(a, rng), sample(b, rng, ()))


@pytest.mark.parametrize("name", RELATIONS + BITWISE)
@pytest.mark.parametrize("number", [1, 300, -1, True, 0.5])
def test_every_dtype_with_a_number(name, number):
    rng = np.random.default_rng(0)
    for dtype in ALL:
        same_or_both_refuse(getattr(ops, name), getattr(torch, name), sample(dtype, rng), number)


def test_integers_are_compared_with_floats_in_the_float_dtype():
    big = np.array([2**24, 2**24 + 1])
    same_or_both_refuse(ops.eq, torch.eq, big, np.array([2.0**24, 2.0**24], "float32"))


@pytest.mark.parametrize("name", TESTS)
def test_properties(name):
    rng = np.random.default_rng(0)
    for dtype in ALL:
        same_or_both_refuse(getattr(ops, name), getattr(torch, name), sample(dtype, rng))
    if name != "bitwise_not":
        check(getattr(ops, name), getattr(torch, name), EDGES, dtypes=("float64", "float32", "float16"))


@pytest.mark.parametrize("equal_nan", [False, True])
@pytest.mark.parametrize("rtol", [0.0, 1e-5, 0.5])
def test_isclose(equal_nan, rtol):
    x, y = (np.array(grid) for grid in np.meshgrid(np.append(EDGES, [1.0000005, 1.5]), EDGES))
    check(ops.isclose, torch.isclose, x, y, rtol=rtol, equal_nan=equal_nan)
    for dtype in ("int64", "uint8", "bool"):
        a, b = (sample(dtype, np.random.default_rng(i)) for i in (0, 1))
        same_or_both_refuse(ops.isclose, torch.isclose, a, b, rtol=rtol)


def test_allclose_and_equal():
    x, longer = np.array([1.0, nan]), np.array([1.0, nan, 2.0])
    for ours, theirs in ((ops.allclose, torch.allclose), (ops.equal, torch.equal)):
        for a in (x, x[:1], x[:0], x.astype("float32"), x[:1].astype("int64")):
            same_or_both_refuse(ours, theirs, a, a)
        same_or_both_refuse(ours, theirs, x[:1], x[:1].astype("float32"))
    same_or_both_refuse(ops.allclose, torch.allclose, x, x, equal_nan=True)
    same_or_both_refuse(ops.equal, torch.equal, x, longer)
    same_or_both_refuse(ops.allclose, torch.allclose, x[:1], x[:1] + 1e-6, rtol=-1.0)


def test_results_have_no_gradient():
    x = minidl.tensor([1.0, 2.0], requires_grad=True)
    found = ops.lt(x, 1.5)
    assert not found.requires_grad
    assert found.grad_fn is None
