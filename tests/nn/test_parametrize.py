"""Parametrized weights against PyTorch: values, gradients, state dicts both ways, copies, and what is refused."""

from __future__ import annotations

import copy
import io
import pickle
import warnings
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.utils.parametrizations as theirs
import torch.nn.utils.parametrize as their_parametrize

import minidl
from minidl import nn
from minidl.errors import ArgumentError, CheckpointError, DtypeError, MinidlError, ShapeError, UnsupportedError
from minidl.nn.utils import parametrizations as ours
from minidl.nn.utils import parametrize
from tests.support.compare import assert_close

LAYERS = {
    "linear": (lambda lib: lib.nn.Linear(5, 4), (3, 5)),
    "square": (lambda lib: lib.nn.Linear(4, 4), (3, 4)),
    "tall": (lambda lib: lib.nn.Linear(3, 5), (2, 3)),
    "conv": (lambda lib: lib.nn.Conv2d(2, 3, 3), (2, 2, 5, 5)),
    "transposed": (lambda lib: lib.nn.ConvTranspose2d(2, 3, 3), (2, 2, 4, 4)),
}
CHANGES: list[tuple[str, dict[str, Any], str]] = [
    *[("weight_norm", {"dim": dim}, name) for dim in (0, 1, None) for name in ("linear", "conv", "transposed")],
    *[("spectral_norm", {}, name) for name in ("linear", "conv", "transposed")],
    ("spectral_norm", {"n_power_iterations": 3, "dim": 1}, "conv"),
    ("spectral_norm", {"name": "bias"}, "linear"),
    *[
        ("orthogonal", {"orthogonal_map": how, "use_trivialization": turned}, name)
        for how in ("matrix_exp", "cayley", "householder")
        for turned in (True, False)
        for name in ("linear", "square", "tall")
    ],
]


def pair(change: str, options: dict[str, Any], name: str, dtype: str = "float64") -> tuple[Any, Any, np.ndarray]:
    """The changed layer in both libraries, ours with the numbers of theirs, and an input."""
    make, shape = LAYERS[name]
    mine, other = make(minidl).to(dtype=minidl.as_dtype(dtype)), make(torch).to(getattr(torch, dtype))
    mine, other = getattr(ours, change)(mine, **options), getattr(theirs, change)(other, **options)
    with torch.no_grad():  # from where training would have brought it
        for parameter in other.parametrizations.parameters():
            parameter.add_(torch.tril(torch.randn(parameter.shape), -1) if parameter.ndim == 2 else 0.1)
    assert list(mine.state_dict()) == list(other.state_dict())
    mine.load_state_dict({key: minidl.tensor(value.cpu().numpy()) for key, value in other.state_dict().items()})
    return mine, other, np.sin(np.arange(np.prod(shape))).reshape(shape).astype(dtype)


@pytest.mark.solver
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("change", "options", "name"), CHANGES, ids=str)
def test_as_in_pytorch(change: str, options: dict[str, Any], name: str, dtype: str) -> None:
    torch.manual_seed(1)
    mine, other, x = pair(change, options, name, dtype)
    tolerance = {"float64": 1e-9, "float32": 2e-4}[dtype]
    for training in (True, True, False):
        mine.train(training), other.train(training)
        z, expected = mine(minidl.tensor(x)), other(torch.tensor(x))
        assert_close(z, expected, tolerance=tolerance)
        mine.zero_grad(), other.zero_grad()
        z.square().sum().backward(), expected.square().sum().backward()
        found, wanted = dict(mine.named_parameters()), dict(other.named_parameters())
        assert list(found) == list(wanted)
        for key in found:
            assert_close(found[key].grad, wanted[key].grad, key, tolerance=tolerance)
    for key, value in other.state_dict().items():
        assert_close(mine.state_dict()[key], value, key, tolerance=tolerance)
    other.load_state_dict({key: torch.tensor(value.cpu().numpy()) for key, value in mine.state_dict().items()})
    assert repr(mine) == repr(other)


