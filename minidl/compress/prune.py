"""Pruning: weights near 0 become 0; whole units with the smallest weights go, and the layers become smaller.

Source: Han et al. 2015 (weights); Li et al. 2017 (units, by the sum of the sizes of their weights).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import to_host
from ..engine.tensor import Tensor
from ..errors import ArgumentError
from ..nn import Conv2d, Linear, Module
from .flow import Chain, chains
from .numbers import copy_into
from .steps import Step, apply


def check_share(name: str, share: float) -> None:
    """ArgumentError unless the share is above 0 and below 1."""
    if not 0 < share < 1:
        raise ArgumentError(f"{name} must be a share between 0 and 1, such as 0.5; got {share:g}")


def prune_weights(model: Module, share: float) -> dict[str, np.ndarray]:
    """Set this share of the weights of each linear layer and convolution to 0, those nearest to it; in place.

    Returns by name where weights are left: bool arrays, for training that keeps the others at 0.
    """
    check_share("prune", share)
    kept = {}
    layer: Any
    for name, layer in model.named_modules():
        if type(layer) in (Linear, Conv2d):
            weight = to_host(layer.weight._array)
            order = np.argsort(np.abs(weight), axis=None, kind="stable")
            mask = np.ones(weight.size, bool)
            mask[order[: round(share * weight.size)]] = False
            kept[f"{name}.weight" if name else "weight"] = mask.reshape(weight.shape)
            copy_into(layer.weight, weight * mask.reshape(weight.shape))
    return kept


def prune_units(model: Module, share: float, images: Tensor) -> list[Step]:
    """Remove this share of the units (channels) of each layer that one other layer follows; in place.

    The last layer keeps its outputs, and so does a layer whose output is added to another's. At least one unit stays.
    `images` are such as the model takes. Returns the steps.
    """
    check_share("prune_units", share)
    steps: list[Step] = []
    for chain in chains(model, images):
        before, after = model.get_submodule(chain.before), model.get_submodule(chain.after)
        if {type(before), type(after)} <= {Linear, Conv2d} and _groups(before) == _groups(after) == 1:
            sizes = np.abs(to_host(before.weight._array)).reshape(len(before.weight), -1).sum(1)
            count = max(len(sizes) - round(share * len(sizes)), 1)
            kept = np.sort(np.argsort(-sizes, kind="stable")[:count])
            if count < len(sizes):
                steps += _without(model, chain, kept)
    return steps


def _groups(layer: Any) -> int:
    return getattr(layer, "groups", 1)


def _without(model: Module, chain: Chain, kept: np.ndarray) -> list[Step]:
    """Keep only these outputs of the first layer, in the normalisations after it, and as inputs of the second."""
    before, after = model.get_submodule(chain.before), model.get_submodule(chain.after)
    inputs = (kept[:, None] * chain.each + np.arange(chain.each)).reshape(-1)  # those that a unit becomes
    steps = [_resize(model, chain.before, to_host(before.weight._array)[kept], before.bias, kept)]
    for name in chain.norms:
        norm = model.get_submodule(name)
        step = {"module": name, "becomes": "batch norm", "features": len(kept)}
        _, new = apply(model, step)
        for key, x in norm.state_dict().items():
            array = to_host(x._array)
            copy_into(new.state_dict()[key], array[kept] if array.ndim else array)
        steps.append(step)
    steps.append(_resize(model, chain.after, to_host(after.weight._array)[:, inputs], after.bias, slice(None)))
    return steps


def _resize(model: Module, name: str, weight: np.ndarray, bias: Tensor | None, kept: Any) -> Step:
    """Put a layer with this weight in the place of the old one."""
    outputs, inputs = weight.shape[:2]
    step = {"module": name, "becomes": "resized", "inputs": inputs, "outputs": outputs, "bias": bias is not None}
    _, new = apply(model, step)
    copy_into(new.weight, weight)
    if bias is not None:
        copy_into(new.bias, to_host(bias._array)[kept])
    return step
