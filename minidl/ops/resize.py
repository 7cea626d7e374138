"""Images in another size: nearest pixels, straight lines between them, and channels turned into pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import backend_of
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, ShapeError, refuse
from ._check.arguments import float_only, int_tuple, tensor_of
from .adaptive_pool import adaptive_avg_pool2d
from .arithmetic import add, lerp, mul
from .gather import index_select
from .pool1d import adaptive_avg_pool1d
from .pool3d import adaptive_avg_pool3d
from .shape import permute, reshape

DIMS = {
    "nearest": (1, 2, 3), "nearest-exact": (1, 2, 3), "linear": (1,), "bilinear": (2,), "trilinear": (3,),
    "bicubic": (2,), "area": (1, 2, 3),
}  # fmt: skip
BEND = -0.75  # of the cubic curves, as in PyTorch


def interpolate(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """The input (N, C, L), (N, C, H, W) or (N, C, D, H, W) in another size, or `scale_factor` times as large.

    "nearest" repeats pixels; "nearest-exact" takes those whose middle is nearest; "linear", "bilinear" and
    "trilinear" draw straight lines between the middles of pixels, or with `align_corners` between the outermost ones;
    "bicubic" draws cubic curves through four pixels; "area" takes the mean of what a new pixel covers.

    >>> import minidl
    >>> interpolate(minidl.tensor([[[1.0, 3.0]]]), scale_factor=2, mode="linear")
    tensor([[[1.0000, 1.5000, 2.5000, 3.0000]]])
    """
    refuse("interpolate", antialias=antialias)
    x = tensor_of("interpolate", input)
    if mode not in DIMS:
        raise ArgumentError(f"interpolate: mode must be one of {', '.join(DIMS)}; got {mode!r}")
    if x.ndim - 2 not in DIMS[mode]:
        wanted = " or ".join(str(n + 2) for n in DIMS[mode])
        raise ShapeError(f"interpolate: mode {mode!r} takes {wanted} dimensions; got shape {x.shape}")
    nearest = mode.startswith("nearest")
    plain = nearest or mode == "area"
    if plain and align_corners is not None:
        raise ArgumentError(f"interpolate: align_corners does not go with mode {mode!r}; leave it out")
    if 0 in x.shape[1:]:
        raise ShapeError(f"interpolate: only the batch may be empty; got shape {x.shape}")
    sizes, steps = _sizes(x.shape[2:], size, scale_factor, recompute_scale_factor)
    if not nearest:
        x = float_only("interpolate", x)
    if mode == "area":
        return (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)[x.ndim - 3](x, sizes)
    between = _cubic if mode == "bicubic" else _linear
    for i, (target, step) in enumerate(zip(sizes, steps)):
        x = _nearest(x, i + 2, target, step, mode) if nearest else between(x, i + 2, target, step, bool(align_corners))
    return x


def _sizes(old: tuple[int, ...], size: Any, factor: Any, recompute: bool | None) -> tuple[list[int], list[float]]:
    """For each dimension, the new length, and how many old pixels one new pixel covers."""
    if (size is None) == (factor is None):
        raise ArgumentError("interpolate: give size or scale_factor, one of them")
    if size is not None:
        if recompute:
            raise ArgumentError("interpolate: recompute_scale_factor goes with scale_factor")
        given = (size,) * len(old) if hasattr(size, "__index__") else size
        new = list(int_tuple("interpolate", given, "size"))
        steps = [n / max(m, 1) for n, m in zip(old, new)]
    else:
        factors = [float(f) for f in (factor if isinstance(factor, Sequence) else (factor,) * len(old))]
        new = [math.floor(n * f) for n, f in zip(old, factors)]
        steps = [n / max(m, 1) for n, m in zip(old, new)] if recompute else [1 / f if f else 0.0 for f in factors]
        given = factors
    if len(given) != len(old) or any(n < 1 for n in new):
        raise ArgumentError(f"interpolate: one positive size for each of {len(old)} dimensions; got {given}")
    return new, steps


def _nearest(x: Tensor, dim: int, target: int, step: float, mode: str) -> Tensor:
    middle = 0.5 if mode == "nearest-exact" else 0.0
    # float32, as in PyTorch: it decides which pixel is meant where the place is just short of an integer
    places = np.floor((np.arange(target, dtype=np.float32) + np.float32(middle)) * np.float32(step)).astype(np.int64)
    return index_select(x, dim, _places(x, np.minimum(places, x.shape[dim] - 1)))


def _sources(n: int, target: int, step: float, aligned: bool) -> Any:
    """Where in the old pixels the middles of the new ones lie."""
    if aligned:
        return np.arange(target) * ((n - 1) / (target - 1) if target > 1 else 0.0)
    return (np.arange(target) + 0.5) * step - 0.5


def _weight(x: Tensor, dim: int, weight: Any) -> Tensor:
    """One number for each place along `dim`, in the dtype of x."""
    shaped = weight.astype(x._array.dtype).reshape((-1,) + (1,) * (x.ndim - 1 - dim))
    return wrap(backend_of(x._array).asarray(shaped))


def _cubic(x: Tensor, dim: int, target: int, step: float, aligned: bool) -> Tensor:
    """Σ pixel · w(d) over the four pixels around: w = 1 - (3 + a) d² + (2 + a) d³ near, else a (d - 1) (d - 2)²."""
    n = x.shape[dim]
    places = _sources(n, target, step, aligned)
    first = np.floor(places).astype(np.int64)
    parts = []
    for tap in (-1, 0, 1, 2):
        d = abs(places - first - tap)
        near = 1 - (3 + BEND) * d**2 + (2 + BEND) * d**3
        far = BEND * (d - 1) * (d - 2) ** 2
        weight = np.where(d <= 1, near, far)
        pixel = index_select(x, dim, _places(x, np.clip(first + tap, 0, n - 1)))
        parts.append(mul(pixel, _weight(x, dim, weight)))
    return add(add(parts[0], parts[1]), add(parts[2], parts[3]))


def _linear(x: Tensor, dim: int, target: int, step: float, aligned: bool) -> Tensor:
    n = x.shape[dim]
    places = np.maximum(_sources(n, target, step, aligned), 0)
    low = np.minimum(places.astype(np.int64), n - 1)
    high = np.minimum(low + 1, n - 1)
    below, above = (index_select(x, dim, _places(x, at)) for at in (low, high))
    return lerp(below, above, _weight(x, dim, places - low))


def _places(x: Tensor, places: Any) -> Tensor:
    return wrap(backend_of(x._array).asarray(places))


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """(..., C r², H, W) -> (..., C, H r, W r): each r² channels become the r by r pixels of one.

    >>> import minidl
    >>> pixel_shuffle(minidl.arange(4).reshape(4, 1, 1), 2)
    tensor([[[0, 1],
             [2, 3]]])
    """
    x, r = _image("pixel_shuffle", input, upscale_factor, "upscale_factor")
    *batch, channels, height, width = x.shape
    if channels % (r * r):
        raise ShapeError(f"pixel_shuffle: {channels} channels are not divisible by upscale_factor² = {r * r}")
    n, c = len(batch), channels // (r * r)
    x = reshape(x, (*batch, c, r, r, height, width))
    x = permute(x, (*range(n + 1), n + 3, n + 1, n + 4, n + 2))  # (..., C, H, r, W, r)
    return reshape(x, (*batch, c, height * r, width * r))


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """(..., C, H r, W r) -> (..., C r², H, W): the inverse of `pixel_shuffle`."""
    x, r = _image("pixel_unshuffle", input, downscale_factor, "downscale_factor")
    *batch, channels, height, width = x.shape
    if height % r or width % r:
        raise ShapeError(f"pixel_unshuffle: height and width {height, width} are not divisible by {r}")
    n = len(batch)
    x = reshape(x, (*batch, channels, height // r, r, width // r, r))
    x = permute(x, (*range(n + 1), n + 2, n + 4, n + 1, n + 3))  # (..., C, r, r, H, W)
    return reshape(x, (*batch, channels * r * r, height // r, width // r))


def _image(name: str, input: Any, factor: Any, argument: str) -> tuple[Tensor, int]:
    x = tensor_of(name, input)
    (r,) = int_tuple(name, (factor,), argument)
    if x.ndim < 3 or r < 1:
        raise ShapeError(f"{name}: takes images (..., C, H, W) and {argument} of at least 1; got {x.shape} and {r}")
    return x, r
