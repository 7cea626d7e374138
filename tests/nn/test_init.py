"""Initial weights: the exact ones equal PyTorch's, the random ones have its distributions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl import nn
from minidl.errors import ArgumentError, DtypeError, MinidlError, ShapeError
from minidl.nn import init
from tests.support.compare import to_numpy

SHAPE = (60, 20, 3, 2)


def filled(name: str, shape: tuple[int, ...] = SHAPE, seed: int = 0, dtype: str = "float32", **options: Any) -> Any:
    tensor = minidl.tensor(np.full(shape, 7.0, dtype))
    generator = minidl.Generator(seed)
    assert getattr(init, name)(tensor, **options, generator=generator) is tensor
    return to_numpy(tensor)


@pytest.mark.parametrize(("name", "args"), [("constant_", (3.5,)), ("zeros_", ()), ("ones_", ())])
def test_constants(name: str, args: tuple[Any, ...]) -> None:
    x, t = minidl.tensor(np.full((2, 3), 7.0)), torch.full((2, 3), 7.0, dtype=torch.float64)
    np.testing.assert_array_equal(
        to_numpy(getattr(init, name)(x, *args)), getattr(torch.nn.init, name)(t, *args).numpy()
    )
    integers = minidl.tensor([1, 2])
    np.testing.assert_array_equal(to_numpy(init.ones_(integers)), [1, 1])


@given(st.integers(1, 4), st.integers(1, 4), st.lists(st.integers(1, 3), min_size=1, max_size=3), st.integers(1, 2))
def test_identities(rows: int, columns: int, rest: list[int], groups: int) -> None:
    np.testing.assert_array_equal(
        to_numpy(init.eye_(minidl.tensor(np.full((rows, columns), 7.0)))),
        torch.nn.init.eye_(torch.full((rows, columns), 7.0, dtype=torch.float64)).numpy(),
    )
    shape = (rows * groups, columns, *rest)
    np.testing.assert_array_equal(
        to_numpy(init.dirac_(minidl.tensor(np.full(shape, 7.0)), groups)),
        torch.nn.init.dirac_(torch.full(shape, 7.0, dtype=torch.float64), groups).numpy(),
    )


UNIFORM = [
    ("uniform_", {"a": -2.0, "b": 3.0}, -2.0, 3.0),
    ("xavier_uniform_", {"gain": 2.0}, -2 * math.sqrt(6 / 480), 2 * math.sqrt(6 / 480)),
    ("kaiming_uniform_", {"a": math.sqrt(5)}, -1 / math.sqrt(120), 1 / math.sqrt(120)),
    ("kaiming_uniform_", {"mode": "FAN_OUT", "nonlinearity": "relu"}, -math.sqrt(6 / 360), math.sqrt(6 / 360)),
]
NORMAL = [
    ("normal_", {"mean": 1.0, "std": 2.0}, 1.0, 2.0),
    ("xavier_normal_", {"gain": 2.0}, 0.0, 2 * math.sqrt(2 / 480)),
    ("kaiming_normal_", {"a": 0.5}, 0.0, math.sqrt(2 / 1.25 / 120)),
    ("kaiming_normal_", {"mode": "fan_out", "nonlinearity": "linear"}, 0.0, math.sqrt(1 / 360)),
]


@pytest.mark.parametrize(("name", "options", "low", "high"), UNIFORM)
def test_uniform(name: str, options: dict[str, Any], low: float, high: float) -> None:
    values = filled(name, **options)
    width = high - low
    assert low <= values.min() < low + 0.01 * width
    assert high - 0.01 * width < values.max() <= high
    np.testing.assert_allclose(np.quantile(values, [0.25, 0.5, 0.75]), low + width * np.array([0.25, 0.5, 0.75]),
                               atol=0.03 * width)  # fmt: skip


@pytest.mark.parametrize(("name", "options", "mean", "std"), NORMAL)
def test_normal(name: str, options: dict[str, Any], mean: float, std: float) -> None:
    values = (filled(name, **options) - mean) / std
    inside = [(np.abs(values) < k).mean() for k in (1, 2, 3)]
    np.testing.assert_allclose(inside, [0.6827, 0.9545, 0.9973], atol=0.02)
    assert abs(values.mean()) < 0.05


@pytest.mark.parametrize(("mean", "std", "a", "b"), [(0, 1, -2, 2), (0, 1, 1, 1.5), (1, 2, -9, 9), (0, 1, 4, 6)])
def test_truncated_normal(mean: float, std: float, a: float, b: float) -> None:
    """Its distribution function is that of the normal, cut off and stretched."""
    values = np.sort(filled("trunc_normal_", mean=mean, std=std, a=a, b=b).ravel().astype("float64"))
    assert a <= values[0]
    assert values[-1] <= b
    normal = np.array([0.5 * math.erfc(-(x - mean) / std / math.sqrt(2)) for x in (a, b, *values[::100])])
    expected = (normal[2:] - normal[0]) / (normal[1] - normal[0])
    np.testing.assert_allclose(np.arange(values.size)[::100] / values.size, expected, atol=0.03)


@pytest.mark.parametrize("shape", [(4, 9), (9, 4), (5, 5), (3, 2, 4), (0, 3)])
def test_orthogonal(shape: tuple[int, ...]) -> None:
    values = filled("orthogonal_", shape, dtype="float64", gain=2.0)
    if values.size:
        matrix = values.reshape(shape[0], -1)
        small = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
        np.testing.assert_allclose(small, 4 * np.eye(len(small)), atol=1e-12)


RANDOM = ["uniform_", "normal_", "trunc_normal_", "xavier_uniform_", "xavier_normal_", "kaiming_uniform_",
          "kaiming_normal_", "orthogonal_"]  # fmt: skip


@pytest.mark.parametrize("name", RANDOM)
def test_one_seed_gives_one_set_of_weights(name: str) -> None:
    assert np.array_equal(filled(name), filled(name))
    assert not np.array_equal(filled(name), filled(name, seed=1))
    np.testing.assert_allclose(filled(name), filled(name, dtype="float64"), rtol=1e-6)
    x, y = minidl.tensor(np.ones((3, 4))), minidl.tensor(np.ones((3, 4)))
    minidl.manual_seed(5)
    getattr(init, name)(x)
    minidl.manual_seed(5)
    getattr(init, name)(y)
    assert np.array_equal(to_numpy(x), to_numpy(y))


@given(
    st.sampled_from([*init.LINEAR, "sigmoid", "tanh", "relu", "leaky_relu", "selu"]),
    st.one_of(st.none(), st.floats(0, 2), st.integers(0, 3)),
)
def test_gain(name: Any, slope: float | None) -> None:
    assert init.calculate_gain(name, slope) == torch.nn.init.calculate_gain(name, slope)


def test_filling_a_parameter_is_not_recorded() -> None:
    layer = nn.Linear(3, 3)
    init.xavier_uniform_(layer.weight)
    assert layer.weight.is_leaf
    assert layer.weight.requires_grad


DEFAULTS = [
    ("Linear", (40, 300), ["weight", "bias"], 1 / math.sqrt(40)),
    ("Conv2d", (8, 90, 5), ["weight", "bias"], 1 / math.sqrt(8 * 25)),
    ("ConvTranspose2d", (60, 80, 3), ["weight", "bias"], 1 / math.sqrt(80 * 9)),
    ("Conv1d", (8, 90, 5), ["weight", "bias"], 1 / math.sqrt(8 * 5)),
]


@pytest.mark.parametrize(("name", "args", "names", "bound"), DEFAULTS)
def test_layers_start_as_pytorchs(name: str, args: Any, names: list[str], bound: float) -> None:
    minidl.manual_seed(0), torch.manual_seed(0)  # a sample of 80 numbers strays from its width by chance
    for library in (nn, torch.nn):
        layer = getattr(library, name)(*args)
        for parameter in (getattr(layer, which) for which in names):
            values = to_numpy(parameter)
            assert 0.9 * bound < np.abs(values).max() <= bound
            assert abs(values.std() * math.sqrt(3) / bound - 1) < 0.15


def test_other_layers_start_as_pytorchs() -> None:
    for name, args in (("BatchNorm2d", (3,)), ("LayerNorm", (3,)), ("GroupNorm", (1, 3))):
        mine, reference = getattr(nn, name)(*args), getattr(torch.nn, name)(*args)
        for (key, x), (_, t) in zip(mine.state_dict().items(), reference.state_dict().items()):
            np.testing.assert_array_equal(to_numpy(x), t.numpy(), err_msg=key)
    values = to_numpy(nn.Embedding(200, 50).weight)
    assert abs(values.std() - 1) < 0.03
    minidl.manual_seed(1)
    layer = nn.Linear(2, 2)
    before = to_numpy(layer.weight)
    layer.reset_parameters()
    assert not np.array_equal(before, to_numpy(layer.weight))
    assert nn.Linear(0, 2).weight.shape == (2, 0)


def test_device_and_dtype_of_new_layers() -> None:
    for layer in (nn.Linear(2, 2, dtype=minidl.float64, device="cpu"), nn.Conv2d(1, 1, 1, dtype=minidl.float64),
                  nn.BatchNorm1d(2, dtype=minidl.float64), nn.LayerNorm(2, dtype=minidl.float64),
                  nn.GroupNorm(1, 2, dtype=minidl.float64), nn.Embedding(2, 2, dtype=minidl.float64)):  # fmt: skip
        assert {str(p.dtype) for p in layer.parameters()} == {"float64"}


ERRORS: list[tuple[Any, type[MinidlError], str]] = [
    (lambda x: init.uniform_(x, 2.0, 1.0), ArgumentError, "a <= b is expected; got a=2.0, b=1.0"),
    (lambda x: init.normal_(x, std=-1.0), ArgumentError, "std >= 0 is expected; got -1.0"),
    (lambda x: init.trunc_normal_(x, std=0.0), ArgumentError, "std > 0 and a < b are expected"),
    (lambda x: init.trunc_normal_(x, a=1.0, b=1.0), ArgumentError, "std > 0 and a < b"),
    (lambda x: init.eye_(x), ShapeError, "2 dimensions is expected; got shape"),
    (lambda x: init.dirac_(x, 7), ShapeError, "7 groups do not divide the 4 output channels"),
    (lambda x: init.dirac_(minidl.tensor([1.0])), ShapeError, "3, 4 or 5 dimensions"),
    (lambda x: init.xavier_uniform_(minidl.tensor([1.0])), ShapeError, "2 or more dimensions.*for a bias"),
    (lambda x: init.orthogonal_(minidl.tensor([1.0])), ShapeError, "2 or more dimensions"),
    (lambda x: init.kaiming_uniform_(x, mode="fan"), ArgumentError, "mode 'fan' is unknown"),
    (lambda x: init.kaiming_normal_(x, nonlinearity="gelu"), ArgumentError, "nonlinearity 'gelu' is unknown"),
    (lambda x: init.calculate_gain("leaky_relu", True), ArgumentError, "must be a number; got True"),
    (lambda x: init.uniform_(minidl.tensor([1])), DtypeError, "floating dtype is expected; got int64"),
    (lambda x: init.normal_(np.ones(3)), DtypeError, "a Tensor is expected; got ndarray"),
    (lambda x: init.zeros_(np.ones(3)), DtypeError, "a Tensor is expected; got ndarray"),
]


@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(call: Any, error: type[MinidlError], message: str) -> None:
    with pytest.raises(error, match=message):
        call(minidl.tensor(np.ones((4, 3, 2))))


def test_sparse_columns() -> None:
    minidl.manual_seed(0)
    w = minidl.nn.init.sparse_(minidl.empty(1000, 3), 0.1, std=2.0)
    zeros = to_numpy(w) == 0
    assert zeros.sum(axis=0).tolist() == [100, 100, 100]
    assert (zeros[:, 0] != zeros[:, 1]).any()
    assert abs(to_numpy(w)[~zeros].std() - 2) < 0.15
    assert (to_numpy(minidl.nn.init.sparse_(minidl.empty(3, 2), 0.4)) == 0).sum(axis=0).tolist() == [2, 2]
    with pytest.raises(minidl.errors.ShapeError, match="2 dimensions is expected; got shape"):
        minidl.nn.init.sparse_(minidl.empty(3), 0.5)
    with pytest.raises(minidl.errors.ArgumentError, match="sparsity must be between 0 and 1; got 2"):
        minidl.nn.init.sparse_(minidl.empty(3, 2), 2)
