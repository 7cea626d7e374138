"""Arrays that record: a Tensor behind NumPy's operators and methods, as the backward of an operation uses them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from ...backend import Array, Backend, is_array
from ...engine.tensor import Recorded, Tensor, wrap
from ...errors import GraphError
from ...ops import arithmetic, index, reduce, shape
from ...ops._check.arguments import cast
from ...ops.linalg import matmul
from ...ops.reduce import Prod, Sum
from ...ops.selection import clamp
from .. import writing


class NotRecorded(GraphError, AttributeError):
    """A backward uses something of NumPy's that recorded arrays do not have."""


class Box(Recorded):
    """A recorded array. Arithmetic gives recorded arrays; comparisons, which have no gradient, give raw ones.

    Each array library has a subclass of its own, which knows its `library`.
    """

    __slots__ = ()
    __hash__ = object.__hash__
    __array_priority__ = 2000
    base = None  # nothing else holds its memory, as far as the engine is concerned

    library: ClassVar[Backend]

    shape = property(lambda self: self.tensor.shape)
    dtype = property(lambda self: self.tensor.dtype)
    ndim = property(lambda self: self.tensor.ndim)
    size = property(lambda self: self.tensor._array.size)
    T = property(lambda self: self.transpose())

    def __len__(self) -> int:
        return self.shape[0]

    def __getattr__(self, name: str) -> Any:
        raise NotRecorded(f"create_graph: recorded arrays have no {name!r}, so this backward cannot be differentiated")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **named: Any) -> Any:
        """np.exp(box), and array * box."""
        call = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
        return getattr(self.library.xp, call)(*inputs, **named)

    def __array_function__(self, function: Any, types: Any, inputs: Any, named: Any) -> Any:
        """np.where(..., box)."""
        return getattr(self.library.xp, function.__name__)(*inputs, **named)

    def __getitem__(self, places: Any) -> Box:
        return type(self)(index.getitem(self.tensor, _as_tensors(places)))

    def __setitem__(self, places: Any, value: Any) -> None:
        writing.set_item(self.tensor, _as_tensors(places), cast_to(self, value))

    def __iadd__(self, other: Any) -> Box:
        self.tensor += cast_to(self, other)
        return self

    def __neg__(self) -> Box:
        return type(self)(arithmetic.neg(self.tensor))

    def __abs__(self) -> Box:
        return self.library.xp.abs(self)

    def __matmul__(self, other: Any) -> Box:
        return type(self)(matmul(self.tensor, unbox(self, other)))

    def __rmatmul__(self, other: Any) -> Box:
        return type(self)(matmul(unbox(self, other), self.tensor))

    def __bool__(self) -> bool:
        return bool(self.tensor)

    def reshape(self, *lengths: Any) -> Box:
        """As NumPy's."""
        return type(self)(shape.reshape(self.tensor, _one_or_several(lengths)))

    def transpose(self, *axes: Any) -> Box:
        """As NumPy's: the axes in that order; backwards without any."""
        order = _one_or_several(axes) if axes else range(self.ndim)[::-1]
        return type(self)(shape.permute(self.tensor, tuple(order)))

    def swapaxes(self, i: int, j: int) -> Box:
        """As NumPy's."""
        return type(self)(shape.transpose(self.tensor, i, j))

    def squeeze(self, axis: Any = None) -> Box:
        """As NumPy's."""
        return type(self)(shape.squeeze(self.tensor, axis))

    def astype(self, dtype: Any, copy: bool = True) -> Box:
        """In that dtype."""
        return type(self)(cast(self.tensor, np.dtype(dtype)))

    def copy(self, order: str = "C") -> Box:
        """A copy, row by row, that may be written to."""
        return type(self)(shape.Clone.apply(self.tensor, order="C"))

    def sum(self, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Box:
        """As NumPy's: an empty tuple of axes sums nothing."""
        return type(self)(Sum.apply(self.tensor, dim=_axes(axis, self.ndim), keepdim=keepdims))

    def mean(self, axis: Any = None, keepdims: bool = False) -> Box:
        """As NumPy's."""
        return type(self)(reduce.Mean.apply(self.tensor, dim=_axes(axis, self.ndim), keepdim=keepdims))

    def max(self, axis: Any = None, keepdims: bool = False) -> Box:
        """As NumPy's; equal ones share the gradient."""
        return type(self)(reduce.Amax.apply(self.tensor, dim=_axes(axis, self.ndim), keepdim=keepdims, how="max"))

    def min(self, axis: Any = None, keepdims: bool = False) -> Box:
        """As NumPy's; equal ones share the gradient."""
        return type(self)(reduce.Amax.apply(self.tensor, dim=_axes(axis, self.ndim), keepdim=keepdims, how="min"))

    def prod(self, axis: int, keepdims: bool = False) -> Box:
        """As NumPy's, along one axis."""
        return type(self)(Prod.apply(self.tensor, dim=axis % max(self.ndim, 1), keepdim=keepdims))

    def cumsum(self, axis: int) -> Box:
        """As NumPy's, along one axis."""
        return type(self)(reduce.cumsum(self.tensor, axis))

    def clip(self, low: Any = None, high: Any = None) -> Box:
        """As NumPy's."""
        return type(self)(clamp(self.tensor, unbox(self, low), unbox(self, high)))


def unbox(like: Box, value: Any) -> Any:
    """What an operation on tensors takes: the Tensor of a recorded array, or of a raw one; numbers as they are.

    Masks and integers are constants, in the dtype of `like`.
    """
    if isinstance(value, Box):
        return value.tensor
    if isinstance(value, np.generic):
        return value.item()
    if is_array(value):
        return wrap(value if value.dtype.kind == "f" else value.astype(like.dtype))
    return value


def cast_to(like: Box, value: Any) -> Any:
    """`unbox`, in the dtype of `like`, as what is written into an array."""
    value = unbox(like, value)
    return cast(value, like.dtype) if isinstance(value, Tensor) else value


def raw(value: Any) -> Any:
    """The raw array of a recorded one; anything else as it is."""
    return value.tensor._array if isinstance(value, Box) else value


def _as_tensors(places: Any) -> Any:
    """An index whose raw index arrays are Tensors."""
    if isinstance(places, tuple):
        return tuple([wrap(part) if is_array(part) else part for part in places])
    return wrap(places) if is_array(places) else places


def _one_or_several(numbers: tuple[Any, ...]) -> Any:
    return numbers[0] if len(numbers) == 1 and not hasattr(numbers[0], "__index__") else numbers


def _axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """NumPy's axes, counted from the front: None names all of them, an empty tuple none."""
    if axis is None:
        return tuple(range(ndim))
    return tuple([i % ndim for i in (axis if isinstance(axis, (tuple, list)) else (axis,))])


def _binary(function: Callable[..., Tensor], reflected: bool) -> Callable[[Box, Any], Box]:
    def method(self: Box, other: Any) -> Box:
        x, y = self.tensor, unbox(self, other)
        return type(self)(function(y, x) if reflected else function(x, y))

    return method


def _comparison(relation: Callable[[Any, Any], Any]) -> Callable[[Box, Any], Array]:
    return lambda self, other: relation(self.tensor._array, raw(other))


for _name, _function in {
    "add": arithmetic.add, "sub": arithmetic.sub, "mul": arithmetic.mul, "truediv": arithmetic.div,
    "pow": arithmetic.pow,
}.items():  # fmt: skip
    setattr(Box, f"__{_name}__", _binary(_function, reflected=False))
    setattr(Box, f"__r{_name}__", _binary(_function, reflected=True))
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(Box, f"__{_name}__", _comparison(getattr(operator, _name)))
