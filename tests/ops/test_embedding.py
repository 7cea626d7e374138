"""embedding and one_hot against PyTorch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl.errors import ArgumentError, DtypeError, GraphError, RangeError, ShapeError, UnsupportedError
from tests.support.compare import assert_close, check
from tests.support.strategies import arrays, shapes

F, TF = minidl.nn.functional, torch.nn.functional


@given(shapes(max_dims=3), st.integers(1, 5), st.integers(0, 4), st.data())
def test_embedding(shape, rows, length, data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**16)))
    index = np.asarray(rng.integers(0, rows, shape)).astype(data.draw(st.sampled_from([np.int64, np.int32])))
    padding = data.draw(st.none() | st.integers(-rows, rows - 1))
    weight = data.draw(arrays((rows, length)))
    check(F.embedding, TF.embedding, index, weight, padding_idx=padding, dtypes=("float64", "float32", "float16"))


@given(shapes(max_dims=3), st.integers(1, 5), st.data())
def test_one_hot(shape, classes, data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**16)))
    labels = np.asarray(rng.integers(0, classes, shape))
    check(F.one_hot, TF.one_hot, labels, classes, gradients=False)
    if labels.size:
        check(F.one_hot, TF.one_hot, labels, gradients=False)


def test_rows_that_come_twice_collect_both_gradients():
    weight = minidl.zeros(3, 2, requires_grad=True)
    F.embedding(minidl.tensor([1, 1, 2]), weight).sum().backward()
    assert_close(weight.grad, torch.tensor([[0.0, 0.0], [2.0, 2.0], [1.0, 1.0]]))


def test_an_index_changed_before_backward_is_noticed():
    weight, index = minidl.zeros(3, 2, requires_grad=True), minidl.tensor([0, 1])
    z = F.embedding(index, weight).sum()
    index.fill_(2)
    with pytest.raises(GraphError, match="changed in place"):
        z.backward()


LABELS = minidl.tensor([0, 1])


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda w: F.embedding(minidl.tensor([3]), w), RangeError, "index 3 is out of range .* length 3"),
        (lambda w: F.embedding(minidl.tensor([-1]), w), RangeError, "index -1"),
        (lambda w: F.embedding(minidl.tensor([1.0]), w), DtypeError, "int64 or int32"),
        (lambda w: F.embedding(LABELS, w[0]), ShapeError, "weight must be"),
        (lambda w: F.embedding(LABELS, w, padding_idx=3), RangeError, "padding_idx 3"),
        (lambda w: F.embedding(LABELS, w, max_norm=1.0), UnsupportedError, "max_norm"),
        (lambda w: F.embedding(LABELS, w, scale_grad_by_freq=True), UnsupportedError, "scale_grad_by_freq"),
        (lambda w: F.embedding(LABELS, w, sparse=True), UnsupportedError, "sparse"),
        (lambda w: F.one_hot(LABELS, 1), RangeError, "classes 0 to 1 do not fit into 0 to 0"),
        (lambda w: F.one_hot(LABELS, 1.5), ArgumentError, "num_classes must be an integer; got 1.5"),
        (lambda w: F.one_hot(minidl.tensor([-1])), RangeError, "classes -1"),
        (lambda w: F.one_hot(w), DtypeError, "int64"),
        (lambda w: F.one_hot(LABELS, 0), ArgumentError, "at least 1"),
        (lambda w: F.one_hot(LABELS[:0]), ArgumentError, "empty"),
    ],
)
def test_what_does_not_fit_is_named(call, error, says):
    with pytest.raises(error, match=says):
        call(minidl.zeros(3, 2))
