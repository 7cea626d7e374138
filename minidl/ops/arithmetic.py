"""Sums, products, powers: the operators, each with its derivatives."""

from __future__ import annotations

from typing import Any

from ..autograd import Function, Tensor
from ..errors import ArgumentError
from ._arguments import Operand, promoted, tensor_of


class Add(Function):
    """z = x + y        dz/dx = 1,  dz/dy = 1"""

    def forward(self, x: Any, y: Any) -> Any:
        return x + y

    def backward(self, dz: Any) -> Any:
        return dz, dz


class Sub(Function):
    """z = x - y        dz/dx = 1,  dz/dy = -1"""

    def forward(self, x: Any, y: Any) -> Any:
        return x - y

    def backward(self, dz: Any) -> Any:
        return dz, -dz


class Mul(Function):
    """z = x * y        dz/dx = y,  dz/dy = x"""

    def forward(self, x: Any, y: Any) -> Any:
        self.x, self.y = x, y
        return x * y

    def backward(self, dz: Any) -> Any:
        return dz * self.y, dz * self.x


class Div(Function):
    """z = x / y        dz/dx = 1 / y,  dz/dy = -x / y²"""

    def forward(self, x: Any, y: Any) -> Any:
        self.x, self.y = x, y
        return x / y

    def backward(self, dz: Any) -> Any:
        dx = dz / self.y
        return dx, -dx * (self.x / self.y)


def add(input: Operand, other: Operand, *, alpha: int | float = 1) -> Tensor:
    """input + alpha * other, elementwise, broadcast; dtype by promotion.

    >>> import minidl
    >>> minidl.add(minidl.tensor([1.0, 2.0]), 10)
    tensor([11., 12.])
    """
    if alpha != 1:
        other = mul(other, alpha) if isinstance(other, Tensor) else other * alpha
    return Add.apply(*promoted("add", input, other))


def mul(input: Operand, other: Operand) -> Tensor:
    """input * other, elementwise, broadcast; dtype by promotion."""
    return Mul.apply(*promoted("mul", input, other))
