"""Losses for classes against PyTorch: indices, probabilities, weights, smoothing, labels out of range."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl.errors import ArgumentError, DtypeError, RangeError, ShapeError, UnsupportedError
from minidl.ops import loss
from minidl.ops.loss import classification
from tests.support.compare import assert_close, check, to_numpy
from tests.support.strategies import arrays, shapes

reductions = st.sampled_from(["none", "mean", "sum"])


@st.composite
def label_calls(draw, low=-3.0, high=3.0):
    """Scores (N, C, d1, ...) or (C,), labels, class weights or None, an index to ignore."""
    classes = draw(st.integers(1, 5))
    unbatched = draw(st.booleans())
    n, rest = draw(st.integers(0, 4)), draw(shapes(0, 2, 1, 3))
    x = draw(arrays((classes,) if unbatched else (n, classes, *rest), low, high))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    ignore = draw(st.sampled_from([-100, -1, 0, classes]))
    labels = rng.integers(0, classes, () if unbatched else (n, *rest))
    if draw(st.booleans()):
        labels = np.where(rng.random(labels.shape) < 0.4, ignore, labels)
    weight = rng.uniform(0.1, 2, classes) if draw(st.booleans()) else None
    return x, np.asarray(labels), weight, ignore


def call(function, weight, **options):
    """`function(x, t)` with the weight as a tensor of x's library and dtype."""

    def run(x, t):
        if weight is None:
            return function(x, t, **options)
        library = torch if isinstance(x, torch.Tensor) else minidl
        return function(x, t, weight=library.tensor(weight, dtype=x.dtype), **options)

    return run


def test_the_weighted_mean_of_no_samples_is_nan():
    x, t, weight = np.zeros((0, 2)), np.zeros(0, np.int64), np.ones(2)
    check(call(loss.cross_entropy, weight), call(F.cross_entropy, weight), x, t)


@given(label_calls(), reductions)
def test_cross_entropy_of_indices(given_call, reduction):
    x, t, weight, ignore = given_call
    options = {"reduction": reduction, "ignore_index": ignore}
    check(call(loss.cross_entropy, weight, **options), call(F.cross_entropy, weight, **options), x, t)


@given(label_calls(), reductions, st.sampled_from([0.1, 0.5, 1.0]))
def test_cross_entropy_with_label_smoothing(given_call, reduction, smoothing):
    x, t, weight, ignore = given_call
    options = {"reduction": reduction, "ignore_index": ignore, "label_smoothing": smoothing}
    check(call(loss.cross_entropy, weight, **options), call(F.cross_entropy, weight, **options), x, t)


@given(label_calls(), reductions, st.sampled_from([0.0, 0.1, 1.0]), st.booleans())
def test_cross_entropy_of_probabilities(given_call, reduction, smoothing, onehot):
    x, _, weight, _ = given_call
    t = np.random.default_rng(0).uniform(0.01, 1, x.shape)
    dim = min(1, x.ndim - 1)
    t = (t == t.max(axis=dim, keepdims=True)).astype(float) if onehot and t.size else t
    options = {"reduction": reduction, "label_smoothing": smoothing}
    check(call(loss.cross_entropy, weight, **options), call(F.cross_entropy, weight, **options), x, t)


@given(label_calls(-3.0, 0.0), reductions)
def test_nll_loss(given_call, reduction):
    x, t, weight, ignore = given_call
    options = {"reduction": reduction, "ignore_index": ignore}
    x = np.ascontiguousarray(x)  # PyTorch's gradient of images insists on it
    check(call(loss.nll_loss, weight, **options), call(F.nll_loss, weight, **options), x, t)


@given(label_calls(), reductions, st.sampled_from([1, 2]), st.sampled_from([1.0, 0.3, -0.5]))
def test_multi_margin_loss(given_call, reduction, p, margin):
    x, t, weight, _ = given_call
    if x.ndim > 2 or x.size == 0:
        x, t = np.resize(x, (3, max(x.shape[1], 1))), np.arange(3) % x.shape[1]
    t = np.asarray(np.clip(t, 0, x.shape[-1] - 1))
    options = {"reduction": reduction, "p": p, "margin": margin}
    check(call(loss.multi_margin_loss, weight, **options), call(F.multi_margin_loss, weight, **options), x, t)


