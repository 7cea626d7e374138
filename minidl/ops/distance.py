"""Lengths of vectors and angles between them."""

from __future__ import annotations

from typing import Any

from ..engine.tensor import Tensor
from ..errors import refuse
from ._check.arguments import float_only, number, promoted, tensor_of
from .arithmetic import add, div, mul, sub
from .rearrange import broadcast_tensors
from .reduce import norm, sum
from .selection import clamp


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: None = None) -> Tensor:
    """input divided by its p-norm along `dim`, or by `eps` where that is smaller.

    >>> import minidl
    >>> normalize(minidl.tensor([[3.0, 4.0]]))
    tensor([[0.6000, 0.8000]])
    """
    refuse("normalize", out=out)
    x = float_only("normalize", input)
    return div(x, clamp(norm(x, p, dim, keepdim=True), min=number("normalize", "eps", eps)))


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors along `dim`: x1 · x2 / (|x1| |x2|), each length at least `eps`.

    >>> import minidl
    >>> cosine_similarity(minidl.tensor([[1.0, 0.0]]), minidl.tensor([[1.0, 1.0]]))
    tensor([0.7071])
    """
    x, y = broadcast_tensors(*_two("cosine_similarity", x1, x2))
    least = number("cosine_similarity", "eps", eps)
    x, y = (div(v, clamp(norm(v, 2, dim, keepdim=True), min=least)) for v in (x, y))
    return sum(mul(x, y), dim)


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """The p-norm of x1 - x2 + eps along the last dimension."""
    x, y = _two("pairwise_distance", x1, x2)
    return norm(add(sub(x, y), number("pairwise_distance", "eps", eps)), p, -1, keepdim=keepdim)


def _two(name: str, x1: Any, x2: Any) -> tuple[Any, ...]:
    return promoted(name, float_only(name, x1), float_only(name, tensor_of(name, x2, "x2")))
