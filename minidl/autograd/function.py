"""`torch.autograd.function` by its name: the class of operations, its context, and the mark for a plain backward."""

from ..engine.context import Context as FunctionCtx
from ..engine.context import once_differentiable
from ..engine.function import Function

__all__ = ["Function", "FunctionCtx", "once_differentiable"]
