"""cat, stack, split, chunk, unbind and pad against PyTorch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl.errors import ArgumentError, RangeError, ShapeError
from tests.support.compare import assert_close, check
from tests.support.strategies import arrays, shapes

F, TF = minidl.nn.functional, torch.nn.functional
pytestmark = pytest.mark.filterwarnings("ignore:grad and param do not obey")  # PyTorch, of a broadcast leaf
HALF = ("float64", "float32", "float16")


def listed(function):
    return lambda *xs, **options: function(xs, **options)


@given(shapes(min_dims=1), st.data())
def test_cat(shape, data):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    parts = []
    for n in data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=4)):
        part = list(shape)
        part[dim] = n
        parts.append(data.draw(arrays(tuple(part))))
    if data.draw(st.booleans()):
        parts.insert(data.draw(st.integers(0, len(parts))), np.zeros(0))  # which PyTorch skips
    check(listed(minidl.cat), listed(torch.cat), *parts, dim=dim, dtypes=HALF)


@given(shapes(), st.integers(1, 3), st.data())
def test_stack(shape, count, data):
    parts = [data.draw(arrays(shape)) for _ in range(count)]
    check(listed(minidl.stack), listed(torch.stack), *parts, dim=data.draw(st.integers(-len(shape) - 1, len(shape))))
    for name in ("vstack", "hstack"):
        check(listed(getattr(minidl, name)), listed(getattr(torch, name)), *parts)


def test_cat_promotes_dtypes():
    for a, b in (("int64", "float32"), ("uint8", "int8"), ("bool", "int32"), ("float16", "float64")):
        pair = [np.ones(2, a), np.ones(3, b)]
        ours, theirs = minidl.cat([minidl.tensor(x) for x in pair]), torch.cat([torch.tensor(x) for x in pair])
        assert_close(ours, theirs)


@given(arrays(shapes(min_dims=1)), st.data())
def test_split_chunk_and_unbind(x, data):
    dim = data.draw(st.integers(-x.ndim, x.ndim - 1))
    n = x.shape[dim]
    check(minidl.split, torch.split, x, data.draw(st.integers(1, n + 1)), dim)
    cuts = sorted(data.draw(st.lists(st.integers(0, n), max_size=3)))
    lengths = [b - a for a, b in zip([0, *cuts], [*cuts, n])]
    check(minidl.split, torch.split, x, lengths, dim)
    check(minidl.chunk, torch.chunk, x, data.draw(st.integers(1, 5)), dim)
    if n:
        check(minidl.unbind, torch.unbind, x, dim)


@given(arrays(), st.data())
def test_pad_with_a_constant(x, data):
    widths = []
    for n in x.shape[::-1][: data.draw(st.integers(0, x.ndim))]:
        before = data.draw(st.integers(-(n // 2), 2))
        widths += [before, data.draw(st.integers(-(n // 2), 2))]
    check(F.pad, TF.pad, x, widths, dtypes=HALF)
    check(F.pad, TF.pad, x, widths, value=data.draw(st.floats(-2, 2)))


@given(st.sampled_from(["reflect", "replicate", "circular"]), st.integers(1, 3), st.booleans(), st.data())
def test_pad_from_the_tensor_itself(mode, count, batched, data):
    shape = data.draw(shapes(count + 1 + batched, count + 1 + batched, min_side=1))
    widths = []
    for n in shape[::-1][:count]:
        most = {"reflect": n - 1, "replicate": 3, "circular": n}[mode]
        widths += [data.draw(st.integers(0, most)), data.draw(st.integers(0, most))]
    check(F.pad, TF.pad, data.draw(arrays(shape)), widths, mode=mode)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda x: minidl.cat([x, minidl.zeros(3, 2)]), ShapeError, r"tensors\[1\] has shape \(3, 2\)"),
        (lambda x: minidl.cat([minidl.tensor(1.0)]), ShapeError, "0-dimensional"),
        (lambda x: minidl.cat([]), ArgumentError, "empty"),
        (lambda x: minidl.cat(x), ArgumentError, "list or tuple"),
        (lambda x: minidl.cat([x], 2), ArgumentError, "dim 2 is out of range"),
        (lambda x: minidl.stack([x, x[0]]), ShapeError, r"tensors\[1\]"),
        (lambda x: x.split([1, 1], 1), ShapeError, "do not add up to 3"),
        (lambda x: x.split([2, -1, 2], 1), ArgumentError, "no length may be negative"),
        (lambda x: x.chunk(1.5, 1), ArgumentError, "chunk: chunks must be an integer of at least 1; got 1.5"),
        (lambda x: x.split(0), ArgumentError, "at least 1"),
        (lambda x: x.chunk(0), ArgumentError, "at least 1"),
        (lambda x: minidl.tensor(1.0).unbind(), ShapeError, "0-dimensional"),
        (lambda x: F.pad(x, (1,)), ArgumentError, "two for each"),
        (lambda x: F.pad(x, (1, 1, 1, 1, 1, 1)), ArgumentError, "two for each"),
        (lambda x: F.pad(x, (-4, 0)), RangeError, "crop more"),
        (lambda x: F.pad(x, (1, 1), "mirror"), ArgumentError, "'mirror' is unknown"),
        (lambda x: F.pad(x, (3, 0), "reflect"), ArgumentError, "cannot pad dimension 1 of length 3"),
        (lambda x: F.pad(x, (1, 1), "reflect", 2.0), ArgumentError, "no value"),
        (lambda x: F.pad(x, (1, 1, 1, 1), "circular"), ShapeError, "last 1, 2 or 3"),
        (lambda x: F.pad(x, (-1, 1), "replicate"), ArgumentError, "at least 0"),
    ],
)
def test_what_does_not_fit_is_named(call, error, says):
    with pytest.raises(error, match=says):
        call(minidl.zeros(2, 3))
