"""Lengths of vectors and angles between them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import backend_of
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, ShapeError, refuse
from ._check.arguments import float_only, number, promoted, tensor_of
from .arithmetic import add, div, mul, sub
from .gather import index_select
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


def pdist(input: Tensor, p: float = 2) -> Tensor:
    """The p-norms of the differences of all pairs of rows: (N, M) -> (N (N - 1) / 2,), as 01, 02, ..., 12, ...

    For p = inf, equal differences share the gradient, as in `norm`; PyTorch gives each of them all of it.

    >>> import minidl
    >>> pdist(minidl.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]))
    tensor([5.0000, 1.0000, 4.2426])
    """
    x = float_only("pdist", input)
    if x.ndim != 2:
        raise ShapeError(f"pdist: input must be (N, M); got {x.shape}")
    if not number("pdist", "p", p) >= 0:
        raise ArgumentError(f"pdist: p must not be negative; got {p!r}")
    first, second = (wrap(backend_of(x._array).asarray(i)) for i in np.triu_indices(x.shape[0], 1))
    return norm(sub(index_select(x, 0, first), index_select(x, 0, second)), p, -1)


def _two(name: str, x1: Any, x2: Any) -> tuple[Any, ...]:
    return promoted(name, float_only(name, x1), float_only(name, tensor_of(name, x2, "x2")))
