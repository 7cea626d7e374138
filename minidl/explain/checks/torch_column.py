"""PyTorch's own gradients of a recorded pass, as a third column beside backward's and the differences'."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...backend.window import Window
from ...engine.function import Function
from ...ops.activation import Relu, Tanh
from ...ops.arithmetic import Add, Mul
from ...ops.conv import Conv2d
from ...ops.linalg import Linear, MatMul
from ...ops.loss.classification import CrossEntropy
from ...ops.pool import AvgPool2d, MaxPool2d
from ...ops.shape import Reshape
from ..recording.replay import find_seed
from ..recording.tape import Recording, Verdict

Translation = Callable[[Any, list[Any], dict[str, Any]], Any]


class _NoTranslation(Exception):
    """An operation, or an option of one, is missing from the table below."""


def add_torch(tape: Recording) -> None:
    """Give every verdict PyTorch's gradient, if PyTorch can run the entire pass; else leave it without."""
    if (found := torch_tensors(tape)) is None:
        return
    outputs, leaves = found
    for check in tape.checks:
        if check.input is None:
            _put(check.verdict, outputs[check.node])
            continue
        x = tape.nodes[check.node].inputs[check.input]
        if x.source is not None and _uses(tape, x.source) == 1:
            _put(check.verdict, outputs[x.source])
        elif x.leaf is not None and len(tape.leaves[x.leaf].uses) == 1:
            _put(check.verdict, leaves[x.leaf])
    for i, leaf in enumerate(tape.leaves):
        if leaf.verdict is not None:
            _put(leaf.verdict, leaves[i])


def torch_tensors(tape: Recording) -> tuple[dict[int, Any], dict[int, Any]] | None:
    """PyTorch's tensors with their gradients, of operations and of leaves; None if it cannot run the entire pass."""
    import torch

    try:
        outputs, leaves = _forward(torch, tape)
    except _NoTranslation:
        return None
    roots = [(node.id, seed) for node in tape.nodes if (seed := find_seed(tape, node)) is not None]
    if not roots:
        return None
    seeds = [torch.tensor(seed, dtype=outputs[number].dtype) for number, seed in roots]
    torch.autograd.backward([outputs[number] for number, _ in roots], seeds)
    return outputs, leaves


def _forward(torch: Any, tape: Recording) -> tuple[dict[int, Any], dict[int, Any]]:
    """The pass in PyTorch, in the recorded dtypes: the outputs of the operations, and the leaves."""
    leaves = {i: torch.tensor(leaf.array) for i, leaf in enumerate(tape.leaves)}
    for i, leaf in enumerate(tape.leaves):
        leaves[i].requires_grad_(leaf.tensor.requires_grad)
    outputs: dict[int, Any] = {}
    for node in tape.nodes:
        if node.function not in TABLE:
            raise _NoTranslation(node.op)
        inputs = []
        for x in node.inputs:
            if x.source is None and x.leaf is None:
                inputs.append(x.array)  # a number or None
                continue
            y = outputs[x.source] if x.source is not None else leaves[x.leaf or 0]
            inputs.append(y if x.wants else y.detach())
        outputs[node.id] = z = TABLE[node.function](torch, inputs, node.options)
        if tuple(z.shape) != node.array.shape:
            raise _NoTranslation(node.op)
        if z.requires_grad:
            z.retain_grad()
    return outputs, leaves


def _put(verdict: Verdict, tensor: Any) -> None:
    if tensor.grad is not None:
        gradient = tensor.grad.numpy().ravel().astype(np.float64)
        verdict.torch = gradient if verdict.places is None else gradient[verdict.places]


def _uses(tape: Recording, number: int) -> int:
    return sum(x.source == number for node in tape.nodes for x in node.inputs)


def _even(window: Window) -> tuple[int, int]:
    """The padding as PyTorch writes it: the same before and after."""
    (top, bottom), (left, right) = window.padding
    if top != bottom or left != right:
        raise _NoTranslation("padding")
    return top, left


def _conv2d(torch: Any, inputs: list[Any], options: dict[str, Any]) -> Any:
    window = options["window"]
    (top, bottom), (left, right) = window.padding
    x = torch.nn.functional.pad(inputs[0], (left, right, top, bottom))
    return torch.nn.functional.conv2d(
        x, *inputs[1:], stride=window.stride, dilation=window.dilation, groups=options["groups"]
    )


def _max_pool(torch: Any, inputs: list[Any], options: dict[str, Any]) -> Any:
    window = options["window"]
    return torch.nn.functional.max_pool2d(
        inputs[0], window.kernel, window.stride, _even(window), window.dilation,
        ceil_mode=window.output_size(tuple(inputs[0].shape[2:])) != tuple(options["size"]),
    )  # fmt: skip


def _avg_pool(torch: Any, inputs: list[Any], options: dict[str, Any]) -> Any:
    window = options["window"]
    if options["divisor"] != window.kernel[0] * window.kernel[1] or any(_even(window)):
        raise _NoTranslation("divisor")
    return torch.nn.functional.avg_pool2d(inputs[0], window.kernel, window.stride)


TABLE: dict[type[Function], Translation] = {
    Add: lambda torch, inputs, options: inputs[0] + inputs[1],
    AvgPool2d: _avg_pool,
    Conv2d: _conv2d,
    CrossEntropy: lambda torch, inputs, options: torch.nn.functional.cross_entropy(inputs[0], inputs[1].long()),
    Linear: lambda torch, inputs, options: torch.nn.functional.linear(*inputs),
    MatMul: lambda torch, inputs, options: inputs[0] @ inputs[1],
    MaxPool2d: _max_pool,
    Mul: lambda torch, inputs, options: inputs[0] * inputs[1],
    Relu: lambda torch, inputs, options: torch.relu(inputs[0]),
    Reshape: lambda torch, inputs, options: inputs[0].reshape(options["shape"]),
    Tanh: lambda torch, inputs, options: torch.tanh(inputs[0]),
}
