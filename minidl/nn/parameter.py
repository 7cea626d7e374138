"""The tensor type that a Module registers as a parameter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..engine.inplace import overwrite
from ..engine.tensor import Tensor, alias_of, wrap
from ..errors import DtypeError
from ..tensors.creation import tensor


class Parameter(Tensor):
    """A tensor that is learned: assigned to a Module's attribute, it is found by `parameters()`.

    It shares the memory of `data`, is a leaf, and requires gradients unless told otherwise. DtypeError if `data` is
    not a Tensor, or is an integer one that should require gradients.

    >>> import minidl
    >>> Parameter(minidl.tensor([1.0, 2.0]))
    Parameter containing:
    tensor([1., 2.], requires_grad=True)
    """

    __slots__ = ()

    def __init__(self, data: Tensor | None = None, requires_grad: bool = True) -> None:
        if data is None:
            data = tensor(np.empty(0, np.float32))
        if not isinstance(data, Tensor):
            raise DtypeError(f"Parameter: data must be a Tensor; got {type(data).__name__}; use minidl.tensor(...)")
        self._become(alias_of(data))
        if requires_grad:
            self.requires_grad_()

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        """A parameter with the same values in new memory, without a gradient."""
        copied = Parameter(wrap(self._array.copy()), self.requires_grad)
        memo[id(self)] = copied
        return copied

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _rebuild, (self._array, self.requires_grad)

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"


def _rebuild(array: Any, requires_grad: bool) -> Parameter:
    return Parameter(wrap(array), requires_grad)


def listed(function: str, parameters: Any) -> list[Any]:
    """The parameters as a list; a single Tensor counts as one. DtypeError for a module: pass its `.parameters()`."""
    if isinstance(parameters, Tensor):
        return [parameters]
    if not isinstance(parameters, Iterable) or isinstance(parameters, str | bytes) or hasattr(parameters, "parameters"):
        hint = "; write model.parameters()" if hasattr(parameters, "parameters") else ""
        raise DtypeError(f"{function}: takes an iterable of tensors; got {type(parameters).__name__}{hint}")
    return list(parameters)


def zero_grads(parameters: Iterable[Tensor], set_to_none: bool = True) -> None:
    """Set the gradients of the parameters to None, or fill them with zeros."""
    for parameter in parameters:
        if set_to_none:
            parameter._grad = None
        elif parameter.grad is not None:
            overwrite(parameter.grad, 0)
