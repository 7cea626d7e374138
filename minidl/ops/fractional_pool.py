"""Fractional max-pooling: windows whose distances are drawn, so that the output may have any smaller size."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..backend import backend_of
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, DtypeError, ShapeError
from ..random import generator_or_default
from ._check.arguments import tensor_of
from .gather import gather
from .shape import reshape


def fractional_max_pool2d(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """The largest pixel under windows at drawn places: (N, C, H, W) -> (N, C, Ho, Wo); the batch may be missing.

    Window i along a dimension begins at floor((i + u) α) - floor(u α), with α = (H - kernel) / (Ho - 1) and u drawn
    from 0 ... 1 for each image and channel; the last one ends at the border. Source: Graham 2014, arXiv:1412.6071.

    Args:
        output_size, output_ratio: the size, or what share of the input's; exactly one of them.
        return_indices: also return where each maximum was, h·W + w, int64.
        _random_samples: the u (N, C, 2), for the width and the height, instead of drawn ones.

    Raises `ArgumentError`, `ShapeError` if the windows do not fit, `DtypeError`.
    """
    options = output_size, output_ratio, return_indices, _random_samples
    return _fractional("fractional_max_pool2d", input, kernel_size, *options, axes="HW")


def fractional_max_pool3d(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """`fractional_max_pool2d` of volumes: (N, C, D, H, W) -> (N, C, Do, Ho, Wo).

    The `_random_samples` (N, C, 3) are for depth, height and width, in this order.
    """
    options = output_size, output_ratio, return_indices, _random_samples
    return _fractional("fractional_max_pool3d", input, kernel_size, *options, axes="DHW")


def _fractional(
    name: str, input: Any, kernel_size: Any, output_size: Any, ratio: Any, with_indices: bool, samples: Any, axes: str
) -> Any:
    x, dims = tensor_of(name, input), len(axes)
    wanted = ", ".join(axes)
    if x.ndim - dims not in (1, 2) or 0 in x.shape[-dims - 1 :]:
        raise ShapeError(f"{name}: input must be (N, C, {wanted}) or (C, {wanted}), only N may be 0; got {x.shape}")
    if x.dtype.kind != "f":
        raise DtypeError(f"{name}: input is {x.dtype}; use a floating dtype, for example input.float()")
    if (output_size is None) == (ratio is None):
        raise ArgumentError(f"{name}: give exactly one of output_size and output_ratio; got {output_size!r}, {ratio!r}")
    size, kernel = x.shape[-dims:], _integers(name, "kernel_size", kernel_size, dims)
    if ratio is not None:
        output_size = tuple(int(n * share) for n, share in zip(size, shares(name, ratio, dims)))
    out = _integers(name, "output_size", output_size, dims)
    for axis, n, k, o in zip(axes, size, kernel, out):
        if k + o - 1 > n:
            raise ShapeError(
                f"{name}: {o} windows of {k} do not fit into {axis} = {n}: kernel + output - 1 is too large"
            )
    n, channels = (1 if x.ndim == dims + 1 else x.shape[0]), x.shape[-dims - 1]
    u = _drawn(name, samples, (n, channels, dims), x)
    backend = backend_of(x._array)
    flat = reshape(x, (n, channels, prod(size)))
    places: Any = 0  # of each pixel under each window, in the flat image: (N, C, Do, kd, Ho, kh, Wo, kw)
    for d in range(dims):
        starts = _starts(u[..., d if dims == 3 else 1 - d], size[d], out[d], kernel[d])  # PyTorch's order
        along = starts[..., None] + np.arange(kernel[d])  # (N, C, out, kernel)
        lengths = [1] * (2 * dims)
        lengths[2 * d : 2 * d + 2] = along.shape[2:]
        places = places + along.reshape(n, channels, *lengths) * prod(size[d + 1 :])
    order = (0, 1, *range(2, 2 + 2 * dims, 2), *range(3, 3 + 2 * dims, 2))
    places = places.transpose(order).reshape(n, channels, prod(out), prod(kernel))
    where = backend.asarray(places.astype(np.int64))
    values = backend.xp.take_along_axis(flat._array, where.reshape(n, channels, -1), 2).reshape(where.shape)
    winner = values.argmax(axis=-1)[..., None]  # the first of equal ones
    index = wrap(backend.xp.take_along_axis(where, winner, -1)[..., 0])  # (N, C, Do · Ho · Wo)
    shape = (*x.shape[:-dims], *out)
    z = reshape(gather(flat, 2, index), shape)
    return (z, reshape(index, shape)) if with_indices else z


def _starts(u: np.ndarray, size: int, out: int, kernel: int) -> np.ndarray:
    """Where the windows begin, (N, C, out), in the arithmetic of u's dtype, as PyTorch's."""
    starts = np.full((*u.shape, out), size - kernel, np.int64)
    if out > 1:
        alpha = u.dtype.type(size - kernel) / u.dtype.type(out - 1)
        i = np.arange(out - 1, dtype=u.dtype)
        starts[..., :-1] = np.floor((i + u[..., None]) * alpha) - np.floor(u * alpha)[..., None]
    return starts


def _drawn(name: str, samples: Any, shape: tuple[int, ...], x: Tensor) -> np.ndarray:
    """The u, on the host: the given ones, or new ones."""
    wide = np.float64 if x.dtype == np.float64 else np.float32
    if samples is None:
        return generator_or_default(None).uniform(0, 1, shape).astype(wide)
    given = tensor_of(name, samples, "_random_samples")
    if given.shape != shape or given.dtype != x.dtype:
        raise ShapeError(
            f"{name}: _random_samples must be {shape} of {x.dtype}, as the input; got {given.shape} of {given.dtype}"
        )
    return backend_of(given._array).to_numpy(given._array).astype(wide)


def shares(name: str, ratio: Any, dims: int) -> tuple[float, ...]:
    """`output_ratio` for each dimension, above 0 and below 1."""
    given = tuple(ratio) if isinstance(ratio, tuple | list) else (ratio,) * dims
    if len(given) != dims or not all(isinstance(share, int | float) and 0 < share < 1 for share in given):
        raise ArgumentError(f"{name}: output_ratio must be between 0 and 1, one number or {dims}; got {ratio!r}")
    return given


def _integers(name: str, argument: str, value: Any, dims: int) -> tuple[int, ...]:
    given = tuple(value) if isinstance(value, tuple | list) else (value,) * dims
    if len(given) != dims or not all(type(n) is int and n > 0 for n in given):
        raise ArgumentError(f"{name}: {argument} must be a positive integer or {dims} of them; got {value!r}")
    return given
