"""unique, isin, bincount, searchsorted, bucketize and cumprod against PyTorch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl.errors import ArgumentError, DtypeError, ShapeError
from minidl.ops import counting as ops
from minidl.ops.cumulative import cumprod
from tests.support.compare import assert_close, check
from tests.support.strategies import arrays, shapes

integers = st.tuples(shapes(1, 3), st.integers(0, 2**32 - 1)).map(
    lambda drawn: np.random.default_rng(drawn[1]).integers(-3, 4, drawn[0])
)


def same(ours, theirs, *inputs, **options):
    """Without gradients: PyTorch's result, whatever its form."""
    found = ours(*[minidl.tensor(x) if isinstance(x, np.ndarray) else x for x in inputs], **options)
    expected = theirs(*[torch.tensor(x) if isinstance(x, np.ndarray) else x for x in inputs], **options)
    pairs = zip(found, expected, strict=True) if isinstance(expected, tuple) else [(found, expected)]
    for x, t in pairs:
        assert_close(x, t)


@given(integers, st.booleans(), st.booleans(), st.data())
def test_unique(x, inverse, counts, data):
    dim = data.draw(st.one_of(st.none(), st.integers(0, x.ndim - 1)))
    if dim is None or x.size:
        same(ops.unique, torch.unique, x, return_inverse=inverse, return_counts=counts, dim=dim)
        same(ops.unique, torch.unique, x / 2, return_counts=counts, dim=dim)


def test_unique_and_nan():
    same(ops.unique, torch.unique, np.array([np.nan, 1.0, np.nan, np.inf, 1.0]), return_counts=True)


@given(integers, integers, st.booleans())
def test_isin(x, y, invert):
    same(ops.isin, torch.isin, x, y, invert=invert)
    same(ops.isin, torch.isin, x, 2)
    same(ops.isin, torch.isin, 2, y)


@given(st.lists(st.integers(0, 6)), st.integers(0, 9))
def test_bincount(values, least):
    x = np.array(values, np.int64)
    same(ops.bincount, torch.bincount, x, minlength=least)
    for dtype in (np.float32, np.float64, np.int64):
        same(ops.bincount, torch.bincount, x, np.arange(len(x)).astype(dtype), minlength=least)


@given(arrays(shapes(1, 2, 1, 5), layout=False), st.booleans(), st.booleans())
def test_searchsorted(x, right, narrow):
    rows = np.sort(x.round(0), -1)
    same(ops.searchsorted, torch.searchsorted, rows, x.round(0), right=right, out_int32=narrow)
    same(ops.searchsorted, torch.searchsorted, rows, x.round(0), side="right" if right else "left")
    edges = np.array([-1.0, 0.0, 2.0])
    same(ops.bucketize, torch.bucketize, x, edges, right=right)
    same(ops.searchsorted, torch.searchsorted, edges, 0.5, right=right)


@given(arrays(shapes(0, 3)), st.data())
def test_cumprod(x, data):
    dim = data.draw(st.integers(0, max(x.ndim - 1, 0)))
    check(cumprod, torch.cumprod, x, dim=dim)


def test_cumprod_with_zeros_and_of_integers():
    check(cumprod, torch.cumprod, np.array([[2.0, 0.0, 3.0, 4.0], [0.0, 0.0, 1.0, 5.0]]), dim=1)
    same(cumprod, torch.cumprod, np.array([1, 2, 3]), dim=0)
    same(cumprod, torch.cumprod, np.array([True, False]), dim=0)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: ops.bincount(minidl.ones(2)), DtypeError, "takes integers"),
        (lambda: ops.bincount(minidl.tensor([-1])), ArgumentError, "at least 0"),
        (lambda: ops.bincount(minidl.tensor([1]), minidl.ones(2)), ShapeError, "weights must have the shape"),
        (lambda: ops.searchsorted(minidl.ones(2), minidl.tensor([1])), DtypeError, "one dtype"),
        (lambda: ops.searchsorted(minidl.ones(2, 2), minidl.ones(3, 1)), ShapeError, "does not go with"),
        (lambda: ops.searchsorted(minidl.ones(2), minidl.ones(1), side="left", right=True), ArgumentError, "side"),
        (lambda: ops.bucketize(minidl.ones(2), minidl.ones(2, 2)), ShapeError, "boundaries must be a vector"),
    ],
)
def test_errors(call, error, says):
    with pytest.raises(error, match=says):
        call()
