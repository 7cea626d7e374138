"""A trained network with its linear layers and convolutions in 8-bit integers, without training."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..backend import backend_of
from ..engine.grad_mode import no_grad
from ..engine.tensor import Tensor
from ..errors import ArgumentError
from ..nn import Module
from ..nn.evaluating import evaluating
from .layers import KINDS
from .steps import Step, apply

Range = tuple[float, float]


def input_ranges(model: Module, batches: Iterable[Tensor]) -> dict[str, Range]:
    """The smallest and largest input that each linear layer and convolution gets from these batches, by name."""
    found: dict[str, Range] = {}

    def watching(name: str) -> Any:
        def note(module: Module, inputs: tuple[Any, ...]) -> None:
            array = inputs[0]._array
            low, high = backend_of(array).xp.min(array), backend_of(array).xp.max(array)
            before = found.get(name, (float("inf"), float("-inf")))
            found[name] = min(before[0], float(low)), max(before[1], float(high))

        return note

    layers = [(name, layer) for name, layer in model.named_modules() if type(layer) in KINDS]
    handles = [layer.register_forward_pre_hook(watching(name)) for name, layer in layers]
    try:
        with no_grad(), evaluating(model):
            for images in batches:
                model(images)
    finally:
        for handle in handles:
            handle.remove()
    return found


def quantize(model: Module, batches: Iterable[Tensor], per_channel: bool = True) -> list[Step]:
    """Put every linear layer and convolution into integers, in place; the inputs' ranges are those of the batches.

    `per_channel`: one scale for each output of a weight, not one for all. Returns the steps. ArgumentError for a
    model without such layers.
    """
    steps: list[Step] = []
    for name, (low, high) in input_ranges(model, batches).items():
        if not name:
            raise ArgumentError("int8: the model is one layer itself; put it into an nn.Sequential")
        step = {"module": name, "becomes": "int8", "per_channel": per_channel}
        old, new = apply(model, step)
        new.fill(old, low, high)
        steps.append(step)
    if not steps:
        raise ArgumentError("int8: the model has no nn.Linear or nn.Conv2d that runs, whose products could be integers")
    return steps
