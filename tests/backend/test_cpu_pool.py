"""Tuned max-pooling equals PyTorch's: ties, NaN, infinities, overlapping and overhanging windows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from minidl.backend.numpy import pool as cpu_pool
from minidl.backend.numpy import threads
from minidl.backend.window import Window

SPECIAL = [0.0, 1.0, 2.0, -1.0, np.inf, -np.inf, np.nan]


@st.composite
def problems(draw: st.DrawFn) -> tuple[np.ndarray, Window, tuple[int, int]]:
    """Images of few different values, so that ties are common, and any window in which every place has a tap."""
    small = st.integers(1, 4)
    kernel = draw(small), draw(small)
    ph, pw = (draw(st.integers(0, k // 2)) for k in kernel)
    window = Window(kernel, (draw(small), draw(small)), ((ph, ph), (pw, pw)), (draw(st.integers(1, 3)),) * 2)
    n, c, h, w = draw(st.integers(1, 4)), draw(st.integers(1, 4)), draw(st.integers(1, 9)), draw(st.integers(1, 9))
    assume(window.extent[0] <= h + 2 * ph and window.extent[1] <= w + 2 * pw)
    out = window.output_size((h, w), draw(st.booleans()))
    for length, count, axis in ((h, out[0], 0), (w, out[1], 1)):
        for p in range(count):  # PyTorch writes out of bounds for a window that sees nothing but padding
            first = p * window.stride[axis] - window.padding[axis][0]
            assume(any(0 <= first + i * window.dilation[axis] < length for i in range(kernel[axis])))
    values = draw(st.lists(st.sampled_from(SPECIAL), min_size=1, max_size=4))
    x = np.random.default_rng(draw(st.integers(0, 999))).choice(values, (n, c, h, w))
    return x, window, out


def pytorch(x: np.ndarray, window: Window, out: tuple[int, int], dz: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """PyTorch's maximum and gradient."""
    t = torch.tensor(x, requires_grad=True)
    padding = window.padding[0][0], window.padding[1][0]
    ceil = out != window.output_size(x.shape[2:])
    z = torch.nn.functional.max_pool2d(t, window.kernel, window.stride, padding, window.dilation, ceil_mode=ceil)
    z.backward(torch.tensor(dz))
    return z.detach().numpy(), t.grad.numpy()


@given(problems(), st.sampled_from([1, 8, 1 << 18]), st.integers(1, 3), st.sampled_from(["C", "F"]))
def test_equals_pytorch(problem: Any, tile: int, workers: int, order: str) -> None:
    x, window, out = problem
    before = cpu_pool.TILE_WINDOWS, threads.SMALL_WORK, threads.get_num_threads()
    cpu_pool.TILE_WINDOWS, threads.SMALL_WORK = tile, 0.0
    threads.set_num_threads(workers)
    try:
        z, winners = cpu_pool.max_pool(np.asarray(x, order=order), window, out)
        dz = np.random.default_rng(0).standard_normal(z.shape)
        dx = cpu_pool.add_at_winners(dz, winners, window, x.shape[2:])
    finally:
        cpu_pool.TILE_WINDOWS, threads.SMALL_WORK = before[:2]
        threads.set_num_threads(before[2])
    alone, none = cpu_pool.max_pool(x, window, out, want_winners=False)
    assert none is None
    np.testing.assert_array_equal(alone, z)
    expected, gradient = pytorch(x, window, out, dz)
    np.testing.assert_array_equal(z, expected)
    np.testing.assert_allclose(dx, gradient, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_keeps_the_dtype(dtype: type, rng: np.random.Generator) -> None:
    x = rng.standard_normal((3, 2, 7, 7)).astype(dtype)
    z, winners = cpu_pool.max_pool(x, Window((2, 2), (2, 2)), (3, 3))
    dx = cpu_pool.add_at_winners(z, winners, Window((2, 2), (2, 2)), (7, 7))
    assert z.dtype == dx.dtype == dtype
    assert winners.dtype == np.uint8
    assert dx.sum(dtype=float) == pytest.approx(z.sum(dtype=float))


def test_integers_have_a_maximum_too() -> None:
    x = np.array([[[[-5, -7], [-6, -5]]]])
    z, winners = cpu_pool.max_pool(x, Window((3, 3), (1, 1), ((1, 1), (1, 1))), (2, 2))
    np.testing.assert_array_equal(z, np.full((1, 1, 2, 2), -5))
    assert z.dtype == x.dtype
    assert winners[0, 0, 0, 0] == 4


def test_gradient_of_infinities_stays_where_it_belongs() -> None:
    x = np.array([[[[1.0, 2.0], [0.0, 2.0]]]], np.float32)
    window = Window((2, 2), (2, 2))
    _, winners = cpu_pool.max_pool(x, window, (1, 1))
    for value in (np.inf, -np.inf, np.nan):
        dx = cpu_pool.add_at_winners(np.full((1, 1, 1, 1), value, np.float32), winners, window, (2, 2))
        np.testing.assert_array_equal(dx, [[[[0, value], [0, 0]]]])


def test_a_window_of_more_than_256_taps() -> None:
    x = np.zeros((1, 1, 20, 20), np.float32)
    x[0, 0, 19, 18] = 1
    window = Window((20, 20), (20, 20))
    z, winners = cpu_pool.max_pool(x, window, (1, 1))
    assert z.item() == 1
    assert winners.item() == 398
    np.testing.assert_array_equal(cpu_pool.add_at_winners(z, winners, window, (20, 20)), x)


@pytest.mark.parametrize("shape", [(0, 3, 4, 4), (2, 0, 4, 4)])
def test_nothing_in_nothing_out(shape: tuple[int, ...]) -> None:
    window = Window((2, 2), (2, 2))
    z, winners = cpu_pool.max_pool(np.zeros(shape, np.float32), window, (2, 2))
    assert z.shape == winners.shape == (*shape[:2], 2, 2)
    assert cpu_pool.add_at_winners(z, winners, window, (4, 4)).shape == shape


def test_results_keep_the_batch_last(rng: np.random.Generator) -> None:
    x = rng.standard_normal((2, 6, 6, 5)).transpose(3, 0, 1, 2)
    z, winners = cpu_pool.max_pool(x, Window((2, 2), (2, 2)), (3, 3))
    dx = cpu_pool.add_at_winners(z, winners, Window((2, 2), (2, 2)), (6, 6))
    assert all(a.transpose(1, 2, 3, 0).flags.c_contiguous for a in (z, winners, dx))
