"""Adaptive max-pooling: the largest of each bin of a grid, along each dimension in turn.

Along one dimension, the bins are read one after the other, each repeated to the length of the longest: then a plain
max-pooling, whose windows lie side by side, finds the largest of each.
"""

from __future__ import annotations

from math import prod
from typing import Any

from ..backend import backend_of
from ..engine.tensor import Tensor, wrap
from ..errors import DtypeError, ShapeError
from ._check.arguments import tensor_of
from .adaptive_pool import _bins
from .arithmetic import add, mul
from .gather import gather, index_select
from .pool import max_pool2d
from .pool3d import bins_of
from .shape import reshape


def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest of `output_size` parts of a sequence: (N, C, L) -> (N, C, output_size); the batch may be missing.

    With `return_indices` also where each maximum was, int64.
    """
    return _adaptive_max_pool("adaptive_max_pool1d", input, output_size, return_indices, "L")


def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest of each bin of a grid: (N, C, H, W) -> (N, C, Ho, Wo); the batch may be missing.

    Bins as of `adaptive_avg_pool2d`. With `return_indices` also where each maximum was, h·W + w, int64.
    """
    return _adaptive_max_pool("adaptive_max_pool2d", input, output_size, return_indices, "HW")


def adaptive_max_pool3d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest of each bin of a grid: (N, C, D, H, W) -> (N, C, Do, Ho, Wo); the batch may be missing.

    With `return_indices` also where each maximum was, (d·H + h)·W + w, int64.
    """
    return _adaptive_max_pool("adaptive_max_pool3d", input, output_size, return_indices, "DHW")


def _adaptive_max_pool(name: str, input: Any, output_size: Any, return_indices: bool, axes: str) -> Any:
    """`axes`: the names of the dimensions that are pooled, the last ones."""
    x, dims = tensor_of(name, input), len(axes)
    if x.ndim - dims not in (1, 2) or 0 in x.shape[-dims - 1 :]:
        wanted = ", ".join(axes)
        raise ShapeError(f"{name}: input must be (N, C, {wanted}) or (C, {wanted}), only N may be 0; got {x.shape}")
    if x.dtype.kind != "f":
        raise DtypeError(f"{name}: input is {x.dtype}; use a floating dtype, for example input.float()")
    z, index = x, None
    for dim, out in reversed(list(enumerate(bins_of(name, x, output_size, dims), x.ndim - dims))):
        z, places = _largest(z, dim, out)  # places: along this dimension
        stride = prod(x.shape[dim + 1 :])
        index = mul(places, stride) if index is None else add(mul(places, stride), gather(index, dim, places))
    return (z, index) if return_indices else z


def _largest(x: Tensor, dim: int, out: int) -> tuple[Tensor, Tensor]:
    """The largest of each of `out` bins along `dim`, and its place there."""
    bins, mask = _bins(x.shape[dim], out).values()  # (out, longest)
    last = mask.sum(axis=1, keepdims=True) - 1
    table = (bins[:, :1] + (mask.cumsum(axis=1) - 1)).clip(None, bins[:, :1] + last)
    read = wrap(backend_of(x._array).asarray(table.reshape(-1)))
    longest, after = table.shape[1], prod(x.shape[dim + 1 :])
    row = reshape(index_select(x, dim, read), (1, prod(x.shape[:dim]), out * longest, after))
    if not out or not row._array.size:
        shape = (*x.shape[:dim], out, *x.shape[dim + 1 :])
        return reshape(row, shape), reshape(wrap(row._array.astype("int64")), shape)
    z, place = max_pool2d(row, (longest, 1), return_indices=True)
    shape = (*x.shape[:dim], out, *x.shape[dim + 1 :])
    return reshape(z, shape), reshape(wrap(read._array[place._array // after]), shape)
