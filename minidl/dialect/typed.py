"""PyTorch's old constructors by type: `FloatTensor([1, 2])`, `LongTensor(2, 3)`, `isinstance(x, ByteTensor)`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..devices import device_of
from ..dtypes import as_dtype
from ..engine.tensor import Tensor
from ..errors import ArgumentError, ArgumentTypeError, DtypeError
from ..tensors.creation import empty, tensor
from .look import DTYPES, Size

KINDS = {
    "Bool": "bool", "Byte": "uint8", "Char": "int8", "Double": "float64", "Float": "float32", "Half": "float16",
    "Int": "int32", "Long": "int64", "Short": "int16",
}  # fmt: skip


class TensorType(type):
    """The type of `FloatTensor` and its like: making one makes a Tensor; a Tensor of that dtype and place is one."""

    kind: str
    place: str

    def __call__(cls, *data: Any, device: Any = None) -> Tensor:
        name = cls.__name__
        only = data[0] if len(data) == 1 else None
        chosen = as_dtype(KINDS[cls.kind])
        where = cls.place if device is None else device
        if isinstance(only, Tensor):
            if only._array.dtype != chosen:
                raise DtypeError(f"{name}: takes a tensor of {chosen} only; got {only.dtype}; use x.type({name})")
            return only.view(only.shape)
        number = hasattr(only, "__index__") and not isinstance(only, bool | np.ndarray)
        if isinstance(only, Size) or len(data) != 1 or number:
            return empty(*(data or (0,)), dtype=chosen, device=where)
        if isinstance(only, bool | int | float | str) or not hasattr(only, "__len__"):
            raise ArgumentTypeError(f"{name}: data must be sizes, a sequence or an array; got {only!r}")
        given = list(only) if isinstance(only, range) else only
        return tensor(given, device=where).to(chosen)

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, Tensor) and type_of(value) == cls.full

    @property
    def dtype(cls) -> Any:
        """The dtype of its tensors."""
        return DTYPES[as_dtype(KINDS[cls.kind])]

    @property
    def full(cls) -> str:
        """Its name with that of its module."""
        return f"torch.{'' if cls.place == 'cpu' else 'cuda.'}{cls.kind}Tensor"

    def __repr__(cls) -> str:
        return f"<class '{cls.full}'>"


def _types(place: str) -> dict[str, Any]:
    return {
        f"{kind}Tensor": TensorType(f"{kind}Tensor", (), {"kind": kind, "place": place, "__doc__": f"{kind} tensors."})
        for kind in KINDS
    }


TYPES = {"cpu": _types("cpu"), "cuda": _types("cuda")}
BY_TEXT = {kind.full: kind for types in TYPES.values() for kind in types.values()}


def type_of(x: Tensor) -> str:
    """The name of a tensor's type: "torch.FloatTensor", "torch.cuda.LongTensor"."""
    place = device_of(x._array).type
    name = next(kind for kind, dtype in KINDS.items() if dtype == x._array.dtype.name)
    return f"torch.{'' if place == 'cpu' else f'{place}.'}{name}Tensor"


def type_named(kind: Any) -> Any:
    """A type, from itself or its name: "torch.FloatTensor"; None if it is neither."""
    if isinstance(kind, TensorType):
        return kind
    if isinstance(kind, str):
        if kind not in BY_TEXT:
            raise ArgumentError(f"type: {kind!r} is not the name of a type of tensors; one is 'torch.FloatTensor'")
        return BY_TEXT[kind]
    return None


def type_(self: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The tensor in another type (`torch.FloatTensor`, its name, or a dtype); without one, the name of its type."""
    if dtype is None:
        return type_of(self)
    if dtype is Tensor:
        dtype = "torch.FloatTensor"
    kind = type_named(dtype)
    return self.to(dtype) if kind is None else self.to(kind.place, kind.dtype)
