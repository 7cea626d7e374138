"""`torch.autograd.Variable`, which has been a Tensor since PyTorch 0.4, and checks that answer True."""

from __future__ import annotations

import warnings
from typing import Any

from ...engine.tensor import Tensor
from ...errors import ArgumentError, ArgumentTypeError, refuse
from ...proof.gradcheck import gradcheck as _gradcheck
from ...proof.gradcheck import gradgradcheck as _gradgradcheck
from ...tensors.gradients import backward as _backward
from ...tensors.gradients import grad as _grad

__all__ = ["Variable", "backward", "grad", "gradcheck", "gradgradcheck"]


class _VariableType(type):
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, Tensor)

    def __call__(cls, data: Any, requires_grad: bool = False, volatile: Any = None) -> Tensor:
        if not isinstance(data, Tensor):
            raise ArgumentTypeError(f"Variable: data must be a Tensor; got {type(data).__name__}")
        if volatile is not None:
            warnings.warn(
                "volatile was removed and now has no effect. Use `with torch.no_grad():` instead.",
                UserWarning,
                stacklevel=2,
            )
        return data.detach().requires_grad_(requires_grad)


class Variable(metaclass=_VariableType):
    """A tensor that shares the memory of `data`, outside its graph; every Tensor is a Variable."""


def gradcheck(*arguments: Any, fast_mode: bool = False, **options: Any) -> bool:
    """`minidl.gradcheck`, reduced to whether all is right; all numbers are checked, `fast_mode` or not."""
    return bool(_gradcheck(*arguments, **options))


def gradgradcheck(*arguments: Any, fast_mode: bool = False, **options: Any) -> bool:
    """`minidl.gradgradcheck`, likewise."""
    return bool(_gradgradcheck(*arguments, **options))


def grad(outputs: Any, inputs: Any, *arguments: Any, only_inputs: bool = True, **options: Any) -> Any:
    """`minidl.grad`; `only_inputs`, which PyTorch has kept from old times, is always True."""
    refuse("grad", only_inputs=None if only_inputs is True else only_inputs)
    return _grad(outputs, inputs, *arguments, **options)


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Any = None,
) -> None:
    """`Tensor.backward` of one tensor or several at once; `grad_tensors` are their gradients, None for a number's."""
    if grad_variables is not None:
        warnings.warn("`grad_variables` is deprecated. Use `grad_tensors` instead.", FutureWarning, stacklevel=2)
        grad_tensors = grad_variables
    outputs = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    given = grad_tensors if isinstance(grad_tensors, (tuple, list)) else [grad_tensors] * len(outputs)
    if len(given) != len(outputs):
        raise ArgumentError(f"backward: {len(outputs)} tensors but {len(given)} grad_tensors; give one for each")
    if len(outputs) == 1:
        _backward(outputs[0], given[0], retain_graph, create_graph, inputs)
        return
    for z, dz in zip(outputs, given):
        if dz is None and z.numel() != 1:
            raise ArgumentError(f"backward: a tensor {tuple(z.shape)} needs its gradient among grad_tensors")
    total = sum((z if dz is None else z * dz).sum() for z, dz in zip(outputs, given))
    if isinstance(total, Tensor):  # their gradients add up
        _backward(total, None, retain_graph, create_graph, inputs)
