"""ParameterDict: a dictionary as in PyTorch, whose parameters are found by the module that holds it."""

from collections import OrderedDict

import pytest
import torch

import minidl
from minidl import nn
from minidl.errors import ArgumentError, DtypeError, GraphError
from tests.nn.pairs import numpy_state, torch_state


@pytest.mark.parametrize("library", [minidl, torch], ids=["minidl", "torch"])
def test_it_is_a_dictionary(library):
    one, two = library.nn.Parameter(library.ones(2)), library.ones(3)
    values = library.nn.ParameterDict({"b": one, "a": two})
    assert list(values) == ["a", "b"] == list(values.keys()) and len(values) == 2  # a plain dict: sorted
    assert values["b"] is one and isinstance(values["a"], library.nn.Parameter) and "a" in values
    values.update(OrderedDict(d=library.zeros(1), c=library.zeros(1)))
    assert list(values) == ["a", "b", "d", "c"] and list(reversed(values)) == ["c", "d", "b", "a"]
    assert values.get("x") is None and values.get("b") is one and values.setdefault("b", two) is one
    assert values.popitem()[0] == "c" and values.pop("d").shape == (1,) and list(values) == ["a", "b"]
    values["text"] = "kept as it is"
    assert values["text"] == "kept as it is" and [name for name, _ in values.named_parameters()] == ["a", "b"]
    del values["text"]
    copied = values.copy()
    joined = values | {"e": library.zeros(2, 2)}
    assert list(joined) == ["a", "b", "e"] and copied["b"] is one and list(values.fromkeys("xy", one)) == ["x", "y"]
    values |= [("f", library.zeros(1))]
    assert [tuple(x.shape) for x in values.values()] == [(3,), (2,), (1,)] and dict(values.items())["b"] is one
    values.clear()
    assert len(values) == 0 and not list(values.parameters())
    for wrong in (lambda: values["a"], lambda: values.pop("a"), lambda: values.popitem()):
        with pytest.raises((KeyError, AttributeError)):
            wrong()


def test_its_state_goes_both_ways():
    nets = []
    for library in (minidl, torch):
        net = library.nn.Module()
        net.weights = library.nn.ParameterDict({"left": library.ones(2, 3), "right": library.zeros(3)})
        nets.append(net)
    ours, theirs = nets
    assert list(ours.state_dict()) == list(theirs.state_dict()) == ["weights.left", "weights.right"]
    ours.load_state_dict(numpy_state(theirs))
    theirs.load_state_dict(torch_state(ours))
    assert "(left): Parameter containing: [minidl.float32 of size 2x3]" in repr(ours)


def test_errors():
    values = nn.ParameterDict()
    for call, error, words in (
        (lambda: values(1), GraphError, "ParameterDict cannot be called"),
        (lambda: nn.ParameterDict(3), DtypeError, "a mapping or pairs are expected; got int"),
        (lambda: nn.ParameterDict([("a",)]), ArgumentError, "got one of length 1"),
        (lambda: nn.ParameterDict([3]), DtypeError, "pairs are expected; got int"),
        (lambda: values.__setitem__(1, minidl.ones(1)), DtypeError, "names must be strings; got 1"),
        (lambda: values.__setitem__("keys", minidl.ones(1)), ArgumentError, "has an attribute 'keys' already"),
    ):
        with pytest.raises(error, match=words):
            call()
