"""A product of two vectors and a weight for each pair of their elements."""

from __future__ import annotations

from ..engine.tensor import Tensor
from ..errors import ShapeError
from ._check.arguments import operands
from .arithmetic import add
from .einsum import einsum


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """z[..., o] = Σ_ij input1[..., i] · weight[o, i, j] · input2[..., j] + bias[o].

    (..., I), (..., J), weight (O, I, J), bias (O,) or None -> (..., O). All in one dtype. ShapeError if shapes differ.
    """
    x, y, w, b = operands("bilinear", input1=input1, input2=input2, weight=weight, bias=bias)
    if w.ndim != 3 or not x.ndim or x.shape[:-1] != y.shape[:-1] or w.shape[1:] != (x.shape[-1], y.shape[-1]):
        raise ShapeError(
            f"bilinear: input1 (..., I), input2 (..., J) and weight (O, I, J) are expected, with the same dimensions "
            f"before the last; got {x.shape}, {y.shape} and {w.shape}"
        )
    z = einsum("...i,oij,...j->...o", x, w, y)
    if b is None:
        return z
    if b.shape != w.shape[:1]:
        raise ShapeError(f"bilinear: weight {w.shape} gives {w.shape[0]} numbers, so bias must be that long; "
                         f"got {b.shape}")  # fmt: skip
    return add(z, b)
