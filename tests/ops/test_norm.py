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

LOOSE = {"float64": 1e-9, "float32": 2e-4}
epsilons = st.sampled_from([1e-5, 1e-2])


@st.composite
def spread(draw, shape, axes):
    """Values far from equal along `axes`: with a deviation near 0 or only two values, gradients are mere rounding."""
    x = draw(arrays(shape, -0.5, 0.5))
    ramp = np.arange(float(np.prod([shape[axis] for axis in axes]))) % 7
    return np.ascontiguousarray(x + ramp.reshape([n if axis in axes else 1 for axis, n in enumerate(shape)]))


@st.composite
def channel_calls(draw, least=3):
    """(N, C, ...) of at least `least` samples, and a weight and bias (C,), each or None."""
    shape = (draw(st.integers(least, 5)), draw(st.integers(1, 4)), *draw(shapes(0, 3, 1, 4)))
    x = draw(spread(shape, [0, *range(2, len(shape))]))
    # parameters are contiguous: PyTorch reads beyond the memory of broadcast ones
    parameter = st.one_of(st.none(), arrays((x.shape[1],), layout=False))
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
    inner = (*inner[:-1], inner[-1] + 2)
    x = data.draw(spread((*outer, *inner), range(len(outer), len(outer) + len(inner))))
    w, b = (
        data.draw(arrays(inner, layout=False)) if weighted else None,
        data.draw(arrays(inner, layout=False)) if shifted else None,
    )
    check(
        lambda x, w, b: norm.layer_norm(x, inner, w, b, eps=eps),
        lambda x, w, b: F.layer_norm(x, inner, w, b, eps=eps),
        x, w, b, tolerance=LOOSE,
    )  # fmt: skip


@given(st.integers(1, 3), st.integers(1, 2), st.integers(2, 3), shapes(0, 1, 1, 4), epsilons, st.data())
def test_group_norm(groups, each, n, rest, eps, data):
    channels, rest = groups * each, (*rest, 3)
    x = data.draw(spread((n, channels, *rest), range(2, 2 + len(rest))))
    w, b = (
        (data.draw(arrays((channels,), layout=False)) for _ in range(2)) if data.draw(st.booleans()) else (None, None)
    )
    check(
        lambda x, w, b: norm.group_norm(x, groups, w, b, eps=eps),
        lambda x, w, b: F.group_norm(x, groups, w, b, eps=eps),
        x, w, b, tolerance=LOOSE,
    )  # fmt: skip


@given(channel_calls(least=1), epsilons)
def test_instance_norm(call, eps):
    x = call[0][..., None] * np.array([1.0, -0.4, 0.2]) + np.array([0.0, 2.0, -2.0])  # at least 3 values a channel
    check(
        lambda x, w, b: norm.instance_norm(x, weight=w, bias=b, eps=eps),
        lambda x, w, b: F.instance_norm(x, weight=w, bias=b, eps=eps),
        x, *call[1:], tolerance=LOOSE,
    )  # fmt: skip


@given(arrays(st.tuples(*[st.integers(1, 3)] * 4)))
def test_strides_do_not_matter(x):
    """PyTorch's gradient is wrong for some transposed images, so this compares minidl with itself."""
    results = []
    for values in (x, np.ascontiguousarray(x)):
        leaf, channels = minidl.tensor(values, requires_grad=True), x.shape[1]
        mean, var = minidl.tensor(np.linspace(-1, 1, channels)), minidl.tensor(np.linspace(0.5, 2, channels))
        z = norm.batch_norm(leaf, mean, var)
        z.backward(minidl.tensor(np.arange(float(x.size)).reshape(x.shape)))
        results.append(np.stack([to_numpy(z), to_numpy(leaf.grad)]))
    np.testing.assert_array_equal(*results)


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


NORMS = {
    "layer_norm": lambda n: ((2, n), {"normalized_shape": (n,)}),
    "group_norm": lambda n: ((2, 4, n // 2), {"num_groups": 2}),
    "instance_norm": lambda n: ((2, 2, n), {}),
    "batch_norm": lambda n: ((2, 2, n // 2), {"running_mean": None, "running_var": None, "training": True}),
}


def normalized(library, function, x, dz, arguments):
    """The result and the gradient of x."""
    x = library.tensor(x).requires_grad_()
    z = function(x, **arguments)
    z.backward(library.tensor(dz))
    return to_numpy(z), to_numpy(x.grad)


@pytest.mark.parametrize("shift", [0, 100])
@pytest.mark.parametrize("length", [1_000, 70_000, 600_000, pytest.param(3_000_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", NORMS)
def test_float32_keeps_as_many_digits_as_pytorch_in_rows_of_any_length(name, length, shift):
    shape, arguments = NORMS[name](length)
    rng = np.random.default_rng(0)
    x, dz = rng.standard_normal((2, *shape), np.float32) + np.float32([[shift], [0]]).reshape(2, *(1,) * len(shape))
    exact = normalized(torch, getattr(F, name), x.astype(float), dz.astype(float), arguments)
    ours = normalized(minidl, getattr(norm, name), x, dz, arguments)
    theirs = normalized(torch, getattr(F, name), x, dz, arguments)
    for found, bar, wanted in zip(ours, theirs, exact):
        rounding = 3e-7 * np.abs(wanted).max()
        assert np.abs(found - wanted).max() <= 1.5 * np.abs(bar - wanted).max() + rounding


@pytest.mark.parametrize("shape", [(5000, 3), (2, 3, 50, 50), (2, 50, 50, 3)])
def test_batch_norm_is_accurate_in_any_memory_order(shape):
    x = np.random.default_rng(0).random(shape, np.float32) + 1
    x = np.moveaxis(x, -1, 1)
    exact = normalized(torch, F.batch_norm, *[x.astype(float)] * 2, NORMS["batch_norm"](1)[1])
    for memory in (x, x.copy()):
        found = normalized(minidl, norm.batch_norm, memory, memory, NORMS["batch_norm"](1)[1])
        np.testing.assert_allclose(found[0], exact[0], atol=2e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", NORMS)
def test_the_largest_numbers_have_a_mean_too(name, dtype):
    """Their sum overflows; the mean does not, nor a result in which it is taken out."""
    shape, arguments = NORMS[name](8)
    x = np.full(shape, np.finfo(dtype).max)
    for value in (x, x * np.resize(np.array([1, 0.5], dtype), shape)):
        z, dx = normalized(minidl, getattr(norm, name), value, np.ones(shape, dtype), arguments)
        assert np.isfinite(z).all() and np.isfinite(dx).all()


@pytest.mark.parametrize("eps", [0.0, -1e-5])
def test_batch_norm_refuses_an_eps_as_pytorch_does(eps):
    x, mean, var = np.arange(12.0).reshape(4, 3), np.zeros(3), np.ones(3)
    for training in (True, False):
        ours, theirs = ([library.tensor(a) for a in (x, mean, var)] for library in (minidl, torch))
        if eps < 0 or training:
            with pytest.raises(ValueError, match="eps must be"):
                F.batch_norm(*theirs, training=training, eps=eps)
            with pytest.raises(ArgumentError, match=f"batch_norm: eps must be .*; got {eps}"):
                norm.batch_norm(*ours, training=training, eps=eps)
        else:
            assert_close(norm.batch_norm(*ours, eps=eps), F.batch_norm(*theirs, eps=eps))


def test_a_result_can_be_changed_in_place_without_harm_to_backward():
    x = minidl.tensor(np.random.default_rng(0).standard_normal((4, 3)), requires_grad=True)
    z = norm.layer_norm(x, (3,))
    assert not z.grad_fn.keeps(z._array)


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
