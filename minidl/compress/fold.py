"""Batch normalisation folded into the layer before it: in evaluation both are linear, so that one does both.

z = γ (w x + b - μ) / σ + β = (γ/σ · w) x + γ/σ · (b - μ) + β
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import to_host
from ..engine.tensor import Tensor
from ..nn import Conv2d, Linear, Module
from .flow import normalized
from .numbers import copy_into
from .steps import Step, apply


def fold(model: Module, images: Tensor) -> list[Step]:
    """Fold what can be folded, in place; `images` (N, ...) are such as the model takes. Returns the steps."""
    steps: list[Step] = []
    for layer_name, norm_name in normalized(model, images):
        layer, norm = model.get_submodule(layer_name), model.get_submodule(norm_name)
        if type(layer) not in (Conv2d, Linear) or getattr(norm, "running_var", None) is None:
            continue
        weight, bias = _folded(layer, norm)
        inputs = layer.in_channels if type(layer) is Conv2d else layer.in_features
        resized = {"module": layer_name, "becomes": "resized", "inputs": inputs, "outputs": len(weight), "bias": True}
        _, new = apply(model, resized)
        apply(model, {"module": norm_name, "becomes": "identity"})
        copy_into(new.weight, weight)
        copy_into(new.bias, bias)
        steps += [resized, {"module": norm_name, "becomes": "identity"}]
    return steps


def _folded(layer: Any, norm: Any) -> tuple[np.ndarray, np.ndarray]:
    """Weight and bias of the layer that does both, computed in float64."""

    def numbers(x: Tensor | None, usual: float) -> np.ndarray:
        return np.full(len(layer.weight), usual) if x is None else to_host(x._array).astype(np.float64)

    weight = to_host(layer.weight._array).astype(np.float64)
    factor = numbers(norm.weight, 1) / np.sqrt(numbers(norm.running_var, 1) + norm.eps)
    bias = factor * (numbers(layer.bias, 0) - numbers(norm.running_mean, 0)) + numbers(norm.bias, 0)
    return factor.reshape(-1, *[1] * (weight.ndim - 1)) * weight, bias
