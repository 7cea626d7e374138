"""Every layer against PyTorch's: state dict, repr, output, all gradients, buffers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl import nn
from minidl.errors import ShapeError
from tests.nn.pairs import check_layer, compare
from tests.support.compare import to_numpy
from tests.support.strategies import arrays

sides = st.integers(1, 3)
flags = st.booleans()


@given(st.data(), st.integers(1, 4), st.integers(1, 4), flags, st.lists(st.integers(0, 3), max_size=3))
def test_linear(data: st.DataObject, size: int, out: int, bias: bool, batch: list[int]) -> None:
    x = data.draw(arrays((*batch, size)))
    check_layer("Linear", {"in_features": size, "out_features": out, "bias": bias}, x)


@st.composite
def conv_options(draw: st.DrawFn, dims: int) -> dict[str, Any]:
    def size(low: int, high: int) -> Any:
        each = st.integers(low, high)
        return draw(st.one_of(each, st.tuples(*[each] * dims)))

    groups = draw(st.sampled_from([1, 2]))
    return {
        "in_channels": groups * draw(sides), "out_channels": groups * draw(sides), "kernel_size": size(1, 3),
        "stride": size(1, 2), "padding": size(0, 2), "dilation": size(1, 2), "groups": groups, "bias": draw(flags),
    }  # fmt: skip


@given(st.data(), st.sampled_from([1, 2]), flags)
def test_conv(data: st.DataObject, dims: int, batched: bool) -> None:
    options = data.draw(conv_options(dims))
    if data.draw(flags):
        options.update(padding=data.draw(st.sampled_from(["same", "valid"])), stride=1)
        if options["padding"] == "same":
            options["kernel_size"] = 3  # of an even kernel PyTorch warns
    shape = (options["in_channels"], *[data.draw(st.integers(5, 7)) for _ in range(dims)])
    x = data.draw(arrays((2, *shape) if batched else shape))
    check_layer(f"Conv{dims}d", options, x)


@given(st.data(), st.sampled_from([1, 2]), flags)
def test_conv_transpose(data: st.DataObject, dims: int, sized: bool) -> None:
    options = data.draw(conv_options(dims))
    options.update(stride=2, dilation=1, padding=0)
    options["output_padding"] = 0 if sized else data.draw(st.integers(0, 1))
    shape = (2, options["in_channels"], *[data.draw(st.integers(1, 4)) for _ in range(dims)])
    x = data.draw(arrays(shape))
    if not sized:
        check_layer(f"ConvTranspose{dims}d", options, x)
        return
    kernel = options["kernel_size"] if isinstance(options["kernel_size"], tuple) else (options["kernel_size"],) * dims
    smallest = [(n - 1) * 2 + k for n, k in zip(shape[2:], kernel)]
    wanted = [n + data.draw(st.integers(0, 1)) for n in smallest]
    check_layer(f"ConvTranspose{dims}d", options, x, wanted)
    mine = getattr(nn, f"ConvTranspose{dims}d")(**options)
    with pytest.raises(ShapeError, match="sizes from"):
        mine(minidl.tensor(x.astype("float32")), [n + 2 for n in smallest])
    with pytest.raises(ShapeError, match="elements"):
        mine(minidl.tensor(x.astype("float32")), [1] * 5)


pool_options = st.fixed_dictionaries(
    {"kernel_size": st.one_of(sides, st.tuples(sides, sides)), "stride": st.one_of(st.none(), sides),
     "padding": st.just(0), "ceil_mode": flags}
)  # fmt: skip


@given(st.data(), pool_options, flags)
def test_pooling(data: st.DataObject, options: dict[str, Any], batched: bool) -> None:
    x = data.draw(arrays((2, 2, 6, 5) if batched else (2, 6, 5)))
    check_layer("MaxPool2d", {**options, "dilation": data.draw(st.integers(1, 2))}, x)
    extra = {"count_include_pad": data.draw(flags), "divisor_override": data.draw(st.sampled_from([None, 3]))}
    check_layer("AvgPool2d", {**options, **extra}, x)
    size = data.draw(st.one_of(sides, st.tuples(sides, st.one_of(st.none(), sides))))
    check_layer("AdaptiveAvgPool2d", {"output_size": size}, x)


def test_padded_pooling() -> None:
    x = np.random.default_rng(0).standard_normal((2, 3, 6, 7))
    check_layer("MaxPool2d", {"kernel_size": 3, "stride": 2, "padding": 1}, x)
    check_layer("AvgPool2d", {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False}, x)


def test_max_pool_with_indices() -> None:
    x = np.random.default_rng(0).standard_normal((2, 3, 6, 6)).astype("float32")
    z, places = nn.MaxPool2d(2, return_indices=True)(minidl.tensor(x))
    expected, expected_places = torch.nn.MaxPool2d(2, return_indices=True)(torch.tensor(x))
    np.testing.assert_array_equal(to_numpy(z), expected.numpy())
    np.testing.assert_array_equal(to_numpy(places), expected_places.numpy())


def test_unfold_and_fold() -> None:
    x = np.random.default_rng(0).standard_normal((2, 3, 5, 6))
    check_layer("Unfold", {"kernel_size": (2, 3), "padding": 1, "stride": 2}, x)
    columns = np.random.default_rng(0).standard_normal((2, 12, 20))
    check_layer("Fold", {"output_size": (5, 6), "kernel_size": 2}, columns)


@given(arrays(), st.integers(0, 3), st.integers(0, 3))
def test_flatten(x: np.ndarray, start: int, end: int) -> None:
    last = max(x.ndim - 1, 0)
    start, end = sorted((min(start, last), min(end, last)))
    check_layer("Flatten", {"start_dim": start, "end_dim": end}, x)


def test_unflatten_and_identity() -> None:
    x = np.random.default_rng(0).standard_normal((2, 12))
    check_layer("Unflatten", {"dim": 1, "unflattened_size": (3, 4)}, x)
    check_layer("Identity", {}, x)
    assert nn.Identity(54, unused=True)(3) == 3


@given(st.data(), st.sampled_from([1, 2]), st.integers(1, 3))
def test_batch_norm(data: st.DataObject, dims: int, channels: int) -> None:
    options = {
        "num_features": channels, "eps": data.draw(st.sampled_from([1e-5, 1e-2])),
        "momentum": data.draw(st.sampled_from([None, 0.0, 0.1, 1.0])), "affine": data.draw(flags),
        "track_running_stats": data.draw(flags), "bias": data.draw(flags),
    }  # fmt: skip
    shape = (3, channels, *[2] * data.draw(st.sampled_from([0, 1] if dims == 1 else [2])))
    check_layer(f"BatchNorm{dims}d", options, data.draw(arrays(shape, layout=False)), calls=3, float32=1e-3)


def test_batch_norm_statistics_can_be_forgotten() -> None:
    mine, reference = nn.BatchNorm1d(2), torch.nn.BatchNorm1d(2)
    x = np.random.default_rng(0).standard_normal((4, 2)).astype("float32")
    compare(mine, reference, x)
    mine.reset_running_stats()
    reference.reset_running_stats()
    compare(mine, reference, x)
    mine.reset_parameters()
    assert int(to_numpy(mine.num_batches_tracked)) == 0


def test_a_failed_batch_is_not_counted() -> None:
    layer = nn.BatchNorm1d(2)
    with pytest.raises(ShapeError, match="more than 1 value"):
        layer(minidl.tensor(np.ones((1, 2), "float32")))
    assert int(to_numpy(layer.num_batches_tracked)) == 0


@given(st.data(), st.lists(sides, min_size=1, max_size=2))
def test_layer_norm(data: st.DataObject, shape: list[int]) -> None:
    shape[-1] += 2
    options = {
        "normalized_shape": shape[-1] if data.draw(flags) else shape, "eps": 1e-3,
        "elementwise_affine": data.draw(flags), "bias": data.draw(flags),
    }  # fmt: skip
    check_layer("LayerNorm", options, data.draw(arrays((2, 3, *shape), layout=False)), float32=1e-3)


@given(st.data(), sides, sides)
def test_group_norm(data: st.DataObject, groups: int, each: int) -> None:
    options = {"num_groups": groups, "num_channels": groups * each, "affine": data.draw(flags), "eps": 1e-3}
    x = data.draw(arrays((2, groups * each, 2, 3), layout=False))
    check_layer("GroupNorm", options, x, float32=1e-3)


@given(st.integers(1, 5), sides, st.data())
def test_embedding(rows: int, size: int, data: st.DataObject) -> None:
    padding = data.draw(st.one_of(st.none(), st.integers(-rows, rows - 1)))
    index = np.random.default_rng(0).integers(0, rows, data.draw(st.lists(st.integers(0, 3), max_size=2)))
    check_layer("Embedding", {"num_embeddings": rows, "embedding_dim": size, "padding_idx": padding}, np.array(index))


def test_embedding_start_and_pretrained() -> None:
    layer = nn.Embedding(4, 3, padding_idx=-1)
    np.testing.assert_array_equal(to_numpy(layer.weight)[3], [0, 0, 0])
    weight = minidl.tensor(np.arange(6.0, dtype="float32").reshape(3, 2))
    options = {"num_embeddings": 4, "embedding_dim": 3, "max_norm": 1.0, "norm_type": 1.0, "scale_grad_by_freq": True}
    check_layer("Embedding", options, np.array([0, 2, 2]))
    for more in ({}, {"mode": "sum", "padding_idx": -1}, {"include_last_offset": True}):
        offsets = np.array([0, 1, 3]) if more.get("include_last_offset") else np.array([0, 2])
        check_layer("EmbeddingBag", options | more, np.array([0, 2, 3]), offsets)
    assert not nn.EmbeddingBag.from_pretrained(weight, mode="max").weight.requires_grad
    frozen = nn.Embedding.from_pretrained(weight)
    assert not frozen.weight.requires_grad
    assert nn.Embedding.from_pretrained(weight, freeze=False).weight.requires_grad
    np.testing.assert_array_equal(to_numpy(frozen(minidl.tensor([2, 0]))), [[4, 5], [0, 1]])


@pytest.mark.parametrize("name", ["Dropout", "Dropout2d"])
def test_dropout(name: str) -> None:
    layer = getattr(nn, name)(0.25)
    assert repr(layer) == repr(getattr(torch.nn, name)(0.25))
    x = minidl.tensor(np.ones((50, 40, 2, 2), "float32"))
    z = to_numpy(layer(x))
    assert set(np.unique(z)) == {0, np.float32(1 / 0.75)}
    assert abs((z == 0).mean() - 0.25) < 0.05
    if name == "Dropout2d":
        assert np.array_equal(z, np.broadcast_to(z[..., :1, :1], z.shape))
    minidl.manual_seed(3)
    first = to_numpy(layer(x))
    minidl.manual_seed(3)
    np.testing.assert_array_equal(first, to_numpy(layer(x)))
    np.testing.assert_array_equal(to_numpy(layer.eval()(x)), to_numpy(x))
    np.testing.assert_array_equal(to_numpy(getattr(nn, name)(1.0)(x)), 0 * to_numpy(x))
