"""What a network is made of and what it costs: shapes, parameters, multiply-adds, memory, layer by layer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..engine.function import Function
from ..engine.grad_mode import no_grad
from ..engine.observe import Observer, observed
from ..engine.tensor import Tensor
from ..nn import Module, current_module_path
from ..nn.evaluating import evaluating
from ..tensors.creation import tensor


@dataclass(frozen=True)
class Layer:
    """One layer as it ran: its dotted name, class, (first) output shape, parameters, multiply-adds, bytes of output.

    `weights`: bytes of its parameters and buffers.
    """

    name: str
    kind: str
    output: tuple[int, ...]
    parameters: int
    multiply_adds: int
    memory: int
    weights: int


@dataclass(frozen=True)
class Summary:
    """The layers in the order in which they ran, for a batch of shape `input`.

    Attributes:
        parameters: of the model, shared ones counted once; `parameter_memory`: their bytes.
        multiply_adds: of one forward pass of the batch, in convolutions and matrix products.
        memory: bytes of all outputs of one forward pass.
        weights: bytes of all parameters and buffers.
    """

    input: tuple[int, ...]
    layers: list[Layer]
    parameters: int
    parameter_memory: int
    weights: int

    @property
    def multiply_adds(self) -> int:
        return sum(layer.multiply_adds for layer in self.layers)

    @property
    def memory(self) -> int:
        return sum(layer.memory for layer in self.layers)


def summarize(model: Module, input_shape: Sequence[int], dtype: Any = np.float32) -> Summary:
    """Run `model` once on zeros of `input_shape` (with the batch in front) and note what each layer did.

    `dtype`: of the zeros; int64 for models that read text.

    Layers are the modules without modules inside; what another module computes itself has a row of its own. Raises
    what the model raises if the shape does not fit.

    >>> from minidl import nn
    >>> found = summarize(nn.Sequential(nn.Linear(4, 3), nn.ReLU()), (1, 4))
    >>> [(layer.name, layer.parameters, layer.multiply_adds) for layer in found.layers]
    [('0', 15, 12), ('1', 0, 0)]
    """
    products = _Products()
    layers: list[tuple[str, Module, Any]] = []
    handles = [module.register_forward_hook(_noting(layers)) for module in model.modules()]
    try:
        with no_grad(), observed(products), evaluating(model):
            model(tensor(np.zeros(tuple(input_shape), dtype)))
    finally:
        for handle in handles:
            handle.remove()
    rows = []
    for name, module, output in layers:
        inner, cost = any(True for _ in module.children()), products.counts.pop(name, 0)
        if not inner or cost:
            parameters = sum(p._array.size for p in module.parameters(recurse=not inner))
            outputs = list(_tensors(output))  # of a recurrent layer: h of all times, then the states
            memory = sum(z._array.nbytes for z in outputs)
            rows.append(
                Layer(
                    name, type(module).__name__, outputs[0].shape, parameters, cost, memory, bytes_of(module, not inner)
                )
            )
    arrays = [p._array for p in model.parameters()]
    return Summary(
        tuple(input_shape), rows, sum(a.size for a in arrays), sum(a.nbytes for a in arrays), bytes_of(model)
    )


def bytes_of(module: Module, recurse: bool = True) -> int:
    """The bytes of a module's parameters and buffers, shared ones counted once."""
    return sum(x._array.nbytes for x in (*module.parameters(recurse), *module.buffers(recurse)))


def _tensors(output: Any) -> Iterator[Tensor]:
    """The tensors of an output, in order."""
    if isinstance(output, Tensor):
        yield output
    elif isinstance(output, tuple | list):
        for part in output:
            yield from _tensors(part)


def _noting(layers: list[tuple[str, Module, Any]]) -> Any:
    def note(module: Module, inputs: tuple[Any, ...], output: Any) -> None:
        layers.append((current_module_path(), module, output))

    return note


class _Products(Observer):
    """Counts the multiply-adds of each module's convolutions and matrix products."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = defaultdict(int)

    def on_forward(self, node: Function, inputs: tuple[Any, ...], options: Mapping[str, Any], output: Any) -> None:
        if cost := node.multiply_adds(output, *inputs, **options):
            self.counts[current_module_path()] += cost
