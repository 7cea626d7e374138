"""Losses for numbers against PyTorch."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl.errors import ArgumentError, DtypeError, ShapeError, UnsupportedError
from minidl.ops import loss
from tests.support.compare import assert_close, check, to_numpy
from tests.support.strategies import arrays, shapes

reductions = st.sampled_from(["none", "mean", "sum"])
ALL = ["float64", "float32", "float16"]


@st.composite
def pairs(draw):
    shape = draw(shapes())
    return draw(arrays(shape)), draw(arrays(shape))


@pytest.mark.parametrize("name", ["l1_loss", "mse_loss"])
@given(pairs(), reductions)
def test_l1_and_mse(name, pair, reduction):
    check(getattr(loss, name), getattr(F, name), *pair, dtypes=ALL, reduction=reduction)


@given(pairs(), reductions, st.sampled_from([0.3, 1.0, 2, 10.0]))
def test_huber(pair, reduction, delta):
    check(loss.huber_loss, F.huber_loss, *pair, dtypes=ALL, reduction=reduction, delta=delta)


@given(pairs(), reductions, st.sampled_from([0.0, 0.3, 1.0, 2, 10.0]))
def test_smooth_l1(pair, reduction, beta):
    check(loss.smooth_l1_loss, F.smooth_l1_loss, *pair, dtypes=ALL, reduction=reduction, beta=beta)


@pytest.mark.parametrize("name", ["l1_loss", "mse_loss", "huber_loss"])
@given(pairs(), reductions)
def test_weights(name, pair, reduction):
    weight = np.random.default_rng(0).uniform(0.1, 2, pair[0].shape)
    check(
        lambda x, y, w: getattr(loss, name)(x, y, reduction=reduction, weight=w),
        lambda x, y, w: getattr(F, name)(x, y, reduction=reduction, weight=w),
        *pair, weight,
    )  # fmt: skip


@given(pairs(), reductions)
def test_rmse_is_the_root_of_mse(pair, reduction):
    def theirs(x, y, reduction):
        return torch.sqrt(F.mse_loss(x, y, reduction=reduction))

    x, y = pair
    check(loss.rmse_loss, theirs, np.where(x == y, y + 1, x), y, reduction=reduction)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_rmse_of_a_perfect_prediction_has_gradient_0(reduction):
    x = minidl.tensor([1.0, 2.0], requires_grad=True)
    z = loss.rmse_loss(x, minidl.tensor([1.0, 2.0]), reduction=reduction)
    z.backward(minidl.tensor(np.ones(z.shape, np.float32)))
    assert to_numpy(x.grad).tolist() == [0, 0]


@pytest.mark.parametrize("name", ["l1_loss", "mse_loss", "huber_loss", "smooth_l1_loss"])
def test_no_error_infinities_and_nan(name):
    x = np.array([0.0, 1.0, np.inf, -np.inf, np.nan, 1e20, np.inf])
    y = np.array([0.0, 1.0, 0.0, 0.0, 0.0, 0.0, np.inf])
    check(getattr(loss, name), getattr(F, name), x, y, reduction="none")


@pytest.mark.parametrize("name", ["l1_loss", "mse_loss", "smooth_l1_loss"])
def test_dtypes_are_promoted(name):
    x, y = np.ones((2, 3), np.float32), np.arange(6.0).reshape(2, 3)
    for target in (y, y.astype(np.int64), y.astype(np.float16)):
        ours = getattr(loss, name)(minidl.tensor(x), minidl.tensor(target))
        assert_close(ours, getattr(F, name)(torch.tensor(x), torch.tensor(target)))


def test_what_does_not_fit_is_named():
    x, y = minidl.tensor(np.ones((4, 1))), minidl.tensor(np.ones(4))
    for name in ("l1_loss", "mse_loss", "rmse_loss", "huber_loss", "smooth_l1_loss"):
        function = getattr(loss, name)
        with pytest.raises(ShapeError, match=rf"{name}: input \(4, 1\) and target \(4,\) must have the same shape"):
            function(x, y)
        with pytest.raises(ArgumentError, match=f"{name}: reduction must be one of .* got 'average'"):
            function(x, x, reduction="average")
        with pytest.raises(DtypeError, match=f"{name}: input and target are int64"):
            function(minidl.tensor([1]), minidl.tensor([2]))
    for name in ("l1_loss", "mse_loss", "smooth_l1_loss"):
        with pytest.raises(UnsupportedError, match="size_average=True"):
            getattr(loss, name)(x, x, size_average=True)
        with pytest.raises(UnsupportedError, match="reduce=True"):
            getattr(loss, name)(x, x, reduce=True)
    with pytest.raises(ArgumentError, match="delta must be positive"):
        loss.huber_loss(x, x, delta=0)
    with pytest.raises(ArgumentError, match="beta must not be negative"):
        loss.smooth_l1_loss(x, x, beta=-1)
    with pytest.raises(DtypeError, match="huber_loss: input is float64 but target is float32"):
        loss.huber_loss(x, minidl.tensor(np.ones((4, 1), np.float32)))
    with pytest.raises(ShapeError, match="weight must have the shape of the input"):
        loss.mse_loss(x, x, weight=y)
