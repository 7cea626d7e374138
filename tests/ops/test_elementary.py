"""exp, log, roots, trigonometry, rounding against PyTorch."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl.ops import elementary as ops
from tests.support.compare import check, to_numpy
from tests.support.dtypes import ALL, same_or_both_refuse, sample
from tests.support.strategies import arrays

inf, nan = np.inf, np.nan
EVERYWHERE = ["exp", "expm1", "sin", "cos", "erf", "abs", "sign", "floor", "ceil", "trunc", "round"]
POSITIVE = ["log", "log2", "log10", "log1p", "sqrt", "rsqrt"]
EDGES = np.array([-inf, -1e30, -90.0, -2.5, -1.0, -1e-8, -0.0, 0.0, 1e-8, 0.5, 1.0, 1.5, 2.5, 90.0, 1e30, inf, nan])


@given(arrays(), st.sampled_from(EVERYWHERE))
def test_everywhere(x, name):
    check(getattr(ops, name), getattr(torch, name), x)


@given(arrays(low=0.05), st.sampled_from(POSITIVE))
def test_of_positive_numbers(x, name):
    check(getattr(ops, name), getattr(torch, name), x, dtypes=("float64", "float32", "float16"))


@pytest.mark.parametrize("name", EVERYWHERE + POSITIVE)
def test_edges(name):
    edges = EDGES if name not in ("sin", "cos") else EDGES[np.abs(EDGES) < 100]
    for x in edges:  # one by one: tolerance is relative to the largest magnitude
        check(getattr(ops, name), getattr(torch, name), np.array([x]))


@pytest.mark.parametrize("name", EVERYWHERE + POSITIVE)
def test_every_dtype(name):
    rng = np.random.default_rng(0)
    for dtype in ALL:
        same_or_both_refuse(getattr(ops, name), getattr(torch, name), sample(dtype, rng))


@pytest.mark.parametrize("decimals", [-1, 0, 1, 3])
def test_round_to_decimals(decimals):
    x = np.array([-12.345, -2.5, -0.05, 0.5, 1.5, 14.9, 123.4564])
    check(ops.round, torch.round, x, decimals=decimals)


def test_decimals_of_integers_are_an_error():
    with pytest.raises(minidl.errors.DtypeError, match="decimals"):
        ops.round(minidl.tensor([1, 2]), decimals=1)


@given(st.lists(st.floats(-7, 7), min_size=1, max_size=50))
def test_erf_is_accurate_to_12_digits(values):
    found = to_numpy(ops.erf(minidl.tensor(np.array(values))))
    for x, z in zip(values, found):
        assert math.isclose(z, math.erf(x), rel_tol=1e-12), x


def test_erf_between_all_knots():
    x = np.concatenate([np.linspace(-6.5, 6.5, 20011), np.geomspace(1e-300, 1, 500)])
    exact = np.array([math.erf(v) for v in x])
    for dtype, tolerance in (("float64", 1e-13), ("float32", 3e-7)):
        given = x.astype(dtype)
        exact = np.array([math.erf(v) for v in given])
        found = to_numpy(ops.erf(minidl.tensor(given)))
        assert found.dtype == dtype
        normal = np.abs(exact) > np.finfo(dtype).tiny
        np.testing.assert_allclose(found[normal], exact[normal], rtol=tolerance)
