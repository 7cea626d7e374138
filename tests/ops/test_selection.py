"""maximum, minimum, clamp, where against PyTorch, ties and NaN included."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl.ops import selection as ops
from tests.support.compare import check, to_numpy
from tests.support.dtypes import ALL, PAIRS, same_or_both_refuse, sample
from tests.support.strategies import broadcast_pairs

inf, nan = np.inf, np.nan
EDGES = np.array([-inf, -1.0, -0.0, 0.0, 1.0, 2.0, inf, nan])
BOUNDS = [(None, 1.0), (-1.0, None), (-1.0, 1.0), (1.0, -1.0), (0, 0), (-inf, inf), (1, None), (nan, None)]


@given(broadcast_pairs(), st.sampled_from(["maximum", "minimum"]), st.booleans())
def test_maximum_and_minimum(pair, name, ties):
    if ties:
        pair = [np.asarray(np.round(x)) for x in pair]
    check(getattr(ops, name), getattr(torch, name), *pair, dtypes=("float64", "float32", "float16"))


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_ties_and_nan(name):
    x, y = (np.array(grid) for grid in np.meshgrid(EDGES, EDGES))
    check(getattr(ops, name), getattr(torch, name), x, y)


@pytest.mark.parametrize(("low", "high"), BOUNDS)
def test_clamp_by_numbers(low, high):
    check(ops.clamp, torch.clamp, EDGES, dtypes=("float64", "float32", "float16"), min=low, max=high)
    rng = np.random.default_rng(0)
    for dtype in ALL:
        if low is nan or inf in (low, high):
            continue
        same_or_both_refuse(ops.clamp, torch.clamp, sample(dtype, rng), min=low, max=high)


def test_clamp_by_tensors_with_ties_and_crossed_bounds():
    x, low, high = (np.array(grid) for grid in np.meshgrid(EDGES, [-1.0, 0.0, 1.0, nan], [0.0, 1.0, 2.0, nan]))
    check(ops.clamp, torch.clamp, x, low, high)
    check(lambda x, low: ops.clamp(x, min=low), lambda x, low: torch.clamp(x, min=low), x, low)
    check(lambda x, high: ops.clamp(x, max=high), lambda x, high: torch.clamp(x, max=high), x, high)


@given(broadcast_pairs())
def test_clamp_by_broadcast_tensors(pair):
    check(lambda x, y: ops.clamp(x, max=y), lambda x, y: torch.clamp(x, max=y), *pair)


def test_clamp_without_bounds_is_an_error():
    same_or_both_refuse(ops.clamp, torch.clamp, np.ones(3))


@given(broadcast_pairs(), st.integers(0, 2**32 - 1))
def test_where(pair, seed):
    shape = np.broadcast_shapes(*[x.shape for x in pair])
    condition = np.asarray(np.random.default_rng(seed).random(shape) < 0.5)
    check(ops.where, torch.where, condition, *pair, dtypes=("float64", "float32", "float16"))


def test_where_passes_no_gradient_to_what_was_not_chosen():
    check(ops.where, torch.where, np.array([True, False]), np.array([inf, nan]), np.array([nan, inf]))


def test_where_promotes_like_pytorch():
    rng = np.random.default_rng(0)
    condition = sample("bool", rng)
    for a, b in PAIRS:
        same_or_both_refuse(ops.where, torch.where, condition, sample(a, rng), sample(b, rng))
    for dtype in ALL:
        for number in (2, 0.5, True):
            same_or_both_refuse(ops.where, torch.where, condition, sample(dtype, rng), number)
            same_or_both_refuse(ops.where, torch.where, condition, number, sample(dtype, rng))
    for a, b in ((1, 2), (1.0, 2), (True, False), (True, 1)):
        same_or_both_refuse(ops.where, torch.where, condition, a, b)
    same_or_both_refuse(ops.where, torch.where, sample("int64", rng), 1.0, 2.0)


@pytest.mark.parametrize("shape", [(), (4,), (2, 3), (0, 3)])
def test_where_of_the_condition_alone_is_its_places(shape):
    condition = np.asarray(np.random.default_rng(1).random(shape) < 0.6)
    found = ops.where(minidl.tensor(condition))
    expected = torch.where(torch.as_tensor(condition))
    assert len(found) == len(expected)
    for x, t in zip(found, expected):
        np.testing.assert_array_equal(to_numpy(x), t.numpy())


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_every_pair_of_dtypes(name):
    rng = np.random.default_rng(0)
    for a, b in PAIRS:
        same_or_both_refuse(getattr(ops, name), getattr(torch, name), sample(a, rng), sample(b, rng))
    same_or_both_refuse(getattr(ops, name), getattr(torch, name), np.ones(3), 1.0)
