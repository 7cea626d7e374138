"""Pooling against PyTorch: geometry, ties, padding, infinities, NaN."""

import contextlib

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given
from hypothesis import strategies as st

import minidl
from minidl.backend import Backend, current_backend
from minidl.errors import ArgumentError, DtypeError, ShapeError
from minidl.ops import pool
from minidl.ops._check.pooling import pooling_window
from tests.support.compare import check, to_numpy
from tests.support.strategies import arrays

pairs = st.one_of(st.integers(1, 4), st.tuples(st.integers(1, 4), st.integers(1, 4)))


def as_pair(value):
    return value if isinstance(value, tuple) else (value, value)


@st.composite
def pool_calls(draw, dilated=True):
    kernel = draw(pairs)
    dilation = draw(st.one_of(st.just(1), pairs)) if dilated else 1
    extent = [d * (k - 1) + 1 for d, k in zip(as_pair(dilation), as_pair(kernel))]
    padding = tuple(draw(st.integers(0, k // 2)) for k in as_pair(kernel))
    size = [max(1, e - 2 * p) + draw(st.integers(0, 5)) for e, p in zip(extent, padding)]
    x = draw(arrays((*draw(st.sampled_from([(), (0,), (2,)])), draw(st.integers(1, 2)), *size)))
    arguments = {"kernel_size": kernel, "padding": padding, "ceil_mode": draw(st.booleans())}
    if draw(st.booleans()):
        arguments["stride"] = draw(pairs)
    if dilated:
        arguments["dilation"] = dilation
    return x, arguments


def sees_only_padding(x, arguments):
    """Whether some window does: PyTorch then reads beyond the image, and minidl refuses."""
    with contextlib.suppress(ArgumentError):
        pool.max_pool2d(minidl.tensor(x), **arguments)
        return False
    with pytest.raises(ArgumentError, match="all its taps in the padding"):
        pool.max_pool2d(minidl.tensor(x), **arguments)
    return x.size == 0 or np.isneginf(F.max_pool2d(torch.as_tensor(np.array(x)), **arguments).numpy()).any()


@given(pool_calls())
def test_max_pool2d(call):
    x, arguments = call
    assume(not sees_only_padding(x, arguments))
    check(pool.max_pool2d, F.max_pool2d, x, **arguments)
    check(pool.max_pool2d, F.max_pool2d, x, return_indices=True, **arguments)


@given(pool_calls(), st.integers(0, 2**32 - 1))
def test_max_pool2d_with_ties_infinities_and_nan(call, seed):
    x, arguments = call
    assume(not sees_only_padding(x, arguments))
    rng = np.random.default_rng(seed)
    values = rng.choice(
        [0.0, -0.0, 1.0, -np.inf, -np.inf, np.inf, np.nan], x.shape, p=[0.2, 0.1, 0.2, 0.2, 0.2, 0.05, 0.05]
    )
    check(pool.max_pool2d, F.max_pool2d, values, return_indices=True, **arguments)


@given(pool_calls(), st.integers(0, 2**32 - 1))
def test_the_plain_primitives_agree_with_the_tuned_ones(call, seed):
    x, arguments = call
    assume(not sees_only_padding(x, arguments))
    if x.ndim == 3:
        x = x[None]
    backend, rng = current_backend(), np.random.default_rng(seed)
    values = backend.asarray(rng.choice([0.0, 1.0, -np.inf, np.nan], x.shape, p=[0.3, 0.3, 0.3, 0.1]))
    options = {"stride": None, "dilation": 1, **arguments}
    window, size = pooling_window("max_pool2d", minidl.tensor(x), **options)
    z, winners = Backend.max_pool(backend, values, window, size)
    tuned, tuned_winners = backend.max_pool(values, window, size)
    np.testing.assert_array_equal(backend.to_numpy(z), backend.to_numpy(tuned))
    np.testing.assert_array_equal(backend.to_numpy(winners), backend.to_numpy(tuned_winners))
    dz = backend.asarray(rng.standard_normal(z.shape))
    plain = Backend.add_at_winners(backend, dz, winners, window, x.shape[2:])
    tuned = backend.add_at_winners(dz, tuned_winners, window, x.shape[2:])
    np.testing.assert_allclose(backend.to_numpy(plain), backend.to_numpy(tuned), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "int64"])
def test_max_pool2d_of_integers(dtype):
    limits = np.iinfo(dtype)
    x = np.random.default_rng(0).choice([limits.min, limits.min, limits.max, 0], (2, 2, 7, 6)).astype(dtype)
    check(pool.max_pool2d, F.max_pool2d, x, gradients=False, kernel_size=3, stride=2, padding=1, return_indices=True)


def test_a_window_of_minus_infinity_sends_its_gradient_to_its_first_real_pixel():
    x = minidl.tensor(np.full((1, 1, 3, 3), -np.inf), requires_grad=True)
    pool.max_pool2d(x, 3, stride=2, padding=1).backward(minidl.tensor(np.ones((1, 1, 2, 2))))
    assert to_numpy(x.grad)[0, 0].tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]


def test_max_pool2d_pads_with_minus_infinity_not_zero():
    x = minidl.tensor(np.full((1, 1, 2, 2), -5.0))
    assert to_numpy(pool.max_pool2d(x, 2, padding=1)).ravel().tolist() == [-5.0] * 4


def test_max_pool2d_in_float16():
    x = np.random.default_rng(0).standard_normal((2, 3, 9, 9))
    check(pool.max_pool2d, F.max_pool2d, x, dtypes=["float16"], kernel_size=3, stride=2)


@given(pool_calls(dilated=False), st.booleans(), st.sampled_from([None, 1, 3, -2]))
def test_avg_pool2d(call, count_include_pad, divisor_override):
    x, arguments = call
    check(
        pool.avg_pool2d, F.avg_pool2d, x,
        count_include_pad=count_include_pad, divisor_override=divisor_override, **arguments,
    )  # fmt: skip


@given(
    st.sampled_from([(), (0,), (2,)]), st.integers(1, 9), st.integers(1, 9),
    st.one_of(st.integers(0, 6), st.tuples(*[st.one_of(st.none(), st.integers(0, 12))] * 2)), st.data(),
)  # fmt: skip
def test_adaptive_avg_pool2d(batch, height, width, size, data):
    x = data.draw(arrays((*batch, 2, height, width)))
    wanted = 0 not in (size if isinstance(size, tuple) else (size,))  # PyTorch has no gradient of an empty result
    check(pool.adaptive_avg_pool2d, F.adaptive_avg_pool2d, x, gradients=wanted, output_size=size)


def test_averages_keep_infinities_to_their_windows():
    x = np.arange(35.0).reshape(1, 1, 5, 7)
    x[0, 0, 1, 1], x[0, 0, 4, 6] = np.inf, np.nan
    check(pool.adaptive_avg_pool2d, F.adaptive_avg_pool2d, x, output_size=(3, 4))
    check(pool.avg_pool2d, F.avg_pool2d, x, kernel_size=2, padding=1, ceil_mode=True)


def test_averages_of_float16_count_further_than_float16_does():
    x = np.ones((1, 1, 60, 60))
    check(pool.avg_pool2d, F.avg_pool2d, x, dtypes=["float16"], kernel_size=51, stride=8, padding=25, ceil_mode=True)


@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d"])
@pytest.mark.parametrize(
    ("shape", "arguments", "error", "words"),
    [
        ((1, 1, 5, 5), {"kernel_size": 2, "padding": 2}, ArgumentError, "padding 2 must be at most half the window"),
        ((1, 1, 5, 5), {"kernel_size": 7}, ShapeError, "a window of 7x7 .* does not fit into an image of 5x5"),
        ((1, 1, 5, 5), {"kernel_size": 0}, ArgumentError, "kernel_size must be at least 1"),
        ((1, 1, 5, 5), {"kernel_size": 2, "stride": 0}, ArgumentError, "stride must be at least 1"),
        ((1, 0, 5, 5), {"kernel_size": 2}, ShapeError, "only the batch may be of size 0"),
        ((5, 5), {"kernel_size": 2}, ShapeError, r"must be \(N, C, H, W\)"),
    ],
)
def test_pooling_says_what_does_not_fit(name, shape, arguments, error, words):
    with pytest.raises(error, match=f"{name}: .*{words}"):
        getattr(pool, name)(minidl.tensor(np.zeros(shape)), **arguments)


def test_arguments_of_one_function_only():
    x = minidl.tensor(np.zeros((1, 1, 4, 4)))
    with pytest.raises(ArgumentError, match="divisor_override must be an integer, not 0"):
        pool.avg_pool2d(x, 2, divisor_override=0)
    with pytest.raises(ArgumentError, match="output_size must be an integer or two"):
        pool.adaptive_avg_pool2d(x, (1, 2, 3))
    with pytest.raises(ArgumentError, match="output_size must be at least 0"):
        pool.adaptive_avg_pool2d(x, -1)
    with pytest.raises(DtypeError, match="avg_pool2d: input is int64"):
        pool.avg_pool2d(minidl.tensor(np.zeros((1, 1, 4, 4), np.int64)), 2)
    with pytest.raises(DtypeError, match="max_pool2d: input is bool"):
        pool.max_pool2d(minidl.tensor(np.zeros((1, 1, 4, 4), bool)), 2)
