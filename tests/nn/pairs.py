"""The same module in PyTorch and in minidl: same state dict, same inputs, same outputs, gradients and buffers."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

import minidl
from minidl import nn
from tests.support.compare import assert_close, same_tensor, to_numpy


def numpy_state(module: Any) -> dict[str, np.ndarray]:
    """The state dict of a module of either library as NumPy arrays."""
    return {name: to_numpy(value) for name, value in module.state_dict().items()}


def torch_state(module: nn.Module) -> dict[str, torch.Tensor]:
    """The state dict of minidl's module as PyTorch takes it."""
    return {name: torch.tensor(to_numpy(value)) for name, value in module.state_dict().items()}


def same_weights(mine: nn.Module, reference: torch.nn.Module, seed: int) -> None:
    """Random values in PyTorch's module, loaded into minidl's, and back."""
    rng = np.random.default_rng(seed)
    with torch.no_grad():
        for name, value in reference.state_dict().items():
            if value.is_floating_point():
                low = 0.5 if "var" in name else -1.0
                value.copy_(torch.tensor(rng.uniform(low, 1.5, tuple(value.shape))))
    result = mine.load_state_dict(numpy_state(reference))
    assert repr(result) == "<All keys matched successfully>"
    assert list(mine.state_dict()) == list(reference.state_dict())
    assert repr(reference.load_state_dict(torch_state(mine))) == "<All keys matched successfully>"


def compare(mine: nn.Module, reference: torch.nn.Module, *inputs: Any, tolerance: float | None = None) -> None:
    """Call both, go back from the same random gradients, and compare all that there is to compare."""
    xs, ts = [], []
    for value in inputs:
        x, t = same_tensor(value) if isinstance(value, np.ndarray) else (value, value)
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            x.requires_grad_()
            t.requires_grad_()
        xs.append(x)
        ts.append(t)
    z, expected = mine(*xs), reference(*ts)
    assert_close(z, expected, "output", tolerance)
    mine.zero_grad()
    reference.zero_grad()
    if expected.requires_grad:
        seed = np.random.default_rng(1234).standard_normal(tuple(expected.shape)).astype(to_numpy(expected).dtype)
        z.backward(minidl.tensor(seed))
        expected.backward(torch.tensor(seed))
    for x, t in zip(xs, ts):
        if isinstance(t, torch.Tensor) and t.grad is not None:
            assert_close(x.grad, t.grad, "gradient of the input", tolerance)
    theirs = dict(reference.named_parameters())
    for name, parameter in mine.named_parameters():
        other = theirs.pop(name)
        assert parameter.requires_grad == other.requires_grad
        if other.grad is None:
            assert parameter.grad is None, name
        else:
            assert_close(parameter.grad, other.grad, f"gradient of {name}", tolerance)
    assert not theirs, "parameters that only PyTorch has"
    for (name, buffer), (_, other) in zip(mine.named_buffers(), reference.named_buffers()):
        assert_close(buffer, other, name, tolerance)


def check_layer(
    name: str,
    options: dict[str, Any],
    *inputs: Any,
    seed: int = 0,
    calls: int = 1,
    float32: float | None = None,
    float64: float | None = None,
) -> None:
    """A layer of that name, made with these options in both libraries, in float64 and float32, training and not.

    `float32` is the tolerance in that dtype, for layers whose gradients cancel; `float64`, where PyTorch rounds.
    """
    for dtype, tolerance in (("float64", float64), ("float32", float32)):
        mine, reference = getattr(nn, name)(**options), getattr(torch.nn, name)(**options)
        assert repr(mine) == repr(reference)
        assert [n for n, _ in mine.named_buffers()] == [n for n, _ in reference.named_buffers()]
        mine.to(getattr(minidl, dtype))
        reference.to(getattr(torch, dtype))
        same_weights(mine, reference, seed)
        cast = [x.astype(dtype) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x for x in inputs]
        for _ in range(calls):
            compare(mine, reference, *cast, tolerance=tolerance)
        mine.eval()
        reference.eval()
        compare(mine, reference, *cast, tolerance=tolerance)
        assert list(mine.state_dict()) == list(reference.state_dict())
