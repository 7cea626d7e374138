"""Integrals by the trapezoidal rule."""

from __future__ import annotations

from typing import Any

from ...engine.tensor import Tensor
from ...errors import ArgumentError, ShapeError
from .._check.arguments import Number, normal_dim, not_bool, tensor_of
from ..arithmetic import add, div, mul
from ..index import narrow
from ..rearrange import diff
from ..reduce import cumsum, sum


def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Number | None = None, dim: int = -1) -> Tensor:
    """∫ y dx along `dim`, from the mean of neighbours times their distance: `dx` (1), or that of the places `x`.

    >>> import minidl
    >>> trapezoid(minidl.tensor([1.0, 2.0, 4.0]))
    tensor(4.5000)
    """
    areas, dim = _areas("trapezoid", y, x, dx, dim)
    return sum(areas, dim)


def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Number | None = None, dim: int = -1) -> Tensor:
    """`trapezoid` up to each element but the first."""
    areas, dim = _areas("cumulative_trapezoid", y, x, dx, dim)
    return cumsum(areas, dim)


def _areas(name: str, y: Any, x: Any, dx: Any, dim: int) -> tuple[Tensor, int]:
    """The areas between neighbours, and dim counted from the front."""
    y = tensor_of(name, y, "y")
    not_bool(name, y)
    if x is not None and dx is not None:
        raise ArgumentError(f"{name}: give x or dx, not both")
    if y.ndim == 0:
        raise ShapeError(f"{name}: y must have at least 1 dimension")
    dim = normal_dim(name, dim, y.ndim)
    n = y.shape[dim]
    heights = add(narrow(y, dim, 0, max(n - 1, 0)), narrow(y, dim, min(1, n), max(n - 1, 0)))
    if x is None:
        return div(mul(heights, 1 if dx is None else dx), 2), dim
    x = tensor_of(name, x, "x")
    if x.ndim == 1:
        if x.shape[0] != n:
            raise ShapeError(f"{name}: x has {x.shape[0]} elements, but y has {n} along dim {dim}")
        widths = diff(x).reshape([-1 if d == dim else 1 for d in range(y.ndim)])
    else:
        widths = diff(x, dim=dim - y.ndim)
    return div(mul(heights, widths), 2), dim
