"""Volumes: convolution, pooling, unpooling and grids against PyTorch; the plain loops of 3-d convolution too."""

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

import minidl
import minidl.nn.functional as ops
from minidl.errors import ArgumentError, DtypeError, RangeError, ShapeError, UnsupportedError
from tests.support.compare import by_rows, check, to_numpy
from tests.support.strategies import arrays, shapes

triples = st.tuples(*[st.integers(1, 3)] * 3)
steps = st.tuples(*[st.integers(1, 2)] * 3)
frames = st.tuples(*[st.integers(0, 1)] * 3)
volumes = arrays(st.tuples(st.integers(1, 2), st.just(2), *[st.integers(5, 6)] * 3))
seeds = st.integers(0, 2**32 - 1)


@given(volumes, triples, steps, steps, frames, st.sampled_from([1, 2]), seeds)
def test_convolution(x, kernel, stride, dilation, padding, groups, seed):
    rng = np.random.default_rng(seed)
    w, b = rng.uniform(-1, 1, (2, 2 // groups, *kernel)), rng.uniform(-1, 1, 2)
    options = {"stride": stride, "dilation": dilation, "padding": padding, "groups": groups}
    check(ops.conv3d, by_rows(F.conv3d), x, w, b, tolerance={"float32": 1e-4}, **options)
    options["output_padding"] = tuple(max(s, d) - 1 for s, d in zip(stride, dilation))
    check(
        ops.conv_transpose3d,
        by_rows(F.conv_transpose3d),
        x,
        w,
        b[: groups * (2 // groups)],
        tolerance={"float32": 1e-4},
        **options,
    )


def test_convolution_by_plain_loops():
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((2, 4, 3, 5)), rng.standard_normal((3, 2, 2, 3, 2))
    expected = np.zeros((3, 3, 1, 4))
    for o, d, h, v in np.ndindex(expected.shape):
        for c, i, j, k in itertools.product(range(2), range(2), range(3), range(2)):
            expected[o, d, h, v] += w[o, c, i, j, k] * x[c, d + i, h + j, v + k]
    found = ops.conv3d(minidl.tensor(x), minidl.tensor(w))
    np.testing.assert_allclose(to_numpy(found), expected, rtol=1e-12)


@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_named_paddings():
    x, w = np.random.default_rng(0).uniform(-1, 1, (2, 4, 5, 4)), np.ones((1, 2, 2, 3, 4))
    for padding in ("same", "valid"):
        check(ops.conv3d, F.conv3d, x, w, None, padding=padding)


@given(volumes, triples, steps, st.booleans(), st.booleans(), st.sampled_from([None, 3]))
def test_pooling(x, kernel, stride, ceil_mode, count_include_pad, divisor):
    padding = tuple(k // 2 for k in kernel)
    check(ops.max_pool3d, F.max_pool3d, x, kernel, stride, padding, ceil_mode=ceil_mode, return_indices=True)
    check(ops.max_pool3d, F.max_pool3d, np.round(x[0]), kernel, ceil_mode=ceil_mode, return_indices=True)  # ties
    check(
        ops.avg_pool3d, F.avg_pool3d, x, kernel, stride, padding, ceil_mode, count_include_pad, divisor,
        tolerance={"float32": 1e-4},
    )  # fmt: skip
    check(ops.lp_pool3d, F.lp_pool3d, np.abs(x) + 0.1, 2, kernel, stride, ceil_mode, tolerance={"float32": 1e-3})


@given(volumes, st.tuples(*[st.sampled_from([None, 1, 2, 3, 7])] * 3), st.integers(1, 4))
def test_adaptive_pooling(x, size, width):
    check(ops.adaptive_avg_pool3d, F.adaptive_avg_pool3d, x, size, tolerance={"float32": 1e-4})
    check(ops.adaptive_max_pool3d, F.adaptive_max_pool3d, x, size, return_indices=True)
    check(ops.adaptive_max_pool2d, F.adaptive_max_pool2d, np.round(x[0]), size[:2], return_indices=True)  # ties
    check(ops.adaptive_max_pool1d, F.adaptive_max_pool1d, x[0, 0], width, return_indices=True)


def test_the_last_nan_wins():
    x = np.zeros((1, 3, 3, 3))
    x[0, 0, 1, 1], x[0, 2, 0, 1], x[0, 2, 0, 2] = np.nan, np.nan, np.inf
    check(ops.max_pool3d, F.max_pool3d, x, 3, return_indices=True)
    check(ops.adaptive_max_pool3d, F.adaptive_max_pool3d, x, 1, return_indices=True)


@given(arrays((2, 2, 4, 6, 4)), st.integers(1, 3), st.sampled_from([1, 2, 3, float("inf"), -float("inf")]))
def test_unpooling_and_powers(x, dims, p):
    x = np.array(x[(slice(None), slice(None), *(0,) * (3 - dims))])
    name = f"{dims}d"
    pool = getattr(F, f"max_pool{name}")
    z, index = pool(torch.tensor(x), 2, return_indices=True)
    unpool = getattr(ops, f"max_unpool{name}"), getattr(F, f"max_unpool{name}")
    check(*unpool, z.numpy(), index.numpy(), 2)
    check(*unpool, z.numpy()[0], index.numpy()[0], 2, 2, 0)
    check(*unpool, z.numpy(), index.numpy(), 2, output_size=[n + 1 for n in x.shape[2:]])
    powers = getattr(ops, f"lp_pool{name}"), getattr(F, f"lp_pool{name}")
    check(*powers, np.abs(x) + 0.1, p, 2, tolerance={"float32": 1e-3})


MODES = st.sampled_from(["bilinear", "nearest", "bicubic"])
PADDINGS = st.sampled_from(["zeros", "border", "reflection"])


@given(arrays(st.tuples(st.just(2), *[st.integers(1, 4)] * 4)), MODES, PADDINGS, st.booleans(), seeds, st.booleans())
def test_grid_sample(x, mode, padding_mode, align_corners, seed, flat):
    if flat:
        x = x[:, :, 0]
    dims = x.ndim - 2
    grid = np.random.default_rng(seed).uniform(-2.5, 2.5, (2, *(3, 2, 2)[:dims], dims))
    if mode == "bicubic" and dims == 3:
        mode = "bilinear"
    options = {"mode": mode, "padding_mode": padding_mode, "align_corners": align_corners}
    check(ops.grid_sample, F.grid_sample, x, grid, dtypes=("float64",), **options)


@pytest.mark.parametrize("padding_mode", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
def test_grid_sample_at_corners_and_in_float32(mode, padding_mode):
    x = np.random.default_rng(0).uniform(-1, 1, (1, 2, 3, 4))
    grid = np.array([[-1, -1], [1, 1], [0, 0], [-1, 1], [1, -1], [0.25, -0.75]]).reshape(1, 2, 3, 2)
    for align_corners in (True, False):
        options = {"mode": mode, "padding_mode": padding_mode, "align_corners": align_corners}
        check(ops.grid_sample, F.grid_sample, x, grid * 0.97, tolerance={"float32": 1e-4}, **options)
        check(ops.grid_sample, F.grid_sample, x, grid, dtypes=("float64",), **options)


@given(st.tuples(*[st.integers(1, 4)] * 3), st.booleans(), st.booleans(), seeds)
@pytest.mark.filterwarnings("ignore:Since version")
def test_affine_grid(size, align_corners, flat, seed):
    size = size[1:] if flat else size
    theta = np.random.default_rng(seed).uniform(-1, 1, (2, len(size), len(size) + 1))
    check(ops.affine_grid, F.affine_grid, theta, (2, 1, *size), align_corners=align_corners)


def test_an_identity_reads_the_image_itself():
    x = minidl.tensor(np.random.default_rng(0).uniform(-1, 1, (1, 2, 3, 4)))
    same = minidl.tensor(np.eye(2, 3)[None])
    for align_corners in (True, False):
        grid = ops.affine_grid(same, x.shape, align_corners=align_corners)
        z = ops.grid_sample(x, grid, align_corners=align_corners)
        np.testing.assert_allclose(to_numpy(z), to_numpy(x), rtol=1e-12)
    with pytest.warns(UserWarning, match="align_corners is False unless you say so"):
        ops.grid_sample(x, grid)


@given(arrays(shapes(3, 4, 1, 4)), st.integers(1, 4))
def test_local_response_norm_and_rms_norm(x, size):
    check(ops.local_response_norm, F.local_response_norm, x, size, alpha=0.3, beta=0.6, k=0.5)
    w = np.random.default_rng(0).uniform(-1, 1, x.shape[-2:])
    for eps in (None, 0.1):
        check(ops.rms_norm, F.rms_norm, x, x.shape[-2:], w, eps, dtypes=("float64",))
        check(ops.rms_norm, F.rms_norm, x, x.shape[-1:], None, eps, dtypes=("float64",))


def test_rms_norm_in_float32():
    check(ops.rms_norm, F.rms_norm, np.linspace(-2, 3, 12).reshape(3, 4), (4,), np.linspace(0, 1, 4))


def test_rms_norm_in_float16():
    check(
        ops.rms_norm,
        F.rms_norm,
        np.linspace(-2, 3, 12).reshape(3, 4),
        (4,),
        dtypes=("float16",),
        tolerance={"float16": 8e-3},
    )


@given(arrays((2, 6, 3)), st.sampled_from([1, 2, 3, 6]))
def test_channel_shuffle(x, groups):
    check(ops.channel_shuffle, F.channel_shuffle, x, groups)


@given(arrays(st.tuples(st.integers(0, 2), st.just(3))), seeds)
def test_bilinear(x, seed):
    rng = np.random.default_rng(seed)
    y, w, b = rng.uniform(-1, 1, (len(x), 4)), rng.uniform(-1, 1, (2, 3, 4)), rng.uniform(-1, 1, 2)
    check(ops.bilinear, F.bilinear, x, y, w, b, tolerance={"float32": 1e-4})


def test_errors():
    x, w = minidl.ones(2, 4, 4, 4), minidl.ones(2, 2, 2, 2, 2)
    theta, z, i = minidl.ones(1, 2, 3), minidl.ones(1, 1, 2), minidl.tensor([[[0, 9]]])
    grid = minidl.zeros(1, 2, 2, 2)
    for call, error, words in (
        (lambda: ops.conv3d(x[0], w), ShapeError, r"conv3d: input must be \(N, C, D, H, W\)"),
        (lambda: ops.conv3d(x, w[0]), ShapeError, "weight must have 5 dimensions"),
        (lambda: ops.conv3d(x, w, stride=(1, 2)), ArgumentError, "stride must be an integer or three"),
        (lambda: ops.conv3d(x, w, padding="same", stride=2), ArgumentError, "'same' with stride 1"),
        (
            lambda: ops.conv3d(x, minidl.ones(2, 2, 5, 2, 2)),
            ShapeError,
            "a kernel of depth 5, dilation 1, does not fit",
        ),
        (lambda: ops.conv3d(x, minidl.ones(2, 3, 2, 2, 2)), ShapeError, "channels"),
        (lambda: ops.conv3d(x.long(), w.long()), DtypeError, "use a floating dtype"),
        (lambda: ops.conv_transpose3d(x, w, output_padding=1), ArgumentError, "output_padding 1 must be smaller"),
        (lambda: ops.conv_transpose3d(x, w, padding=3), ShapeError, "would give an output of no depth"),
        (lambda: ops.max_pool3d(x, 5), ShapeError, "does not fit"),
        (lambda: ops.avg_pool3d(x, 2, divisor_override=0), ArgumentError, "divisor_override must be"),
        (lambda: ops.adaptive_max_pool2d(x, -1), ArgumentError, "output_size must be an integer or 2"),
        (lambda: ops.max_unpool1d(z, i, 2), RangeError, r"indices must be in 0 \.\.\. 3 for an output of"),
        (lambda: ops.max_unpool1d(z, i * 0, 2, output_size=(9,)), ArgumentError, "less than a stride"),
        (lambda: ops.max_unpool1d(z, i.float(), 2), DtypeError, "indices must be int64"),
        (lambda: ops.grid_sample(x[None], grid), ShapeError, "is expected"),
        (
            lambda: ops.grid_sample(x[:1], grid, "cubic"),
            ArgumentError,
            "mode must be one of bilinear, nearest, bicubic",
        ),
        (lambda: ops.grid_sample(x[:1], grid, padding_mode="wrap"), ArgumentError, "padding_mode must be one of zeros"),
        (lambda: ops.grid_sample(x[:1].double(), grid), DtypeError, "input is float64 but grid is float32"),
        (lambda: ops.affine_grid(theta, (1, 2, 3)), UnsupportedError, "affine_grid: size must be"),
        (lambda: ops.affine_grid(theta, (2, 1, 3, 3)), ShapeError, r"theta must be \(2, 2, 3\)"),
        (lambda: ops.affine_grid(theta, (1, 1, 0, 3)), ArgumentError, "size must be positive"),
        (lambda: ops.rms_norm(x, (3,)), ShapeError, "must be normalized_shape"),
        (lambda: ops.local_response_norm(x, 0), ArgumentError, "size, the number of channels"),
        (lambda: ops.channel_shuffle(x, 3), ArgumentError, "groups must divide the 4 channels"),
        (lambda: ops.bilinear(x, x, w), ShapeError, "bilinear: input1"),
    ):
        with pytest.raises(error, match=words):
            call()
