"""The argument handling that many operations share: promoting dtypes, normalising dims."""

from __future__ import annotations

from collections.abc import Iterable
from operator import index
from typing import Any

import numpy as np

from ...dtypes import DType, get_default_dtype, promote_types, result_type
from ...engine.function import Function
from ...engine.tensor import Tensor
from ...errors import ArgumentError, ArgumentTypeError, DimensionError, DtypeError, RangeError, ShapeError

Number = bool | int | float
Operand = Tensor | Number


class Cast(Function):
    """z = x in another dtype        ∂z/∂x = 1"""

    computes = False

    def forward(self, x: Any, dtype: DType) -> Any:
        return x.astype(dtype)

    def backward(self, dz: Any) -> Any:
        return dz


def cast(x: Tensor, dtype: DType) -> Tensor:
    """x in `dtype`: itself if it already has it."""
    return x if x.dtype == dtype else Cast.apply(x, dtype=dtype)


def number(function: str, name: str, value: Any) -> Any:
    """An option as a Python number; it may be given as one, as a NumPy scalar or as a tensor without dimensions."""
    if type(value) is float or type(value) is int:  # the common case, recognised quickly
        return value
    if isinstance(value, np.generic) or (isinstance(value, Tensor) and not value.ndim and not value.requires_grad):
        value = value.item()
    if not isinstance(value, bool | int | float):
        raise ArgumentTypeError(f"{function}: {name} must be a number (no gradient is computed for it); got {value!r}")
    return value


def element(function: str, name: str, value: Any, dtype: DType) -> Any:
    """A number as an element of `dtype`; RangeError if an integer dtype cannot hold it.

    As in PyTorch, fractions are cut off, and a negative integer wraps around in an unsigned dtype.
    """
    value = number(function, name, value)
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        low = -limits.max if dtype.kind == "u" and not isinstance(value, float) else limits.min
        if not low <= value <= limits.max:  # NaN too
            raise RangeError(
                f"{function}: {name} {value} does not fit into {dtype}, which holds {limits.min} to {limits.max}; "
                "convert the tensor first, for example with .float()"
            )
    with np.errstate(over="ignore"):  # a number too large for a float dtype becomes infinity
        return np.asarray(value).astype(dtype)[()]


def tensor_of(function: str, x: Any, name: str = "input") -> Tensor:
    """x, which must be a Tensor."""
    if not isinstance(x, Tensor):
        raise DtypeError(f"{function}: {name} must be a Tensor; got {type(x).__name__}; use minidl.tensor(...)")
    return x


def promoted(function: str, *operands: Any, floating: bool = False) -> tuple[Any, ...]:
    """The operands in one dtype, by PyTorch's rule; Python numbers stay numbers if the dtype is floating.

    With `floating`, integers become the default float dtype.
    """
    first = operands[0]
    if isinstance(first, Tensor) and (first._array.dtype.kind == "f" or not floating):
        dtype = first._array.dtype  # the common case, recognised quickly
        for x in operands:
            if isinstance(x, Tensor):
                if x._array.dtype != dtype:
                    break
            elif dtype.kind != "f" or (type(x) is not float and type(x) is not int):
                break
        else:
            return operands
    for i, x in enumerate(operands):
        if not isinstance(x, Tensor | bool | int | float | np.generic):
            raise DtypeError(
                f"{function}: argument {i} must be a Tensor or a number; got {type(x).__name__}; use minidl.tensor(...)"
            )
    if not any(isinstance(x, Tensor) for x in operands):
        raise DtypeError(f"{function}: at least one argument must be a Tensor; use minidl.tensor(...)")
    plain = [x.item() if isinstance(x, np.generic) else x for x in operands]
    dtype = result_type(*[x._array if isinstance(x, Tensor) else x for x in plain])
    if floating and dtype.kind != "f":
        dtype = get_default_dtype()
    return tuple(cast(x, dtype) if isinstance(x, Tensor) else _number(x, dtype) for x in plain)


