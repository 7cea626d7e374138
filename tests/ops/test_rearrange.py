"""Grids, diagonals, repeats, products of small vectors and blocks, against PyTorch."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

import minidl
from minidl.errors import ArgumentError, ShapeError
from minidl.ops import rearrange as ops
from tests.support.compare import by_rows, check
from tests.support.strategies import arrays, broadcast_pairs, shapes

vectors = arrays(shapes(1, 1))
indexing = st.sampled_from(["ij", "xy"])


@given(vectors, vectors, vectors, indexing, st.integers(1, 3))
def test_meshgrid(x, y, z, indexing, count):
    check(ops.meshgrid, torch.meshgrid, *[x, y, z][:count], indexing=indexing)


@given(broadcast_pairs())
def test_broadcast_tensors(pair):
    check(ops.broadcast_tensors, torch.broadcast_tensors, *pair)


@given(arrays(shapes(1, 2)), st.integers(-3, 3))
def test_diag(x, k):
    if x.ndim == 1 or -x.shape[0] <= k <= x.shape[1]:
        check(ops.diag, torch.diag, x, diagonal=k)


@given(arrays(shapes(2, 2)))
def test_trace(x):
    check(ops.trace, torch.trace, x)


@given(arrays(shapes(1, 3)), st.data())
def test_repeat_interleave(x, data):
    dim = data.draw(st.integers(-x.ndim, x.ndim - 1))
    check(ops.repeat_interleave, torch.repeat_interleave, x, data.draw(st.integers(0, 3)), dim=dim)
    counts = np.array(data.draw(st.lists(st.integers(0, 2), min_size=x.shape[dim], max_size=x.shape[dim])), np.int64)
    check(ops.repeat_interleave, torch.repeat_interleave, x, counts, dim=dim)
    check(ops.repeat_interleave, torch.repeat_interleave, x, 2)


@given(broadcast_pairs(max_dims=2), st.integers(0, 2))
def test_cross(pair, dim):
    first = pair[0]
    dim = min(dim, first.ndim)
    x = np.stack([first, first + 1, first * 2], dim)
    check(ops.cross, torch.linalg.cross, x, x[::-1] - 0.5, dim=dim)


@given(arrays(shapes(0, 3, 0, 3)), arrays(shapes(0, 3, 0, 3)))
def test_kron(x, y):
    check(ops.kron, by_rows(torch.kron), x, y)


@given(st.data())
def test_tensordot(data):
    shape = data.draw(shapes(1, 3, 1, 3))
    count = data.draw(st.integers(0, len(shape)))
    x = data.draw(arrays(shape))
    y = data.draw(arrays((*shape[len(shape) - count :], *data.draw(shapes(0, 2, 1, 3)))))
    check(ops.tensordot, torch.tensordot, x, y, dims=count)
    dims = (list(range(len(shape) - count, len(shape))), list(range(count)))
    check(ops.tensordot, torch.tensordot, x, y, dims=dims)


@given(arrays(shapes(1, 3)), st.integers(0, 3), st.data())
def test_diff(x, n, data):
    dim = data.draw(st.integers(-x.ndim, x.ndim - 1))
    check(ops.diff, torch.diff, x, n=n, dim=dim)
    check(lambda x: ops.diff(x, dim=dim, prepend=x, append=x), lambda x: torch.diff(x, dim=dim, prepend=x, append=x), x)


@given(arrays(shapes(1, 3, 2, 4)), st.booleans(), st.booleans())
def test_std_mean_and_var_mean(x, unbiased, keepdim):
    assume(x.shape[0] == 1 or (np.ptp(x, axis=0) > 1e-3).all())
    assume(x.size == 1 or np.ptp(x) > 1e-3)  # equal numbers: the slope of std is that of rounding
    for name in ("std_mean", "var_mean"):
        check(getattr(ops, name), getattr(torch, name), x, dim=0, unbiased=unbiased, keepdim=keepdim)
        check(getattr(ops, name), getattr(torch, name), x)


def test_integers():
    x = np.array([[1, 2, 3], [4, 5, 6]])
    for name, arguments in (("kron", (x,)), ("diff", ()), ("diag", ()), ("repeat_interleave", (2,)), ("cross", (x,))):
        options = {"dim": 1} if name == "cross" else {}
        check(getattr(ops, name), getattr(torch, name), x, *arguments, **options)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda x: ops.meshgrid(x), ShapeError, r"tensors\[0\] has shape \(2, 3\)"),
        (lambda x: ops.meshgrid(x[0], indexing="yx"), ArgumentError, "must be 'ij' or 'xy'; got 'yx'"),
        (lambda x: ops.meshgrid(), ArgumentError, "at least one"),
        (lambda x: ops.diag(x.reshape(1, 2, 3)), ShapeError, "a vector or a matrix"),
        (lambda x: ops.trace(x[0]), ShapeError, "takes a matrix"),
        (lambda x: ops.cross(x[:, :2], x[:, :2]), ShapeError, "3 elements"),
        (lambda x: ops.repeat_interleave(x, -1), ArgumentError, "at least 0"),
        (lambda x: ops.repeat_interleave(x, minidl.tensor([1, 2]), 1), ArgumentError, "one for each of the 3"),
        (lambda x: ops.repeat_interleave(x, 2, 1, output_size=5), ArgumentError, "there are 6 elements"),
        (lambda x: ops.tensordot(x, x, 1), ShapeError, "different lengths"),
        (lambda x: ops.tensordot(x, x, 3), ArgumentError, "from 0 to 2"),
        (lambda x: ops.diff(x, -1), ArgumentError, "at least 0"),
    ],
)
def test_errors(call, error, says):
    with pytest.raises(error, match=says):
        call(minidl.ones(2, 3))
