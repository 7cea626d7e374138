"""interpolate, pixel_shuffle, 1-d pooling, and lengths and angles of vectors, against PyTorch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
import minidl.nn.functional as F
from minidl.errors import ArgumentError, ShapeError, UnsupportedError
from tests.support.compare import check
from tests.support.strategies import arrays, broadcast_pairs, shapes

T = torch.nn.functional
MODES = {
    1: ["nearest", "nearest-exact", "linear", "area"],
    2: ["nearest", "nearest-exact", "bilinear", "bicubic", "area"],
    3: ["nearest", "trilinear"],
}


@given(st.data())
def test_interpolate(data):
    dims = data.draw(st.integers(1, 3))
    x = data.draw(arrays((data.draw(st.integers(0, 2)), 2, *data.draw(shapes(dims, dims, 1, 4)))))
    mode = data.draw(st.sampled_from(MODES[dims]))
    options = {"mode": mode}
    if mode.endswith(("linear", "cubic")):
        options["align_corners"] = data.draw(st.booleans())
    if data.draw(st.booleans()):
        options["size"] = data.draw(st.lists(st.integers(1, 6), min_size=dims, max_size=dims))
    else:
        factors = st.sampled_from([1, 1.5, 2, 3.25])
        options["scale_factor"] = data.draw(st.one_of(factors, st.lists(factors, min_size=dims, max_size=dims)))
        options["recompute_scale_factor"] = data.draw(st.sampled_from([None, True])) if mode != "area" else None
    check(F.interpolate, T.interpolate, x, tolerance={"float64": 1e-6, "float32": 1e-4}, **options)


@given(arrays(shapes(2, 2, 1, 3)), st.integers(1, 3), st.integers(1, 2))
def test_pixel_shuffle(x, r, channels):
    x = np.broadcast_to(x, (2, channels * r * r, *x.shape)) + np.arange(channels * r * r).reshape(1, -1, 1, 1)
    check(F.pixel_shuffle, T.pixel_shuffle, x, upscale_factor=r)
    wide = np.repeat(np.repeat(x, r, -1), r, -2) * np.arange(1, r * x.shape[-1] + 1)
    check(F.pixel_unshuffle, T.pixel_unshuffle, wide, downscale_factor=r)


@given(arrays(shapes(2, 3, 1, 8)), st.integers(1, 3), st.sampled_from([None, 1, 2]), st.integers(0, 1), st.booleans())
def test_pools_of_sequences(x, kernel, stride, padding, ceil):
    padding = padding if kernel > 1 else 0
    if x.shape[-1] + 2 * padding < kernel:
        return
    options = {"kernel_size": kernel, "stride": stride, "padding": padding, "ceil_mode": ceil}
    check(F.avg_pool1d, T.avg_pool1d, x, **options)
    check(F.max_pool1d, T.max_pool1d, x, **options)
    check(lambda x: F.max_pool1d(x, 1, return_indices=True)[0], lambda x: T.max_pool1d(x, 1, return_indices=True)[0], x)
    check(F.adaptive_avg_pool1d, T.adaptive_avg_pool1d, x, output_size=kernel)


@given(broadcast_pairs(max_dims=3), st.sampled_from([1.0, 2.0, 3.0]))
def test_distances(pair, p):
    x, y = (np.abs(part) + 0.5 for part in pair)
    if not x.ndim or not y.ndim or 0 in x.shape or 0 in y.shape:
        return
    check(F.cosine_similarity, T.cosine_similarity, x, y, dim=-1, tolerance={"float32": 1e-4})
    check(F.pairwise_distance, T.pairwise_distance, x, -y, p=p, tolerance={"float32": 1e-4})
    check(F.normalize, T.normalize, x, p=p, dim=-1, tolerance={"float32": 1e-4})


def test_vectors_of_length_zero():
    zero = np.zeros((2, 3))
    check(F.normalize, T.normalize, zero)
    check(F.cosine_similarity, T.cosine_similarity, zero, zero + 1)
    check(F.pairwise_distance, T.pairwise_distance, zero, zero)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda x: F.interpolate(x), ArgumentError, "size or scale_factor, one of them"),
        (lambda x: F.interpolate(x, size=2, scale_factor=2), ArgumentError, "one of them"),
        (lambda x: F.interpolate(x, size=2, mode="cubic"), ArgumentError, "mode must be one of"),
        (lambda x: F.interpolate(x, size=2, mode="linear"), ShapeError, "takes 3 dimensions"),
        (lambda x: F.interpolate(x, size=2, align_corners=True), ArgumentError, "align_corners does not go with"),
        (lambda x: F.interpolate(x, size=(2, 0)), ArgumentError, "positive size"),
        (lambda x: F.interpolate(x, size=2, mode="bilinear", antialias=True), UnsupportedError, "antialias=True"),
        (lambda x: F.pixel_shuffle(x, 2), ShapeError, "not divisible by upscale_factor"),
        (lambda x: F.pixel_unshuffle(x, 3), ShapeError, "not divisible by 3"),
        (lambda x: F.max_pool1d(x, 2), ShapeError, r"takes \(N, C, L\)"),
        (lambda x: F.max_pool1d(x[0], (2, 2)), ArgumentError, "kernel_size must be an integer"),
    ],
)
def test_errors(call, error, says):
    with pytest.raises(error, match=says):
        call(minidl.ones(1, 3, 4, 4))
