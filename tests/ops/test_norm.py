"""Normalisation against PyTorch: values, gradients, running statistics."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl.errors import ArgumentError, DtypeError, ShapeError, UnsupportedError
from minidl.ops import norm
from tests.support.compare import assert_close, check, to_numpy
from tests.support.strategies import arrays, shapes

LOOSE = {"float64": 1e-8, "float32": 3e-4}
epsilons = st.sampled_from([1e-5, 1e-2])


@st.composite
def channel_calls(draw, least=2):
    """(N, C, ...) with at least `least` values a channel, and a weight and bias (C,), each or None."""
    x = draw(arrays((draw(st.integers(least, 4)), draw(st.integers(1, 4)), *draw(shapes(0, 3, 1, 4))), layout=False))
    parameter = st.one_of(st.none(), arrays((x.shape[1],)))
    return x, draw(parameter), draw(parameter)


@given(channel_calls(), epsilons, st.sampled_from([0.0, 0.1, 1.0]))
def test_batch_norm_in_training(call, eps, momentum):
    check(
        lambda x, w, b: norm.batch_norm(x, None, None, w, b, training=True, eps=eps),
        lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True, eps=eps),
        *call, tolerance=LOOSE,
    )  # fmt: skip
    x, channels = call[0], call[0].shape[1]
    statistics = np.linspace(-1, 1, channels), np.linspace(0.5, 2, channels)
    ours = [minidl.tensor(s) for s in statistics]
    theirs = [torch.tensor(s) for s in statistics]
    norm.batch_norm(minidl.tensor(x), *ours, training=True, momentum=momentum)
    F.batch_norm(torch.tensor(x), *theirs, training=True, momentum=momentum)
    for mine, running in zip(ours, theirs):
        assert_close(mine, running, "running statistics")


@given(channel_calls(least=0), epsilons)
def test_batch_norm_in_evaluation(call, eps):
    channels = call[0].shape[1]
    mean, var = np.linspace(-1, 1, channels), np.linspace(0.5, 2, channels)

    def ours(x, w, b):
        return norm.batch_norm(x, *(minidl.tensor(s, dtype=x.dtype) for s in (mean, var)), w, b, eps=eps)

    def theirs(x, w, b):
        return F.batch_norm(x, *(torch.tensor(s, dtype=x.dtype) for s in (mean, var)), w, b, eps=eps)

    check(ours, theirs, *call, tolerance=LOOSE)


@given(shapes(0, 2, 0, 4), shapes(1, 2, 1, 4), epsilons, st.booleans(), st.booleans(), st.data())
def test_layer_norm(outer, inner, eps, weighted, shifted, data):
    x = data.draw(arrays((*outer, *inner)))
    w, b = data.draw(arrays(inner)) if weighted else None, data.draw(arrays(inner)) if shifted else None
    check(
        lambda x, w, b: norm.layer_norm(x, inner, w, b, eps=eps),
        lambda x, w, b: F.layer_norm(x, inner, w, b, eps=eps),
        x, w, b, tolerance={"float64": 1e-6, "float32": 3e-2},
    )  # fmt: skip


@given(st.integers(1, 3), st.integers(1, 2), st.integers(2, 3), shapes(0, 2, 1, 4), epsilons, st.data())
def test_group_norm(groups, each, n, rest, eps, data):
    channels = groups * each
    x = data.draw(arrays((n, channels, *rest), layout=False))
    w, b = (data.draw(arrays((channels,))) for _ in range(2)) if data.draw(st.booleans()) else (None, None)
    check(
        lambda x, w, b: norm.group_norm(x, groups, w, b, eps=eps),
        lambda x, w, b: F.group_norm(x, groups, w, b, eps=eps),
        x, w, b, tolerance={"float64": 1e-6, "float32": 3e-2},
    )  # fmt: skip


@given(channel_calls(least=1), epsilons)
def test_instance_norm(call, eps):
    x = np.concatenate([call[0][..., None], 2 - call[0][..., None] ** 2], axis=-1)  # at least 2 values a channel
    check(
        lambda x, w, b: norm.instance_norm(x, weight=w, bias=b, eps=eps),
        lambda x, w, b: F.instance_norm(x, weight=w, bias=b, eps=eps),
        x, *call[1:], tolerance={"float64": 1e-6, "float32": 3e-2},
    )  # fmt: skip


def test_empty_inputs():
    check(norm.layer_norm, F.layer_norm, np.zeros((4, 0)), normalized_shape=(0,))
    check(norm.group_norm, F.group_norm, np.zeros((2, 4, 0)), num_groups=2)
    x, mean = minidl.tensor(np.zeros((0, 3))), minidl.tensor(np.ones(3))
    assert norm.batch_norm(x, mean, None, training=True).shape == (0, 3)
    assert to_numpy(mean).tolist() == [1, 1, 1]


def test_float16_with_float32_parameters():
    rng = np.random.default_rng(0)
    x, w, b = rng.standard_normal((8, 3, 4)).astype(np.float16), *rng.standard_normal((2, 3)).astype(np.float32)
    x = (x * 8 + 30).astype(np.float16)
    inputs = x, np.zeros(3, np.float32), np.ones(3, np.float32), w, b
    ours = norm.batch_norm(*map(minidl.tensor, inputs), training=True)
    theirs = F.batch_norm(*map(torch.tensor, inputs), training=True)
    assert_close(ours, theirs)


def test_the_mean_is_taken_out_before_squaring():
    x = np.random.default_rng(0).standard_normal((64, 2)).astype(np.float32) + np.float32(1e4)
    z = to_numpy(norm.batch_norm(minidl.tensor(x), None, None, training=True))
    np.testing.assert_allclose(z.std(axis=0), 1, rtol=1e-3)


def test_a_result_can_be_changed_in_place_without_harm_to_backward():
    x = minidl.tensor(np.random.default_rng(0).standard_normal((4, 3)), requires_grad=True)
    z = norm.layer_norm(x, (3,))
    assert all(saved is not z._array for saved in z.grad_fn.saved())


X = minidl.tensor(np.zeros((4, 3)))
THREE, FOUR = minidl.tensor(np.ones(3)), minidl.tensor(np.ones(4))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: norm.batch_norm(X, None, None), ArgumentError, "needs running_mean and running_var"),
        (lambda: norm.batch_norm(X, FOUR, THREE), ShapeError, r"running_mean must be \(3,\) for an input"),
        (lambda: norm.batch_norm(minidl.tensor([[1.0, 2.0]]), None, None, training=True), ShapeError, "more than 1"),
        (lambda: norm.batch_norm(THREE, THREE, THREE), ShapeError, "at least 2 dimensions"),
        (lambda: norm.batch_norm(minidl.tensor(np.zeros((2, 3), np.float32)), THREE, THREE), DtypeError, "is float64"),
        (lambda: norm.batch_norm(minidl.tensor([[1], [2]]), None, None, training=True), DtypeError, "input is int64"),
        (lambda: norm.batch_norm(X, None, None, training=True, momentum=None), ArgumentError, "momentum must be"),
        (lambda: norm.layer_norm(X, (4,)), ShapeError, r"must be normalized_shape \(4,\)"),
        (lambda: norm.layer_norm(X, 3), ArgumentError, "normalized_shape must be a tuple"),
        (lambda: norm.layer_norm(X, (3,), FOUR), ShapeError, r"weight must be \(3,\)"),
        (lambda: norm.group_norm(X, 2), ArgumentError, "num_groups 2 must divide the 3 channels"),
        (lambda: norm.group_norm(minidl.tensor([[1.0, 2.0]]), 2), ShapeError, "more than 1 value"),
        (lambda: norm.instance_norm(X), ShapeError, "more than 1 value"),
        (lambda: norm.instance_norm(X, THREE), UnsupportedError, "running_mean"),
        (lambda: norm.instance_norm(X, use_input_stats=False), ArgumentError, "use_input_stats=False"),
    ],
)
def test_what_does_not_fit_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()
