"""Comparisons and logic: results are bool tensors, without a gradient."""

from __future__ import annotations

from typing import Any

from ..backend import same_backend
from ..engine.function import Function
from ..engine.tensor import Tensor
from ..errors import ArgumentError, DtypeError
from ._check.arguments import Operand, promoted, tensor_of


class Compare(Function):
    """z = x (relation) y, elementwise; no gradient"""

    computes = False

    def forward(self, x: Any, y: Any, relation: str) -> Any:
        return getattr(self.xp, relation)(x, y)


class Test(Function):
    """z = whether x has a property, elementwise; no gradient"""

    computes = False

    def forward(self, x: Any, name: str) -> Any:
        return getattr(self.xp, name)(x)


def eq(input: Tensor, other: Operand) -> Tensor:
    """input == other, elementwise, broadcast, compared in the promoted dtype.

    >>> import minidl
    >>> minidl.eq(minidl.tensor([1, 2]), 2)
    tensor([False,  True])
    """
    return Compare.apply(*promoted("eq", tensor_of("eq", input), other), relation="equal")


def ne(input: Tensor, other: Operand) -> Tensor:
    """input != other, elementwise, broadcast."""
    return Compare.apply(*promoted("ne", tensor_of("ne", input), other), relation="not_equal")


def lt(input: Tensor, other: Operand) -> Tensor:
    """input < other, elementwise, broadcast."""
    return Compare.apply(*promoted("lt", tensor_of("lt", input), other), relation="less")


def le(input: Tensor, other: Operand) -> Tensor:
    """input <= other, elementwise, broadcast."""
    return Compare.apply(*promoted("le", tensor_of("le", input), other), relation="less_equal")


def gt(input: Tensor, other: Operand) -> Tensor:
    """input > other, elementwise, broadcast."""
    return Compare.apply(*promoted("gt", tensor_of("gt", input), other), relation="greater")


def ge(input: Tensor, other: Operand) -> Tensor:
    """input >= other, elementwise, broadcast."""
    return Compare.apply(*promoted("ge", tensor_of("ge", input), other), relation="greater_equal")


def logical_and(input: Tensor, other: Tensor) -> Tensor:
    """Whether both are true (not zero), elementwise, broadcast; any dtypes."""
    return _logical("logical_and", input, other)


def logical_or(input: Tensor, other: Tensor) -> Tensor:
    """Whether at least one is true (not zero), elementwise, broadcast; any dtypes."""
    return _logical("logical_or", input, other)


def logical_xor(input: Tensor, other: Tensor) -> Tensor:
    """Whether exactly one is true (not zero), elementwise, broadcast; any dtypes."""
    return _logical("logical_xor", input, other)


def _logical(name: str, input: Tensor, other: Tensor) -> Tensor:
    return Compare.apply(tensor_of(name, input), tensor_of(name, other, "other"), relation=name)


def logical_not(input: Tensor) -> Tensor:
    """Whether input is zero (false), elementwise."""
    x = tensor_of("logical_not", input)
    if x._array.dtype.kind == "b":
        return Test.apply(x, name="logical_not")
    return Compare.apply(x, 0, relation="equal")  # NumPy's logical_not works on one number at a time


def bitwise_and(input: Operand, other: Operand) -> Tensor:
    """input & other for bools and integers. DtypeError for floats."""
    return Compare.apply(*_bits("bitwise_and", input, other), relation="bitwise_and")


def bitwise_or(input: Operand, other: Operand) -> Tensor:
    """input | other for bools and integers. DtypeError for floats."""
    return Compare.apply(*_bits("bitwise_or", input, other), relation="bitwise_or")


def bitwise_xor(input: Operand, other: Operand) -> Tensor:
    """input ^ other for bools and integers. DtypeError for floats."""
    return Compare.apply(*_bits("bitwise_xor", input, other), relation="bitwise_xor")


def bitwise_not(input: Tensor) -> Tensor:
    """~input for bools and integers. DtypeError for floats."""
    return Test.apply(_bits("bitwise_not", tensor_of("bitwise_not", input))[0], name="invert")


def _bits(name: str, *operands: Operand) -> tuple[Any, ...]:
    found = promoted(name, *operands)
    for x in found:
        if isinstance(x, float) or (isinstance(x, Tensor) and x.dtype.kind == "f"):
            raise DtypeError(f"{name}: needs bools or integers; got floats; use a comparison first, or .int()")
    return found


def isnan(input: Tensor) -> Tensor:
    """Whether each element is NaN."""
    return Test.apply(tensor_of("isnan", input), name="isnan")


def isinf(input: Tensor) -> Tensor:
    """Whether each element is infinite, of either sign."""
    return Test.apply(tensor_of("isinf", input), name="isinf")


def isfinite(input: Tensor) -> Tensor:
    """Whether each element is neither infinite nor NaN."""
    return Test.apply(tensor_of("isfinite", input), name="isfinite")


class IsClose(Function):
    """z = |x - y| <= atol + rtol |y|, or equal (infinities); no gradient"""

    def forward(self, x: Any, y: Any, rtol: float, atol: float, equal_nan: bool) -> Any:
        xp = self.xp
        same = x == y
        if x.dtype.kind == "f":
            if equal_nan:
                same = same | (xp.isnan(x) & xp.isnan(y))
            allowed = atol + xp.abs(rtol * y)
            distance = xp.abs(x - y)
        else:
            x, y = x.astype("float64"), y.astype("float64")
            allowed, distance = atol + xp.abs(rtol * y), xp.abs(x - y)
        return same | (xp.isfinite(distance) & (distance <= allowed))


def isclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Whether |input - other| <= atol + rtol * |other|, elementwise, broadcast. DtypeError unless dtypes are equal.

    >>> import minidl
    >>> minidl.isclose(minidl.tensor([1.0, 2.0]), minidl.tensor([1.000001, 2.1]))
    tensor([ True, False])
    """
    x, y = tensor_of("isclose", input), tensor_of("isclose", other, "other")
    if x.dtype != y.dtype:
        raise DtypeError(f"isclose: input is {x.dtype} but other is {y.dtype}; they must be the same")
    if rtol < 0 or atol < 0:
        raise ArgumentError(f"isclose: rtol and atol must not be negative; got {rtol} and {atol}")
    return IsClose.apply(x, y, rtol=rtol, atol=atol, equal_nan=equal_nan)


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether all elements are close, by the rule of `isclose`."""
    return bool(isclose(input, other, rtol, atol, equal_nan)._array.all())


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether both have the same shape and the same elements (NaN equals nothing).

    >>> import minidl
    >>> minidl.equal(minidl.tensor([1.0]), minidl.tensor([1.0, 1.0]))
    False
    """
    x, y = tensor_of("equal", input), tensor_of("equal", other, "other")
    same_backend("equal", (x._array, y._array))
    return x.shape == y.shape and bool(eq(x, y)._array.all())
