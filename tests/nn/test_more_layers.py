"""Padding, upsampling, 1-d pooling, instance norm, distances, lazy layers and DataParallel, against PyTorch's."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl import nn
from minidl.errors import GraphError, ShapeError, UnsupportedError
from tests.nn.pairs import check_layer, numpy_state, same_weights
from tests.support.compare import assert_close
from tests.support.strategies import arrays, shapes

signals, images = arrays(shapes(3, 3, 2, 5)), arrays(shapes(4, 4, 2, 4))
KINDS = ["Reflection", "Replication", "Circular", "Zero", "Constant"]


@given(signals, images, st.sampled_from(KINDS), st.integers(0, 1))
def test_padding(signal, image, kind, width):
    value = {"value": 1.5} if kind == "Constant" else {}
    check_layer(f"{kind}Pad1d", {"padding": width, **value}, signal)
    check_layer(f"{kind}Pad2d", {"padding": (1, 0, width, 1), **value}, image)


@given(images, st.sampled_from([("nearest", None), ("bilinear", True), ("bilinear", False)]))
def test_upsampling(x, how):
    mode, aligned = how
    check_layer("Upsample", {"scale_factor": 2, "mode": mode, "align_corners": aligned}, x, float32=1e-4, float64=1e-6)
    check_layer("Upsample", {"size": (3, 5), "mode": mode, "align_corners": aligned}, x, float32=1e-4, float64=1e-6)
    check_layer("UpsamplingNearest2d", {"scale_factor": 2}, x)
    check_layer("UpsamplingBilinear2d", {"scale_factor": 2}, x, float32=1e-4, float64=1e-6)


@given(arrays((2, 4, 4, 2)))
def test_pixels(x):
    check_layer("PixelShuffle", {"upscale_factor": 2}, x)
    check_layer("PixelUnshuffle", {"downscale_factor": 2}, x)


@given(arrays(shapes(2, 3, 3, 6)), st.integers(1, 3))
def test_pools(x, kernel):
    for name in ("MaxPool1d", "AvgPool1d"):
        check_layer(name, {"kernel_size": kernel}, x)
        check_layer(name, {"kernel_size": kernel, "stride": 1, "padding": kernel // 2, "ceil_mode": True}, x)
    check_layer("AdaptiveAvgPool1d", {"output_size": kernel}, x)


@given(st.booleans(), st.booleans(), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_instance_norm(affine, tracked, batch, seed):
    x = np.random.default_rng(seed).uniform(-2, 2, (batch, 3, 4, 5))
    options = {"num_features": 3, "affine": affine, "track_running_stats": tracked, "momentum": 0.3}
    check_layer("InstanceNorm2d", options, x, calls=2, float32=2e-4)
    check_layer("InstanceNorm1d", options, x[..., 0], calls=2, float32=2e-4)
    check_layer("InstanceNorm2d", options, x[0], float32=2e-4)


@given(arrays(shapes(2, 2, 1, 4), low=0.5))
def test_distances(x):
    check_layer("CosineSimilarity", {"dim": 1}, x, x[::-1] + 1, float32=1e-4)
    check_layer("PairwiseDistance", {"keepdim": True}, x, -x, float32=1e-4)


LAZY = [
    ("LazyLinear", {"out_features": 3}, (4, 5)), ("LazyConv1d", {"out_channels": 2, "kernel_size": 2}, (2, 3, 5)),
    ("LazyConv2d", {"out_channels": 4, "kernel_size": 3, "padding": 1, "groups": 2, "bias": False}, (2, 2, 4, 4)),
    ("LazyBatchNorm1d", {}, (4, 3)), ("LazyBatchNorm2d", {"momentum": 0.5}, (2, 3, 4, 4)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options", "shape"), LAZY)
def test_lazy_layers_become_ordinary_ones(name, options, shape):
    x = np.random.default_rng(0).uniform(-1, 1, shape)
    ours, theirs = getattr(nn, name)(**options), getattr(torch.nn, name)(**options)
    assert repr(ours) == repr(theirs)
    before, optimizer = list(ours.parameters()), minidl.optim.SGD(ours.parameters(), lr=0.1)
    ours.to(minidl.float64)
    with pytest.raises(GraphError, match="call the layer with a Tensor first"):
        ours("no tensor")
    calls = []
    ours.register_forward_hook(lambda module, inputs, output: calls.append(output.shape))
    ours.eval()
    ours(minidl.tensor(x))
    theirs.double().eval()(torch.tensor(x))
    assert type(ours) is getattr(nn, name.removeprefix("Lazy")) and len(calls) == 1 and not ours.training
    assert repr(ours) == repr(theirs) and all(a is b for a, b in zip(before, ours.parameters(), strict=True))
    assert {value.dtype for value in numpy_state(ours).values()} <= {np.dtype("float64"), np.dtype("int64")}
    same_weights(ours, theirs, 0)
    z, t = ours(minidl.tensor(x)), theirs(torch.tensor(x))
    assert_close(z, t)
    z.sum().backward()
    optimizer.step()
    assert all(parameter.grad is not None for parameter in ours.parameters())
    assert repr(copy.deepcopy(ours)) == repr(ours)


def test_data_parallel_is_the_module_itself():
    layer = nn.Linear(2, 1)
    parallel = nn.DataParallel(layer, device_ids=[0])
    x = minidl.ones(3, 2)
    assert (parallel(x) == layer(x)).all() and parallel.module is layer
    assert list(parallel.state_dict()) == ["module.weight", "module.bias"]
    with pytest.raises(UnsupportedError, match="minidl trains on one device"):
        nn.DataParallel(layer, device_ids=[0, 1])


def test_errors():
    with pytest.raises(ShapeError, match="InstanceNorm2d: takes 3 or 4 dimensions"):
        nn.InstanceNorm2d(2)(minidl.ones(2, 2))
    with pytest.raises(ShapeError, match="InstanceNorm1d: num_features is 2"):
        nn.InstanceNorm1d(2, affine=True)(minidl.ones(1, 3, 4))
