"""Containers do what PyTorch's do: the same calls on both give the same names, and the same printed module."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import minidl
from minidl import nn
from minidl.engine.observe import Observer, observed
from minidl.errors import ArgumentError, DtypeError
from tests.support.compare import to_numpy


def three(library: Any) -> Any:
    return library.Sequential(library.Linear(2, 3), library.ReLU(), library.Linear(3, 2))


def changed(module: Any, change: Callable[[Any], Any]) -> Any:
    result = change(module)
    return module if result is None else result


SEQUENTIAL: list[Callable[[Any, Any], Any]] = [
    lambda L, m: m[1],
    lambda L, m: m[-1],
    lambda L, m: m[:2],
    lambda L, m: m[::2],
    lambda L, m: m.append(L.Tanh()),
    lambda L, m: m.extend([L.Tanh(), L.ReLU()]),
    lambda L, m: m.insert(1, L.Tanh()),
    lambda L, m: m.insert(-1, L.Tanh()),
    lambda L, m: m.insert(3, L.Tanh()),
    lambda L, m: m.__setitem__(1, L.Tanh()),
    lambda L, m: m.__setitem__(-1, L.Tanh()),
    lambda L, m: m.__delitem__(0),
    lambda L, m: m.__delitem__(slice(0, 2)),
    lambda L, m: m.pop(1),
    lambda L, m: m.pop(1) and None,
    lambda L, m: m + L.Sequential(L.Tanh()),
    lambda L, m: m.__iadd__(L.Sequential(L.Tanh())),
    lambda L, m: m * 2,
    lambda L, m: 2 * m,
    lambda L, m: m.__imul__(2),
    lambda L, m: L.Sequential(OrderedDict(first=L.ReLU(), second=L.Tanh())),
    lambda L, m: L.Sequential(OrderedDict(first=L.ReLU(), second=L.Tanh()))[1:],
    lambda L, m: L.Sequential(OrderedDict(first=L.ReLU(), second=L.Tanh())).append(L.ReLU()),
    lambda L, m: L.Sequential(),
    lambda L, m: L.Sequential(m, L.Sequential(L.ReLU())),
]


@pytest.mark.parametrize("number", range(len(SEQUENTIAL)))
def test_sequential(number: int) -> None:
    change = SEQUENTIAL[number]
    mine, reference = (changed(three(library), lambda m, L=library: change(L, m)) for library in (nn, torch.nn))
    assert repr(mine) == repr(reference)
    assert list(mine.state_dict()) == list(reference.state_dict())


def test_sequential_runs_in_order() -> None:
    net = three(nn)
    x = minidl.tensor(np.ones((4, 2), "float32"))
    np.testing.assert_array_equal(to_numpy(net(x)), to_numpy(net[2](net[1](net[0](x)))))
    assert nn.Sequential()(3) == 3
    assert len(net.extend(net)) == 6
    del net[3:]
    assert len(net) == 3
    assert [type(module).__name__ for module in net] == ["Linear", "ReLU", "Linear"]


def test_subclass_of_sequential() -> None:
    class Mlp(nn.Sequential):
        pass

    assert type(Mlp(nn.ReLU(), nn.Tanh())[:1]) is Mlp


LISTS: list[Callable[[Any, Any], Any]] = [
    lambda L, m: m,
    lambda L, m: m[0],
    lambda L, m: m[1:],
    lambda L, m: m.append(L.Tanh()),
    lambda L, m: m.extend([L.Tanh()]),
    lambda L, m: m.insert(0, L.Tanh()) and None,
    lambda L, m: m.__setitem__(0, L.Tanh()),
    lambda L, m: m.__delitem__(-1),
    lambda L, m: m.__delitem__(slice(0, 2)),
    lambda L, m: m.pop(0),
    lambda L, m: m + [L.Tanh()],
    lambda L, m: m.__iadd__([L.Tanh()]),
    lambda L, m: L.ModuleList(),
    lambda L, m: L.ModuleList([m, m]),
]


@pytest.mark.parametrize("number", range(len(LISTS)))
def test_module_list(number: int) -> None:
    change = LISTS[number]
    made = []
    for library in (nn, torch.nn):
        module = library.ModuleList([library.Linear(2, 2), library.ReLU(), library.ReLU()])
        made.append(changed(module, lambda m, L=library: change(L, m)))
    assert repr(made[0]) == repr(made[1])
    assert list(made[0].state_dict()) == list(made[1].state_dict())


def test_module_dict() -> None:
    made = []
    for library in (nn, torch.nn):
        module = library.ModuleDict({"a": library.ReLU(), "b": library.Linear(1, 1)})
        module["c"] = library.Tanh()
        module.update([("d", library.ReLU()), ("a", library.Tanh())])
        module.update(library.ModuleDict({"e": library.ReLU()}))
        assert module.pop("c").__class__.__name__ == "Tanh"
        del module["d"]
        assert "a" in module
        assert "c" not in module
        assert len(module) == 3
        assert list(module) == list(module.keys()) == ["a", "b", "e"]
        assert [name for name, _ in module.items()] == ["a", "b", "e"]
        assert [type(value).__name__ for value in module.values()] == ["Tanh", "Linear", "ReLU"]
        made.append(module)
    assert repr(made[0]) == repr(made[1])
    made[0].clear()
    assert len(made[0]) == 0


def test_parameter_list() -> None:
    made = []
    for library, tensor in ((nn, minidl.tensor), (torch.nn, torch.tensor)):
        values = library.ParameterList([library.Parameter(tensor([1.0])), tensor([2.0])])
        values.append(tensor([3.0, 4.0]))
        values += [tensor([5.0])]
        values[0] = tensor([9.0])
        assert all(isinstance(value, library.Parameter) for value in values)
        assert len(values) == 4
        assert len(values[1:3]) == 2
        assert values[-1].shape == (1,)
        made.append(values)
    assert list(made[0].state_dict()) == list(made[1].state_dict())
    assert [name for name, _ in made[0].named_parameters()] == [name for name, _ in made[1].named_parameters()]
    assert repr(made[0]) == repr(made[1]).replace("torch.", "minidl.")


def test_errors() -> None:
    net, many, named, values = three(nn), nn.ModuleList([nn.ReLU()]), nn.ModuleDict(), nn.ParameterList()
    cases: list[tuple[Any, type[Exception], str]] = [
        (lambda: net[3], IndexError, "Sequential: index 3 is out of range; it holds 3 modules"),
        (lambda: net[-4], IndexError, "index -4 is out of range"),
        (lambda: net["fc"], TypeError, "integer"),
        (lambda: net.insert(9, nn.ReLU()), IndexError, "index 9 is out of range"),
        (lambda: net.insert(0, 3), DtypeError, "insert: a Module is expected; got int"),
        (lambda: net + 3, TypeError, "unsupported operand"),
        (lambda: net * 0, ArgumentError, "an integer above 0; got 0"),
        (lambda: net.append(3), DtypeError, "'3' must be a Module; got int"),
        (lambda: nn.Sequential(nn.ReLU(), 3), DtypeError, "'1' is not a Module but int"),
        (lambda: nn.Sequential({"a": nn.ReLU()}), DtypeError, "'0' is not a Module but dict"),
        (lambda: many.extend(3), DtypeError, "ModuleList: modules to add must come in an iterable; got int"),
        (lambda: many[1], IndexError, "ModuleList: index 1"),
        (lambda: many(3), TypeError, "ModuleList has no forward"),
        (lambda: named["a"], KeyError, "a"),
        (lambda: named.pop("a"), KeyError, "a"),
        (lambda: named.__delitem__("a"), KeyError, "a"),
        (lambda: named.update(3), DtypeError, "a mapping or pairs are expected; got int"),
        (lambda: named.update({"a.b": nn.ReLU()}), ArgumentError, "nor contain a dot"),
        (lambda: values.append(3), DtypeError, "data must be a Tensor; got int"),
        (lambda: values.extend(minidl.tensor([1.0])), DtypeError, "an iterable of tensors is expected"),
        (lambda: values.__setitem__(0, minidl.tensor([1.0])), IndexError, "ParameterList: index 0"),
    ]
    for call, error, message in cases:
        with pytest.raises(error, match=message):
            call()


def pooled(**options: Any) -> Any:
    return nn.Sequential(nn.ReLU(), nn.MaxPool2d(**options))


def watched(model: Any) -> Any:
    """The same model with a hook, so that its layers run in the order in which they are written."""
    model[0].register_forward_hook(lambda module, inputs, output: None)
    return model


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize(
    "options",
    [{"kernel_size": 2}, {"kernel_size": 3, "stride": 2, "padding": 1}, {"kernel_size": 3, "stride": 1},
     {"kernel_size": 2, "dilation": 2}, {"kernel_size": (3, 2), "stride": 2, "ceil_mode": True}],
)  # fmt: skip
def test_relu_after_pooling_is_the_same(options, dtype):
    """Ties, zeros of both signs, NaN and infinities included: the same bits forward and back."""
    rng = np.random.default_rng(0)
    array = rng.choice([-np.inf, -2, -1, -0.0, 0.0, 1, 2, 2, np.inf, np.nan], (3, 2, 9, 8)).astype(dtype)
    results = []
    for model in (pooled(**options), watched(pooled(**options))):
        x = minidl.tensor(array, requires_grad=True)
        z = model(x)
        dz = rng.choice([-np.inf, -1, 0, 2, np.nan], z.shape) if not results else results[0][2]
        z.backward(minidl.tensor(dz.astype(dtype)))
        results.append((to_numpy(z), to_numpy(x.grad), dz))
    for quick, plain in zip(results[0][:2], results[1][:2]):
        np.testing.assert_array_equal(quick, plain)
        assert quick.dtype == plain.dtype


def order_of(model: Any) -> list[str]:
    """The operations that a pass records, from the last to the first."""
    node, names = model(minidl.ones(1, 1, 4, 4, requires_grad=True)).grad_fn, []
    while isinstance(node, minidl.autograd.Function):
        names.append(type(node).__name__)
        node = getattr(node.edges[0], "node", node.edges[0])  # one output of several
    return names


def test_relu_waits_only_if_nobody_watches():
    assert order_of(pooled(kernel_size=2)) == ["Relu", "MaxPool2d"]
    as_written = ["MaxPool2d", "Relu"]
    assert order_of(watched(pooled(kernel_size=2))) == as_written
    with observed(Observer()):
        assert order_of(pooled(kernel_size=2)) == as_written
    model = pooled(kernel_size=2)
    model[1].register_full_backward_hook(lambda module, dx, dz: None)
    assert [name for name in order_of(model) if name != "Gate"] == as_written
    model = pooled(kernel_size=2)
    model[0].forward = minidl.relu  # one's own forward, on this module alone
    assert order_of(model) == as_written


def test_relu_does_not_wait_for_indices():
    z, indices = pooled(kernel_size=2, return_indices=True)(minidl.full((1, 1, 2, 2), -1.0))
    assert (z.item(), indices.item()) == (0, 0)
