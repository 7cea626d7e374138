"""What PyTorch's tensors have beside minidl's: other spellings, old constructors."""

from __future__ import annotations

from inspect import isfunction
from typing import Any

from ..backend import get_backend
from ..devices import device_of
from ..engine.tensor import Tensor
from ..tensors.creation import construct, empty, tensor
from ..tensors.later import Later
from ..tensors.methods import METHODS
from .arguments import spoken
from .look import Size, strided
from .typed import BY_TEXT, type_, type_of

# What no tensor of minidl's is: other devices, other layouts.
KINDS_WITHOUT = "ipu maia meta mkldnn mps mtia nested quantized sparse sparse_csr vulkan xla xpu"


def make(self: Tensor, *data: Any, device: Any = None) -> None:
    """`Tensor(sizes)`, `Tensor(list)`, `Tensor(array)`: float32; a `torch.Size` is a size."""
    only = data[0] if len(data) == 1 else None
    construct(self, *(only if isinstance(only, Size) else data), device=device)


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


def apply_(self: Tensor, callable: Any) -> Tensor:
    """Each number replaced by what the function makes of it, one after the other: slow, and for no gradient."""
    return self.copy_(tensor([callable(x) for x in self.reshape(-1).tolist()], dtype=self.dtype).reshape(self.shape))


def map_(self: Tensor, tensor_: Tensor, callable: Any) -> Tensor:
    """Each number replaced by what the function makes of it and of that of the other tensor."""
    pairs = zip(self.reshape(-1).tolist(), tensor_.expand(self.shape).reshape(-1).tolist())
    return self.copy_(tensor([callable(x, y) for x, y in pairs], dtype=self.dtype).reshape(self.shape))


def get_device(self: Tensor) -> int:
    """The number of the GPU; -1 on the host."""
    return device_of(self._array).index or 0 if device_of(self._array).type == "cuda" else -1


def speak_methods() -> None:
    """Attach them to Tensor."""
    put: Any = setattr
    for name, method in METHODS.items():
        if isfunction(method) and name not in ("size", "type"):
            put(Tensor, name, spoken(method))
        elif isinstance(method, Later):
            put(Tensor, name, method.also(spoken))
    put(Tensor, "__init__", make)
    for method in (new, new_empty, get_device, pin_memory, share_memory_, apply_, map_):
        put(Tensor, method.__name__, method)
    put(Tensor, "type", type_)
    put(Tensor, "layout", strided)
    for kind in KINDS_WITHOUT.split():
        put(Tensor, f"is_{kind}", False)
    for kind in ("complex", "conj", "neg", "pinned"):
        put(Tensor, f"is_{kind}", lambda self: False)
    put(Tensor, "is_cpu", property(lambda self: not self.is_cuda))
