"""Every tuned primitive of the NumPy backend equals its plain array version in `Backend`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minidl.backend import Backend, get_backend
from minidl.backend.window import Window

backend = get_backend("numpy")
DTYPES = st.sampled_from(["float32", "float64"])
ORDERS = st.sampled_from([(0, 1, 2, 3), (3, 0, 1, 2), (2, 0, 3, 1)])


@st.composite
def images(draw: Any, smallest: int = 0) -> np.ndarray:
    """An array (N, C, H, W) in one of several memory orders, with NaN, infinities and both zeros here and there."""
    lengths = draw(st.tuples(*[st.integers(smallest, 9)] * 3, st.sampled_from([max(smallest, 1), 5, 70])))
    order = draw(ORDERS)
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    x = rng.standard_normal(lengths).astype(draw(DTYPES))
    x[rng.random(lengths) < 0.05] = draw(st.sampled_from([np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0]))
    return x.transpose(order)


@given(images())
def test_maximum_and_minimum(x: np.ndarray) -> None:
    for name, keeps in (("maximum", x > 0), ("minimum", x < 0)):
        z = getattr(backend, name)(x, 0)
        assert z.dtype == x.dtype
        np.testing.assert_array_equal(z, np.where(np.isnan(x) | keeps, x, 0))
        np.testing.assert_array_equal(z, getattr(Backend, name)(backend, x, 0))


@given(images(), st.sampled_from([1, 0, 0.25, -0.5, 3.0]))
def test_one_or(x: np.ndarray, other: float) -> None:
    found = backend.one_or(other, x > 0, x.dtype)
    np.testing.assert_array_equal(found, Backend.one_or(backend, other, x > 0, x.dtype))


@given(images())
def test_product(x: np.ndarray) -> None:
    def slope(x: np.ndarray) -> np.ndarray:
        return 1 - x * x

    np.testing.assert_array_equal(backend.product(slope, x, x), Backend.product(backend, slope, x, x))


@given(images(), ORDERS)
def test_masked(x: np.ndarray, order: tuple[int, ...]) -> None:
    """Values, mask and result may each lie in memory in another order."""
    mask = (np.random.default_rng(0).random([x.shape[axis] for axis in order]) < 0.5).transpose(np.argsort(order))
    z = backend.masked(x, mask)
    assert z.dtype == x.dtype
    np.testing.assert_array_equal(z, np.where(mask, x, 0))
    np.testing.assert_array_equal(z, Backend.masked(backend, x, mask))


def test_a_mask_blocks_inf_and_nan(rng: np.random.Generator) -> None:
    mask = rng.random(100_000) < 0.5
    for value in (np.nan, np.inf, -np.inf):
        np.testing.assert_array_equal(backend.masked(np.full(100_000, value), mask), np.where(mask, value, 0.0))


@given(images())
def test_channel_sums(x: np.ndarray) -> None:
    x = np.where(np.isfinite(x), x, x.dtype.type(1))
    sums, plain = backend.channel_sums(x), Backend.channel_sums(backend, x)
    assert sums.dtype == plain.dtype
    np.testing.assert_allclose(sums, plain, rtol=1e-4, atol=1e-4)


@given(images(smallest=2))
def test_max_pool_values(x: np.ndarray) -> None:
    window = Window((2, 2), (2, 1), ((1, 0), (0, 1)))
    size = window.output_size(x.shape[2:])
    np.testing.assert_array_equal(
        backend.max_pool_values(x, window, size), Backend.max_pool_values(backend, x, window, size)
    )


@given(images(smallest=3), st.sampled_from([1, 2, 3]), st.sampled_from([1, 2, 3]), st.integers(0, 1))
def test_sum_pool_and_its_gradient(x: np.ndarray, kernel: int, stride: int, padding: int) -> None:
    window = Window((kernel, 2), (stride, 2), ((padding, 0), (0, padding)))
    x = np.where(np.isfinite(x), x, x.dtype.type(1))
    z = backend.sum_pool(x, window)
    assert z.dtype == x.dtype
    np.testing.assert_allclose(z, Backend.sum_pool(backend, x, window), rtol=1e-5, atol=1e-5)
    dx, plain = (kind(z, window, x.shape[2:]) for kind in (backend.add_at_taps, _plain_add_at_taps))
    assert dx.dtype == x.dtype
    np.testing.assert_allclose(dx, plain, rtol=1e-5, atol=1e-5)


def _plain_add_at_taps(dz: np.ndarray, window: Window, size: tuple[int, int]) -> np.ndarray:
    return Backend.add_at_taps(backend, dz, window, size)


@st.composite
def scattered(draw: Any) -> tuple[np.ndarray, Any, np.ndarray]:
    """A target, an index with repetitions (slices, then arrays that broadcast), and values of the shape it takes."""
    dtype = draw(st.sampled_from(["float16", "float32", "float64", "int64", "bool"]))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    shape = draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    kept = draw(st.integers(0, len(shape) - 1))
    taken = draw(st.integers(1, len(shape) - kept))
    places = draw(st.sampled_from([(), (0,), (1,), (7,), (3, 4)]))
    kind = draw(st.sampled_from(["int64", "int32"]))
    arrays = [rng.integers(-shape[kept + axis], shape[kept + axis], places).astype(kind) for axis in range(taken)]
    arrays = [np.asarray(array[:1] if len(places) and axis else array) for axis, array in enumerate(arrays)]
    whole = draw(st.booleans()) and kept + taken == len(shape)
    index = (Ellipsis, *arrays) if whole else (*(slice(None),) * kept, *arrays)
    target = (10 * rng.standard_normal(shape)).astype(dtype)
    values = (10 * rng.standard_normal(target[index].shape)).astype(dtype)
    return target, index, values


@given(scattered(), st.sampled_from([1, 8, 1 << 16]))
def test_scatter_add_is_add_at_to_the_bit(case: tuple[np.ndarray, Any, np.ndarray], block: int) -> None:
    target, index, values = case
    expected = target.copy()
    np.add.at(expected, index, values)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("minidl.backend.numpy.scatter.BLOCK", block)
        backend.scatter_add(target, index, values)
    np.testing.assert_array_equal(target, expected)


def test_scatter_add_takes_targets_that_are_not_contiguous_and_values_that_broadcast() -> None:
    target = np.zeros((3, 4)).T
    backend.scatter_add(target, np.array([1, 1, -1]), np.ones((3, 3)))
    np.testing.assert_array_equal(target[:, 0], [0, 2, 0, 1])
    backend.scatter_add(table := np.zeros((4, 3)), np.array([1, 1]), np.arange(3.0))
    np.testing.assert_array_equal(table[1], [0, 2, 4])
    with pytest.raises(IndexError):
        backend.scatter_add(np.zeros((4, 3)), np.array([4]), np.ones((1, 3)))


def test_products_do_not_depend_on_threads_and_leave_the_setting_of_blas(rng: np.random.Generator) -> None:
    from threadpoolctl import threadpool_info

    before = [library["num_threads"] for library in threadpool_info()]
    for x, y in (((300, 700), (700, 400)), ((90, 500), (500,)), ((5, 60, 70), (5, 70, 80)), ((7,), (7,))):
        a, b = rng.standard_normal(x).astype("f"), rng.standard_normal(y).astype("f")
        np.testing.assert_allclose(backend.matmul(a, b), Backend.matmul(backend, a, b), rtol=2e-4, atol=2e-4)
    assert [library["num_threads"] for library in threadpool_info()] == before