@pytest.mark.solver
@pytest.mark.parametrize(("change", "options", "name"), CHANGES, ids=str)
def test_the_start_the_way_back_and_assigning(change: str, options: dict[str, Any], name: str) -> None:
    make, _ = LAYERS[name]
    layer = make(minidl).double()
    which = options.get("name", "weight")
    before = getattr(layer, which).detach().clone()
    parameters = list(layer.parameters())
    assert getattr(ours, change)(layer, **options) is layer
    assert parametrize.is_parametrized(layer, which) and parametrize.is_parametrized(layer)
    assert parametrize.type_before_parametrizations(layer) is type(make(minidl))
    value = getattr(layer.eval(), which).detach()
    if change == "weight_norm":
        np.testing.assert_allclose(value.cpu().numpy(), before.cpu().numpy())
    elif change == "orthogonal":
        tall = value if value.shape[0] >= value.shape[1] else value.T
        np.testing.assert_allclose((tall.T @ tall).cpu().numpy(), np.eye(tall.shape[1]), atol=1e-12)
        if options["use_trivialization"] or options["orthogonal_map"] == "householder":
            setattr(layer, which, value.flip(0))
            assigned = getattr(layer, which).detach().cpu().numpy()
            np.testing.assert_allclose(assigned, value.flip(0).cpu().numpy(), atol=1e-12)
            setattr(layer, which, value)
            value = getattr(layer, which).detach()  # the base was completed anew
        else:
            with pytest.raises(NotImplementedError, match="no weight can be assigned to"):
                setattr(layer, which, value)
    parametrize.remove_parametrizations(layer, which)
    assert type(layer) is type(make(minidl)) and not parametrize.is_parametrized(layer)
    assert sorted(layer.state_dict()) == ["bias", "weight"]
    assert isinstance(getattr(layer, which), nn.Parameter)
    np.testing.assert_allclose(getattr(layer, which).detach().cpu().numpy(), value.cpu().numpy(), atol=1e-12)
    if change != "weight_norm":
        assert {id(p) for p in layer.parameters()} == {id(p) for p in parameters}, "an optimizer may hold them"


def symmetric(lib: Any) -> Any:
    class Symmetric(lib.nn.Module):  # type: ignore[name-defined,misc]
        def forward(self, x: Any) -> Any:
            return x.triu() + x.triu(1).mT

        def right_inverse(self, x: Any) -> Any:
            return x.triu()

    return Symmetric()


def doubled(lib: Any) -> Any:
    class Doubled(lib.nn.Module):  # type: ignore[name-defined,misc]
        def forward(self, x: Any) -> Any:
            return x * 2

    return Doubled()


def rank_one(lib: Any) -> Any:
    class RankOne(lib.nn.Module):  # type: ignore[name-defined,misc]
        def forward(self, x: Any, y: Any) -> Any:
            return x[:, None] * y[None]

        def right_inverse(self, z: Any) -> Any:
            return z[:, 0], z[0] / z[0, 0]

    return RankOne()


@pytest.mark.parametrize("make", [symmetric, doubled, rank_one])
def test_parametrizations_of_ones_own(make: Any) -> None:
    start = np.arange(1.0, 10).reshape(3, 3)
    found = []
    for lib, home in ((minidl, parametrize), (torch, their_parametrize)):
        layer = lib.nn.Linear(3, 3).double()
        layer.load_state_dict({"weight": lib.tensor(start), "bias": lib.zeros(3, dtype=lib.float64)})
        home.register_parametrization(layer, "weight", make(lib))
        layer(lib.ones(2, 3, dtype=lib.float64)).square().sum().backward()
        found.append((layer, home))
    (mine, _), (other, _) = found
    assert list(mine.state_dict()) == list(other.state_dict())
    for (name, p), q in zip(mine.named_parameters(), other.parameters()):
        assert_close(p, q, name)
        assert_close(p.grad, q.grad, name)
    for layer, home in found:  # a second one on top
        home.register_parametrization(layer, "weight", doubled(minidl if layer is mine else torch))
    assert_close(mine.weight, other.weight)
    if make is symmetric:
        with pytest.raises(UnsupportedError, match="Doubled has no right_inverse"):
            mine.weight = minidl.ones(3, 3).double()
    for layer, home in found:
        home.remove_parametrizations(layer, "weight", leave_parametrized=True)
    assert_close(mine.weight, other.weight)
    assert list(mine.state_dict()) == list(other.state_dict())


