"""What PyTorch's tensors have beside minidl's: other spellings, old constructors, changes of shape in place."""

from __future__ import annotations

from collections.abc import Callable
from inspect import isfunction
from typing import Any

from .. import linalg
from ..backend import get_backend
from ..devices import device_of
from ..engine.tensor import Tensor
from ..errors import GraphError
from ..ops import shape
from ..tensors.creation import construct, empty
from ..tensors.methods import METHODS
from .arguments import spoken
from .look import Size
from .typed import BY_TEXT, type_, type_of


def make(self: Tensor, *data: Any, device: Any = None) -> None:
    """`Tensor(sizes)`, `Tensor(list)`, `Tensor(array)`: float32; a `torch.Size` is a size."""
    only = data[0] if len(data) == 1 else None
    construct(self, *(only if isinstance(only, Size) else data), device=device)


def in_place(name: str) -> Callable[..., Tensor]:
    """The method `name_`, which gives the tensor itself another shape."""
    function = getattr(shape, name)

    def method(self: Tensor, *args: Any, **named: Any) -> Tensor:
        if self.is_leaf and self.requires_grad:
            raise GraphError(f"{name}_: a leaf that requires gradients is changed in place; make a new tensor of it")
        self._become(function(self, *args, **named))
        return self

    method.__name__ = method.__qualname__ = f"{name}_"
    method.__doc__ = f"`{name}` in place: the tensor itself takes the shape."
    return method


def new(self: Tensor, *data: Any) -> Tensor:
    """PyTorch's old way to make a tensor of this one's dtype, from sizes or from values."""
    return BY_TEXT[type_of(self)](*data)


def new_empty(self: Tensor, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of that size, in the dtype and on the device of this one unless told otherwise."""
    settings = {"dtype": self.dtype if dtype is None else dtype, "device": self.device if device is None else device}
    return empty(*size, **settings, requires_grad=requires_grad)


def pin_memory(self: Tensor, device: Any = None) -> Tensor:
    """The tensor itself: memory is page-locked when it is moved to a GPU. BackendError if there is none."""
    get_backend("cuda")
    return self


def share_memory_(self: Tensor) -> Tensor:
    """The tensor itself: workers are threads, which share all memory."""
    return self


def get_device(self: Tensor) -> int:
    """The number of the GPU; -1 on the host."""
    return device_of(self._array).index or 0 if device_of(self._array).type == "cuda" else -1


def speak_methods() -> None:
    """Attach them to Tensor."""
    put: Any = setattr
    for name, method in METHODS.items():
        if isfunction(method) and name not in ("size", "type"):
            put(Tensor, name, spoken(method))
    put(Tensor, "__init__", make)
    for name in ("unsqueeze", "squeeze", "transpose", "t"):
        put(Tensor, f"{name}_", in_place(name))
    for method in (new, new_empty, get_device, pin_memory, share_memory_):
        put(Tensor, method.__name__, method)
    put(Tensor, "det", linalg.det)
    put(Tensor, "inverse", linalg.inv)
    put(Tensor, "type", type_)
    put(Tensor, "is_sparse", False)
    put(Tensor, "is_quantized", False)
    put(Tensor, "is_complex", lambda self: False)
