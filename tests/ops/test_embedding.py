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


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=6),
    st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.0, np.inf]),
    st.floats(0.1, 3),
    st.booleans(),
)
def test_options_of_embedding(index, norm_type, max_norm, by_frequency):
    rng = np.random.default_rng(len(index))
    table = rng.uniform(-2, 2, (5, 3))
    options = {"max_norm": max_norm, "norm_type": norm_type, "scale_grad_by_freq": by_frequency, "padding_idx": 2}
    for dtype in ("float64", "float32"):
        results = []
        for library, f in ((minidl, F), (torch, TF)):
            w = library.tensor(table.astype(dtype), requires_grad=True)
            z = f.embedding(library.tensor(index), w, **options)
            (z * z).sum().backward()
            results.append((z, w, w.grad))
        for found, expected in zip(*results):  # the weight is changed in place
            assert_close(found, expected)


@st.composite
def bags(draw):
    """input, offsets and per_sample_weights of embedding_bag, and its options."""
    mode = draw(st.sampled_from(["sum", "mean", "max"]))
    options = {"mode": mode, "padding_idx": draw(st.none() | st.integers(-4, 3))}
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    weighted = mode == "sum" and draw(st.booleans())
    if draw(st.booleans()):
        index, offsets = rng.integers(0, 4, (draw(st.integers(1, 3)), draw(st.integers(1, 3)))), None
    else:
        sizes = draw(st.lists(st.integers(0, 3), min_size=1, max_size=4))
        index, offsets = rng.integers(0, 4, sum(sizes)), np.concatenate(([0], np.cumsum(sizes)))
        options["include_last_offset"] = draw(st.booleans())
        offsets = offsets if options["include_last_offset"] else offsets[:-1]
    samples = rng.uniform(-1, 1, index.shape) if weighted else None
    return index, rng.uniform(-1, 1, (4, 3)), offsets, samples, options


@given(bags())
def test_embedding_bag(case):
    index, table, offsets, samples, options = case

    def called(f):
        return lambda i, w, o, s: f.embedding_bag(i, w, o, per_sample_weights=s, **options)

    check(called(F), called(TF), index, table, offsets, samples)


@given(st.lists(st.integers(0, 3), min_size=6, max_size=6), st.sampled_from(["sum", "mean"]))
def test_embedding_bag_by_frequency(index, mode):
    """Against `embedding` and a sum: PyTorch's embedding_bag divides by the frequency of another row."""
    index, table = np.array(index).reshape(2, 3), np.random.default_rng(0).uniform(-1, 1, (4, 3))
    check(
        lambda i, w: F.embedding_bag(i, w, mode=mode, scale_grad_by_freq=True),
        lambda i, w: getattr(TF.embedding(i, w, scale_grad_by_freq=True), mode)(1),
        index, table,
    )  # fmt: skip


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_padding_that_is_not_a_number_stays_out_of_its_bags(mode):
    table = np.array([[1.0, 2.0], [np.nan, np.inf], [3.0, 4.0]])
    z = F.embedding_bag(minidl.tensor([[0, 1], [1, 2], [1, 1]]), minidl.tensor(table), mode=mode, padding_idx=1)
    np.testing.assert_array_equal(z.tolist(), [[1, 2], [3, 4], [0, 0]])


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
        (lambda w: F.embedding(LABELS, w, max_norm="1"), ArgumentError, "max_norm"),
        (lambda w: F.embedding(LABELS, w, sparse=True), UnsupportedError, "sparse"),
        (lambda w: F.embedding_bag(LABELS, w), ArgumentError, "needs offsets"),
        (lambda w: F.embedding_bag(LABELS[None], w, LABELS), ArgumentError, "takes no offsets"),
        (lambda w: F.embedding_bag(LABELS[None, None], w), ShapeError, r"\(K,\) with offsets, or \(bags, K\)"),
        (lambda w: F.embedding_bag(LABELS, w, LABELS + 1), RangeError, "rise from 0 to at most 2"),
        (lambda w: F.embedding_bag(LABELS, w, LABELS, include_last_offset=True), ArgumentError, "must be 2"),
        (lambda w: F.embedding_bag(LABELS[None], w, mode="min"), ArgumentError, "'sum', 'mean' or 'max'; got 'min'"),
        (lambda w: F.embedding_bag(LABELS[None], w, mode="max", scale_grad_by_freq=True), ArgumentError, "mode 'max'"),
        (lambda w: F.embedding_bag(LABELS[None], w, per_sample_weights=w), UnsupportedError, "not for 'mean'"),
        (lambda w: F.embedding_bag(LABELS[None], w, mode="sum", per_sample_weights=w), ShapeError, "the same"),
        (lambda w: F.embedding_bag(LABELS[None], w, sparse=True), UnsupportedError, "sparse"),
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
