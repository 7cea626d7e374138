"""Places in flat memory, and what an order picks, equal the plain versions in `Backend` to the element."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl.backend import Backend, get_backend

backend = get_backend("numpy")
SIZES = st.sampled_from([1, 8, 1 << 16])  # elements of a block
THREADS = st.sampled_from([1, 3])


@pytest.fixture(autouse=True)
def _threads() -> Any:
    before = minidl.get_num_threads()
    yield
    minidl.set_num_threads(before)


def in_small_blocks(patch: pytest.MonkeyPatch, block: int, threads: int) -> None:
    patch.setattr("minidl.backend.numpy.memory.BLOCK", block)
    patch.setattr("minidl.backend.numpy.order.SMALL", 0)
    patch.setattr("minidl.backend.numpy.threads.SMALL_WORK", 0.0)
    minidl.set_num_threads(threads)


@st.composite
def indexed(draw: Any) -> tuple[np.ndarray, np.ndarray, int]:
    """An array in some memory order, an index that is no longer beside a dim, and that dim."""
    shape = draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    dim = draw(st.integers(0, len(shape) - 1))
    lengths = [draw(st.integers(1, n)) for n in shape]
    lengths[dim] = draw(st.integers(1, 9))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    dtype = draw(st.sampled_from(["float16", "float32", "float64", "int64", "bool"]))
    x = np.asarray(10 * rng.standard_normal(shape), dtype, order=draw(st.sampled_from(["C", "F"])))
    kind = draw(st.sampled_from(["int64", "int32"]))
    return x, rng.integers(0, shape[dim], lengths).astype(kind), dim


@given(indexed(), SIZES, THREADS)
def test_places_and_what_is_taken_and_added_there(case: Any, block: int, threads: int) -> None:
    x, index, dim = case
    target = np.zeros(x.shape, x.dtype)
    expected = target.copy()
    plain = Backend.places(backend, x.shape, index, dim)
    with pytest.MonkeyPatch.context() as patch:
        in_small_blocks(patch, block, threads)
        places = backend.places(x.shape, index, dim)
        taken = backend.take(x, places)
        backend.add_at(target, places, taken)
        backend.add_at(target, places, taken)
        assert backend.bounds(index) == Backend.bounds(backend, index)
    np.testing.assert_array_equal(places, plain)
    assert taken.dtype == x.dtype
    np.testing.assert_array_equal(taken, Backend.take(backend, x, plain))
    grid = list(np.meshgrid(*map(np.arange, index.shape), indexing="ij"))
    grid[dim] = index
    np.testing.assert_array_equal(taken, x[tuple(grid)])
    for _ in range(2):
        np.add.at(expected, tuple(grid), taken)
    np.testing.assert_array_equal(target, expected)


def test_places_beyond_what_an_int32_index_could_hold() -> None:
    index = np.full((1, 1), 2**20, np.int32)
    shape = (2**20 + 1, 2**20)
    assert backend.places(shape, index, 0).item() == Backend.places(backend, shape, index, 0).item() == 2**40


@st.composite
def ordered(draw: Any) -> tuple[np.ndarray, int]:
    """An array in some memory order, with ties and now and then NaN, infinities and both zeros, and a dim."""
    shape = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    dim = draw(st.integers(0, len(shape) - 1))
    shape[dim] = draw(st.sampled_from([1, 2, 7, 40, 130]))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    x = rng.standard_normal(shape) * draw(st.sampled_from([0.0, 0.7, 3.0, 100.0]))
    dtype = draw(st.sampled_from(["float16", "float32", "float64", "int64", "int8", "uint8", "bool"]))
    if dtype.startswith("float"):
        x = np.where(rng.random(shape) < 0.5, x, np.round(x))
        special = draw(st.sampled_from([0.0, -0.0, np.inf, -np.inf, np.nan]))
        x[rng.random(shape) < draw(st.sampled_from([0.0, 0.02, 0.3]))] = special
    return np.asarray(x.clip(0) if dtype == "uint8" else x).astype(dtype, order=draw(st.sampled_from(["C", "F"]))), dim


@given(ordered(), st.integers(0, 9), st.booleans(), SIZES, THREADS)
def test_top_places(case: Any, k: int, descending: bool, block: int, threads: int) -> None:
    x, dim = case
    k = min(k, x.shape[dim])
    with pytest.MonkeyPatch.context() as patch:
        in_small_blocks(patch, block, threads)
        places = backend.top_places(x, k, dim, descending)
    plain = Backend.top_places(backend, x, k, dim, descending)
    assert places.dtype == plain.dtype == np.int64
    np.testing.assert_array_equal(places, plain)


@given(ordered(), SIZES, THREADS)
def test_median_places(case: Any, block: int, threads: int) -> None:
    x, dim = case
    with pytest.MonkeyPatch.context() as patch:
        in_small_blocks(patch, block, threads)
        places = backend.median_places(x, dim)
    plain = Backend.median_places(backend, x, dim)
    assert places.dtype == plain.dtype == np.int64
    np.testing.assert_array_equal(places, plain)


@pytest.mark.parametrize("run", [10, 300])
def test_rows_are_added_in_the_order_of_the_index(run: int, rng: np.random.Generator) -> None:
    """Long rows one by one, short ones by their places; whole dimensions may follow the index."""
    table, values = rng.standard_normal((2, 7, run)).astype("f"), rng.standard_normal((2, 500, run)).astype("f")
    index = rng.integers(-7, 7, 500)
    expected = table.copy()
    np.add.at(expected, (slice(None), index), values)
    for parts in ((slice(None), index), (slice(None), index, slice(None)), (slice(None), index, ...)):
        target = table.copy()
        backend.scatter_add(target, parts, values)
        np.testing.assert_array_equal(target, expected)
