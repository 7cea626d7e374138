"""Distances between points, and rows shortened to a length."""

from __future__ import annotations

from typing import Any

from ...engine.tensor import Tensor
from ...errors import ArgumentError, DtypeError, ShapeError
from .._check.arguments import Number, float_only, normal_dim, number, promoted, tensor_of
from ..arithmetic import add, div, mul, sub
from ..reduce import norm
from ..selection import where
from ..shape import unsqueeze

MODES = (None, "use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist")


def dist(input: Tensor, other: Tensor, p: Number = 2) -> Tensor:
    """The p-norm of all elements of input - other, which are broadcast.

    >>> import minidl
    >>> dist(minidl.tensor([0.0, 0.0]), minidl.tensor([3.0, 4.0]))
    tensor(5.)
    """
    x, y = float_only("dist", input), float_only("dist", tensor_of("dist", other, "other"))
    return norm(sub(*promoted("dist", x, y)), number("dist", "p", p))


def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str | None = None) -> Tensor:
    """The p-norms of the differences of all rows of x1 (..., M, K) and x2 (..., N, K): (..., M, N).

    All distances are computed from the differences, which is exact; `compute_mode` only chooses the speed in PyTorch.
    """
    x, y = float_only("cdist", x1), float_only("cdist", tensor_of("cdist", x2, "x2"))
    if compute_mode not in (*MODES, 0, 1, 2):
        raise ArgumentError(f"cdist: compute_mode must be one of {', '.join(map(str, MODES))}; got {compute_mode!r}")
    order = _order("cdist", p)
    if x.dtype != y.dtype:
        raise DtypeError(f"cdist: x1 is {x.dtype} but x2 is {y.dtype}; convert one with .to(...)")
    if x.ndim < 2 or y.ndim < 2 or x.shape[-1] != y.shape[-1]:
        raise ShapeError(f"cdist: takes (..., M, K) and (..., N, K); got {x.shape} and {y.shape}")
    return _norm(sub(unsqueeze(x, -2), unsqueeze(y, -3)), order)


def _order(name: str, p: Any) -> float:
    order = number(name, "p", p)
    if not order >= 0:  # NaN too
        raise ArgumentError(f"{name}: p must be at least 0; got {p}")
    return float(order)


def _norm(d: Tensor, p: float) -> Tensor:
    """The p-norm of the last dimension; of no elements, 0."""
    if d.shape[-1] == 0:
        return d.sum(-1)
    return norm(d, p, -1)


def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """The input with each slice along `dim` whose p-norm is larger than `maxnorm` scaled down to it.

    >>> import minidl
    >>> renorm(minidl.tensor([[3.0, 4.0], [0.0, 1.0]]), 2, 0, 2.5)
    tensor([[1.5000, 2.0000],
            [0.0000, 1.0000]])
    """
    x, order = float_only("renorm", input), number("renorm", "p", p)
    if x.ndim < 2:
        raise ShapeError(f"renorm: takes at least 2 dimensions; got shape {x.shape}")
    if not order > 0 or not number("renorm", "maxnorm", maxnorm) >= 0:
        raise ArgumentError(f"renorm: p must be above 0 and maxnorm at least 0; got {p} and {maxnorm}")
    dim = normal_dim("renorm", dim, x.ndim)
    others = tuple(d for d in range(x.ndim) if d != dim)
    length = norm(x, order, others, keepdim=True)
    scale = div(maxnorm, add(length, 1e-7))  # PyTorch's guard against a division by 0
    return mul(x, where(length.detach() > maxnorm, scale, 1.0))
