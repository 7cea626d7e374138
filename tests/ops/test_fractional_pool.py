"""Fractional max-pooling against PyTorch's, at the same places; drawn ones, and what is refused."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
import minidl.nn.functional as F
from minidl import nn
from minidl.errors import ArgumentError, DtypeError, ShapeError
from tests.support.compare import assert_close, check

POOLS = {name: (getattr(F, name), getattr(torch.nn.functional, name)) for name in
         ("fractional_max_pool2d", "fractional_max_pool3d")}  # fmt: skip


@pytest.mark.parametrize("name", POOLS)
@given(data=st.data())
def test_at_given_places(name, data):
    dims = int(name[-2])
    kernel = [data.draw(st.integers(1, 3)) for _ in range(dims)]
    out = [data.draw(st.integers(1, 4)) for _ in range(dims)]
    size = [k + o - 1 + data.draw(st.integers(dims - 2, 3)) for k, o in zip(kernel, out)]
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    x, u = rng.permutation(4 * np.prod(size)).reshape(2, 2, *size) / 7.0, rng.random((2, 2, dims))
    ours, theirs = POOLS[name]
    for dtype in ("float64", "float32"):
        values, samples = x.astype(dtype), u.astype(dtype)

        def pooled(pool, lib, samples=samples):
            return lambda x: pool(x, kernel, out, return_indices=True, _random_samples=lib.tensor(samples))

        check(pooled(ours, minidl), pooled(theirs, torch), values, dtypes=(dtype,))


def test_the_layer_and_drawn_places():
    minidl.manual_seed(0)
    x = minidl.arange(64.0).reshape(1, 1, 8, 8)
    layer = nn.FractionalMaxPool2d(2, output_ratio=0.7)
    assert len({str(layer(x).tolist()) for _ in range(20)}) > 1
    z, index = nn.FractionalMaxPool2d((2, 3), output_size=(4, 3), return_indices=True)(x[0])
    assert z.shape == index.shape == (1, 4, 3)
    assert z.tolist() == x.reshape(-1)[index].tolist()
    u = np.full((1, 1, 2), 0.25, "float32")
    fixed = [lib.nn.FractionalMaxPool2d(2, 5, _random_samples=lib.tensor(u)) for lib in (minidl, torch)]
    assert_close(fixed[0](x), fixed[1](torch.arange(64.0).reshape(1, 1, 8, 8)))
    assert list(fixed[0].state_dict()) == list(fixed[1].state_dict())
    assert nn.FractionalMaxPool3d(2, 3)(minidl.ones(2, 5, 5, 5)).shape == (2, 3, 3, 3)


def test_errors():
    x = minidl.ones(1, 1, 4, 4)
    for call, error, says in (
        (lambda: F.fractional_max_pool2d(x, 2), ArgumentError, "exactly one of output_size and output_ratio"),
        (lambda: nn.FractionalMaxPool2d(2, 2, 0.5), ArgumentError, "exactly one of output_size and output_ratio"),
        (lambda: nn.FractionalMaxPool2d(2, output_ratio=1.5), ArgumentError, "between 0 and 1"),
        (lambda: F.fractional_max_pool2d(x, 3, 3), ShapeError, "3 windows of 3 do not fit into H = 4"),
        (lambda: F.fractional_max_pool2d(x[0, 0], 2, 2), ShapeError, r"\(N, C, H, W\) or \(C, H, W\)"),
        (lambda: F.fractional_max_pool2d(x.long(), 2, 2), DtypeError, "floating dtype"),
        (lambda: F.fractional_max_pool2d(x, 0, 2), ArgumentError, "kernel_size must be a positive integer or 2"),
        (
            lambda: F.fractional_max_pool2d(x, 2, 2, _random_samples=minidl.ones(1, 1, 3)),
            ShapeError,
            r"_random_samples must be \(1, 1, 2\)",
        ),
    ):
        with pytest.raises(error, match=says):
            call()
