"""Gradient clipping and vectors of parameters against PyTorch's."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl import nn
from minidl.errors import ArgumentError, DtypeError, ShapeError, UnsupportedError
from minidl.nn import utils
from tests.optim.pairs import give_gradients, parameter_pairs
from tests.support.compare import assert_close, to_numpy

seeds = st.integers(0, 2**32 - 1)


@given(
    seeds,
    st.sampled_from(["float64", "float32"]),
    st.sampled_from([0.0, 0.5, 100.0]),
    st.sampled_from([1, 2, 2.0, 3.5, float("inf"), 0]),
)
def test_clip_grad_norm(seed: int, dtype: str, max_norm: float, p: float) -> None:
    ours, theirs = parameter_pairs(seed, dtype)
    if p == float("inf"):  # of no elements PyTorch finds no largest
        ours, theirs = ours[:3], theirs[:3]
    give_gradients(ours, theirs, np.random.default_rng(seed))
    total = nn.utils.clip_grad_norm_(ours, max_norm, p)
    assert_close(total, torch.nn.utils.clip_grad_norm_(theirs, max_norm, p), "total norm")
    for x, t in zip(ours, theirs):
        if t.grad is None:
            assert x.grad is None
        else:
            assert_close(x.grad, t.grad, "gradient")


@given(seeds, st.sampled_from([0.1, 1.0]))
def test_clip_grad_value(seed: int, limit: float) -> None:
    ours, theirs = parameter_pairs(seed)
    give_gradients(ours, theirs, np.random.default_rng(seed))
    utils.clip_grad_value_(iter(ours), limit)
    torch.nn.utils.clip_grad_value_(theirs, limit)
    for x, t in zip(ours, theirs):
        if t.grad is not None:
            assert_close(x.grad, t.grad, "gradient")


def test_one_parameter_and_none() -> None:
    p = nn.Parameter(minidl.tensor([3.0, 4.0]))
    assert float(to_numpy(utils.clip_grad_norm_(p, 1.0))) == 0.0
    p.grad = minidl.tensor([3.0, 4.0])
    assert float(to_numpy(utils.clip_grad_norm_(p, 1.0))) == 5.0
    np.testing.assert_allclose(to_numpy(p.grad), [0.6, 0.8], rtol=1e-5)
    utils.clip_grad_value_(p, 0.7)
    np.testing.assert_allclose(to_numpy(p.grad), [0.6, 0.7], rtol=1e-5)
    assert float(to_numpy(utils.clip_grad_norm_([], 1.0))) == 0.0
    assert float(to_numpy(utils.get_total_norm([p.grad, p.grad], float("-inf")))) == pytest.approx(0.6, rel=1e-5)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_gradients_that_are_not_finite(bad: float) -> None:
    p, t = nn.Parameter(minidl.tensor([3.0, 4.0])), torch.nn.Parameter(torch.tensor([3.0, 4.0]))
    p.grad, t.grad = minidl.tensor([1.0, bad]), torch.tensor([1.0, bad])
    with pytest.raises(ArgumentError, match=r"total norm of order 2\.0 of the gradients is"):
        utils.clip_grad_norm_(p, 1.0, error_if_nonfinite=True)
    np.testing.assert_array_equal(to_numpy(p.grad), [1.0, bad])
    utils.clip_grad_norm_(p, 1.0)
    torch.nn.utils.clip_grad_norm_(t, 1.0)
    np.testing.assert_array_equal(to_numpy(p.grad), t.grad.numpy())


def test_half_precision() -> None:
    p = nn.Parameter(minidl.tensor(np.ones(8, "float16")))
    p.grad = minidl.tensor(np.full(8, 300.0, "float16"))
    total = utils.clip_grad_norm_(p, 1.0)
    assert total.dtype == np.float16
    np.testing.assert_allclose(to_numpy(total), 300 * 8**0.5, rtol=1e-3)
    np.testing.assert_allclose(to_numpy(p.grad), 8**-0.5, rtol=2e-3)


@given(seeds)
def test_vectors(seed: int) -> None:
    ours, theirs = parameter_pairs(seed)
    vector, expected = utils.parameters_to_vector(ours), torch.nn.utils.parameters_to_vector(theirs)
    assert_close(vector, expected, "vector")
    vector.backward(vector.detach())
    expected.backward(expected.detach())
    for x, t in zip(ours, theirs):
        assert_close(x.grad, t.grad, "gradient")
    utils.vector_to_parameters(minidl.tensor(to_numpy(vector) * 2), ours)
    torch.nn.utils.vector_to_parameters(expected.detach() * 2, theirs)
    for x, t in zip(ours, theirs):
        assert_close(x, t, "parameter")


def test_errors() -> None:
    p = nn.Parameter(minidl.tensor([3.0, 4.0]))
    for call in (utils.clip_grad_norm_, utils.clip_grad_value_):
        with pytest.raises(UnsupportedError, match="foreach=True"):
            call(p, 1.0, foreach=True)
    with pytest.raises(DtypeError, match="a Tensor is expected; got list"):
        utils.vector_to_parameters([1.0], [p])  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match=r"a vector of 2 elements is expected; got shape \(1,\)"):
        utils.vector_to_parameters(minidl.tensor([1.0]), [p])
    with pytest.raises(DtypeError, match="a vector of float64 for a parameter of float32"):
        utils.vector_to_parameters(minidl.tensor(np.ones(2)), [p])


@pytest.mark.parametrize("clip", ["clip_grad_norm_", "clip_grad_value_"])
def test_a_used_up_iterator_is_warned_of(clip):
    """`clip(parameters)` after `optimizer = SGD(parameters)`, where parameters = model.parameters(), clips nothing."""
    used = nn.Linear(2, 2).parameters()
    list(used)
    with pytest.warns(UserWarning, match=rf"{clip}: the iterator .* is used up.*model\.parameters\(\) again"):
        getattr(nn.utils, clip)(used, 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        getattr(nn.utils, clip)([], 1.0)
        getattr(nn.utils, clip)(nn.Linear(2, 2).parameters(), 1.0)


def test_pytorch_warns_of_a_used_up_iterator_too():
    used = torch.nn.Linear(2, 2).parameters()
    list(used)
    with pytest.warns(UserWarning, match="empty generator"):
        torch.nn.utils.clip_grad_norm_(used, 1.0)
