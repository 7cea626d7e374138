"""Dropout: which values survive, how they are scaled, and where gradients go."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl.errors import ArgumentError, ShapeError, UnsupportedError
from minidl.ops import dropout as module
from minidl.ops.dropout import dropout, dropout2d
from tests.support.compare import assert_close, to_numpy
from tests.support.strategies import arrays, shapes


@given(arrays(shapes()), st.floats(0, 1), st.sampled_from(["float32", "float64", "float16"]))
def test_what_survives_is_scaled_and_so_is_its_gradient(x, p, dtype):
    x = minidl.tensor(np.where(x == 0, 1, x), dtype=dtype, requires_grad=True)
    z = dropout(x, p)
    assert z.shape == x.shape
    assert z.dtype == x.dtype
    z.backward(minidl.tensor(np.ones(x.shape, dtype)))
    kept = to_numpy(z) != 0
    scale = 1 / (1 - p) if p < 1 else 0
    tolerance = 2e-3 if dtype == "float16" else 1e-6
    np.testing.assert_allclose(to_numpy(z)[kept], to_numpy(x)[kept] * scale, rtol=tolerance)
    np.testing.assert_allclose(to_numpy(x.grad), kept * scale, rtol=tolerance)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_the_share_that_is_dropped_is_p(p):
    n = 40_000
    dropped = (to_numpy(dropout(minidl.tensor(np.ones(n)), p)) == 0).mean()
    assert abs(dropped - p) < 5 * np.sqrt(p * (1 - p) / n)


def test_outside_training_and_for_p_0_it_is_the_input_itself():
    x = minidl.tensor([1.0, 2.0])
    assert dropout(x, 0.5, training=False) is x
    assert dropout(x, 0.0) is x
    assert dropout2d(minidl.tensor(np.ones((1, 2, 3, 3))), 0).shape == (1, 2, 3, 3)


def test_p_1_gives_what_pytorch_gives():
    x = np.array([1.0, -2.0, np.inf])
    assert_close(dropout(minidl.tensor(x), 1.0), F.dropout(torch.tensor(x), 1.0))


def test_a_seed_gives_the_same_mask_and_a_generator_its_own():
    x = minidl.tensor(np.ones(100))
    minidl.manual_seed(3)
    first, second = to_numpy(dropout(x)), to_numpy(dropout(x))
    minidl.manual_seed(3)
    own = to_numpy(dropout(x, generator=minidl.Generator(5)))
    assert (to_numpy(dropout(x)) == first).all()
    assert (first != second).any()
    assert (own == to_numpy(dropout(x, generator=minidl.Generator(5)))).all()


def test_dropout2d_drops_whole_channels():
    x = minidl.tensor(np.ones((16, 8, 3, 3)), requires_grad=True)
    z = dropout2d(x, 0.5)
    values = to_numpy(z)
    assert (values == values[:, :, :1, :1]).all()
    assert 0 < (values == 0).mean() < 1
    z.backward(minidl.tensor(np.ones(z.shape)))
    assert (to_numpy(x.grad) == values).all()


def test_dropout2d_of_fewer_dimensions_is_pytorchs():
    """(N, C, L) by channel and (N, C) singly, with a warning, as PyTorch does until it changes its mind."""
    minidl.manual_seed(0)
    with pytest.warns(UserWarning, match="3 dimensions is taken for .N, C, L.; dropout1d"):
        values = to_numpy(dropout2d(minidl.tensor(np.ones((64, 8, 3))), 0.5))
    assert (values == values[:, :, :1]).all()
    assert (values[:, 0] != values[:, 1]).any()
    with pytest.warns(UserWarning, match="2 dimensions is taken for .N, C.; dropout says so"):
        values = to_numpy(dropout2d(minidl.tensor(np.ones((64, 8))), 0.5))
    assert 0.3 < (values == 0).mean() < 0.7
    assert (values[0] != values[0, 0]).any()


def test_wrong_arguments_are_named():
    x = minidl.tensor([1.0])
    for p in (1.5, -0.1, float("nan"), "0.5", True):
        with pytest.raises(ArgumentError, match="p, the probability that a value is dropped"):
            dropout(x, p)
    with pytest.raises(UnsupportedError, match="inplace=True"):
        dropout(x, inplace=True)
    with pytest.raises(ShapeError, match="dropout2d: input must be"):
        dropout2d(x)


def test_integers_are_refused():
    with pytest.raises(module.DtypeError, match="dropout: input is int64"):
        dropout(minidl.tensor([1, 2]), 0.5)


@pytest.mark.parametrize(("name", "shape", "kept"), [("dropout1d", (16, 8, 5), 1), ("dropout3d", (16, 8, 2, 3, 2), 3)])
def test_the_others_drop_whole_channels_too(name, shape, kept):
    drop = getattr(minidl.nn.functional, name)
    values = to_numpy(drop(minidl.tensor(np.ones(shape)), 0.5))
    assert (values == values.reshape(16, 8, -1)[:, :, :1].reshape(16, 8, *(1,) * kept)).all()
    assert 0 < (values == 0).mean() < 1
    assert drop(minidl.tensor(np.ones(shape[1:])), 0.5).shape == shape[1:]
    with pytest.raises(ShapeError, match=f"{name}: input must be"):
        drop(minidl.ones(3))


@given(arrays(shapes(2, 4, 1, 4)), st.floats(0.01, 0.99), st.integers(0, 2**32 - 1), st.booleans())
def test_alpha_dropout(x, p, seed, features):
    """PyTorch's formula with the same draw: x and its gradient scaled by a, or selu's lowest value, shifted by b."""
    drop = minidl.nn.functional.feature_alpha_dropout if features else minidl.nn.functional.alpha_dropout
    t = minidl.tensor(x, requires_grad=True)
    z = drop(t, p, training=True, generator=minidl.Generator(seed))
    z.sum().backward()
    shape = (*x.shape[:2], *(1,) * (x.ndim - 2)) if features else x.shape
    kept = minidl.Generator(seed).numpy.random(shape, dtype=np.float32) >= p
    lowest = -1.7580993408473766
    a = (lowest**2 * p + 1) ** -0.5 * (1 - p) ** -0.5
    np.testing.assert_allclose(to_numpy(z), a * np.where(kept, x, lowest) - a * lowest * p, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(to_numpy(t.grad), np.broadcast_to(a * kept, x.shape), rtol=1e-12)


def test_alpha_dropout_keeps_mean_and_variance():
    minidl.manual_seed(0)
    x = minidl.tensor(np.random.default_rng(0).standard_normal(200_000))
    z = to_numpy(minidl.nn.functional.alpha_dropout(x, 0.3, training=True))
    assert abs(z.mean()) < 0.02
    assert abs(z.var() - 1) < 0.02
    assert minidl.nn.functional.alpha_dropout(x, 0.3) is x
    assert not to_numpy(minidl.nn.functional.alpha_dropout(x, 1.0, training=True)).any()
    with pytest.raises(ArgumentError, match="alpha_dropout: p, the probability"):
        minidl.nn.functional.alpha_dropout(x, 1.5, training=True)
    with pytest.raises(ShapeError, match=r"feature_alpha_dropout: input must be \(N, C, \.\.\.\)"):
        minidl.nn.functional.feature_alpha_dropout(x, 0.5, training=True)
