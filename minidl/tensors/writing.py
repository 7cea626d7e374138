"""The methods that change a tensor: `add_`, `zero_`, `x += y`, `x[i] = y`.

Outside a graph, the memory itself is overwritten. Where a gradient has to flow, the tensor becomes the result of the
recorded operation; other tensors that share its memory see the change, and follow it in the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from math import isfinite, prod
from typing import Any

import numpy as np

from ..backend import backend_of, same_backend
from ..dtypes import DType
from ..engine.function import Function
from ..engine.grad_mode import grad_mode
from ..engine.inplace import check_writable, is_shared, overwrite, rebind, unshared
from ..engine.tensor import Tensor, alias_of, wrap
from ..engine.view import is_row_by_row
from ..errors import ArgumentError, DtypeError, GraphError, ShapeError, refuse
from ..ops._check.arguments import Number, cast, element, int_tuple, number
from ..ops.index import Slice, overwrite_items, parse, put_value, set_items
from ..random import Generator, generator_or_default
from .sampling import draw


class Replace(Function):
    """z = y in the shape of x        dx = 0,  dy = dz"""

    computes = False

    def forward(self, x: Any, y: Any) -> Any:
        z = self.xp.empty(x.shape, x.dtype)
        z[...] = y
        return z

    def backward(self, dz: Any) -> Any:
        return self.xp.zeros_like(dz), dz


def in_place(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The method `name_` of a function `name`: x becomes function(x, ...), keeping its shape and dtype."""
    name = f"{function.__name__}_"

    @wraps(function)
    def method(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        before = unshared(input) if _recorded(input, *args, *kwargs.values()) else input
        result = function(before, *(before if x is input else x for x in args), **kwargs)
        if result.shape != input.shape:
            raise ShapeError(f"{name}: the result has shape {result.shape}, which does not fit into {input.shape}")
        _check_fits(name, result.dtype, input.dtype)
        if _recorded(input, result):
            rebind(input, cast(result, input.dtype))
        else:
            overwrite(input, result._array)
        return input

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"`{function.__name__}` in place: the tensor itself takes the result, keeping its shape and dtype."
    return method


def shape_in_place(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The method `name_` of a function `name` that makes a view: the tensor itself takes the shape."""
    name = f"{function.__name__}_"

    @wraps(function)
    def method(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if input.is_leaf and input.requires_grad:
            raise GraphError(f"{name}: a leaf that requires gradients is changed in place; make a new tensor of it")
        before = input
        if input._view is None:  # what it was stays its base
            if input.requires_grad and input._storage.viewed:
                raise GraphError(f"{name}: views of this tensor have its shape; make a new one, without the last _")
            before = alias_of(input)
            before._edge, before._requires_grad = input._edge, input.requires_grad
        input._become(function(before, *args, **kwargs))
        return input

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"`{function.__name__}` in place: the tensor itself takes the shape."
    return method


def _check_fits(name: str, result: DType, target: DType) -> None:
    """DtypeError if the result would lose its kind: a float in an integer tensor, a number in a bool one."""
    order = "biuf"
    if order.index(result.kind.replace("u", "i")) > order.index(target.kind.replace("u", "i")):
        raise DtypeError(
            f"{name}: a result of {result} does not fit into a tensor of {target}; use .to({result}) first"
        )


def _recorded(*tensors: Any) -> bool:
    return grad_mode.enabled and any(isinstance(x, Tensor) and x.requires_grad for x in tensors)


def _put(target: Tensor, value: Any) -> Tensor:
    """target with the contents of `value` (an array, number or tensor that can be broadcast to it)."""
    if _recorded(target, value):
        rebind(target, Replace.apply(target, value if isinstance(value, Tensor | int | float) else wrap(value)))
    else:
        overwrite(target, value._array if isinstance(value, Tensor) else value)
    return target


def zero_(self: Tensor) -> Tensor:
    """Every element becomes 0."""
    return _put(self, 0)


def fill_(self: Tensor, value: Tensor | Number) -> Tensor:
    """Every element becomes `value`, a number or a 0-dimensional tensor."""
    if isinstance(value, Tensor):
        if value.ndim:
            raise ShapeError(f"fill_: value must be a number or a 0-dimensional tensor; its shape is {value.shape}")
        return copy_(self, value)
    return _put(self, element("fill_", "value", value, self.dtype).item())


def copy_(self: Tensor, src: Tensor | Number, non_blocking: bool = False) -> Tensor:
    """The elements become those of `src`, broadcast, in this tensor's dtype and on its device."""
    if not isinstance(src, Tensor):
        return fill_(self, src)
    try:
        fits = np.broadcast_shapes(self.shape, src.shape) == self.shape
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(f"copy_: src of shape {src.shape} cannot be broadcast to {self.shape}")
    return _put(self, cast(src, self.dtype).to(self.device))


def resize_(self: Tensor, size: Sequence[int], *, memory_format: Any = None) -> Tensor:
    """The tensor itself in another shape, with the first elements that it has, row by row; any others are 0.

    With no more elements than before, it keeps its memory. GraphError if it requires gradients; ShapeError if another
    tensor shares the memory, or if it would outgrow that of an array.
    """
    refuse("resize_", memory_format=memory_format)
    shape = int_tuple("resize_", size, "size")
    if self.requires_grad:
        raise GraphError(
            "resize_: this tensor requires gradients, which fit its shape; use .reshape, or .detach() first"
        )
    if any(length < 0 for length in shape):
        raise ShapeError(f"resize_: every length must be at least 0; got {shape}")
    if shape == self.shape:
        return self
    if self._storage.viewed or not (is_row_by_row(self) and self._array.flags.c_contiguous):
        raise ShapeError(
            "resize_: this tensor is a part of another, or shares its memory with another (a slice, a view, .data); "
            "use .reshape, or .clone() first"
        )
    count, flat, storage = prod(shape), self._array.reshape(-1), self._storage
    if count > flat.size:
        if storage.exposed is not None:
            raise ShapeError(
                f"resize_: shape {shape} needs {count} elements, but an array shares the memory of {flat.size}; use "
                ".clone() first"
            )
        grown = backend_of(flat).xp.zeros(count, flat.dtype)
        grown[: flat.size] = flat
        flat, self._storage = grown, wrap(grown)._storage
    self._array, self._view, self._strides = flat[:count].reshape(shape), None, None
    storage.version += 1  # operations that kept it for backward must notice
    return self


def _put_drawn(name: str, target: Tensor, kind: str, scale: float, shift: float, generator: Generator | None) -> Tensor:
    if target.dtype.kind != "f":
        raise DtypeError(f"{name}: takes a tensor of a floating dtype; this one is {target.dtype}")
    values = np.asarray(draw(kind, target.shape, target.dtype, generator)) * scale + shift
    return _put(target, backend_of(target._array).asarray(values.astype(target.dtype)))


def uniform_(self: Tensor, from_: float = 0, to: float = 1, *, generator: Generator | None = None) -> Tensor:
    """The elements become random numbers, uniform in [from_, to)."""
    if not isfinite(number("uniform_", "to", to) - number("uniform_", "from_", from_)):
        raise ArgumentError(f"uniform_: from_ and to must be finite; got {from_} and {to}")
    if from_ > to:
        raise ArgumentError(f"uniform_: from_ {from_} must not be larger than to {to}")
    return _put_drawn("uniform_", self, "rand", to - from_, from_, generator)


def normal_(self: Tensor, mean: float = 0, std: float = 1, *, generator: Generator | None = None) -> Tensor:
    """The elements become random numbers from the normal distribution with that mean and standard deviation."""
    if not number("normal_", "std", std) >= 0:  # NaN too
        raise ArgumentError(f"normal_: std must be at least 0; got {std}")
    return _put_drawn("normal_", self, "randn", std, mean, generator)


def bernoulli_(self: Tensor, p: float = 0.5, *, generator: Generator | None = None) -> Tensor:
    """The elements become 1 with probability p, else 0."""
    if isinstance(p, Tensor) or not 0 <= p <= 1:
        raise ArgumentError(f"bernoulli_: p must be a number in [0, 1]; got {p!r}")
    values = generator_or_default(generator).random(self.shape) < p
    return _put(self, backend_of(self._array).asarray(np.asarray(values).astype(self.dtype)))


def set_item(self: Tensor, index: Any, value: Any) -> None:
    """x[index] = value: a number or a tensor, broadcast and cast to x's dtype."""
    if _recorded(self, value):
        _record_item(self, index, value)
        return
    check_writable(self)
    same_backend("x[...] = value", (self._array, value._array if isinstance(value, Tensor) else value))
    overwrite_items(self, index, value)
    self._storage.version += 1


def _record_item(x: Tensor, index: Any, value: Any) -> None:
    """x[index] = value where a gradient has to flow."""
    basic, arrays = parse(x, index)
    if is_shared(x) and all(array is None for array in arrays):
        part = put_value(x, basic, arrays, value)
        if not isinstance(part, Tensor):
            part = wrap(backend_of(x._array).asarray(part, x.dtype))
        rebind(Slice.apply(x, index=basic), part)
    else:
        rebind(x, set_items(unshared(x), index, value))


def detach_(self: Tensor) -> Tensor:
    """Take the tensor itself out of the graph: it becomes a leaf that requires no gradient."""
    self._edge, self._view, self._requires_grad = None, None, False
    return self