def test_multi_margin_loss_of_no_samples():
    x, t = minidl.tensor(np.zeros((0, 3))), minidl.tensor(np.zeros(0, np.int64))
    assert np.isnan(to_numpy(loss.multi_margin_loss(x, t)))
    assert to_numpy(loss.multi_margin_loss(x, t, reduction="sum")) == 0


@given(shapes(), reductions, st.data())
def test_hinge_embedding_loss(shape, reduction, data):
    x = data.draw(arrays(shape))
    y = np.random.default_rng(0).choice([-1, 1, 0], shape, p=[0.45, 0.45, 0.1])
    check(loss.hinge_embedding_loss, F.hinge_embedding_loss, x, np.asarray(y), reduction=reduction, margin=0.7)


EXTREME = [1e30, -1e30, 1e4, -1e4, 0.0, 3e38]


def test_cross_entropy_is_stable_for_scores_of_any_size():
    x = np.array([[a, b, 0.5] for a in EXTREME for b in EXTREME])
    t = np.arange(len(x)) % 3
    check(loss.cross_entropy, F.cross_entropy, x, t, reduction="none")
    x = np.clip(x, -1e30, 1e30)  # PyTorch's sum over classes overflows before it is divided by their number
    check(loss.cross_entropy, F.cross_entropy, x, t, reduction="none", label_smoothing=0.1)


def test_infinite_and_nan_scores_as_pytorch():
    special = [np.inf, -np.inf, np.nan, 0.0]
    x = np.array([[a, b, 0.5] for a in special for b in special])
    for t in (np.zeros(len(x), np.int64), np.ones(len(x), np.int64), np.full(len(x), -100)):
        check(loss.cross_entropy, F.cross_entropy, x, t, reduction="none")


def test_float16_is_computed_in_float32():
    x = np.random.default_rng(0).standard_normal((16, 10)) * 20
    check(loss.cross_entropy, F.cross_entropy, x, np.arange(16) % 10, dtypes=["float16"], reduction="none")


def test_the_gradient_is_softmax_minus_onehot_over_n():
    scores, labels = np.random.default_rng(0).standard_normal((4, 3)), np.array([0, 2, 1, 1])
    x = minidl.tensor(scores, requires_grad=True)
    loss.cross_entropy(x, minidl.tensor(labels)).backward()
    softmax = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(to_numpy(x.grad), (softmax - np.eye(3)[labels]) / 4, rtol=1e-12)


def test_backward_twice_gives_the_same():
    x = minidl.tensor(np.random.default_rng(0).standard_normal((4, 3)), requires_grad=True)
    z = loss.cross_entropy(x, minidl.tensor([0, 2, 1, 1]))
    z.backward(retain_graph=True)
    first = to_numpy(x.grad)
    z.backward()
    np.testing.assert_array_equal(to_numpy(x.grad), 2 * first)


def test_every_kind_of_label_that_pytorch_takes():
    x = np.random.default_rng(0).standard_normal((4, 3))
    check(loss.cross_entropy, F.cross_entropy, x, np.array([0, 2, 1, 1], np.uint8))
    check(loss.cross_entropy, F.cross_entropy, x, np.array([[0, 2], [2, 0], [1, 1], [0, 1]]).T[0])


@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss", "multi_margin_loss"])
def test_a_label_out_of_range_is_named_with_its_place(name):
    x = minidl.tensor(np.zeros((5, 10)))
    with pytest.raises(
        RangeError, match=rf"{name}: label 12 at index 3 is outside 0\.\.9 \(the input has 10 classes\)"
    ):
        getattr(loss, name)(x, minidl.tensor([0, 9, 3, 12, -7]))
    with pytest.raises(RangeError, match=f"{name}: label -1 at index 0"):
        getattr(loss, name)(x, minidl.tensor([-1, 9, 3, 1, 2]))


def test_a_label_out_of_range_among_pixels_is_named_with_its_place():
    with pytest.raises(RangeError, match=r"label 2 at index \(1, 0\) is outside 0\.\.1"):
        loss.cross_entropy(minidl.tensor(np.zeros((2, 2, 3))), minidl.tensor([[0, 1, 1], [2, 0, 0]]))


