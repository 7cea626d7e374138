"""Tuned sums and means equal the plain ones on any axes and in any memory order, and keep their digits in long rows."""

from __future__ import annotations

import math
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minidl.backend.base import Backend
from minidl.backend.numpy import sums
from minidl.backend.numpy.backend import NumpyBackend
from tests.support.strategies import arrays, shapes

backend = NumpyBackend()


@pytest.fixture
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums, "SMALL", 8)
    monkeypatch.setattr(sums, "RUN", 3)
    monkeypatch.setattr(sums, "ROWS", 2)


@pytest.mark.usefixtures("_small_pieces")
@given(x=arrays(shapes(min_dims=1)), data=st.data())
def test_inner(x: np.ndarray, data: st.DataObject) -> None:
    axes = tuple(data.draw(st.sets(st.integers(0, x.ndim - 1))))
    y = data.draw(arrays(x.shape))
    for some in (axes, axes[0]) if axes else (axes,):
        for z, plain in ((sums.inner(x, y, some), x * y), (sums.inner(x, None, some), x)):
            plain = plain.sum(axis=some, keepdims=True)
            assert z.shape == plain.shape
            np.testing.assert_allclose(z, plain, rtol=1e-12, atol=1e-12)


@pytest.mark.usefixtures("_small_pieces")
@given(x=arrays(shapes(min_dims=1, min_side=1, max_side=7)), order=st.randoms(use_true_random=False), data=st.data())
def test_the_same_as_the_plain_version_in_any_memory_order(x: np.ndarray, order: Random, data: st.DataObject) -> None:
    axes = tuple(data.draw(st.sets(st.integers(0, x.ndim - 1), min_size=1)))
    turn = order.sample(range(x.ndim), x.ndim)
    x = x.transpose(turn).copy().transpose(np.argsort(turn))
    y = data.draw(arrays(x.shape)) if data.draw(st.booleans()) else None
    for dtype, tolerance in ((np.float64, 1e-12), (np.float32, 1e-5)):
        a, b = x.astype(dtype, order="K"), None if y is None else y.astype(dtype, order="K")
        for name in ("inner", "mean"):
            found, plain = getattr(backend, name)(a, b, axes), getattr(Backend, name)(backend, a, b, axes)
            assert (found.shape, found.dtype) == (plain.shape, plain.dtype)
            np.testing.assert_allclose(found, plain, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("shape", [(7, 300_001), (300_001, 7), (3, 100_003, 5), (20_001,)])
def test_float32_has_all_its_digits_in_long_rows(shape: tuple[int, ...], rng: np.random.Generator) -> None:
    axis = int(np.argmax(shape))
    x = rng.random(shape).astype(np.float32)
    exact = x.astype(np.float64).mean(axis=axis, keepdims=True)
    np.testing.assert_allclose(sums.mean(x, None, axis), exact, rtol=1e-7)
    exact = np.square(x.astype(np.float64)).mean(axis=axis, keepdims=True)
    np.testing.assert_allclose(sums.mean(x, x, axis), exact, rtol=1e-7)
    np.testing.assert_allclose(sums.inner(x, x, axis), exact * shape[axis], rtol=1.2e-7)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("count", [3, 100_000])
def test_the_mean_of_the_largest_numbers_is_finite(dtype: type, count: int) -> None:
    largest = np.finfo(dtype).max
    with np.errstate(all="ignore"):
        assert math.isclose(sums.mean(np.full((2, count), largest, dtype), None, 1)[0, 0], largest, rel_tol=1e-6)
        assert np.isnan(sums.mean(np.array([[np.inf, -np.inf, 1]], dtype), None, 1)).all()
        assert sums.mean(np.array([[np.inf, 2, 1]], dtype), None, 1) == np.inf
