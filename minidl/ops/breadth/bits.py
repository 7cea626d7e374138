"""Whole numbers: shifted bits, common divisors and multiples; without a gradient."""

from __future__ import annotations

from typing import Any

from ...backend import backend_of
from ...engine.tensor import Tensor, wrap
from ...errors import DtypeError
from .._check.arguments import Operand, broadcast_shape, tensor_of
from .pairs import both


def _on_integers(name: str, function: str, input: Any, other: Any, numbers: bool = True) -> Tensor:
    """NumPy's function of two integers, elementwise, broadcast."""
    if not numbers:
        tensor_of(name, input), tensor_of(name, other, "other")
    x, y = both(name, input, other, floating=False)
    if x.dtype.kind not in "iu":
        raise DtypeError(f"{name}: takes integers; got {x.dtype}")
    broadcast_shape(name, x.shape, y.shape)
    backend = backend_of(x._array)
    return wrap(backend.asarray(getattr(backend.xp, function)(x._array, y._array)))


def bitwise_left_shift(input: Operand, other: Operand) -> Tensor:
    """The bits of input moved `other` places up, elementwise, broadcast: input · 2 ** other.

    >>> import minidl
    >>> bitwise_left_shift(minidl.tensor([1, 3]), 2)
    tensor([ 4, 12])
    """
    return _on_integers("bitwise_left_shift", "left_shift", input, other)


def bitwise_right_shift(input: Operand, other: Operand) -> Tensor:
    """The bits of input moved `other` places down, elementwise, broadcast: input / 2 ** other, rounded down."""
    return _on_integers("bitwise_right_shift", "right_shift", input, other)


def gcd(input: Tensor, other: Tensor) -> Tensor:
    """The greatest common divisor, elementwise, broadcast; of 0 and 0 it is 0.

    >>> import minidl
    >>> gcd(minidl.tensor([12, 5]), minidl.tensor([18, 0]))
    tensor([6, 5])
    """
    return _on_integers("gcd", "gcd", input, other, numbers=False)


def lcm(input: Tensor, other: Tensor) -> Tensor:
    """The least common multiple, elementwise, broadcast."""
    return _on_integers("lcm", "lcm", input, other, numbers=False)
