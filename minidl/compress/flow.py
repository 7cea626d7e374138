"""Which layer's output goes where: one pass watched, so that layers that follow each other can be changed together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..engine.elementwise import Elementwise
from ..engine.function import Function
from ..engine.grad_mode import no_grad
from ..engine.observe import Observer, observed
from ..engine.tensor import Tensor
from ..nn import Module, current_module_path
from ..nn.evaluating import evaluating
from ..ops.conv import Conv2d
from ..ops.linear import Linear
from ..ops.norm import Standardize
from ..ops.pool import AvgPool2d, MaxPool2d
from ..ops.shape import Reshape

CHANNEL_BY_CHANNEL = (MaxPool2d, AvgPool2d, Elementwise)  # each channel goes into one of its own


@dataclass
class Chain:
    """A layer, those between (batch normalisations), and the layer that alone takes its output; names of modules.

    `each`: how many inputs of `after` each output of `before` becomes (more than 1 where images are flattened).
    """

    before: str
    norms: list[str]
    after: str
    each: int


@dataclass
class _Call:
    kind: type[Function]
    module: str
    inputs: tuple[Any, ...]
    output: Any


@dataclass
class Flow(Observer):
    """The operations of a pass; `of` follows the output of each layer."""

    calls: list[_Call] = field(default_factory=list)

    def on_forward(self, node: Function, inputs: tuple[Any, ...], options: Mapping[str, Any], output: Any) -> None:
        self.calls.append(_Call(type(node), current_module_path(), inputs, output))

    def chains(self, outputs: set[int]) -> list[Chain]:
        """Every layer that one other layer follows, and nothing else. `outputs`: the ids of the model's own."""
        users, ran = self._users(), self._layers()
        found = []
        for call in self.calls:
            if call.kind in (Conv2d, Linear) and ran[call.module] == 1 and call.output.ndim in (2, 4):
                chain = self._followed(call, users, outputs)
                if chain is not None and ran[chain.after] == 1:
                    found.append(chain)
        return found

    def normalized(self, outputs: set[int]) -> list[tuple[str, str]]:
        users, ran, found = self._users(), self._layers(), []
        for call in self.calls:
            after = users[id(call.output._array)] if call.kind in (Conv2d, Linear) else []
            once = len(after) == 1 and ran[call.module] == 1 and id(call.output._array) not in outputs
            if once and after[0].kind is Standardize and after[0].inputs[0] is call.output:
                found.append((call.module, after[0].module))
        return found

    def _users(self) -> dict[int, list[_Call]]:
        """The operations that take each array, by its id."""
        users: dict[int, list[_Call]] = defaultdict(list)
        for call in self.calls:
            for x in call.inputs:
                if isinstance(x, Tensor):
                    users[id(x._array)].append(call)
        return users

    def _layers(self) -> Counter[str]:
        """How often each layer ran."""
        return Counter(call.module for call in self.calls if call.kind in (Conv2d, Linear))

    def _followed(self, first: _Call, users: Mapping[int, list[_Call]], outputs: set[int]) -> Chain | None:
        norms: list[str] = []
        each, call = 1, first
        while True:
            key, before = id(call.output._array), call.output
            if key in outputs or len(users[key]) != 1:
                return None
            call = users[key][0]
            if call.inputs[0] is not before and not issubclass(call.kind, Reshape):
                return None
            if call.kind is Conv2d or (call.kind is Linear and before.ndim == 2):
                return Chain(first.module, norms, call.module, each)
            if issubclass(call.kind, Reshape):
                if before.ndim != 4 or call.output.shape != (before.shape[0], before.numel() // before.shape[0]):
                    return None
                each = call.output.shape[1] // before.shape[1]
            elif call.kind is Standardize:
                norms.append(call.module)
            elif not issubclass(call.kind, CHANNEL_BY_CHANNEL) or len(call.inputs) != 1:
                return None


def normalized(model: Module, images: Tensor) -> list[tuple[str, str]]:
    """Each convolution or linear layer whose output goes into a batch normalisation and nowhere else, and that."""
    flow, outputs = _watched(model, images)
    return flow.normalized(outputs)


def chains(model: Module, images: Tensor) -> list[Chain]:
    """The chains of a model that takes such images, in the order in which they run."""
    flow, outputs = _watched(model, images)
    return flow.chains(outputs)


def _watched(model: Module, images: Tensor) -> tuple[Flow, set[int]]:
    flow = Flow()
    with no_grad(), evaluating(model), observed(flow):
        output = model(images)
    parts = output if isinstance(output, tuple | list) else (output,)
    return flow, {id(z._array) for z in parts if isinstance(z, Tensor)}
