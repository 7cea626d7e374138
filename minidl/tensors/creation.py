"""Making tensors from data, filled, or counted. Random ones are made in `sampling.py`.

Every function takes `dtype` (the default float dtype, or what the values suggest), `device` (where new tensors are
made, unless given) and `requires_grad`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from itertools import chain
from math import ceil, isfinite, prod
from operator import index
from typing import Any

import numpy as np

from ..backend import Backend, backend_of, to_host
from ..devices import backend_for
from ..dtypes import DType, as_dtype, get_default_dtype, int64, promote_types, scalar_dtype
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, ArgumentTypeError, DtypeError, OutOfMemoryError, RangeError, ShapeError

Number = bool | int | float


def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A new tensor that holds a copy of `data`: a number, nested lists, a NumPy array or a tensor.

    Python floats become the default dtype (float32), integers int64; arrays keep theirs. A number that an integer
    dtype cannot hold is a RangeError, lists of unequal length are a ShapeError.

    >>> tensor([[1, 2], [3, 4]]).shape
    (2, 2)
    >>> str(tensor([0.5]).dtype), str(tensor(np.zeros(2)).dtype)
    ('float32', 'float64')
    """
    source, backend = _source(data, dtype, device)
    array = backend.asarray(source)
    return _finished(array.copy() if array is _raw(data) else array, requires_grad)


def construct(self: Tensor, *data: Any, device: Any = None) -> None:
    """PyTorch's old constructor: `Tensor(2, 3)` has that size, `Tensor([1, 2])` holds a copy of these values.

    Always of the default dtype (float32), even for an array of another one. `Tensor(tensor)` is the exception: another
    tensor with the same memory and dtype. `minidl.tensor(...)` keeps the dtype of its values.

    >>> from minidl import Tensor
    >>> Tensor([1, 2]), Tensor(2, 3).shape
    (tensor([1., 2.]), (2, 3))
    """
    only = data[0] if len(data) == 1 else None
    if isinstance(only, Tensor):
        made = only.to(device).view(only.shape)
    elif isinstance(only, np.ndarray) or (isinstance(only, Sequence) and not isinstance(only, str | bytes)):
        made = tensor(only, dtype=get_default_dtype(), device=device)
    elif len(data) != 1 or (hasattr(only, "__index__") and not isinstance(only, bool)):
        made = empty(*(data or (0,)), device=device)
    else:
        raise ArgumentTypeError(
            f"Tensor: takes sizes, a list or an array; got {only!r}; minidl.tensor(...) makes a tensor of a number"
        )
    self._become(made)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """`data` as a tensor: itself if it is one of that dtype and device; the memory of a NumPy array is shared."""
    if isinstance(data, Tensor):
        return data.to(device=device, dtype=dtype)
    source, backend = _source(data, dtype, device)
    return from_numpy(data) if source is data and backend.device == "cpu" else wrap(backend.asarray(source))


def from_numpy(array: Any) -> Tensor:
    """A tensor that shares the memory of a NumPy array."""
    if not isinstance(array, np.ndarray):
        raise DtypeError(f"from_numpy: takes a NumPy array; got {type(array).__name__}; use minidl.tensor(...)")
    as_dtype(array.dtype)
    made = wrap(array)
    made._strides = None if array.flags.c_contiguous else array.strides
    made._storage.expose(array)
    return made


def _raw(data: Any) -> Any:
    return data._array if isinstance(data, Tensor) else data


def _source(data: Any, dtype: Any, device: Any) -> tuple[Any, Backend]:
    """The data as an array of the wanted dtype (`data` itself where possible), and the backend it is to go to."""
    raw = _raw(data)
    backend = backend_of(raw) if device is None and isinstance(data, Tensor) else backend_for(device)
    wanted = None if dtype is None else as_dtype(dtype)
    if not hasattr(raw, "dtype"):
        return _from_python(raw, wanted), backend
    if not isinstance(raw, np.generic) and not isinstance(raw, backend.array_type):
        raw = to_host(raw)
    if raw.dtype.kind not in "biuf":
        raise DtypeError(f"tensor: takes arrays of numbers; got one of dtype {raw.dtype}")
    wanted = as_dtype(raw.dtype) if wanted is None else wanted
    with backend.quiet():  # numbers that the dtype cannot hold
        return (raw if raw.dtype == wanted else raw.astype(wanted)), backend