def _number(x: Number, dtype: DType) -> Any:
    """A Python number as an operand of `dtype`; integers wrap around as in PyTorch, although NumPy refuses them."""
    if dtype.kind == "f":
        return float(x)
    return np.asarray(x).astype(dtype)[()]


def floating(function: str, x: Any) -> Tensor:
    """x as a Tensor of a floating dtype: integers and bools become the default one."""
    x = tensor_of(function, x)
    return x if x._array.dtype.kind == "f" else cast(x, get_default_dtype())


def float_only(function: str, x: Any) -> Tensor:
    """x, which must be a Tensor of a floating dtype."""
    x = tensor_of(function, x)
    if x._array.dtype.kind != "f":
        raise DtypeError(f"{function}: input must be of a floating dtype; got {x.dtype}; use .float()")
    return x


def not_bool(function: str, *operands: Any) -> None:
    """DtypeError if one of the operands is a bool or a tensor of bools."""
    for x in operands:
        if isinstance(x, bool) or (isinstance(x, Tensor) and x._array.dtype.kind == "b"):
            raise DtypeError(f"{function}: not defined for bool; use a logical operation, or .int() first")


def operands(function: str, **named: Any) -> tuple[Any, ...]:
    """The operands of a product: tensors of one dtype, which is not bool. A `bias` may be None."""
    xs: list[Any] = [x if name == "bias" and x is None else tensor_of(function, x, name) for name, x in named.items()]
    if len({x._array.dtype for x in xs if x is not None}) > 1:
        shown = ", ".join(f"{name} {x.dtype}" for name, x in named.items() if x is not None)
        raise DtypeError(f"{function}: all must have one dtype; got {shown}; convert with .to(dtype)")
    if xs[0]._array.dtype.kind == "b":
        not_bool(function, xs[0])
    return tuple(xs)


def normal_dim(function: str, dim: int, ndim: int) -> int:
    """`dim` counted from the front; a 0-dimensional tensor is treated as one of 1 dimension."""
    if isinstance(dim, bool) or not isinstance(dim, int | np.integer):
        raise ArgumentTypeError(f"{function}: dim must be an integer; got {dim!r}")
    length = max(ndim, 1)
    if not -length <= dim < length:
        raise DimensionError(
            f"{function}: dim {dim} is out of range; a tensor of {ndim} dimensions has {-length} to {length - 1}"
        )
    return int(dim) % length


def normal_dims(function: str, dim: int | Iterable[int] | None, ndim: int) -> tuple[int, ...]:
    """`dim` (an integer, several, or None or () for all) as a tuple counted from the front, without repeats."""
    if dim is None:
        return tuple(range(ndim))
    dims = tuple(dim) if isinstance(dim, Iterable) else (dim,)
    if not dims:
        return tuple(range(ndim))
    found = tuple(normal_dim(function, d, ndim) for d in dims)
    if len(set(found)) != len(found):
        raise ArgumentError(f"{function}: dim {dims} names a dimension twice")
    return found if ndim else ()


def int_tuple(function: str, values: Any, name: str = "shape") -> tuple[int, ...]:
    """A sequence of integers (numbers or 0-dimensional integer tensors) as a tuple of Python's."""
    try:
        found = tuple(index(v) for v in values if not isinstance(v, bool))
        if len(found) == len(values):
            return found
    except TypeError:
        pass
    raise ArgumentTypeError(f"{function}: {name} must be a tuple of integers; got {values!r}") from None


def broadcast_shape(function: str, *shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The common shape; ShapeError that shows them all if there is none."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        shown = " and ".join(str(shape) for shape in shapes)
        raise ShapeError(
            f"{function}: shapes {shown} cannot be broadcast; from the right, lengths must be equal or 1"
        ) from None


__all__ = [
    "Number", "Operand", "broadcast_shape", "cast", "element", "float_only", "floating", "int_tuple", "normal_dim",
    "normal_dims", "not_bool", "number", "operands", "promote_types", "promoted", "tensor_of",
]  # fmt: skip