def test_buffers_and_several_tensors_of_one_module() -> None:
    for lib, home in ((minidl, parametrize), (torch, their_parametrize)):
        layer = lib.nn.BatchNorm1d(3)
        home.register_parametrization(layer, "running_mean", doubled(lib))
        home.register_parametrization(layer, "weight", doubled(lib))
        assert list(layer.state_dict()) == [
            "bias", "running_var", "num_batches_tracked", "parametrizations.running_mean.original",
            "parametrizations.weight.original",
        ]  # fmt: skip
        assert layer.weight.tolist() == [2, 2, 2]
        home.remove_parametrizations(layer, "weight", leave_parametrized=False)
        assert layer.weight.tolist() == [1, 1, 1] and home.is_parametrized(layer)
        assert not home.is_parametrized(layer, "weight")
        home.remove_parametrizations(layer, "running_mean")
        assert type(layer) is lib.nn.BatchNorm1d and "running_mean" in dict(layer.named_buffers())


def test_cached() -> None:
    class Counted(nn.Module):
        calls = 0

        def forward(self, x: Any) -> Any:
            self.calls += 1
            return x * 2

    layer, counted = nn.Linear(2, 2), Counted()
    parametrize.register_parametrization(layer, "weight", counted)
    start = counted.calls
    with parametrize.cached():
        with parametrize.cached():
            first = layer.weight
        assert layer.weight is first
    assert layer.weight is not first
    assert counted.calls == start + 2


def test_copies_train_apart() -> None:
    layer = ours.weight_norm(nn.Linear(4, 3))
    twin = copy.deepcopy(layer)
    optimizer = minidl.optim.SGD(layer.parameters(), lr=0.5)
    x = minidl.ones(2, 4)
    layer(x).square().sum().backward()
    optimizer.step()
    assert layer.weight.tolist() != twin.weight.tolist()
    parametrize.remove_parametrizations(twin, "weight")
    assert type(twin) is nn.Linear and parametrize.is_parametrized(layer)
    with pytest.raises(UnsupportedError, match=r"cannot be pickled; save its state_dict\(\)"):
        pickle.dumps(layer)


@pytest.mark.solver
def test_saved_and_loaded() -> None:
    layer, file = ours.orthogonal(nn.Linear(3, 3)), io.BytesIO()
    minidl.save(layer.state_dict(), file)
    file.seek(0)
    other = ours.orthogonal(nn.Linear(3, 3))
    other.load_state_dict(minidl.load(file))
    np.testing.assert_array_equal(other.weight.detach().cpu().numpy(), layer.weight.detach().cpu().numpy())


def test_weight_norm_loads_the_older_names() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        old = torch.nn.utils.weight_norm(torch.nn.Linear(3, 2))
    state = {f"0.{key}": value.cpu().numpy() for key, value in old.state_dict().items()}
    net = nn.Sequential(ours.weight_norm(nn.Linear(3, 2)))
    net.load_state_dict(state)
    assert_close(net[0].weight, old.weight)
    with pytest.raises(CheckpointError, match=r"missing: 0.parametrizations.weight.original0"):
        net.load_state_dict({key: value for key, value in state.items() if key != "0.weight_g"})


@pytest.mark.solver
def test_a_recurrent_layer_reads_its_computed_weight() -> None:
    mine, other = nn.GRU(3, 4), torch.nn.GRU(3, 4)
    ours.orthogonal(mine, "weight_hh_l0", "householder"), theirs.orthogonal(other, "weight_hh_l0", "householder")
    assert set(mine.state_dict()) == set(other.state_dict())
    mine.load_state_dict({key: value.cpu().numpy() for key, value in other.state_dict().items()})
    x = np.random.default_rng(0).normal(size=(5, 2, 3)).astype("float32")
    assert_close(mine(minidl.tensor(x))[0], other(torch.tensor(x))[0], tolerance=1e-5)