def test_noted_bounds_spare_a_look_at_the_labels(monkeypatch):
    labels = minidl.tensor([0, 1, 2])
    labels._storage.note_bounds(0, 2)

    class Untouchable:
        size = 3

        def min(self):
            raise AssertionError("the labels were looked at")

    with monkeypatch.context() as patch:
        patch.setattr(labels, "_array", Untouchable())
        assert not classification.check_labels("test", labels, 3)
    minidl.engine.inplace.overwrite(labels, minidl.tensor([0, 1, 7])._array)
    with pytest.raises(RangeError, match="label 7 at index 2"):
        classification.check_labels("test", labels, 3)


X, T = minidl.tensor(np.zeros((4, 3))), minidl.tensor([0, 1, 2, 0])


@pytest.mark.parametrize(
    ("run", "error", "words"),
    [
        (
            lambda: loss.cross_entropy(X, minidl.tensor([0, 1])),
            ShapeError,
            r"needs a target of shape \(4,\); got \(2,\)",
        ),
        (lambda: loss.cross_entropy(X, minidl.tensor(np.zeros(4))), DtypeError, r"got float64 \(4,\); use .long\(\)"),
        (lambda: loss.cross_entropy(X, minidl.tensor(np.zeros(4, np.int32))), DtypeError, "got int32"),
        (lambda: loss.cross_entropy(X, minidl.tensor(np.zeros((4, 3), np.int64))), ShapeError, "needs a target"),
        (
            lambda: loss.cross_entropy(minidl.tensor([1, 2]), T),
            DtypeError,
            "cross_entropy: input must be of a floating",
        ),
        (lambda: loss.cross_entropy(minidl.tensor(1.0), T), ShapeError, r"input must be \(N, C\)"),
        (lambda: loss.cross_entropy(X, T, minidl.tensor(np.ones(4))), ShapeError, r"weight must be \(3,\)"),
        (lambda: loss.cross_entropy(X, T, minidl.tensor([1.0, 1, 1])), DtypeError, "but weight is float32"),
        (lambda: loss.cross_entropy(X, T, label_smoothing=1.5), ArgumentError, "label_smoothing must be in 0"),
        (lambda: loss.cross_entropy(X, X, ignore_index=1), ArgumentError, "ignore_index 1 has no meaning"),
        (lambda: loss.cross_entropy(X, T, ignore_index=1.5), ArgumentError, "ignore_index must be an integer"),
        (lambda: loss.cross_entropy(X, T, reduction="batchmean"), ArgumentError, "reduction must be one of"),
        (lambda: loss.cross_entropy(X, T, size_average=False, reduce=True), UnsupportedError, "size_average=False"),
        (lambda: loss.nll_loss(X, T, reduce=True), UnsupportedError, "reduce=True"),
        (lambda: loss.nll_loss(X, X), DtypeError, "target must be class indices"),
        (lambda: loss.multi_margin_loss(X, T, p=3), ArgumentError, "p must be 1 or 2; got 3"),
        (lambda: loss.multi_margin_loss(minidl.tensor(np.zeros((4, 3, 2))), T), ShapeError, r"must be \(N, C\) or"),
        (lambda: loss.hinge_embedding_loss(X, T), ShapeError, "must have the same shape"),
        (
            lambda: loss.hinge_embedding_loss(X, minidl.tensor(np.ones((4, 3)), requires_grad=True)),
            ArgumentError,
            "target",
        ),
    ],
)
def test_what_does_not_fit_is_named(run, error, words):
    with pytest.raises(error, match=words):
        run()


def test_labels_of_no_samples_and_weights_that_want_a_gradient():
    empty = loss.cross_entropy(minidl.tensor(np.zeros((0, 3))), minidl.tensor(np.zeros(0, np.int64)))
    assert np.isnan(to_numpy(empty))
    with pytest.raises(ArgumentError, match="no gradient is computed for weight"):
        loss.cross_entropy(X, T, minidl.tensor(np.ones(3), requires_grad=True))
    assert classification.CrossEntropy.__doc__


def test_a_half_target_leaves_the_loss_in_the_dtype_of_the_input():
    x, y = np.array([0.3, -2.0], np.float32), np.array([1, -1], np.float16)
    found = loss.hinge_embedding_loss(minidl.tensor(x), minidl.tensor(y))
    assert_close(found, F.hinge_embedding_loss(torch.tensor(x), torch.tensor(y)))
