"""Weights computed anew before every forward, against PyTorch: values, gradients, state dicts, and back again."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy as np
import pytest
import torch

import minidl
from minidl import nn
from minidl.errors import ArgumentError
from minidl.nn.utils import remove_spectral_norm, remove_weight_norm, spectral_norm, weight_norm

LAYERS = {
    "linear": (lambda lib: lib.nn.Linear(5, 4), (3, 5)),
    "conv": (lambda lib: lib.nn.Conv2d(2, 3, 3), (2, 2, 5, 5)),
    "transposed": (lambda lib: lib.nn.ConvTranspose2d(2, 3, 3), (2, 2, 4, 4)),
}


def pair(name: str, change: str, **options: Any) -> tuple[Any, Any, np.ndarray]:
    """The changed layer in both libraries, with the same numbers, and an input."""
    make, shape = LAYERS[name]
    ours, theirs = make(minidl).double(), make(torch).double()
    ours = {"weight_norm": weight_norm, "spectral_norm": spectral_norm}[change](ours, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = getattr(torch.nn.utils, change)(theirs, **options)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    state = {
        key: np.cos(np.arange(value.numel()) * 1.3).reshape(value.shape) for key, value in theirs.state_dict().items()
    }
    for key in ("weight_u", "weight_v"):
        if key in state:
            state[key] /= np.linalg.norm(state[key])
    theirs.load_state_dict({key: torch.tensor(value) for key, value in state.items()})
    ours.load_state_dict({key: minidl.tensor(value) for key, value in state.items()})
    return ours, theirs, np.sin(np.arange(np.prod(shape))).reshape(shape)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize(
    ("change", "options"),
    [("weight_norm", {}), ("weight_norm", {"dim": 1}), ("weight_norm", {"dim": None}), ("spectral_norm", {}),
     ("spectral_norm", {"n_power_iterations": 3, "dim": 1})],
)  # fmt: skip
def test_as_in_pytorch(name: str, change: str, options: dict[str, Any]) -> None:
    ours, theirs, x = pair(name, change, **options)
    for training in (True, True, False):
        ours.train(training), theirs.train(training)
        z, expected = ours(minidl.tensor(x)), theirs(torch.tensor(x))
        np.testing.assert_allclose(z.detach().cpu().numpy(), expected.detach().cpu().numpy(), rtol=1e-10)
        ours.zero_grad(), theirs.zero_grad()
        z.square().sum().backward(), expected.square().sum().backward()
        found, wanted = dict(ours.named_parameters()), dict(theirs.named_parameters())
        assert list(found) == list(wanted)
        for key in found:
            np.testing.assert_allclose(
                found[key].grad.cpu().numpy(), wanted[key].grad.cpu().numpy(), rtol=1e-8, atol=1e-10
            )
    for key, value in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[key].cpu().numpy(), value.cpu().numpy(), rtol=1e-10)


@pytest.mark.parametrize("remove", [remove_weight_norm, remove_spectral_norm])
def test_the_way_back(remove: Any) -> None:
    change = weight_norm if remove is remove_weight_norm else spectral_norm
    layer = change(nn.Linear(4, 3)).eval()
    x = minidl.randn(2, 4)
    z = layer(x)
    assert remove(layer) is layer
    assert sorted(layer.state_dict()) == ["bias", "weight"]
    assert isinstance(layer.weight, nn.Parameter)
    np.testing.assert_allclose(layer(x).detach().cpu().numpy(), z.detach().cpu().numpy(), rtol=1e-5)
    with pytest.raises(ArgumentError, match="is not in force for 'weight' of Linear"):
        remove(layer)


def test_the_initial_weight_is_the_layers_own() -> None:
    layer = nn.Conv2d(2, 3, 3)
    before = layer.weight.detach().clone()
    np.testing.assert_allclose(weight_norm(layer).weight.cpu().numpy(), before.cpu().numpy())
    x = minidl.randn(1, 2, 4, 4)
    expected = nn.functional.conv2d(x, before, layer.bias)
    np.testing.assert_allclose(layer(x).detach().cpu().numpy(), expected.detach().cpu().numpy(), rtol=1e-4, atol=1e-5)


def test_training_and_copies() -> None:
    """A copy computes from its own parameters, and an optimizer moves them."""
    layer = spectral_norm(nn.Linear(4, 3))
    twin = copy.deepcopy(layer)
    optimizer = minidl.optim.SGD(layer.parameters(), lr=0.5)
    x = minidl.randn(8, 4)
    first = layer(x).square().mean()
    first.backward()
    optimizer.step()
    assert layer.eval()(x).square().mean().item() < first.item()
    assert not np.allclose(twin.weight_orig.detach().cpu().numpy(), layer.weight_orig.detach().cpu().numpy())
    assert twin(x).shape == (8, 3)


def test_wrong_arguments() -> None:
    with pytest.raises(ArgumentError, match="weight_norm: Linear has no parameter 'w'; it has weight, bias"):
        weight_norm(nn.Linear(2, 2), "w")
    with pytest.raises(ArgumentError, match="n_power_iterations must be at least 1"):
        spectral_norm(nn.Linear(2, 2), n_power_iterations=0)
