"""Copies shared among threads equal the plain ones, for every memory order, dtype and number of threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl.backend import Backend, get_backend

backend = get_backend("numpy")


@pytest.fixture(autouse=True)
def _threads() -> Any:
    before = minidl.get_num_threads()
    yield
    minidl.set_num_threads(before)


@st.composite
def tables(draw: Any) -> tuple[list[np.ndarray], int]:
    """Arrays that fit beside an axis, each in some memory order and some of them empty, and that axis."""
    shape = draw(st.lists(st.integers(0, 5), min_size=1, max_size=3))
    axis = draw(st.integers(0, len(shape) - 1))
    dtype = draw(st.sampled_from(["float16", "float32", "int64", "bool"]))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    xs = []
    for length in draw(st.lists(st.integers(0, 7), min_size=1, max_size=4)):
        shape[axis] = length
        order = draw(st.permutations(range(len(shape))))
        x = (9 * rng.standard_normal([shape[d] for d in order])).astype(dtype).transpose(np.argsort(order))
        xs.append(x[::-1] if draw(st.booleans()) else x)
    return xs, axis


def shared(patch: pytest.MonkeyPatch, block: int, threads: int) -> None:
    patch.setattr("minidl.backend.numpy.copy.LEAST", 1)
    patch.setattr("minidl.backend.numpy.copy.BLOCK", block)
    patch.setattr("minidl.backend.numpy.threads.SMALL_WORK", 0.0)
    minidl.set_num_threads(threads)


@given(tables(), st.sampled_from([1, 6, 1 << 18]), st.sampled_from([1, 3]), st.data())
def test_copy_concatenate_and_select(case: Any, block: int, threads: int, data: st.DataObject) -> None:
    xs, axis = case
    index = np.array(data.draw(st.lists(st.integers(0, max(0, xs[0].shape[axis] - 1)), max_size=9)), np.int64)
    index = index if xs[0].shape[axis] else index[:0]
    with pytest.MonkeyPatch.context() as patch:
        shared(patch, block, threads)
        copies = {order: backend.copy(xs[0], order) for order in "KC"}
        joined = backend.concatenate(xs, axis)
        taken = backend.select(xs[0], index, axis)
    for order, copy in copies.items():
        np.testing.assert_array_equal(copy, xs[0])
        assert copy.strides == xs[0].copy(order=order).strides
        assert not np.may_share_memory(copy, xs[0])
    for z, plain in ((joined, Backend.concatenate(backend, xs, axis)), (taken, xs[0].take(index, axis=axis))):
        assert z.dtype == plain.dtype
        np.testing.assert_array_equal(z, plain)
