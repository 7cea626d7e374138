"""State dicts against PyTorch's: every layer, there and back; copies; extra state; what other kinds of state do."""

from __future__ import annotations

import copy
import pickle
import warnings
from typing import Any

import numpy as np
import pytest
import torch

import minidl
from minidl import nn
from minidl.errors import CheckpointError, MinidlError, UnsupportedError
from tests.nn.pairs import numpy_state, torch_state
from tests.nn.test_moduleinfo import KNOWN
from tests.support.compare import assert_close, to_numpy
from tests.support.opinfo import translate


def layers(info: Any) -> list[tuple[nn.Module, torch.nn.Module]]:
    """The layer of both libraries, made with each of PyTorch's sample options."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        samples = info.module_inputs_func(info, device="cpu", dtype=torch.float32, requires_grad=False, training=True)
    made = []
    for sample in samples:
        options = sample.constructor_input
        ours = getattr(minidl.nn, info.module_cls.__name__)(*translate(options.args), **translate(options.kwargs))
        made.append((ours, info.module_cls(*options.args, **options.kwargs)))
    return made


@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")  # PyTorch's own, of what it could do faster
@pytest.mark.parametrize("info", KNOWN, ids=lambda info: info.module_cls.__name__)
def test_every_layer_goes_to_pytorch_and_back(info):
    for ours, theirs in layers(info):
        assert list(ours.state_dict()) == list(theirs.state_dict())
        loaded = theirs.load_state_dict({name: value.detach() for name, value in torch_state(ours).items()})
        assert repr(loaded) == "<All keys matched successfully>"
        with torch.no_grad():
            for value in theirs.state_dict().values():
                value.copy_(value + 1)
        ours.load_state_dict(numpy_state(theirs))
        for name, value in theirs.state_dict().items():
            assert_close(ours.state_dict()[name], value, name)
        state = numpy_state(ours)
        for copied in (copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
            assert repr(copied) == repr(ours)
            assert list(copied.state_dict()) == list(state)
            for name, value in copied.state_dict().items():
                assert value._array is not ours.state_dict()[name]._array, "memory of its own"
                np.testing.assert_array_equal(to_numpy(value), state[name])
        if state:
            name = next(iter(state))
            for library, layer in ((minidl, ours), (torch, theirs)):
                kept = layer.state_dict()
                for wrong in ({}, {**kept, "more": kept[name]}, {**kept, name: library.ones(7, 7, 7)}):
                    with pytest.raises(RuntimeError):
                        layer.load_state_dict(wrong)


class Counter:
    """Mixed into a module of either library: state that is no tensor."""

    count = 3

    def get_extra_state(self) -> Any:
        return {"count": self.count}

    def set_extra_state(self, state: Any) -> None:
        self.count = state["count"]


def counting(library: Any, *parts: type) -> Any:
    """A net of either library with an extra state inside and outside."""
    inner = type("Inner", (*parts, library.nn.Linear), {})(2, 2)
    return type("Outer", (*parts, library.nn.Sequential), {})(inner, library.nn.ReLU())


def test_extra_state_is_saved_and_loaded_as_in_pytorch():
    ours, theirs = counting(minidl, Counter), counting(torch, Counter)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert ours.state_dict(prefix="a.")["a.0._extra_state"] == {"count": 3}
    for net in (ours, theirs):
        state = dict(net.state_dict())
        state["0._extra_state"] = {"count": 8}
        assert repr(net.load_state_dict(state)) == "<All keys matched successfully>"
        assert (net[0].count, net.count) == (8, 3)
        del state["_extra_state"]
        with pytest.raises(RuntimeError, match="_extra_state"):
            net.load_state_dict({**state, "0._extra_state": {"count": 9}})
        found = net.load_state_dict(state, strict=False)
        assert (found.missing_keys, found.unexpected_keys) == (["_extra_state"], [])
    assert (ours[0].count, ours.count) == (8, 3), "nothing of a state that does not fit was loaded"


def test_extra_state_that_is_only_saved_is_unexpected_and_one_only_loaded_may_not_miss():
    class Gives:
        count = 3
        get_extra_state = Counter.get_extra_state

    class Takes:
        set_extra_state = Counter.set_extra_state

    for library in (minidl, torch):
        gives, takes = counting(library, Gives), counting(library, Takes)
        with pytest.raises(RuntimeError, match="_extra_state"):
            gives.load_state_dict(gives.state_dict())
        with pytest.raises(RuntimeError, match="_extra_state"):
            takes.load_state_dict(takes.state_dict())
        takes.load_state_dict(gives.state_dict())
        assert takes[0].count == 3


def test_a_checkpoint_carries_extra_state(tmp_path):
    net = counting(minidl, Counter)
    net.count = 5
    minidl.save(net.state_dict(), tmp_path / "net.npz")
    other = counting(minidl, Counter)
    other.load_state_dict(minidl.load(tmp_path / "net.npz"))
    assert other.count == 5


@pytest.mark.parametrize("name", ["_save_to_state_dict", "_load_from_state_dict"])
def test_what_pytorch_would_call_and_minidl_would_not_is_refused(name):
    with pytest.raises(UnsupportedError, match=f"Net: {name} .*get_extra_state"):
        type("Net", (nn.Module,), {name: lambda self, *arguments: None})


@pytest.mark.parametrize("library", [minidl, torch], ids=["minidl", "torch"])
@pytest.mark.parametrize("steps", [(), ("none",), ("none", "buffer"), ("module", "none"), ("delete",)], ids=str)
def test_a_parameter_in_the_place_of_a_buffer_is_saved(library, steps):
    net = library.nn.Linear(1, 1)
    net.register_buffer("b", library.ones(1), persistent=False)
    for step in steps:
        if step == "delete":
            del net.b
        else:
            net.b = {"none": None, "buffer": library.ones(1), "module": library.nn.ReLU()}[step]
    assert "b" not in net.state_dict()
    net.b = library.nn.Parameter(library.ones(1))
    assert list(net.state_dict()) == ["weight", "bias", "b"]
    assert [name for name, _ in net.named_parameters()] == ["weight", "bias", "b"]
    del net.b
    net.register_buffer("b", library.ones(1))
    assert "b" in net.state_dict(), "a new buffer starts over"


def test_a_module_without_forward_raises_pytorchs_error():
    for library in (minidl, torch):
        with pytest.raises(NotImplementedError, match="forward"):
            library.nn.Module()(1)
    with pytest.raises(MinidlError):
        nn.Module()(1)


def test_what_cannot_be_loaded_changes_nothing():
    net = counting(minidl, Counter)
    before = {name: to_numpy(net.get_parameter(f"0.{name}")) for name in ("weight", "bias")}
    state = {**net.state_dict(), "0.bias": minidl.ones(9)}
    state["0.weight"] = minidl.zeros(2, 2)
    with pytest.raises(CheckpointError, match=r"0\.bias: shape \(9,\)"):
        net.load_state_dict(state)
    for name, value in before.items():
        np.testing.assert_array_equal(to_numpy(net.get_parameter(f"0.{name}")), value)


def hooked(library: Any, log: dict[str, list[Any]]) -> Any:
    """A network whose hooks note their calls; the linear layers inside rename, add and forgive."""
    net = library.nn.Sequential(library.nn.Linear(2, 3), library.nn.Sequential(library.nn.Linear(3, 1)))
    inner, outer = net[1][0], net[0]
    for name, module in {"net": net, "outer": outer, "inner": inner}.items():
        module.register_state_dict_pre_hook(lambda m, prefix, keep, name=name: log["save"].append((name, prefix, keep)))
        module.register_load_state_dict_post_hook(
            lambda m, keys, name=name: log["loaded"].append((name, *map(list, keys)))
        )
    net.register_state_dict_post_hook(lambda m, state, prefix, metadata: log["save"].append((sorted(state), prefix)))

    def renamed(module: Any, state: Any, prefix: str, metadata: Any) -> None:
        state[prefix + "w"] = state.pop(prefix + "weight")

    def named_back(module: Any, state: Any, prefix: str, metadata: Any, strict: bool, *lists: list[str]) -> None:
        log["load"].append((sorted(state), prefix, strict, lists))
        state[prefix + "weight"] = state.pop(prefix + "w")

    inner.register_state_dict_post_hook(renamed)
    inner.register_load_state_dict_pre_hook(named_back)
    outer.register_load_state_dict_post_hook(lambda m, keys: keys.unexpected_keys.clear())
    return net


def test_hooks_of_the_state_are_called_as_in_pytorch():
    """But that here all of `load_state_dict_pre` come first: nothing is loaded before everything is known to fit."""
    found = []
    for library in (minidl, torch):
        log: dict[str, list[Any]] = {"save": [], "load": [], "loaded": []}
        net = hooked(library, log)
        state = net.state_dict(prefix="")
        assert "1.0.w" in state and "1.0.weight" not in state
        state["1.0.w"] = state["1.0.w"] * 0 + 5
        given = {**state, "more": state["0.bias"]}
        assert repr(net.load_state_dict(given)) == "<All keys matched successfully>"
        assert net[1][0].weight.detach().tolist() == [[5.0] * 3]
        found.append((log, list(given)))
    assert found[0] == found[1]


def refuse(module: Any, state: Any, prefix: str, metadata: Any, strict: bool, *lists: list[str]) -> None:
    lists[-1].append("no!")


@pytest.mark.parametrize("library", [minidl, torch])
def test_a_hook_may_refuse_a_state(library):
    layer = library.nn.Linear(2, 1)
    handle = layer.register_load_state_dict_pre_hook(refuse)
    with pytest.raises(RuntimeError, match="no!"):
        layer.load_state_dict(layer.state_dict())
    handle.remove()
    assert repr(layer.load_state_dict(layer.state_dict())) == "<All keys matched successfully>"


@pytest.mark.parametrize("library", [minidl, torch])
def test_what_a_hook_returns_is_never_dropped_in_silence(library):
    layer = library.nn.Linear(2, 1)
    handle = layer.register_state_dict_post_hook(lambda *arguments: 7)
    with pytest.raises((RuntimeError, MinidlError), match="None"):
        layer.state_dict()
    handle.remove()
    layer.register_load_state_dict_post_hook(lambda *arguments: 7)
    with pytest.raises((AssertionError, MinidlError), match="return"):
        layer.load_state_dict({}, strict=False)


@pytest.mark.parametrize("library", [minidl, torch])
def test_what_no_hook_forgives_is_an_error_still(library):
    layer = library.nn.Linear(2, 1)
    layer.register_load_state_dict_post_hook(lambda m, keys: keys.missing_keys.remove("bias"))
    assert layer.load_state_dict({"weight": library.ones(1, 2)}).missing_keys == []
    with pytest.raises(RuntimeError, match="more"):
        layer.load_state_dict({"weight": library.ones(1, 2), "more": library.ones(1)})
