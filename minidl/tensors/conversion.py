"""Converting tensors: to Python numbers or NumPy arrays, to other dtypes, to other devices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import numpy as np

from ..backend import Backend, backend_of, get_backend, to_host
from ..devices import backend_for, device, device_of
from ..dtypes import FLOATING, DType, as_dtype
from ..engine.function import Function
from ..engine.tensor import Tensor, alias_of, wrap
from ..engine.view import as_in_pytorch, is_row_by_row
from ..errors import (
    ArgumentError,
    ArgumentTypeError,
    BackendError,
    DtypeError,
    GraphError,
    IndexShapeError,
    ShapeError,
)
from ..ops._check.arguments import cast, normal_dim
from ..ops.join import unbind
from ..ops.shape import Clone
from .creation import from_numpy, full, ones, tensor, zeros


class Move(Function):
    """z = x in the memory of another library        dx = dz, moved back"""

    computes = False

    def forward(self, x: Any, target: Backend) -> Any:
        return target.asarray(to_host(x))

    def backward(self, dz: Any) -> Any:
        return self.backend.asarray(to_host(dz))


def to(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """The tensor in another dtype or on another device: `to(dtype)`, `to(device)`, `to(device, dtype)`, `to(other)`.

    Keywords: device, dtype, non_blocking (copies always wait, so both values are correct), copy=True (always copy).
    Returns the tensor itself if there is nothing to change; gradients flow through.
    """
    place, dtype, copy = _wishes(*args, **kwargs)
    moved = self
    backend = backend_of(self._array) if place is None else backend_for(place)
    if backend is not backend_of(self._array):
        moved = _moved(self, backend)
    if dtype is not None:
        moved = cast(moved, as_dtype(dtype))
    return Clone.apply(moved) if copy and moved is self else moved


def _moved(x: Tensor, target: Backend) -> Tensor:
    """x in the memory of another library; the bounds of integers are noted, so that no check has to wait for a GPU."""
    moved = Move.apply(x, target=target)
    if isinstance(x._array, np.ndarray) and x._array.dtype.kind in "iu" and x._array.size:
        moved._storage.note_bounds(int(x._array.min()), int(x._array.max()))
    return moved


def _wishes(*args: Any, **kwargs: Any) -> tuple[Any, Any, bool]:
    """Device, dtype and copy of the arguments of `to`, which come in PyTorch's orders."""
    names = ["dtype", "non_blocking", "copy"]
    if args and isinstance(args[0], Tensor):
        other = args[0]
        names.insert(0, "device")
        if len(args) > 1 and not isinstance(args[1], bool):
            raise ArgumentTypeError(f"to: after a tensor come non_blocking and copy, True or False; got {args[1]!r}")
        args = (device_of(other._array), other.dtype, *args[1:])
    elif args and (args[0] is None or isinstance(args[0], str | device)):
        names.insert(0, "device")
    if len(args) > len(names):
        raise ArgumentTypeError(f"to: takes at most {len(names)} arguments here; got {len(args)}")
    wishes = dict(zip(names, args))
    for name, value in kwargs.items():
        if name in wishes or name not in ("device", "dtype", "non_blocking", "copy"):
            raise TypeError(f"to() got an unexpected keyword argument {name!r}, or got it twice")
        wishes[name] = value
    for name in ("non_blocking", "copy"):
        if not isinstance(wishes.get(name, False), bool):
            raise ArgumentTypeError(
                f"to: {name} must be True or False; got {wishes[name]!r}; the order is to(device, dtype, "
                "non_blocking, copy) or to(dtype, non_blocking, copy)"
            )
    if isinstance(wishes.get("dtype"), bool):
        raise ArgumentTypeError(
            f"to: {wishes['dtype']!r} stands where the dtype is expected; write to(device, None, non_blocking, copy)"
        )
    return wishes.get("device"), wishes.get("dtype"), wishes.get("copy", False)


def _caster(name: str, dtype: Any) -> Callable[[Tensor], Tensor]:
    chosen = as_dtype(dtype)

    def method(self: Tensor) -> Tensor:
        return cast(self, chosen)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"The tensor as {chosen}; itself if it already is."
    return method


CASTS = {
    name: _caster(name, dtype)
    for name, dtype in {
        "half": np.float16, "float": np.float32, "double": np.float64, "char": np.int8, "short": np.int16,
        "int": np.int32, "long": np.int64, "byte": np.uint8, "bool": np.bool_,
    }.items()
}  # fmt: skip


def cpu(self: Tensor) -> Tensor:
    """The tensor in the memory of the host; itself if it is already there."""
    return to(self, "cpu")


