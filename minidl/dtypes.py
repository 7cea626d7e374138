"""The element types, and PyTorch's rule for the type of a result when two of them meet.

Source: https://pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .errors import DtypeError

DType = np.dtype[Any]

float16, float32, float64 = np.dtype(np.float16), np.dtype(np.float32), np.dtype(np.float64)
int8, int16, int32, int64 = np.dtype(np.int8), np.dtype(np.int16), np.dtype(np.int32), np.dtype(np.int64)
uint8, bool_ = np.dtype(np.uint8), np.dtype(np.bool_)

SUPPORTED = frozenset((float16, float32, float64, int8, int16, int32, int64, uint8, bool_))
FLOATING = frozenset((float16, float32, float64))

_CATEGORY = {"b": 0, "i": 1, "u": 1, "f": 2}
_default = float32


def get_default_dtype() -> DType:
    """The dtype of tensors made from Python floats: float32 unless changed."""
    return _default


def set_default_dtype(dtype: Any) -> None:
    """Make `dtype` (a floating one) the dtype of tensors made from Python floats."""
    global _default
    chosen = as_dtype(dtype)
    if chosen not in FLOATING:
        raise DtypeError(f"set_default_dtype: got {chosen}; only float16, float32 and float64 can be the default")
    _default = chosen


def as_dtype(dtype: Any) -> DType:
    """`dtype` (a minidl or NumPy dtype, its name, or Python's float, int, bool) as one that minidl supports.

    >>> as_dtype("float64"), as_dtype(int), as_dtype(float)
    (dtype('float64'), dtype('int64'), dtype('float64'))
    """
    try:
        found = np.dtype(dtype)
    except (TypeError, ValueError):
        raise DtypeError(f"{dtype!r} is not a dtype; use minidl.float32, minidl.int64, ...") from None
    if found not in SUPPORTED:
        names = ", ".join(sorted(str(known) for known in SUPPORTED))
        raise DtypeError(f"the dtype {found} is not supported; supported are {names}")
    return found


def scalar_dtype(value: bool | int | float) -> DType:
    """The dtype a Python number has on its own."""
    if not isinstance(value, bool | int | float):
        raise DtypeError(f"{value!r} is neither a Tensor nor a number")
    return bool_ if isinstance(value, bool) else int64 if isinstance(value, int) else _default


def promote_types(a: DType, b: DType) -> DType:
    """The smallest dtype of the higher category (bool < int < float) that holds both.

    Unlike NumPy's rule, an integer never widens a float.

    >>> str(promote_types(int64, float32)), str(promote_types(uint8, int8))
    ('float32', 'int16')
    """
    try:
        rank_a, rank_b = _CATEGORY[a.kind], _CATEGORY[b.kind]
    except (AttributeError, KeyError):
        raise DtypeError(f"promote_types: takes two dtypes; got {a!r} and {b!r}") from None
    if rank_a != rank_b:
        return a if rank_a > rank_b else b
    return np.promote_types(a, b)


def result_type(*operands: Any) -> DType:
    """The dtype of an operation on arrays (anything with `dtype` and `ndim`) and Python numbers.

    A 0-dimensional array or a Python number counts only if its category is higher than that of the arrays
    with dimensions.

    >>> str(result_type(np.ones(3, np.float16), 2.5)), str(result_type(np.ones(3, int), 2.5))
    ('float16', 'float32')
    """
    strongest: list[DType | None] = [None, None, None]  # with dimensions, 0-dimensional, Python numbers
    for operand in operands:
        if hasattr(operand, "dtype"):
            level, dtype = (0 if operand.ndim else 1), operand.dtype
        else:
            level, dtype = 2, scalar_dtype(operand)
        known = strongest[level]
        strongest[level] = dtype if known is None else promote_types(known, dtype)
    result: DType | None = None
    for weaker in strongest:
        if result is None:
            result = weaker
        elif weaker is not None and _CATEGORY[weaker.kind] > _CATEGORY[result.kind]:
            result = promote_types(result, weaker)
    assert result is not None
    return result
