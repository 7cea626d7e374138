"""The layers and losses take PyTorch's other spellings: `ReLU(inplace=True)`, `MSELoss(size_average=False)`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from .. import nn
from ..errors import ArgumentError
from ..tensors.writing import in_place
from .arguments import guess_dim, modernize
from .typed import type_named


def speak_layers() -> None:
    """Change the layers of `minidl.nn` for this process."""
    for name in nn.__all__:
        kind = getattr(nn, name)
        if not inspect.isclass(kind) or not issubclass(kind, nn.Module):
            continue
        names = inspect.signature(kind.__init__).parameters
        if "inplace" in names:
            _take_inplace(kind)
        if "size_average" in names and "reduce" in names:
            _take_old_reduction(kind)
    _speak_module()
    for kind in (nn.Softmax, nn.LogSoftmax, nn.Softmin):
        kind.forward = _with_guessed_dim(kind.forward)  # type: ignore[method-assign]


def _speak_module() -> None:
    """What every layer has in PyTorch beside minidl's methods."""
    put: Any = setattr
    plain_to = nn.Module.to

    @wraps(plain_to)
    def to(self: Any, *where: Any, memory_format: Any = None, **named: Any) -> Any:
        return plain_to(self, *where, **named)  # minidl chooses the memory's order: only the speed could differ

    def type(self: Any, dst_type: Any) -> Any:
        """All parameters and buffers in another type (`torch.FloatTensor`, its name, or a dtype)."""
        kind = type_named(dst_type)
        return self.to(dst_type) if kind is None else self.to(kind.place, kind.dtype)

    def share_memory(self: Any) -> Any:
        """The layer itself: workers are threads, which share all memory."""
        return self

    for method in (to, type, share_memory):
        put(nn.Module, method.__name__, method)


def _take_inplace(kind: Any) -> None:
    """`inplace=True`: the input itself takes the layer's result."""
    make, forward, extra_repr = kind.__init__, kind.forward, kind.extra_repr
    known = inspect.signature(make)

    @wraps(make)
    def __init__(self: Any, *args: Any, **named: Any) -> None:
        bound = known.bind(self, *args, **named)
        inplace = bound.arguments.pop("inplace", False)
        if inplace not in (True, False):
            raise ArgumentError(f"{kind.__name__}: inplace must be True or False; got {inplace!r}")
        make(*bound.args, **bound.kwargs)
        self.inplace = bool(inplace)

    def replaced(input: Any, self: Any) -> Any:
        return forward(self, input)

    replaced.__name__ = kind.__name__

    @wraps(forward)
    def forward_(self: Any, input: Any) -> Any:
        return in_place(replaced)(input, self=self) if self.inplace else forward(self, input)

    @wraps(extra_repr)
    def extra_repr_(self: Any) -> str:
        text = extra_repr(self)
        if "inplace=" in text or not self.inplace:
            return text
        return f"{text}, inplace=True" if text else "inplace=True"

    kind.__init__, kind.forward, kind.extra_repr = __init__, forward_, extra_repr_


def _take_old_reduction(kind: Any) -> None:
    make = kind.__init__
    known = inspect.signature(make)

    @wraps(make)
    def __init__(self: Any, *args: Any, **named: Any) -> None:
        bound = known.bind(self, *args, **named)
        modernize(bound, 2)
        make(*bound.args, **bound.kwargs)

    kind.__init__ = __init__


def _with_guessed_dim(forward: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(forward)
    def call(self: Any, input: Any) -> Any:
        if self.dim is None:
            return type(self)(guess_dim(type(self).__name__.lower(), input.ndim))(input)
        return forward(self, input)

    return call
