"""Tuned element-wise functions and products equal the plain formulas, in any memory order and number of blocks."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minidl.backend.numpy import elementwise as cpu
from minidl.backend.numpy import matmul as cpu_matmul
from minidl.backend.numpy import threads
from tests.support.strategies import arrays, shapes


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu, "FEW", 4)
    monkeypatch.setattr(cpu, "BLOCK", 16)
    monkeypatch.setattr(threads, "SMALL_WORK", 0.0)


FORMULAS: list[Callable[..., np.ndarray]] = [
    lambda x, y: x * y + 1,
    lambda x, y: x > y,
    lambda x, y: x.clip(0, 1),
    lambda x, y: np.exp(x * y).astype(np.float64),
]


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("x_dtype", [np.float16, np.float32, np.float64, np.int64, np.bool_])
@given(
    x=arrays(shapes(max_side=6)), order=st.randoms(use_true_random=False), one_for_all=st.booleans(),
    block=st.integers(1, 20), workers=st.integers(1, 3),
)  # fmt: skip
def test_elementwise(
    formula: Callable[..., np.ndarray], x_dtype: type, x: np.ndarray, order: Random, one_for_all: bool,
    block: int, workers: int,
) -> None:  # fmt: skip
    """The same bits as the formula itself, wherever x and y lie in memory."""
    if x.flags.writeable and x.size > 3:
        x.flat[:3] = np.nan, np.inf, -0.0
    axes = order.sample(range(x.ndim), x.ndim)
    y = (
        np.broadcast_to(np.float32(0.5), x.shape)
        if one_for_all
        else x.transpose(axes).copy().transpose(np.argsort(axes))
    )
    before = threads.get_num_threads(), cpu.BLOCK
    threads.set_num_threads(workers)
    cpu.BLOCK = block
    try:
        with np.errstate(all="ignore"):
            x = x.astype(x_dtype)
            z, plain = cpu.elementwise(formula, x, y), formula(x, y)
    finally:
        threads.set_num_threads(before[0])
        cpu.BLOCK = before[1]
    assert (z.shape, z.dtype) == (plain.shape, plain.dtype)
    assert z.tobytes() == plain.tobytes()


def test_elementwise_of_arrays_that_are_broadcast(rng: np.random.Generator) -> None:
    x, y = rng.standard_normal((50, 6)), rng.standard_normal(6)
    np.testing.assert_array_equal(cpu.elementwise(np.add, x, y), x + y)
    np.testing.assert_array_equal(cpu.elementwise(np.add, y, x), x + y)


@given(x=arrays(shapes(max_side=6)), turned=st.booleans(), workers=st.integers(1, 3), number=st.booleans())
def test_product(x: np.ndarray, turned: bool, workers: int, number: bool) -> None:
    """The same bits as the slope times y, where the slope is of arrays, of none, or of a number too."""
    y = np.asfortranarray(x + 1) if turned else x + 1
    formulas: list[Callable[..., Any]] = [lambda: 0.5, lambda x: x, lambda x, w: w * x]
    before = threads.get_num_threads()
    threads.set_num_threads(workers)
    try:
        for formula, given in zip(formulas, ([], [x], [x, 3.0 if number else x])):
            z, plain = cpu.product(formula, *given, y), formula(*given) * y
            assert (z.shape, z.dtype) == (plain.shape, plain.dtype)
            assert z.tobytes() == plain.tobytes()
    finally:
        threads.set_num_threads(before)


@pytest.mark.parametrize("other", [1, 0, 0.25, -0.5, 3.0])
def test_one_or(other: float, rng: np.random.Generator) -> None:
    mask = rng.random(20) > 0.5
    found = np.broadcast_to(cpu.one_or(other, mask, np.dtype("float32")), mask.shape)
    np.testing.assert_array_equal(found, np.where(mask, 1, np.float32(other)))


def test_elementwise_hands_out_memory_of_its_own(rng: np.random.Generator) -> None:
    """The engine copies a gradient that is a view."""
    x = rng.standard_normal((5, 6, 7)).transpose(2, 0, 1)
    assert cpu.elementwise(np.exp, x).base is None
    assert cpu.masked(x, x > 0).base is None
    assert cpu.maximum(x, 0).base is None
    assert cpu.product(np.exp, x, x).base is None


@given(
    x=arrays(shapes(min_dims=1, max_side=6)), data=st.data(), block=st.integers(1, 20), workers=st.integers(1, 3)
)  # fmt: skip
def test_along(x: np.ndarray, data: st.DataObject, block: int, workers: int) -> None:
    """Cut or not: what is computed along some axes is the same, be it one result or two, kept whole or reduced."""
    axes = tuple(data.draw(st.sets(st.integers(0, x.ndim - 1), min_size=1)))
    shift = np.arange(x.shape[-1], dtype=float).reshape((1,) * (x.ndim - 1) + (-1,))

    def formula(x: np.ndarray, mean: np.ndarray, shift: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return (x - mean).cumsum(axis=axes[0]) + shift, np.abs(x).sum(axis=axes, keepdims=True) > 2

    mean = x.sum(axis=axes, keepdims=True)
    before = threads.get_num_threads(), cpu.BLOCK
    threads.set_num_threads(workers)
    cpu.BLOCK = block
    try:
        both = cpu.along(axes, formula, x, mean, shift)
        one = cpu.along(axes[0], lambda x: x.cumsum(axis=axes[0]), x)
    finally:
        threads.set_num_threads(before[0])
        cpu.BLOCK = before[1]
    for z, plain in zip((*both, one), (*formula(x, mean, shift), x.cumsum(axis=axes[0])), strict=True):
        assert (z.shape, z.dtype) == (plain.shape, plain.dtype)
        np.testing.assert_array_equal(z, plain)


@given(shape=st.tuples(*[st.integers(1, 5)] * 3), wide=st.booleans(), block=st.integers(1, 20), size=st.integers(1, 99))
def test_along_broadcasts_the_others_against_the_first(
    shape: tuple[int, ...], wide: bool, block: int, size: int
) -> None:
    """Arrays with fewer axes, or of length 1, serve every part; None stays None; `size` only decides where to cut."""
    x = np.arange(np.prod(shape), dtype=float).reshape(shape)
    mask = x[0] if wide else x[:, :1]

    def formula(x: np.ndarray, mask: np.ndarray, drop: None, scale: np.ndarray) -> np.ndarray:
        assert drop is None
        return (x + mask * scale).cumsum(axis=-1)

    before = cpu.BLOCK
    cpu.BLOCK = block
    try:
        z = cpu.along((1, 2), formula, x, mask, None, x[0, 0], size=size)
    finally:
        cpu.BLOCK = before
    np.testing.assert_array_equal(z, formula(x, mask, None, x[0, 0]))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@given(x=arrays(shapes(min_dims=1)))
def test_maximum_and_minimum(dtype: type, x: np.ndarray) -> None:
    x = x.astype(dtype)
    if x.flags.writeable and x.size > 2:
        x.flat[:2] = np.nan, 0
    for z, keeps in ((cpu.maximum(x, 0), x > 0), (cpu.minimum(x, 0), x < 0)):
        assert z.dtype == dtype
        np.testing.assert_array_equal(z, np.where(np.isnan(x) | keeps, x, 0))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@given(x=arrays(shapes(min_dims=1)))
def test_masked(dtype: type, x: np.ndarray) -> None:
    x = x.astype(dtype)
    mask = x > 0
    z = cpu.masked(x, mask)
    assert z.dtype == dtype
    np.testing.assert_array_equal(z, np.where(mask, x, 0))


def test_a_mask_may_be_broadcast(rng: np.random.Generator) -> None:
    x, mask = rng.standard_normal((5, 6)), np.array([[True], [False], [True], [False], [True]])
    np.testing.assert_array_equal(cpu.masked(x, mask), np.where(mask, x, 0))


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 0, 1, 2), (2, 1, 3, 0)])
def test_results_keep_the_memory_order(order: tuple[int, ...], rng: np.random.Generator) -> None:
    x = rng.standard_normal((3, 4, 5, 6)).transpose(order)
    assert cpu.elementwise(np.exp, x).strides == x.strides
    assert cpu.maximum(x, 0).strides == x.strides
    assert cpu.product(np.exp, x, np.ones(x.shape)).strides == x.strides
    assert cpu.masked(x, x > 0).strides == x.strides


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 0, 1, 2)])
@pytest.mark.parametrize("n", [0, 1, 7])
def test_channel_sums(dtype: type, order: tuple[int, ...], n: int, rng: np.random.Generator) -> None:
    shape = [0] * 4
    for axis, place in enumerate(order):
        shape[place] = (n, 3, 4, 5)[axis]
    x = rng.standard_normal(shape).astype(dtype).transpose(order)
    sums = cpu.channel_sums(x)
    assert sums.dtype == dtype
    np.testing.assert_allclose(sums, x.astype(float).sum(axis=(0, 2, 3)), rtol=1e-2 if dtype == np.float16 else 1e-5)


SIZES = st.integers(0, 40)


def together(*pairs: tuple[np.ndarray, np.ndarray]) -> list[np.ndarray]:
    """Products whose strips are one job."""
    with threads.one_job():
        return [cpu_matmul.matmul(*pair) for pair in pairs]


@given(SIZES, SIZES, SIZES, st.booleans(), st.booleans(), st.integers(1, 3), st.sampled_from([0, 50, 1 << 20]))
def test_matmul(m: int, k: int, n: int, x_turned: bool, y_turned: bool, workers: int, waking: int) -> None:
    rng = np.random.default_rng(m * n + k)
    x = rng.standard_normal((k, m)).T if x_turned else rng.standard_normal((m, k))
    y = rng.standard_normal((n, k)).T if y_turned else rng.standard_normal((k, n))
    before = threads.get_num_threads(), cpu_matmul.SMALL, cpu_matmul.STRIP, cpu_matmul.WAKING
    cpu_matmul.SMALL, cpu_matmul.STRIP, cpu_matmul.WAKING = 0, 100, waking
    threads.set_num_threads(workers)
    try:
        z = cpu_matmul.matmul(x, y)
        pair = together((x, y), (y.T, x.T))
    finally:
        threads.set_num_threads(before[0])
        cpu_matmul.SMALL, cpu_matmul.STRIP, cpu_matmul.WAKING = before[1:]
    for found in (z, pair[0], pair[1].T):
        np.testing.assert_allclose(found, x @ y, rtol=1e-12, atol=1e-12)


def test_matmul_of_everything_else(rng: np.random.Generator) -> None:
    x, y = rng.standard_normal((5, 3, 4)), rng.standard_normal((4, 2))
    np.testing.assert_array_equal(cpu_matmul.matmul(x, y), x @ y)
    np.testing.assert_array_equal(cpu_matmul.matmul(x[0, 0], y), x[0, 0] @ y)
    assert cpu_matmul.matmul(np.ones((100, 100), int), np.ones((100, 100), int)).dtype == int
    with pytest.raises(ValueError, match="matmul"):
        cpu_matmul.matmul(y, y)


@given(st.integers(0, 5), st.integers(0, 9), st.sampled_from(["both", "first", "second", "last"]), st.integers(1, 3))
def test_matmul_of_stacks(length: int, n: int, stretched: str, workers: int) -> None:
    rng = np.random.default_rng(length + n)
    x, y = rng.standard_normal((length, 2, n, 3)), rng.standard_normal((length, 2, n, 3)).swapaxes(-1, -2)
    x, y = {"both": (x, y), "first": (x[:1], y), "second": (x, y[:, :1]), "last": (x, y[0] if length else y)}[stretched]
    before = threads.get_num_threads(), cpu_matmul.SMALL, cpu_matmul.STRIP
    cpu_matmul.SMALL, cpu_matmul.STRIP = 0, 10
    threads.set_num_threads(workers)
    try:
        z = cpu_matmul.matmul(x, y)
    finally:
        threads.set_num_threads(before[0])
        cpu_matmul.SMALL, cpu_matmul.STRIP = before[1:]
    np.testing.assert_array_equal(z, np.matmul(x, y))


def test_matmul_gives_the_same_bits_with_any_number_of_threads(rng: np.random.Generator) -> None:
    x, y = rng.standard_normal((128, 784)).astype(np.float32), rng.standard_normal((784, 512)).astype(np.float32)
    before, results = threads.get_num_threads(), []
    for workers in (1, 2, 3):
        threads.set_num_threads(workers)
        results.append((cpu_matmul.matmul(x, y), *together((x, y), (y.T, x.T))))
    threads.set_num_threads(before)
    for products in results[1:]:
        for z, same in zip(products, results[0]):
            np.testing.assert_array_equal(z, same)
