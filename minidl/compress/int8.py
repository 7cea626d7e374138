"""A trained network with its linear layers and convolutions in 8-bit integers, without training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..backend import backend_of
from ..engine.function import Function
from ..engine.grad_mode import no_grad
from ..engine.observe import Observer, observed
from ..engine.tensor import Tensor
from ..errors import ArgumentError
from ..nn import Module, current_module_path
from ..nn.evaluating import evaluating
from .layers import KINDS
from .steps import Step, apply

Range = tuple[float, float]


class Floats(Observer):
    """Notes the modules that multiply by weights and have no form in integers."""

    def __init__(self, model: Module) -> None:
        self.kinds = {name: type(module) for name, module in model.named_modules(remove_duplicate=False)}
        self.weights = {id(p._storage) for p in model.parameters() if p.ndim >= 2}  # a transposed one shares its own
        self.found: dict[str, None] = {}

    def on_forward(self, node: Function, inputs: tuple[Any, ...], options: Mapping[str, Any], output: Any) -> None:
        name = current_module_path()
        weighted = any(isinstance(x, Tensor) and id(x._storage) in self.weights for x in inputs)
        if weighted and self.kinds.get(name) not in KINDS and node.multiply_adds(output, *inputs, **options):
            kind = self.kinds.get(name)
            self.found[f"{name or 'the model'} ({kind.__name__ if kind else type(node).__name__})"] = None


def input_ranges(model: Module, batches: Iterable[Tensor]) -> dict[str, Range]:
    """The smallest and largest input that each linear layer and convolution gets from these batches, by name.

    ArgumentError if something else multiplies by weights, which would stay float32.
    """
    floats = Floats(model)
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
        with no_grad(), evaluating(model), observed(floats):
            for images in batches:
                model(images)
    finally:
        for handle in handles:
            handle.remove()
    if floats.found:
        raise ArgumentError(
            f"int8: {', '.join(floats.found)} would multiply by float32 weights as before: nn.Linear and nn.Conv2d "
            "alone have a form in integers; prune the model instead, or build it from those"
        )
    return found


def quantize(model: Module, batches: Iterable[Tensor], per_channel: bool = True) -> list[Step]:
    """Put every linear layer and convolution into integers, in place; the inputs' ranges are those of the batches.

    `per_channel`: one scale for each output of a weight, not one for all. Returns the steps. ArgumentError for a
    model without such layers, or with others that multiply by weights.
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