def _from_python(data: Any, wanted: DType | None) -> Any:
    """Numbers and nested lists as a NumPy array; arrays and tensors in a list count as lists, with their dtype."""
    try:
        leaves = [data]
        while leaves and isinstance(leaves[0], Sequence) and not isinstance(leaves[0], str):
            leaves = list(chain.from_iterable(leaves))
        if any(isinstance(leaf, Tensor) for leaf in leaves):
            data = _without_tensors(data)
        array = np.asarray(data)
    except (TypeError, ValueError) as error:
        raise ShapeError(f"tensor: the lists do not form a regular array of numbers: {error}") from None
    if array.dtype.kind == "O" and all(isinstance(leaf, int) for leaf in leaves):
        _refuse_large(array, int64 if wanted is None else wanted)
    if array.dtype.kind not in "biuf":
        raise DtypeError(f"tensor: takes numbers and lists, arrays or tensors of numbers; got {data!r}")
    if wanted is not None:
        return _in_dtype(array, wanted)
    dtypes = [as_dtype(leaf.dtype) for leaf in leaves if hasattr(leaf, "dtype")]
    if not dtypes:
        if array.dtype.kind == "f":
            return array.astype(get_default_dtype())
        return _in_dtype(array, int64 if array.dtype.kind == "u" else array.dtype)
    dtypes += [scalar_dtype(leaf) for leaf in leaves if not hasattr(leaf, "dtype")]
    return _in_dtype(array, reduce(promote_types, dtypes))


def _without_tensors(data: Any) -> Any:
    if isinstance(data, Tensor):
        return to_host(data._array)
    return [_without_tensors(item) for item in data] if isinstance(data, list | tuple) else data


def _in_dtype(array: Any, dtype: DType) -> Any:
    """Python's numbers in `dtype`. As in PyTorch, a negative one in an unsigned dtype wraps around."""
    if dtype.kind not in "iu" or array.dtype.kind == "b" or array.size == 0:
        return array.astype(dtype)
    limits = np.iinfo(int64 if dtype.kind == "u" and array.dtype.kind == "u" else dtype)
    low, high = (-limits.max if dtype.kind == "u" else limits.min), limits.max
    if not (low <= array.min() and array.max() <= high):  # NaN too
        _refuse_large(array[~((low <= array) & (array <= high))], dtype)
    return array.astype(int64).astype(dtype)


def _refuse_large(array: Any, dtype: DType) -> None:
    """Raise a RangeError that names the value furthest from 0."""
    value = max(array.ravel().tolist(), key=abs)
    raise RangeError(f"tensor: {value} does not fit into {dtype}; ask for another, such as dtype=minidl.float64")


def _finished(array: Any, requires_grad: bool) -> Tensor:
    made = wrap(array)
    return made.requires_grad_() if requires_grad else made


def _sizes(function: str, size: tuple[Any, ...]) -> tuple[int, ...]:
    """The shape given as `zeros(2, 3)` or `zeros((2, 3))`."""
    given = size[0] if len(size) == 1 and isinstance(size[0], Sequence) else size
    try:
        shape = tuple(index(n) for n in given if not isinstance(n, bool))
    except TypeError:
        shape = ()
    if not size or len(shape) != len(given):
        raise ArgumentTypeError(f"{function}: the size must be integers of at least 0; got {given!r}")
    if any(n < 0 for n in shape):
        raise ArgumentError(f"{function}: the size must be integers of at least 0; got {given!r}")
    if prod(shape) > np.iinfo(np.intp).max // 8:
        raise ArgumentError(f"{function}: the size {shape} is {prod(shape):.1e} elements, more than memory can hold")
    return shape


def shape_of(function: str, size: Any) -> tuple[int, ...]:
    """The shape given as one tuple."""
    if not isinstance(size, Iterable):
        raise ArgumentTypeError(f"{function}: the size must be a tuple of integers; got {size!r}; write ({size!r},)")
    return _sizes(function, (tuple(size),))


