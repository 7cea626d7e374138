"""The handwritten kernels equal their twins in array calls, for all geometries; other tests hold both to PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import minidl
from minidl.backend import Backend, Window, get_backend
from minidl.optim import adam, sgd

pytestmark = pytest.mark.skipif(not minidl.cuda.is_available(), reason="no GPU, and not under tests.cupy_on_cpu")

small = st.integers(1, 3)
pads = st.integers(0, 2)
windows = st.builds(
    Window,
    kernel=st.tuples(small, small),
    stride=st.tuples(small, small),
    padding=st.tuples(st.tuples(pads, pads), st.tuples(pads, pads)),
    dilation=st.tuples(small, small),
)
sizes = st.tuples(st.integers(1, 8), st.integers(1, 8))


def plain(name: str):
    """The base class's version of a primitive, on CuPy's arrays."""
    return getattr(Backend, name).__get__(get_backend("cupy"))


def tuned(name: str):
    return getattr(get_backend("cupy"), name)


def numbers(shape: tuple[int, ...], dtype: str = "float64", seed: int = 0):
    """Few different values, so that maxima tie."""
    values = np.random.default_rng(seed).integers(-3, 4, shape).astype(dtype)
    return get_backend("cupy").asarray(values)


def assert_same(found, expected) -> None:
    assert found.dtype == expected.dtype
    assert found.flags.c_contiguous or not found.size
    np.testing.assert_array_equal(found.get(), expected.get())


def by_channel(x):
    """(N, C, H, W) as (C, N, H, W): contiguous where the gradients of a convolution need no copy."""
    return x.transpose(1, 0, 2, 3)


def output_size(window: Window, size: tuple[int, int]) -> tuple[int, int]:
    """(Ho, Wo), or the example is left out where the window does not fit."""
    try:
        return window.output_size(size)
    except minidl.errors.ShapeError:
        assume(False)
        raise


@given(windows, sizes, st.integers(0, 2), st.sampled_from(["float32", "float64"]))
def test_scatter_windows(window, size, images, dtype):
    out = output_size(window, size)
    taps = numbers((images, 2, *out, *window.kernel), dtype)
    assert_same(tuned("scatter_windows")(taps, window, size), plain("scatter_windows")(taps, window, size))


@given(windows, sizes)
def test_scatter_windows_of_broadcast_taps(window, size):
    out = output_size(window, size)
    xp = get_backend("cupy").xp
    taps = xp.broadcast_to(numbers((2, 3, *out, 1, 1)), (2, 3, *out, *window.kernel))
    assert_same(tuned("scatter_windows")(taps, window, size), plain("scatter_windows")(taps, window, size))


@given(windows, sizes, st.sampled_from([(1, 1, 2), (1, 3, 1), (2, 2, 4), (3, 3, 3)]), st.integers(0, 3), st.booleans())
def test_convolution_and_its_gradients(window, size, channels, images, with_bias):
    groups, c, o = channels
    out = output_size(window, size)
    x, w = numbers((images, c, *size)), numbers((o, c // groups, *window.kernel), seed=1)
    bias = numbers((o,), seed=2) if with_bias else None
    dz = numbers((images, o, *out), seed=3)
    assert_same(tuned("correlate")(x, w, bias, window, groups), plain("correlate")(x, w, bias, window, groups))
    arguments = dz, w, window, groups, size
    assert_same(tuned("correlate_grad_input")(*arguments), plain("correlate_grad_input")(*arguments))
    arguments = dz, x, window, groups
    assert_same(tuned("correlate_grad_weight")(*arguments), plain("correlate_grad_weight")(*arguments))


@given(windows, sizes, st.integers(0, 2), st.sampled_from(["float32", "float64", "int64"]), st.booleans(), st.data())
def test_max_pool_and_its_gradient(window, size, images, dtype, ceil_mode, data):
    output_size(window, size)
    out = window.output_size(size, ceil_mode)
    x = numbers((images, 2, *size), dtype)
    if x.dtype.kind == "f" and x.size:
        for value in (np.nan, np.inf, -np.inf):
            places = data.draw(st.lists(st.integers(0, x.size - 1), max_size=4), str(value))
            x.ravel()[np.array(places, int)] = value
    found, expected = tuned("max_pool")(x, window, out), plain("max_pool")(x, window, out)
    for ours, theirs in zip(found, expected):
        assert_same(ours, theirs)
    if x.dtype.kind == "f":
        dz, winners = numbers((images, 2, *out), dtype, seed=1), found[1]
        assert_same(
            by_channel(tuned("add_at_winners")(dz, winners, window, size)),
            by_channel(plain("add_at_winners")(dz, winners, window, size)),
        )


def test_indices_of_64_bits(monkeypatch):
    """What arrays of 2³¹ elements and more take gives the same bits."""
    window = Window((2, 3), stride=(2, 1), padding=((1, 0), (0, 2)), dilation=(1, 2))
    x, w, out = numbers((3, 4, 7, 6)), numbers((6, 2, 2, 3), seed=1), window.output_size((7, 6))
    dz = numbers((3, 6, *out), seed=2)

    def made():
        z, winners = tuned("max_pool")(x, window, out)
        return [
            tuned("correlate")(x, w, None, window, 2), tuned("correlate_grad_input")(dz, w, window, 2, (7, 6)),
            z, winners, tuned("add_at_winners")(z, winners, window, (7, 6)),
        ]  # fmt: skip

    narrow = made()
    monkeypatch.setattr("minidl.backend.cupy.kernels.NARROW", 0)
    for found, expected in zip(made(), narrow, strict=True):
        np.testing.assert_array_equal(found.get(), expected.get())


@given(st.integers(0, 3), st.integers(1, 4), st.booleans())
def test_channel_sums(images, channels, turned):
    x = numbers((images, channels, 3, 2))
    x = by_channel(by_channel(x).copy()) if turned else x
    assert_same(tuned("channel_sums")(x), plain("channel_sums")(x))


def test_arrays_that_are_not_contiguous():
    window = Window((2, 2), stride=(2, 2))
    x = numbers((5, 4, 6, 3)).transpose(0, 3, 1, 2)  # (5, 3, 4, 6)
    z, winners = tuned("max_pool")(x, window, (2, 3))
    expected = plain("max_pool")(x.copy(), window, (2, 3))
    assert_same(z, expected[0])
    assert_same(winners, expected[1])
    dz = numbers((5, 2, 3, 3)).transpose(0, 3, 1, 2)
    assert_same(
        by_channel(tuned("add_at_winners")(dz, winners, window, (4, 6))),
        by_channel(plain("add_at_winners")(dz.copy(), winners, window, (4, 6))),
    )
    w = numbers((4, 3, 2, 2))
    assert_same(tuned("correlate")(x, w, None, window, 1), plain("correlate")(x.copy(), w, None, window, 1))


@pytest.mark.parametrize(
    ("rule", "arrays", "numbers_given"),
    [
        (sgd.momentum_step, 3, (0.1, 0.9)),
        (sgd.nesterov_step, 3, (0.1, 0.9)),
        (adam.adam_step, 4, (1 - 0.9, 0.999, 1 - 0.999, 0.01, 0.5, 1e-8)),
        (adam.update_moments, 3, (1 - 0.9, 0.999, 1 - 0.999)),
        (adam.descend, 3, (0.01, 0.5, 1e-8)),
    ],
)
@given(size=st.integers(0, 20), dtype=st.sampled_from(["float32", "float64"]))
def test_an_update_rule_in_one_kernel(rule, arrays, numbers_given, size, dtype):
    ours, theirs = ([abs(numbers((size,), dtype, seed)) / 7 for seed in range(arrays)] for _ in range(2))
    for update, given_arrays in ((tuned("update"), ours), (plain("update"), theirs)):
        update(rule, *given_arrays, *numbers_given)
    for x, y in zip(ours, theirs):
        assert_close(x, y)


def assert_close(found, expected) -> None:
    """Equal to rounding: sums are taken in another order, or in another precision between."""
    assert found.dtype == expected.dtype
    tolerance = 1e-5 if found.dtype == np.float32 else 1e-12
    np.testing.assert_allclose(found.get(), expected.get(), rtol=tolerance, atol=tolerance)