def test_transfer() -> None:
    made = []
    for lib, home in ((minidl, parametrize), (torch, their_parametrize)):
        source, target = lib.nn.Linear(3, 3), lib.nn.Linear(3, 3)
        home.register_parametrization(source, "weight", symmetric(lib))
        assert home.transfer_parametrizations_and_params(source, target) is target
        assert target.parametrizations.weight.original is source.parametrizations.weight.original
        empty = lib.nn.Module()
        home.transfer_parametrizations_and_params(source, empty, "weight")
        assert empty.weight.tolist() == source.weight.tolist()
        made.append(list(empty.state_dict()))
    assert made[0] == made[1]


class Wrong(nn.Module):
    def __init__(self, result: Any, inverse: Any = None) -> None:
        super().__init__()
        self.result = result
        if inverse is not None:
            object.__setattr__(self, "right_inverse", inverse)

    def forward(self, *x: Any) -> Any:
        return self.result(*x)


def lacking(x: Any) -> Any:
    raise UnsupportedError("an operation that is lacking")


@pytest.mark.parametrize(
    ("parametrization", "error", "says"),
    [
        (Wrong(lambda x: x[0]), ArgumentError, r"must keep the shape \(2, 2\); it gave \(2,\); or unsafe=True"),
        (Wrong(lambda x: x.double()), ArgumentError, "must keep the dtype float32; it gave float64"),
        (Wrong(lambda x: 3), ArgumentError, "must return a Tensor; got int"),
        (Wrong(lambda x: x, lambda x: 3), ArgumentError, "a Tensor or a sequence of tensors; got int"),
        (
            Wrong(lambda x: x, lambda x: [x, 3]),
            ArgumentError,
            r"got \['Parameter', 'int'\]",
        ),
        (Wrong(lambda x: x, lambda x: x.double()), ArgumentError, "must keep the dtype float32; it gave float64"),
        (Wrong(lambda x: x, lacking), MinidlError, "an operation that is lacking"),
        (len, DtypeError, "parametrization must be a Module; got builtin_function_or_method"),
    ],
)
def test_parametrizations_that_do_not_fit(parametrization: Any, error: Any, says: str) -> None:
    layer = nn.Linear(2, 2)
    with pytest.raises(error, match=says):
        parametrize.register_parametrization(layer, "weight", parametrization)
    assert type(layer) is nn.Linear and isinstance(layer.weight, nn.Parameter)


def test_wrong_calls() -> None:
    layer = ours.weight_norm(nn.Linear(2, 2))
    plain = nn.Linear(2, 2, bias=False)
    for call, error, says in (
        (lambda: parametrize.register_parametrization(plain, "bias", nn.Identity()), ArgumentError, "it has weight"),
        (lambda: parametrize.remove_parametrizations(plain, "weight"), ArgumentError, "Linear has none for 'weight'"),
        (
            lambda: parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False),
            ArgumentError,
            "computed from 2 tensors",
        ),
        (lambda: setattr(layer, "weight", nn.Parameter(minidl.ones(2, 2))), DtypeError, "assign a Tensor"),
        (lambda: setattr(layer, "weight", 3), DtypeError, "their originals, not int"),
        (lambda: ours.orthogonal(plain, "bias"), ArgumentError, "no parameter or buffer 'bias'"),
        (lambda: ours.orthogonal(nn.Linear(2, 2), "bias"), ShapeError, r"must be matrices \(..., n, k\)"),
        (
            lambda: ours.orthogonal(plain, orthogonal_map="qr"),
            ArgumentError,
            "must be one of matrix_exp, cayley",
        ),
        (lambda: ours.spectral_norm(plain, n_power_iterations=0), ArgumentError, "must be at least 1; got 0"),
        (lambda: ours.spectral_norm(plain, dim=2), IndexError, "dim must be from -2 to 1; got 2"),
        (lambda: ours.spectral_norm(plain, "w"), ArgumentError, "no parameter or buffer 'w'"),
        (lambda: parametrize.ParametrizationList([], plain.weight), ArgumentError, "at least one parametrization"),
    ):
        with pytest.raises(error, match=says):
            call()