def cuda(self: Tensor, device: Any = None, non_blocking: bool = False) -> Tensor:
    """The tensor on the GPU; itself if it is already there. BackendError, with the reason, if no GPU can be used."""
    return to(self, "cuda" if device is None else f"cuda:{device}" if isinstance(device, int) else device)


def type_as(self: Tensor, other: Tensor) -> Tensor:
    """The tensor in the dtype and on the device of `other`."""
    return to(self, other)


_TYPE_NAMES = {
    "float16": "Half", "float32": "Float", "float64": "Double", "int8": "Char", "int16": "Short", "int32": "Int",
    "int64": "Long", "uint8": "Byte", "bool": "Bool",
}  # fmt: skip


def type_(self: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The tensor in `dtype`; without one, the name of its type: "minidl.FloatTensor", "minidl.cuda.LongTensor"."""
    if dtype is not None:
        return cast(self, as_dtype(dtype))
    place = device_of(self._array).type
    return f"minidl.{'' if place == 'cpu' else f'{place}.'}{_TYPE_NAMES[self.dtype.name]}Tensor"


def numpy(self: Tensor, *, force: bool = False) -> Any:
    """The tensor as a NumPy array that shares its memory. It must be on the CPU and require no gradient.

    With `force`, a tensor on a GPU or in a graph is accepted too; from a GPU comes a copy.
    """
    if self.requires_grad and not force:
        raise GraphError("numpy: this tensor requires gradients, which NumPy would lose; use .detach().numpy()")
    if (place := device_of(self._array)).type != "cpu":
        if not force:
            raise BackendError(f"numpy: this tensor is on {place}; use .cpu().numpy()")
        return to_host(self._array)
    return self.array


def to_array(self: Tensor, dtype: Any = None, copy: bool | None = None) -> Any:
    """For `np.asarray(tensor)`: like `numpy()`; in another dtype, or with copy=True, a copy."""
    same = dtype is None or np.dtype(dtype) == self.dtype
    if copy is False and not same:
        raise ArgumentError(f"np.asarray: {self.dtype} as {np.dtype(dtype)} needs a copy, but copy=False was given")
    if not self.requires_grad and device_of(self._array).type == "cpu" and (copy or not same):
        return np.array(self._array, dtype=dtype)
    return numpy(self)


def wrap_array(self: Tensor, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
    """The result of a NumPy function such as `np.sqrt(tensor)`, as a tensor again."""
    return from_numpy(np.asarray(array))


def item(self: Tensor) -> Any:
    """The only element as a Python number. ShapeError if there is not exactly one."""
    if self._array.size != 1:
        raise ShapeError(f"item: only a tensor of one element has one; this one has shape {self.shape}; use .tolist()")
    return self._array.item()


def tolist(self: Tensor) -> Any:
    """The elements as nested lists of Python numbers; of a 0-dimensional tensor, the number itself."""
    return self._array.tolist()


def to_bool(self: Tensor) -> bool:
    """Whether the only element is not 0. ShapeError if there are several, which would be ambiguous."""
    if self._array.size != 1:
        raise ShapeError(
            f"bool: whether a tensor of shape {self.shape} is true is ambiguous; use .any(), .all() or compare .item()"
        )
    return bool(self._array.item())


def to_int(self: Tensor) -> int:
    """The only element as an int."""
    return int(item(self))


def to_float(self: Tensor) -> float:
    """The only element as a float."""
    return float(item(self))


def to_index(self: Tensor) -> int:
    """The only element as a position, as in `range(9)[tensor]`; it must be an integer."""
    if self.dtype in FLOATING:
        raise DtypeError(f"index: only an integer tensor of one element can be an index; this one is {self.dtype}")
    return int(item(self))


def format_(self: Tensor, spec: str) -> str:
    """A 0-dimensional tensor is formatted as its number (`f"{loss:.3f}"`), others as they print."""
    if self.ndim == 0:
        return format(item(self), spec)
    if spec:
        raise DtypeError(f"format: {spec!r} is for one number, not for shape {self.shape}; use .item() or .tolist()")
    return str(self)


def length(self: Tensor) -> int:
    """The length of the first dimension."""
    if self.ndim == 0:
        raise DtypeError("len: a 0-dimensional tensor has no length")
    return self.shape[0]


def iterate(self: Tensor) -> Iterator[Tensor]:
    """The slices along the first dimension."""
    if self.ndim == 0:
        raise DtypeError("iter: a 0-dimensional tensor cannot be iterated over; use .item()")
    return iter(unbind(self))


def contains(self: Tensor, element: Any) -> bool:
    """Whether an element equals the number (or tensor of one element) `element`."""
    if not isinstance(element, Tensor | bool | int | float | np.generic):
        raise DtypeError(f"in: a tensor contains numbers; got {type(element).__name__}")
    return bool((self._array == (element._array if isinstance(element, Tensor) else element)).any())


def size(self: Tensor, dim: int | None = None) -> Any:
    """The shape, or the length of dimension `dim`."""
    if dim is None:
        return self.shape
    if self.ndim == 0:
        raise IndexShapeError("size: a 0-dimensional tensor has no dimensions")
    return self.shape[normal_dim("size", dim, self.ndim)]


def stride(self: Tensor, dim: int | None = None) -> Any:
    """For each dimension (or for `dim`), how many elements further in memory the next element is."""
    steps = tuple(step // self._array.itemsize for step in as_in_pytorch(self).strides)
    return steps if dim is None else steps[normal_dim("stride", dim, self.ndim)]


def dim(self: Tensor) -> int:
    """The number of dimensions."""
    return self.ndim


def numel(self: Tensor) -> int:
    """The number of elements."""
    return int(self._array.size)


def element_size(self: Tensor) -> int:
    """The bytes of one element."""
    return int(self._array.itemsize)


def nbytes(self: Tensor) -> int:
    """The bytes of all elements."""
    return int(self._array.nbytes)


def is_floating_point(self: Tensor) -> bool:
    """Whether the dtype is float16, float32 or float64."""
    return self.dtype in FLOATING


def is_contiguous(self: Tensor) -> bool:
    """Whether the elements lie in memory row by row, without gaps, as far as PyTorch's rules go.

    A backend may have chosen another order for the result of an operation; `numpy()` shows it.
    """
    return is_row_by_row(self)


def contiguous(self: Tensor) -> Tensor:
    """The tensor with its elements row by row in memory; itself if they are."""
    return self if is_contiguous(self) else Clone.apply(self, order="C")


def place(self: Tensor) -> device:
    """Where the tensor lives: `device(type='cpu')` or `device(type='cuda', index=0)`."""
    return device_of(self._array)


def is_cuda(self: Tensor) -> bool:
    """Whether the tensor lives on a GPU."""
    return device_of(self._array).type == "cuda"


def new_tensor(
    self: Tensor, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """`data` as a new tensor, in the dtype and on the device of this one unless told otherwise."""
    return tensor(data, **_settings(self, dtype, device), requires_grad=requires_grad)


def new_zeros(self: Tensor, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros of that size, in the dtype and on the device of this tensor unless told otherwise."""
    return zeros(*size, **_settings(self, dtype, device), requires_grad=requires_grad)


def new_ones(self: Tensor, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones of that size, in the dtype and on the device of this tensor unless told otherwise."""
    return ones(*size, **_settings(self, dtype, device), requires_grad=requires_grad)


def new_full(
    self: Tensor, size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """`fill_value` in that size, in the dtype and on the device of this tensor unless told otherwise."""
    return full(size, fill_value, **_settings(self, dtype, device), requires_grad=requires_grad)


def _settings(self: Tensor, dtype: DType | None, device: Any) -> dict[str, Any]:
    return {
        "dtype": self.dtype if dtype is None else dtype,
        "device": backend_of(self._array).name if device is None else device,
    }


def shallow_copy(self: Tensor) -> Tensor:
    """For `copy.copy`: another leaf that shares the same memory."""
    return alias_of(self).requires_grad_(self.requires_grad)


def deep_copy(self: Tensor, memo: dict[int, Any]) -> Tensor:
    """For `copy.deepcopy`: a leaf with the same values in new memory; its gradient is copied too."""
    if self.grad_fn is not None:
        raise GraphError("deepcopy: this tensor is part of a graph, which is not copied; use .detach() first")
    copied = wrap(self._array.copy()).requires_grad_(self.requires_grad)
    memo[id(self)] = copied
    copied.__dict__.update(deepcopy(self.__dict__, memo))
    if self.grad is not None:
        copied._grad = deep_copy(self.grad, memo)
    return copied


def reduce(self: Tensor, protocol: Any) -> Any:
    """For `pickle`: the values, on the host."""
    if self.grad_fn is not None:
        raise GraphError("pickle: this tensor is part of a graph, which cannot be saved; use .detach() first")
    return restore, (to_host(self._array), backend_of(self._array).name, self.requires_grad)


def restore(array: Any, backend: str, requires_grad: bool) -> Tensor:
    """Rebuild the tensor that `reduce` took apart."""
    return wrap(get_backend(backend).asarray(array)).requires_grad_(requires_grad)
