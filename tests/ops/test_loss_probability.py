"""Binary cross-entropy and the Kullback-Leibler divergence against PyTorch."""

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


@st.composite
def weight_for(draw, shape):
    """None, or a constant array that broadcasts to `shape`."""
    if draw(st.booleans()):
        return None
    start = draw(st.integers(0, len(shape)))
    narrow = tuple(1 if draw(st.booleans()) else n for n in shape[start:])
    return np.random.default_rng(0).uniform(0.1, 2, narrow)


def constants(*values):
    """What turns NumPy arrays into tensors of the library and dtype of x."""

    def like(x):
        if isinstance(x, torch.Tensor):
            return [None if v is None else torch.tensor(v, dtype=x.dtype) for v in values]
        return [None if v is None else minidl.tensor(v, dtype=x.dtype) for v in values]

    return like


@given(shapes(), reductions, st.data())
def test_binary_cross_entropy(shape, reduction, data):
    x, t = data.draw(arrays(shape, 0.01, 0.99)), data.draw(arrays(shape, 0.0, 1.0))
    weights = constants(data.draw(weight_for(shape)))
    check(
        lambda x, t: loss.binary_cross_entropy(x, t, *weights(x), reduction=reduction),
        lambda x, t: F.binary_cross_entropy(x, t, *weights(x), reduction=reduction),
        x, t,
    )  # fmt: skip


def test_certain_probabilities_cost_100():
    x, t = (a.ravel() for a in np.meshgrid([0.0, 1.0, 1e-50, 1 - 1e-16], [0.0, 1.0, 0.4]))
    tolerance = {"float64": 1e-8}  # PyTorch's smallest divisor is the float32 next to 1e-12
    check(
        loss.binary_cross_entropy, F.binary_cross_entropy, x, t,
        dtypes=["float64"], tolerance=tolerance, reduction="none",
    )  # fmt: skip
    assert to_numpy(loss.binary_cross_entropy(minidl.tensor([0.0]), minidl.tensor([1.0]))) == 100


@given(shapes(), reductions, st.data())
def test_binary_cross_entropy_with_logits(shape, reduction, data):
    x, t = data.draw(arrays(shape, -20, 20)), data.draw(arrays(shape, 0.0, 1.0))
    weights = constants(data.draw(weight_for(shape)), data.draw(weight_for(shape)))

    def call(function):
        def run(x, t):
            weight, pos_weight = weights(x)
            return function(x, t, weight, reduction=reduction, pos_weight=pos_weight)

        return run

    check(call(loss.binary_cross_entropy_with_logits), call(F.binary_cross_entropy_with_logits), x, t)


def test_logits_of_any_size():
    x, t = (
        a.ravel() for a in np.meshgrid([1e30, -1e30, 1000.0, -1000.0, 0.0, np.inf, -np.inf, np.nan], [0.0, 1.0, 0.4])
    )
    name = "binary_cross_entropy_with_logits"
    check(getattr(loss, name), getattr(F, name), x, t, reduction="none")


@given(shapes(), st.sampled_from(["none", "mean", "sum", "batchmean"]), st.booleans(), st.data())
def test_kl_div(shape, reduction, log_target, data):
    x = data.draw(arrays(shape))
    t = data.draw(arrays(shape) if log_target else arrays(shape, 0.01, 1.0))
    if reduction == "batchmean" and shape[:1] == (0,):
        reduction = "sum"
    check(
        lambda x, t: loss.kl_div(x, t, reduction=reduction, log_target=log_target),
        lambda x, t: F.kl_div(x, t, reduction=reduction, log_target=log_target),
        x, t,
    )  # fmt: skip


test_kl_div = pytest.mark.filterwarnings("ignore:reduction. 'mean' divides the total loss")(test_kl_div)


def test_kl_div_where_the_target_is_0():
    check(loss.kl_div, F.kl_div, np.array([0.3, -2.0, -np.inf]), np.array([0.0, 1.0, 0.5]), reduction="sum")


def test_integer_targets_are_promoted():
    x, t = np.array([0.3, -2.0], np.float32), np.array([1, 0])
    ours = loss.binary_cross_entropy_with_logits(minidl.tensor(x), minidl.tensor(t))
    assert_close(ours, F.binary_cross_entropy_with_logits(torch.tensor(x), torch.tensor(t, dtype=torch.float32)))


def test_what_does_not_fit_is_named():
    x, t = minidl.tensor(np.full((2, 3), 0.5)), minidl.tensor(np.ones((2, 3)))
    for name in ("binary_cross_entropy", "binary_cross_entropy_with_logits"):
        function = getattr(loss, name)
        with pytest.raises(ShapeError, match=rf"{name}: input \(2, 3\) and target \(3,\)"):
            function(x, minidl.tensor(np.ones(3)))
        with pytest.raises(ShapeError, match=r"weight \(2,\) does not broadcast to the shape of input \(2, 3\)"):
            function(x, t, minidl.tensor(np.ones(2)))
        with pytest.raises(ShapeError, match=r"weight \(1, 2, 3\) does not broadcast"):
            function(x, t, minidl.tensor(np.ones((1, 2, 3))))
        with pytest.raises(DtypeError, match="input is float64 but weight is float32"):
            function(x, t, minidl.tensor(np.ones(3, np.float32)))
        with pytest.raises(ArgumentError, match="no gradient is computed for weight"):
            function(x, t, minidl.tensor(np.ones(3), requires_grad=True))
        with pytest.raises(UnsupportedError, match="size_average=True"):
            function(x, t, size_average=True)
    for bad in (1.5, -0.1, np.nan):
        x = minidl.tensor([0.5, bad])
        if x.is_cuda:  # an error would have to wait for the GPU
            assert np.isnan(loss.binary_cross_entropy(x, minidl.tensor([1.0, 1.0])).item())
            continue
        with pytest.raises(ArgumentError, match=r"input must be probabilities in 0 \.\.\. 1"):
            loss.binary_cross_entropy(x, minidl.tensor([1.0, 1.0]))
    with pytest.raises(ArgumentError, match="'batchmean'"):
        loss.kl_div(t, t, reduction="batch")
    with pytest.raises(ArgumentError, match="got 'batchmean'"):
        loss.binary_cross_entropy(t, t, reduction="batchmean")


def test_a_target_of_fewer_bits_than_the_logits_is_named():
    # PyTorch rounds the loss to the dtype of the target
    x, t = minidl.tensor(np.array([0.3, -2.0])), minidl.tensor(np.array([1.0, 0.0], np.float32))
    with pytest.raises(DtypeError, match="input is float64 but target is float32"):
        loss.binary_cross_entropy_with_logits(x, t)
    found = loss.binary_cross_entropy_with_logits(x.float(), t.double())
    theirs = torch.tensor([0.3, -2.0]), torch.tensor([1.0, 0.0]).double()
    assert_close(found, F.binary_cross_entropy_with_logits(*theirs), tolerance=1e-6)  # its logarithms are float32
