"""The linear layer: x wᵀ + b."""

from __future__ import annotations

from math import prod
from typing import Any

from ..engine.function import Function
from ..engine.tensor import Tensor
from ..errors import ShapeError
from ._check.arguments import operands
from .arithmetic import add
from .shape import squeeze, unsqueeze


class Linear(Function):
    """z = x wᵀ + b        dx = dz w,  dw = dzᵀ x,  db = sum of dz over the rows"""

    def forward(self, x: Any, w: Any, b: Any) -> Any:
        self.x, self.w = x, w
        z = self.backend.matmul(rows_of(x), w.T)
        if b is not None:
            z += b
        return z.reshape(*x.shape[:-1], w.shape[0])

    def backward(self, dz: Any) -> Any:
        x, w, dz, matmul = rows_of(self.x), self.w, rows_of(dz), self.backend.matmul
        with self.backend.one_job():  # the threads share both products
            dx = matmul(dz, w).reshape(self.x.shape) if self.needs[0] else None
            dw = matmul(dz.T, x) if self.needs[1] else None
        return dx, dw, dz.sum(0) if self.needs[2] else None

    @classmethod
    def multiply_adds(cls, output: Any, /, *inputs: Any, **options: Any) -> int:
        return prod(output.shape) * inputs[1].shape[1]


def rows_of(x: Any) -> Any:
    """The last dimension as it is, all others as one: (rows, K)."""
    return x if x.ndim == 2 else x.reshape(prod(x.shape[:-1]), x.shape[-1])


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """z = input weightᵀ + bias: input (..., in), weight (out, in) or (in,), bias (out,) -> (..., out).

    ShapeError if the lengths do not fit, DtypeError if the dtypes differ.
    """
    x, w, b = operands("linear", input=input, weight=weight, bias=bias)
    if w.ndim not in (1, 2) or x.ndim == 0 or x.shape[-1] != w.shape[-1]:
        raise ShapeError(
            f"linear: input {x.shape} but weight is {w.shape}: "
            f"input must be (..., {w.shape[-1] if w.ndim else 'in'}) for a weight (out, in)"
        )
    if w.ndim == 1:
        z = squeeze(Linear.apply(x, unsqueeze(w, 0), None), -1)
        return z if b is None else add(z, b)
    if b is not None and b.shape not in ((w.shape[0],), (1,), ()):
        raise ShapeError(f"linear: bias {b.shape} but weight is {w.shape}: bias must be ({w.shape[0]},)")
    return Linear.apply(x, w, b)