def _filled(function: str, size: tuple[Any, ...], value: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    chosen = get_default_dtype() if dtype is None else as_dtype(dtype)
    try:
        array = backend_for(device).xp.full(_sizes(function, size), value, chosen)
    except MemoryError as error:
        raise OutOfMemoryError.at(function, error) from None
    return _finished(array, requires_grad)


def zeros(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of that size (`zeros(2, 3)` or `zeros((2, 3))`) filled with 0."""
    return _filled("zeros", size, 0, dtype, device, requires_grad)


def ones(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of that size filled with 1."""
    return _filled("ones", size, 1, dtype, device, requires_grad)


def empty(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of that size whose values mean nothing. They are 0 here, so that a mistake is reproducible."""
    return _filled("empty", size, 0, dtype, device, requires_grad)


def full(
    size: Sequence[int], fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of that size filled with `fill_value` (a number or a 0-dimensional tensor), in its dtype."""
    value = tensor(fill_value, dtype=dtype, device="cpu")
    if value.ndim:
        raise ShapeError(f"full: fill_value must be a number or a 0-dimensional tensor; its shape is {value.shape}")
    return _filled("full", (shape_of("full", size),), value._array[()], value.dtype, device, requires_grad)


def _like(function: str, input: Any, value: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    if not isinstance(input, Tensor):
        raise DtypeError(f"{function}: input must be a Tensor; got {type(input).__name__}")
    place = backend_of(input._array).name if device is None else device
    return _filled(function, (input.shape,), value, input.dtype if dtype is None else dtype, place, requires_grad)


def zeros_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros in the shape and dtype and on the device of the input."""
    return _like("zeros_like", input, 0, dtype, device, requires_grad)


def ones_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones in the shape and dtype and on the device of the input."""
    return _like("ones_like", input, 1, dtype, device, requires_grad)


def empty_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Like `empty`, in the shape and dtype and on the device of the input."""
    return _like("empty_like", input, 0, dtype, device, requires_grad)


def full_like(
    input: Tensor, fill_value: Number, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """`fill_value` in the shape and dtype and on the device of the input."""
    chosen = input.dtype if dtype is None else as_dtype(dtype)
    value = tensor(fill_value, dtype=chosen, device="cpu")._array[()]
    return _like("full_like", input, value, chosen, device, requires_grad)


def arange(
    start: float,
    end: float | None = None,
    step: float = 1,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """start, start + step, ... up to but not including `end`; `arange(n)` counts from 0 to n - 1.

    int64 if all are integers, else the default float dtype.

    >>> arange(3), arange(1, 2.5, 0.5)
    (tensor([0, 1, 2]), tensor([1.0000, 1.5000, 2.0000]))
    """
    bounds = [_plain("arange", x) for x in ((0, start) if end is None else (start, end)) + (step,)]
    whole = all(isinstance(x, int) for x in bounds)
    chosen = as_dtype(dtype) if dtype is not None else int64 if whole else get_default_dtype()
    if chosen.kind == "b":
        raise DtypeError("arange: counts in numbers; the dtype must not be bool")
    if not all(map(isfinite, bounds)):
        raise ArgumentError(f"arange: start, end and step must be finite; got {', '.join(map(str, bounds))}")
    exact = bounds
    if chosen.kind != "f":
        bounds = [int(x) for x in bounds]
    first, last, each = bounds
    if each == 0 or (exact[1] - exact[0]) * exact[2] < 0:
        raise ArgumentError(f"arange: no step of {exact[2]} leads from {exact[0]} to {exact[1]}")
    if chosen == int64 or whole:
        count = -((first - last) // each)
    else:  # as in PyTorch, only int64 cuts off the bounds before counting
        count = ceil((exact[1] - exact[0]) / exact[2])
    if count > np.iinfo(np.intp).max // 8 or max(abs(first), abs(last)) > np.iinfo(int64).max:
        raise ArgumentError(f"arange: from {first} to {last} in steps of {each} is more than a tensor can hold")
    values = first + np.arange(count) * each
    return _finished(backend_for(device).asarray(values.astype(chosen)), requires_grad)


def _plain(function: str, x: Any) -> Any:
    """A bound as a Python number."""
    value = x.item() if isinstance(x, Tensor | np.generic) else x
    if not isinstance(value, int | float):
        raise ArgumentTypeError(f"{function}: start, end and step must be numbers; got {x!r}")
    return value


def linspace(
    start: float, end: float, steps: int, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """`steps` numbers from start to end, both included, equally far apart; of an integer dtype, cut off to integers.

    >>> linspace(0, 1, 5)
    tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
    """
    values, chosen = spaced("linspace", start, end, steps, dtype)
    return _finished(backend_for(device).asarray(values.astype(chosen)), requires_grad)


def spaced(function: str, start: Any, end: Any, steps: Any, dtype: Any) -> tuple[Any, DType]:
    """Numbers equally far apart, in float64, and the dtype that they are wanted in."""
    chosen = get_default_dtype() if dtype is None else as_dtype(dtype)
    if chosen.kind == "b":
        raise DtypeError(f"{function}: the dtype must be one of numbers; got {chosen}")
    start, end = (_plain(function, x) for x in (start, end))
    if isinstance(steps, bool) or not hasattr(steps, "__index__"):
        raise ArgumentTypeError(f"{function}: steps, the number of values, must be an integer; got {steps!r}")
    if not (isfinite(start) and isfinite(end)):
        raise ArgumentError(f"{function}: start and end must be finite; got {start} and {end}")
    if steps < 0:
        raise ArgumentError(f"{function}: steps must be at least 0; got {steps}")
    if chosen.kind == "f" or steps < 2:
        return np.linspace(start, end, steps), chosen
    first, last = int(start), int(end)  # as in PyTorch, counted from both ends, so that rounding is the same in both
    step, places = (last - first) / (steps - 1), np.arange(steps)
    return np.where(places < steps // 2, first + step * places, last - step * (steps - 1 - places)), chosen


def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """The matrix (n, m) with 1 on the diagonal, else 0; square without m."""
    chosen = get_default_dtype() if dtype is None else as_dtype(dtype)
    rows, columns = _sizes("eye", (n, n if m is None else m))
    return _finished(backend_for(device).xp.eye(rows, columns, dtype=chosen), requires_grad)
