"""The same parameters and gradients in PyTorch and in minidl."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

import minidl
from minidl import nn
from tests.support.compare import to_numpy

SHAPES = [(3, 2), (), (4,), (0,), (1,)]


def parameter_pair(values: np.ndarray) -> tuple[nn.Parameter, torch.nn.Parameter]:
    """One parameter in each library."""
    return nn.Parameter(minidl.tensor(values)), torch.nn.Parameter(torch.tensor(values))


def parameter_pairs(seed: int, dtype: str = "float64") -> tuple[list[Any], list[Any]]:
    """Parameters of various shapes, size 0 and 0-dimensional among them."""
    rng = np.random.default_rng(seed)
    pairs = [parameter_pair(np.asarray(rng.standard_normal(shape), dtype)) for shape in SHAPES]
    return [ours for ours, _ in pairs], [theirs for _, theirs in pairs]


def give_gradients(ours: list[Any], theirs: list[Any], rng: np.random.Generator, some_missing: bool = True) -> None:
    """The same random gradients in both libraries; now and then none."""
    for x, t in zip(ours, theirs):
        if some_missing and rng.random() < 0.2:
            x.grad, t.grad = None, None
            continue
        gradient = np.asarray(rng.standard_normal(x.shape)).astype(x.dtype)
        x.grad, t.grad = minidl.tensor(gradient), torch.tensor(gradient)


def as_numpy(state: Any) -> Any:
    """A state dict of either library with its tensors as NumPy arrays."""
    if isinstance(state, minidl.Tensor | torch.Tensor):
        return to_numpy(state)
    if isinstance(state, dict):
        return {key: as_numpy(value) for key, value in state.items()}
    if isinstance(state, list):
        return [as_numpy(value) for value in state]
    return state


def as_torch(state: Any) -> Any:
    """A state dict of minidl's as PyTorch takes it."""
    if isinstance(state, minidl.Tensor):
        return torch.tensor(to_numpy(state))
    if isinstance(state, dict):
        return {key: as_torch(value) for key, value in state.items()}
    if isinstance(state, list):
        return [as_torch(value) for value in state]
    return state
