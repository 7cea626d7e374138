"""index_select, gather, scatter, masks and nonzero against PyTorch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl.errors import ArgumentError, DtypeError, RangeError, ShapeError, UnsupportedError
from tests.support.compare import assert_close, check
from tests.support.strategies import arrays, broadcast_pairs, shapes

HALF = ("float64", "float32", "float16")


def positions(draw, length, shape, dtype=np.int64, distinct=False):
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    return rng.integers(0, max(length, 1), shape).astype(dtype)


@st.composite
def gathered(draw):
    """An array, a dim, and an index that is no longer than the array beside dim."""
    x = draw(arrays(shapes(min_side=1)))
    dim = draw(st.integers(-max(x.ndim, 1), max(x.ndim, 1) - 1))
    shape = [draw(st.integers(0 if draw(st.booleans()) else 1, n)) for n in x.shape]
    if x.ndim:
        shape[dim] = draw(st.integers(0, 5))
    dtype = draw(st.sampled_from([np.int64, np.int32]))
    return x, dim, positions(draw, x.shape[dim] if x.ndim else 1, tuple(shape), dtype)


@given(gathered())
def test_gather(case):
    x, dim, index = case
    check(minidl.gather, torch.gather, x, dim, index, dtypes=HALF)


@given(gathered(), st.data())
def test_scatter(case, data):
    x, dim, index = case
    wider = tuple(n + data.draw(st.integers(0, 2)) for n in index.shape)
    source = data.draw(arrays(wider))
    if index.size:
        check(minidl.scatter_add, torch.scatter_add, x, dim, index.astype(np.int64), source, gradients=False)
        check(minidl.scatter_add, torch.scatter_add, x, dim, index.astype(np.int64), data.draw(arrays(index.shape)))
    check(minidl.scatter, torch.scatter, x, dim, index.astype(np.int64), 2.5)
    if x.ndim:  # with distinct positions the order of writing does not matter
        distinct = np.broadcast_to(
            np.arange(x.shape[dim]).reshape([-1 if d == dim % x.ndim else 1 for d in range(x.ndim)]), x.shape
        )
        check(minidl.scatter, torch.scatter, x, dim, np.array(distinct), data.draw(arrays(x.shape)))


@given(arrays(shapes(min_side=1)), st.data())
def test_index_select(x, data):
    dim = data.draw(st.integers(-max(x.ndim, 1), max(x.ndim, 1) - 1))
    n = x.shape[dim] if x.ndim else 1
    count = data.draw(st.integers(0, 5)) if x.ndim else 1
    dtype = data.draw(st.sampled_from([np.int64, np.int32]))
    check(minidl.index_select, torch.index_select, x, dim, positions(data.draw, n, (count,), dtype))
    check(minidl.index_select, torch.index_select, x, dim, positions(data.draw, n, ()))


@given(arrays(shapes(min_dims=1, min_side=1)), st.data())
def test_take_along_dim(x, data):
    dim = data.draw(st.integers(-x.ndim, x.ndim - 1))
    shape = [data.draw(st.sampled_from([1, n])) for n in x.shape]
    shape[dim] = data.draw(st.integers(1, 4))
    check(minidl.take_along_dim, torch.take_along_dim, x, positions(data.draw, x.shape[dim], shape), dim)
    check(minidl.take_along_dim, torch.take_along_dim, np.ascontiguousarray(x), positions(data.draw, x.size, (2, 3)))


@given(broadcast_pairs(), st.floats(-3, 3))
def test_masks(pair, value):
    x, other = pair
    mask = np.array(other > 0)
    check(minidl.masked_fill, torch.masked_fill, x, mask, value, dtypes=HALF)
    check(minidl.masked_fill, torch.masked_fill, x, mask, np.array(value))
    check(minidl.masked_select, torch.masked_select, x, mask)


@given(arrays())
def test_nonzero(x):
    whole = np.array(np.round(x))
    check(minidl.nonzero, torch.nonzero, whole, gradients=False)
    check(minidl.argwhere, torch.argwhere, whole, gradients=False)
    check(lambda t: minidl.nonzero(t, as_tuple=True), lambda t: torch.nonzero(t, as_tuple=True), whole, gradients=False)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "int32"])
def test_integer_tensors_are_gathered_and_filled_too(dtype):
    x = np.array([[1, 0, 1], [0, 1, 1]], dtype)
    index = np.array([[2, 0], [1, 1]])
    check(minidl.gather, torch.gather, x, 1, index, gradients=False)
    check(minidl.masked_fill, torch.masked_fill, x, x > 0, 1, gradients=False)
    check(minidl.index_select, torch.index_select, x, 0, np.array([1, 1]), gradients=False)


def test_a_float_put_into_an_integer_tensor_is_cut_off_as_in_pytorch():
    assert_close(
        minidl.tensor([1, 2]).masked_fill(minidl.tensor([True, False]), 2.7),
        torch.tensor([1, 2]).masked_fill(torch.tensor([True, False]), 2.7),
    )


def test_the_part_of_a_source_that_is_not_used_gets_no_gradient():
    x, source = minidl.zeros(2), minidl.tensor([1.0, 2.0, 3.0], requires_grad=True)
    for function in (minidl.scatter, minidl.scatter_add):
        source.grad = None
        function(x, 0, minidl.tensor([1]), source).sum().backward()
        assert source.grad.tolist() == [1, 0, 0]


LONG = minidl.tensor([[0, 1]])


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda x: x.gather(0, minidl.tensor([[-1]])), RangeError, "index -1 is out of range"),
        (lambda x: x.gather(1, minidl.tensor([[3]])), RangeError, "index 3 .* dimension 1 of length 3"),
        (lambda x: x.gather(1, minidl.tensor([0])), ShapeError, "as many dimensions"),
        (lambda x: x.gather(1, minidl.zeros(3, 1, dtype=minidl.int64)), ShapeError, "longer"),
        (lambda x: x.gather(1, minidl.zeros(2, 1)), DtypeError, "int64 or int32"),
        (lambda x: x.gather(1, LONG, sparse_grad=True), UnsupportedError, "sparse_grad"),
        (lambda x: x.scatter(1, LONG, 1.0, reduce="mean"), ArgumentError, "reduce must be None, 'add' or 'multiply'"),
        (lambda x: x.scatter(1, LONG, minidl.ones(1, 2, dtype=minidl.float64)), DtypeError, "src is float64"),
        (lambda x: x.scatter(1, LONG, minidl.ones(1, 1)), ShapeError, "longer"),
        (lambda x: x.scatter_add(1, minidl.tensor([[7]]), minidl.ones(1, 1)), RangeError, "index 7"),
        (lambda x: x.index_select(0, minidl.tensor([-1])), RangeError, "index -1"),
        (lambda x: x.index_select(0, LONG), ShapeError, "1 dimension"),
        (lambda x: x.take_along_dim(minidl.tensor([0]), 1), ShapeError, "as many dimensions"),
        (lambda x: x.masked_fill(LONG, 1), DtypeError, "bools"),
        (lambda x: x.masked_fill(x > 0, minidl.ones(1)), ShapeError, "0-dimensional"),
        (lambda x: x.masked_fill(minidl.zeros(4) > 0, 1), ShapeError, "broadcast"),
        (lambda x: x.masked_select(minidl.zeros(4) > 0), ShapeError, "broadcast"),
    ],
)
def test_what_does_not_fit_is_named(call, error, says):
    with pytest.raises(error, match=says):
        call(minidl.zeros(2, 3))


@pytest.mark.parametrize("dim", [0, 1])
def test_take_along_dim_counts_negative_indices_from_the_end(dim):
    x = np.arange(6.0).reshape(2, 3)
    indices = np.array([[-1, 0], [1, -2]]) if dim != 0 else np.array([[-1, 0, -2]])
    check(minidl.take_along_dim, torch.take_along_dim, x, indices, dim=dim)
    with pytest.raises(RangeError):
        minidl.take_along_dim(minidl.tensor(x), minidl.tensor([[-4]]), 1)
