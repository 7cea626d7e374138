"""PyTorch's names of the engine: `minidl.autograd.Function`, `grad`, `gradcheck` and what switches recording."""

from ..engine.function import Function
from ..engine.grad_mode import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from ..engine.tensor import Tensor
from ..proof.differences import numerical_gradient
from ..proof.gradcheck import gradcheck, gradgradcheck
from ..tensors.gradients import backward, grad
from . import function, functional

__all__ = [
    "Function",
    "Tensor",
    "backward",
    "enable_grad",
    "function",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "is_grad_enabled",
    "no_grad",
    "numerical_gradient",
    "set_grad_enabled",
]
