"""Padding, upsampling, pooling, volumes, norms, distances, losses and lazy layers, against PyTorch's."""

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
    check_layer(f"{kind}Pad3d", {"padding": (1, 0, width, 1, 0, width), **value}, image)


@given(
    st.sampled_from(["zeros", "reflect", "replicate", "circular"]), st.integers(1, 2), st.integers(1, 3),
    st.sampled_from(["same", "valid", (1, 0, 1), 1]), st.integers(0, 2**32 - 1),
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_padding_modes_of_convolutions(mode, dilation, dims, padding, seed):
    x = np.random.default_rng(seed).uniform(-2, 2, (1, 2, 5, 6, 5)[: 2 + dims])
    padding = padding[:dims] if isinstance(padding, tuple) else padding
    options = {"in_channels": 2, "out_channels": 3, "kernel_size": 2, "dilation": dilation, "padding": padding}
    check_layer(f"Conv{dims}d", {**options, "padding_mode": mode}, x, float32=1e-4)
    check_layer(f"Conv{dims}d", {**options, "padding_mode": mode, "bias": False}, x[0], float32=1e-4)


VOLUMES = [
    ("Conv3d", {"in_channels": 4, "out_channels": 2, "kernel_size": (1, 2, 3), "stride": 2, "groups": 2, "padding": 1}),
    ("ConvTranspose3d", {"in_channels": 4, "out_channels": 3, "kernel_size": 2, "stride": (1, 2, 2), "dilation": 2}),
    ("MaxPool3d", {"kernel_size": 2, "stride": 1, "ceil_mode": True}), ("MaxPool3d", {"kernel_size": (1, 2, 2)}),
    ("AvgPool3d", {"kernel_size": 2, "padding": 1, "count_include_pad": False}),
    ("LPPool3d", {"norm_type": 2, "kernel_size": 2}), ("AdaptiveAvgPool3d", {"output_size": (2, None, 1)}),
    ("AdaptiveMaxPool3d", {"output_size": 2}), ("BatchNorm3d", {"num_features": 4}),
    ("InstanceNorm3d", {"num_features": 4, "affine": True, "track_running_stats": True}),
    ("LocalResponseNorm", {"size": 3, "alpha": 0.5}), ("RMSNorm", {"normalized_shape": (3, 4)}),
    ("RMSNorm", {"normalized_shape": 4, "eps": 0.1, "elementwise_affine": False}), ("GLU", {"dim": 1}),
    ("ChannelShuffle", {"groups": 2}), ("PReLU", {"num_parameters": 4}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options"), VOLUMES)
def test_layers_of_volumes(name, options):
    x = np.random.default_rng(0).uniform(0.5, 2, (2, 4, 4, 3, 4))
    check_layer(name, options, x, calls=2, float32=2e-4)


IMAGES = [
    ("AdaptiveMaxPool1d", {"output_size": 2}, 3), ("AdaptiveMaxPool2d", {"output_size": (None, 2)}, 4),
    ("LPPool1d", {"norm_type": 3, "kernel_size": 2, "stride": 1}, 3), ("Softmax2d", {}, 4),
    ("LPPool2d", {"norm_type": 2.0, "kernel_size": (2, 1), "ceil_mode": True}, 4), ("RReLU", {}, 3),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options", "ndim"), IMAGES)
def test_layers_of_images_and_signals(name, options, ndim):
    x = np.random.default_rng(0).uniform(0.5, 2, (2, 4, 4, 5)[:ndim])
    check_layer(name, options, x, float32=1e-4)


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_a_pool_and_its_unpool(dims):
    x = np.random.default_rng(0).uniform(-2, 2, (2, 2, 4, 4, 6)[: dims + 2])
    z, index = getattr(torch.nn, f"MaxPool{dims}d")(2, return_indices=True)(torch.tensor(x))
    check_layer(f"MaxUnpool{dims}d", {"kernel_size": 2}, z.numpy(), index.numpy())
    layer = getattr(nn, f"MaxUnpool{dims}d")(2)
    assert layer(*getattr(nn, f"MaxPool{dims}d")(2, return_indices=True)(minidl.tensor(x)), x.shape).shape == x.shape


LOSSES = [
    ("MarginRankingLoss", {"margin": 0.3}, "xys"), ("CosineEmbeddingLoss", {"margin": 0.1}, "xyl"),
    ("TripletMarginLoss", {"swap": True, "p": 3.0}, "xyz"), ("TripletMarginWithDistanceLoss", {"margin": 0.7}, "xyz"),
    ("PoissonNLLLoss", {"full": True, "reduction": "sum"}, "xz"), ("GaussianNLLLoss", {"full": True}, "xyz"),
    ("SoftMarginLoss", {"reduction": "none"}, "xs"), ("MultiLabelMarginLoss", {}, "xc"),
    ("MultiLabelSoftMarginLoss", {"reduction": "none"}, "xs"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options", "takes"), LOSSES)
def test_losses(name, options, takes):
    rng = np.random.default_rng(0)
    given = dict(zip("xyz", rng.uniform(0.5, 2, (3, 4, 5))))
    given |= {"s": rng.choice([-1, 1], (4, 5)), "l": rng.choice([-1, 1], 4), "c": rng.integers(-1, 5, (4, 5))}
    check_layer(name, options, *[given[letter] for letter in takes], float32=2e-4)


def test_bilinear_and_ctc():
    rng = np.random.default_rng(0)
    check_layer("Bilinear", {"in1_features": 3, "in2_features": 2, "out_features": 4}, rng.uniform(-1, 1, (5, 3)),
                rng.uniform(-1, 1, (5, 2)), float32=1e-4)  # fmt: skip
    scores, labels = np.log(rng.dirichlet(np.ones(4), (6, 2))), rng.integers(1, 4, (2, 2))
    lengths = np.array([6, 5]), np.array([2, 1])
    check_layer("CTCLoss", {"zero_infinity": True}, scores, labels, *lengths, float32=1e-4)


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
    ("LazyConv3d", {"out_channels": 2, "kernel_size": 2}, (1, 3, 4, 3, 3)), ("LazyBatchNorm3d", {}, (2, 3, 4, 2, 2)),
    ("LazyConvTranspose1d", {"out_channels": 2, "kernel_size": 2}, (2, 3, 5)),
    ("LazyConvTranspose2d", {"out_channels": 4, "kernel_size": 3, "stride": 2, "groups": 2}, (2, 2, 4, 4)),
    ("LazyConvTranspose3d", {"out_channels": 2, "kernel_size": 2, "bias": False}, (1, 3, 2, 3, 3)),
    ("LazyInstanceNorm1d", {}, (2, 3, 5)), ("LazyInstanceNorm2d", {"momentum": 0.3}, (2, 3, 4, 4)),
    ("LazyInstanceNorm3d", {"track_running_stats": False}, (2, 3, 4, 2, 2)),
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
