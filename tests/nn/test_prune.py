"""Pruning against PyTorch: masks, names, gradients, errors."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from torch.nn.utils import prune as theirs

import minidl
from minidl import nn
from minidl.errors import ArgumentError, DimensionError, DtypeError, GraphError, ShapeError
from minidl.nn.utils import prune as ours
from tests.support.compare import assert_close, to_numpy


def pair(kind="Linear", *sizes):
    """The same layer twice: minidl's and PyTorch's."""
    mine, other = getattr(nn, kind)(*sizes), getattr(torch.nn, kind)(*sizes)
    mine.load_state_dict({name: minidl.tensor(x.numpy()) for name, x in other.state_dict().items()})
    return mine, other


def same(mine, other):
    """The same names in the same order, the same values, and the same weights."""
    state, reference = mine.state_dict(), other.state_dict()
    assert list(state) == list(reference)
    assert [name for name, _ in mine.named_parameters()] == [name for name, _ in other.named_parameters()]
    for name in state:
        assert_close(state[name], reference[name])
    assert_close(mine.weight, other.weight)


def both(mine, other, function, *args, **options):
    for library, prune, layer in ((minidl, ours, mine), (torch, theirs, other)):
        made = {name: library.tensor(x) if isinstance(x, np.ndarray) else x for name, x in options.items()}
        assert getattr(prune, function)(layer, *args, **made) is layer
    same(mine, other)


SCORES = np.random.default_rng(0).uniform(-1, 1, (3, 4)).astype(np.float32)
STEPS = {
    "identity": [("identity", "weight", {})],
    "share": [("l1_unstructured", "weight", {"amount": 0.4})],
    "number": [("l1_unstructured", "weight", {"amount": 5})],
    "none": [("l1_unstructured", "weight", {"amount": 0})],
    "all": [("l1_unstructured", "weight", {"amount": 1.0})],
    "twice": [("l1_unstructured", "weight", {"amount": 0.5}), ("l1_unstructured", "weight", {"amount": 0.5})],
    "scores": [("l1_unstructured", "weight", {"amount": 0.5, "importance_scores": SCORES})],
    "rows": [("ln_structured", "weight", {"amount": 1, "n": 2, "dim": 0})],
    "columns": [("ln_structured", "weight", {"amount": 0.5, "n": float("inf"), "dim": -1})],
    "no rows": [("ln_structured", "weight", {"amount": 0.1, "n": 1, "dim": 0})],
    "scored rows": [("ln_structured", "weight", {"amount": 1, "n": 1, "dim": 0, "importance_scores": SCORES})],
    "mask": [("custom_from_mask", "weight", {"mask": (SCORES > 0).astype(np.float32)})],
    "bias too": [("l1_unstructured", "weight", {"amount": 3}), ("l1_unstructured", "bias", {"amount": 1})],
    "three": [
        ("ln_structured", "weight", {"amount": 1, "n": 2, "dim": 0}),
        ("ln_structured", "weight", {"amount": 1, "n": 2, "dim": 1}),
        ("l1_unstructured", "weight", {"amount": 0.5}),
        ("ln_structured", "weight", {"amount": 1, "n": 2, "dim": -2}),
    ],
}


@pytest.mark.parametrize("name", STEPS)
def test_pruning(name):
    mine, other = pair("Linear", 4, 3)
    for function, parameter, options in STEPS[name]:
        both(mine, other, function, parameter, **options)
    x = np.random.default_rng(1).uniform(-1, 1, (2, 4)).astype(np.float32)
    for library, layer in ((minidl, mine), (torch, other)):
        (layer(library.tensor(x)) ** 2).sum().backward()
    assert_close(mine.weight_orig.grad, other.weight_orig.grad)
    with minidl.no_grad(), torch.no_grad():
        mine.weight_orig += 1
        other.weight_orig += 1
    assert_close(mine(minidl.tensor(x)), other(torch.tensor(x)))
    same(mine, other)
    original = mine.weight_orig
    both(mine, other, "remove", "weight")
    assert mine.weight is original and ours.is_pruned(mine) == theirs.is_pruned(other) == (name == "bias too")


def test_a_convolution_by_filters_with_every_norm():
    for n in (1, 2, float("inf"), float("-inf"), 3):
        mine, other = pair("Conv2d", 2, 6, 3)
        both(mine, other, "ln_structured", "weight", amount=0.5, n=n, dim=0)
        assert mine(minidl.ones(1, 2, 5, 5)).shape == (1, 6, 3, 3)


def test_what_is_left_of_a_group_of_layers():
    mine, other = pair("Linear", 4, 3), pair("Linear", 3, 2)
    layers = list(zip(mine, other))
    scores = SCORES - 1
    for library, nets, prune in ((minidl, layers[0], ours), (torch, layers[1], theirs)):
        prune.l1_unstructured(nets[0], "weight", amount=4)
        everything = ((nets[0], "weight"), (nets[1], "weight"), (nets[1], "bias"))
        prune.global_unstructured(iter(everything) if prune is ours else everything, prune.L1Unstructured, amount=0.3)
        given = {(nets[0], "weight"): library.tensor(scores)}
        prune.global_unstructured(everything, prune.L1Unstructured, importance_scores=given, amount=2)
    for x, y in zip(*layers):
        same(x, y)
    hooks = [[type(h).__name__ for h in layer._forward_pre_hooks.values()] for layer in (layers[0][0], layers[1][0])]
    assert hooks[0] == hooks[1] == ["PruningContainer"]
    kinds = [
        [type(m).__name__ for m in next(iter(x._forward_pre_hooks.values()))] for x in (layers[0][0], layers[1][0])
    ]
    assert kinds[0] == kinds[1] == ["L1Unstructured", "CustomFromMask", "CustomFromMask"]


def test_at_random():
    minidl.manual_seed(0)
    layer = ours.random_unstructured(nn.Linear(40, 30), "weight", 0.25)
    assert int((layer.weight_mask == 0).sum()) == 300 and int((layer.weight == 0).sum()) == 300
    ours.random_unstructured(layer, "weight", 100)
    assert int((layer.weight_mask == 0).sum()) == 400
    for dim, count in ((0, 30), (1, 40)):
        layer = ours.random_structured(nn.Linear(40, 30), "weight", 7, dim=dim)
        kept = to_numpy(layer.weight_mask).mean(1 - dim)
        assert set(kept) == {0, 1} and (kept == 0).sum() == 7 and kept.shape == (count,)
        ours.random_structured(layer, "weight", 7, dim=dim)
        assert (to_numpy(layer.weight_mask).mean(1 - dim) == 0).sum() == 14


def test_a_method_of_ones_own():
    def made(prune):
        class EverySecond(prune.BasePruningMethod):
            PRUNING_TYPE = "unstructured"

            def compute_mask(self, t, default_mask):
                mask = default_mask.clone()
                mask.view(-1)[::2] = 0
                return mask

        return EverySecond

    mine, other = pair("Linear", 4, 3)
    for prune, layer in ((ours, mine), (theirs, other)):
        method = made(prune)
        assert isinstance(method.apply(layer, "weight"), method)
        method.apply(layer, "weight")
        assert len(next(iter(layer._forward_pre_hooks.values()))) == 2
    same(mine, other)
    t = np.arange(4.0)
    assert_close(ours.L1Unstructured(2).prune(minidl.tensor(t)), theirs.L1Unstructured(2).prune(torch.tensor(t)))


def test_a_pruned_network_is_saved_and_copied(tmp_path):
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    assert not ours.is_pruned(model)
    ours.l1_unstructured(model[0], "weight", 0.5)
    assert ours.is_pruned(model)
    minidl.save(model.state_dict(), tmp_path / "model.npz")
    again = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    ours.identity(again[0], "weight")
    again.load_state_dict(minidl.load(tmp_path / "model.npz"))
    x = minidl.randn(5, 3)
    with pytest.raises(GraphError, match="deepcopy"):  # as in PyTorch, after a pass that records
        deepcopy(again)
    with minidl.no_grad():
        assert_close(again(x), model(x))
    twin = deepcopy(again)
    with minidl.no_grad():
        twin[0].weight_orig *= 2
    assert_close(again(x), model(x))
    ours.remove(twin[0], "weight")
    assert ours.is_pruned(again) and not ours.is_pruned(twin)


def test_what_is_refused():
    layer = nn.Linear(4, 3)
    before = list(layer.state_dict())
    with pytest.raises(ArgumentError, match=r"L1Unstructured: amount must be a share, a float from 0 to 1.*got 1\.5"):
        ours.l1_unstructured(layer, "weight", 1.5)
    for bad in (-1, -0.5, float("nan")):
        with pytest.raises(ArgumentError, match="amount must be a share"):
            ours.random_unstructured(layer, "weight", bad)
    with pytest.raises(TypeError, match="amount must be an int or a float; got '3'"):
        ours.l1_unstructured(layer, "weight", "3")
    with pytest.raises(ArgumentError, match="amount=13, but there are only 12 to prune"):
        ours.l1_unstructured(layer, "weight", 13)
    with pytest.raises(ArgumentError, match="Linear has no parameter 'wait'; it has weight, bias"):
        ours.identity(layer, "wait")
    with pytest.raises(DtypeError, match="Identity: a Module is expected; got Tensor"):
        ours.identity(minidl.ones(2), "weight")
    with pytest.raises(ShapeError, match=r"importance_scores must be a Tensor of shape \(3, 4\); got \(2,\)"):
        ours.l1_unstructured(layer, "weight", 1, importance_scores=minidl.ones(2))
    with pytest.raises(ShapeError, match=r"LnStructured: at least 2 dimensions are expected; got shape \(3,\)"):
        ours.ln_structured(layer, "bias", 1, 2, 0)
    with pytest.raises(DimensionError, match="RandomStructured"):
        ours.random_structured(layer, "weight", 1, 2)
    with pytest.raises(ShapeError, match=r"a mask of shape \(3, 4\) is expected; got \(4, 3\)"):
        ours.custom_from_mask(layer, "weight", minidl.ones(4, 3))
    with pytest.raises(DtypeError, match="the mask must be a Tensor; got list"):
        ours.custom_from_mask(layer, "weight", [1])
    with pytest.raises(ArgumentError, match="remove: 'weight' of Linear is not pruned"):
        ours.remove(layer, "weight")
    with pytest.raises(TypeError, match="'unstructured' is expected; LnStructured has 'structured'"):
        ours.global_unstructured([(layer, "weight")], ours.LnStructured, amount=1, n=2)
    with pytest.raises(DtypeError, match="importance_scores must be a dict"):
        ours.global_unstructured([(layer, "weight")], ours.L1Unstructured, importance_scores=[1], amount=1)
    with pytest.raises(DtypeError, match=r"pairs \(module, name\) are expected; got int"):
        ours.global_unstructured(3, ours.L1Unstructured, amount=1)
    with pytest.raises(TypeError, match="abstract"):
        ours.BasePruningMethod()
    method = ours.identity(nn.Linear(2, 2), "bias")._forward_pre_hooks[0]
    with pytest.raises(ArgumentError, match="it is for the parameter 'weight'; got a method for 'bias'"):
        ours.PruningContainer(ours.Identity.apply(nn.Linear(2, 2), "weight"), method)
    with pytest.raises(DtypeError, match="a BasePruningMethod is expected; got int"):
        ours.PruningContainer(method).add_pruning_method(3)
    assert list(layer.state_dict()) == before and not layer._forward_pre_hooks

    class Odd(ours.Identity):
        PRUNING_TYPE = "odd"

    class Short(ours.Identity):
        def compute_mask(self, t, default_mask):
            return default_mask[0]

    with pytest.raises(ShapeError, match=r"compute_mask must return a mask of shape \(3, 4\); got \(4,\)"):
        Short.apply(layer, "weight")
    ours.identity(layer, "weight")
    with pytest.raises(ArgumentError, match="PRUNING_TYPE must be 'unstructured', 'structured' or 'global'; got 'odd'"):
        Odd.apply(layer, "weight")
    assert len(layer._forward_pre_hooks) == 1
