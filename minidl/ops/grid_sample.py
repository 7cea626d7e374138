"""Images read at places between their pixels: spatial transformers (Jaderberg et al. 2015, arXiv:1506.02025).

A grid says for each pixel of the output where to read, from -1 (left, top, front) to 1. The steps, all operations of
the graph, are: the grid as pixel coordinates; those outside handled as `padding_mode` says; and a sum over the pixels
around, each with a weight that depends on how near it is. The gradient of the grid comes through the weights.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import reduce
from itertools import product
from math import prod
from typing import Any

import numpy as np

from ..backend import backend_of
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, DtypeError, ShapeError, UnsupportedError
from ._check.arguments import float_only, int_tuple, tensor_of
from .activation import hardtanh
from .arithmetic import add, div, fmod, mul, neg, sub
from .elementary import floor, round
from .gather import gather
from .index import select
from .linalg import bmm
from .resize import BEND
from .selection import where
from .shape import expand, reshape, transpose, unsqueeze

MODES, PADDINGS = ("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection")


def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """The input (N, C, H, W) read at the places `grid` (N, Ho, Wo, 2), pairs (x, y) in -1 ... 1: (N, C, Ho, Wo).

    Volumes (N, C, D, H, W) are read at triples (x, y, z). -1 and 1 are the edges of the image, or with `align_corners`
    the middles of its outermost pixels.

    Args:
        mode: "bilinear" between the pixels around, "nearest", or "bicubic" (of images only).
        padding_mode: beyond the edge, "zeros", the "border" pixel, or the "reflection" of the image.

    Raises `ShapeError`, `DtypeError`, `ArgumentError`.

    >>> import minidl
    >>> grid_sample(minidl.tensor([[[[1.0, 3.0]]]]), minidl.zeros(1, 1, 1, 2), align_corners=True)
    tensor([[[[2.]]]])
    """
    x, g, aligned = _checked(input, grid, mode, padding_mode, align_corners)
    sizes = x.shape[2:]
    coordinates = [_pixels(select(g, -1, i), n, aligned) for i, n in enumerate(reversed(sizes))][::-1]
    if mode != "bicubic":
        coordinates = [_inside(at, n, padding_mode, aligned) for at, n in zip(coordinates, sizes)]
    taps = [_taps(at, mode) for at in coordinates]
    parts = []
    for corner in product(*taps):
        places, weights = zip(*corner)
        if mode == "bicubic":
            places = tuple(_inside(wrap(at), n, padding_mode, aligned)._array for at, n in zip(places, sizes))
        parts.append(_read(x, places, reduce(mul, weights)))
    return reduce(add, parts)


def _checked(input: Any, grid: Any, mode: str, padding: str, aligned: bool | None) -> tuple[Tensor, Tensor, bool]:
    name = "grid_sample"
    for what, value, known in (("mode", mode, MODES), ("padding_mode", padding, PADDINGS)):
        if value not in known:
            raise ArgumentError(f"{name}: {what} must be one of {', '.join(known)}; got {value!r}")
    x, g = float_only(name, input), tensor_of(name, grid, "grid")
    if x.dtype != g.dtype:
        raise DtypeError(f"{name}: input is {x.dtype} but grid is {g.dtype}; bring both to one dtype")
    dims = x.ndim - 2
    if dims not in (2, 3) or g.ndim != x.ndim or g.shape[-1] != dims or g.shape[0] != x.shape[0] or 0 in x.shape[2:]:
        raise ShapeError(
            f"{name}: input (N, C, H, W) with grid (N, Ho, Wo, 2), or (N, C, D, H, W) with (N, Do, Ho, Wo, 3), "
            f"is expected; got {x.shape} and {g.shape}"
        )
    if mode == "bicubic" and dims == 3:
        raise ShapeError(f"{name}: mode 'bicubic' takes images (N, C, H, W); got {x.shape}")
    return x, g, _aligned(name, aligned)


def _aligned(name: str, align_corners: bool | None) -> bool:
    if align_corners is None:
        warnings.warn(f"{name}: align_corners is False unless you say so", UserWarning, stacklevel=4)
    return bool(align_corners)


def _pixels(at: Tensor, n: int, aligned: bool) -> Tensor:
    """-1 ... 1 as the coordinate of a pixel of n: 0 ... n - 1 if aligned, else -½ ... n - ½."""
    return mul(add(at, 1), (n - 1) / 2) if aligned else div(sub(mul(add(at, 1), n), 1), 2)


def _inside(at: Tensor, n: int, padding: str, aligned: bool) -> Tensor:
    """The coordinate, brought into the image as `padding` says; it has no gradient where it was cut off."""
    if padding == "zeros":
        return at
    if padding == "reflection":
        at = _reflected(at, 0.0, n - 1.0) if aligned else _reflected(at, -0.5, n - 0.5)
    return hardtanh(at, 0.0, n - 1.0)


def _reflected(at: Tensor, low: float, high: float) -> Tensor:
    """The coordinate, thrown back at `low` and `high` until it lies between them."""
    span = high - low
    if not span:
        return mul(at, 0.0)
    beyond = sub(at, low)
    beyond = where(wrap(beyond._array < 0), neg(beyond), beyond)
    back = backend_of(at._array).xp.floor(beyond._array / span) % 2 == 1
    within = fmod(beyond, span)
    return where(wrap(back), sub(high, within), add(within, low))


def _taps(at: Tensor, mode: str) -> list[tuple[Any, Tensor]]:
    """The pixels to read along one dimension, and their weights."""
    if mode == "nearest":
        pixel = round(at)
        return [(pixel._array, add(sub(pixel, pixel.detach()), 1))]  # the weight is 1, its gradient 0
    first = floor(at.detach())
    t = sub(at, first)  # how far it is past the first of two
    if mode == "bilinear":
        return [(first._array, sub(1, t)), (first._array + 1, t)]
    return [(first._array + tap, _cubic(t, tap)) for tap in (-1, 0, 1, 2)]


def _cubic(t: Tensor, tap: int) -> Tensor:
    """The weight of the pixel at `tap`, which is d = |t - tap| away: see `interpolate`."""
    d = sub(t, tap) if tap <= 0 else sub(tap, t)
    if tap in (0, 1):
        return add(mul(mul(sub(mul(d, 2 + BEND), 3 + BEND), d), d), 1)
    return mul(mul(sub(d, 1), mul(sub(d, 2), sub(d, 2))), BEND)


def _read(x: Tensor, places: Sequence[Any], weight: Tensor) -> Tensor:
    """The pixels (N, C, Ho, Wo) at `places`, a coordinate (N, Ho, Wo) for each dimension, weighted; 0 outside."""
    xp, (n, channels, *sizes) = backend_of(x._array).xp, x.shape
    inside = reduce(xp.logical_and, [(at >= 0) & (at < size) for at, size in zip(places, sizes)])
    flat: Any = 0
    for at, size in zip(places, sizes):
        flat = flat * size + xp.where(inside, at, 0).astype("int64")
    index = reshape(wrap(flat), (n, 1, prod(flat.shape[1:])))
    found = gather(reshape(x, (n, channels, prod(sizes))), 2, expand(index, (n, channels, index.shape[2])))
    weighted = mul(reshape(found, (n, channels, *flat.shape[1:])), unsqueeze(weight, 1))
    return where(unsqueeze(wrap(inside), 1), weighted, 0.0)


def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """The grid for `grid_sample` of affine maps theta (N, 2, 3), for an output of `size` (N, C, H, W): (N, H, W, 2).

    Each point (x, y, 1) of the output's own grid goes to theta · (x, y, 1). For volumes theta is (N, 3, 4) and `size`
    (N, C, D, H, W).
    """
    name = "affine_grid"
    wanted = int_tuple(name, size, "size")
    if len(wanted) not in (4, 5):
        raise UnsupportedError(f"{name}: size must be (N, C, H, W) or (N, C, D, H, W); got {wanted}")
    sizes, dims = wanted[2:], len(wanted) - 2
    t = tensor_of(name, theta, "theta")
    if t.dtype.kind != "f":
        raise ArgumentError(f"{name}: theta must be of a floating dtype; got {t.dtype}; use .float()")
    if t.shape != (wanted[0], dims, dims + 1):
        raise ShapeError(f"{name}: theta must be {(wanted[0], dims, dims + 1)} for size {wanted}; got {t.shape}")
    if min(wanted) < 1:
        raise ArgumentError(f"{name}: size must be positive; got {wanted}")
    aligned = _aligned(name, align_corners)
    lines = [np.linspace(-1, 1, n) * (1 if aligned else (n - 1) / n) if n > 1 else np.zeros(1) for n in sizes]
    axes = np.meshgrid(*lines, indexing="ij")[::-1]  # x first
    points = np.stack([*axes, np.ones(sizes)], axis=-1).reshape(1, -1, dims + 1)
    base = wrap(backend_of(t._array).asarray(points.astype(t.dtype)))
    moved = bmm(expand(base, (wanted[0], *base.shape[1:])), transpose(t, 1, 2))
    return reshape(moved, (wanted[0], *sizes, dims))
