"""argmax, max, min, sort, topk, median against PyTorch."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

import minidl
from minidl.ops import order as ops
from tests.support.compare import check
from tests.support.dtypes import ALL, PAIRS, same_or_both_refuse, sample
from tests.support.strategies import arrays

inf, nan = np.inf, np.nan
HALF = ("float64", "float32", "float16")


@st.composite
def array_and_dim(draw):
    """An array without equal elements along any dim, and a dim that is not empty."""
    x = draw(arrays(layout=False))
    length = max(x.ndim, 1)
    dim = draw(st.integers(-length, length - 1))
    assume(x.ndim == 0 or x.shape[dim] > 0)
    return x, dim


@given(array_and_dim(), st.booleans(), st.sampled_from(["max", "min", "median"]))
def test_values_and_places_along_a_dim(case, keepdim, name):
    x, dim = case
    check(getattr(ops, name), getattr(torch, name), x, dim=dim, keepdim=keepdim)


@given(array_and_dim(), st.booleans(), st.sampled_from(["argmax", "argmin"]))
def test_places(case, keepdim, name):
    x, dim = case
    check(getattr(ops, name), getattr(torch, name), x, dim=dim, keepdim=keepdim)
    if x.size:
        check(getattr(ops, name), getattr(torch, name), x, keepdim=keepdim)


@pytest.mark.parametrize("name", ["max", "min", "median"])
def test_of_everything_equal_ones_share_the_gradient(name):
    for values in (
        [1.0, 2.0, 2.0],
        [2.0, 1.0, 1.0],
        [3.0],
        [[1.0, 2.0], [2.0, 1.0]],
        [1.0, nan, nan],
        [inf, inf, -inf],
        4.0,
    ):
        check(getattr(ops, name), getattr(torch, name), np.array(values), dtypes=HALF)


@given(arrays(), st.sampled_from(["max", "min"]))
def test_of_everything(x, name):
    assume(x.size)
    check(getattr(ops, name), getattr(torch, name), x)


@pytest.mark.parametrize("name", ["max", "min", "argmax", "argmin"])
def test_the_first_of_equal_ones_and_nan_wins(name):
    x = np.array([[1.0, 2.0, 2.0, 1.0], [nan, 5.0, nan, 7.0], [inf, -inf, inf, -inf], [0.0, 0.0, 0.0, 0.0]])
    check(getattr(ops, name), getattr(torch, name), x, dim=1)


@pytest.mark.parametrize("name", ["max", "min", "argmax", "argmin", "median"])
@pytest.mark.parametrize("shape", [(5,), (), (0,), (2, 0), (0, 2)])
def test_every_dtype(name, shape):
    rng = np.random.default_rng(0)
    for dtype in ALL:
        x = sample(dtype, rng, shape)
        if name == "median":
            x = np.asarray(np.arange(np.prod(shape, dtype=int)).reshape(shape)).astype(dtype)  # no ties
        if name == "median" and x.size == 0 and x.dtype.kind != "f":
            continue  # PyTorch's median of no integers is whatever was in memory
        same_or_both_refuse(getattr(ops, name), getattr(torch, name), x)
        for dim in (0, -1, 4):
            same_or_both_refuse(getattr(ops, name), getattr(torch, name), x, dim=dim)


@pytest.mark.parametrize("name", ["max", "min"])
def test_with_another_tensor(name):
    rng = np.random.default_rng(0)
    ours, theirs = getattr(ops, name), getattr(torch, name)
    for a, b in PAIRS:
        same_or_both_refuse(ours, theirs, sample(a, rng), sample(b, rng))
    check(ours, theirs, rng.random(3), rng.random((2, 1)))
    check(lambda x, y: ours(x, other=y), lambda x, y: theirs(x, other=y), rng.random(3), rng.random(3))
    with pytest.raises(minidl.errors.ArgumentError, match="neither dim nor keepdim"):
        ours(minidl.tensor([1.0]), 0, other=minidl.tensor([1.0]))


@pytest.mark.parametrize("name", ["max", "min", "median"])
def test_keepdim_without_a_dim_is_an_error(name):
    with pytest.raises(minidl.errors.ArgumentError, match="keepdim"):
        getattr(ops, name)(minidl.tensor([1.0]), keepdim=True)


@given(arrays(), st.booleans(), st.data())
def test_sort(x, descending, data):
    dim = data.draw(st.integers(-max(x.ndim, 1), max(x.ndim, 1) - 1))
    check(ops.sort, torch.sort, x, dim=dim, descending=descending, stable=True)
    check(ops.argsort, torch.argsort, x, dim=dim, descending=descending, stable=True)


@pytest.mark.parametrize("descending", [False, True])
def test_sort_with_ties_and_nan(descending):
    x = np.array([[1.0, nan, 0.0, 1.0, -0.0], [inf, nan, -inf, nan, 3.0]])
    check(ops.sort, torch.sort, x, descending=descending, stable=True)
    for dtype in ALL:
        same_or_both_refuse(
            ops.sort, torch.sort, sample(dtype, np.random.default_rng(0)), descending=descending, stable=True
        )


@given(array_and_dim(), st.booleans(), st.data())
def test_topk(case, largest, data):
    x, dim = case
    k = data.draw(st.integers(0, x.shape[dim])) if x.ndim else 1
    check(ops.topk, torch.topk, x, k=k, dim=dim, largest=largest)


def test_topk_of_more_than_there_are_is_an_error():
    for k in (4, -1):
        same_or_both_refuse(ops.topk, torch.topk, np.ones(3), k)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7])
def test_median_is_the_lower_of_two(n):
    x = np.random.default_rng(n).permutation(2 * n).reshape(2, n).astype(float)
    check(ops.median, torch.median, x, dim=1)
    check(ops.median, torch.median, x)
    x[0, n // 2] = nan
    check(ops.median, torch.median, x, dim=1)
    check(ops.median, torch.median, x)


def test_results_are_named():
    x = minidl.tensor([[3.0, 1.0]])
    assert ops.max(x, dim=1).values._array.tolist() == [3.0]
    assert ops.sort(x).indices._array.tolist() == [[1, 0]]
