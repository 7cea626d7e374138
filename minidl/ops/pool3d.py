"""Pooling of volumes: the largest, or the mean, of a box is that over its depth of those over its faces.

So each is two poolings of images: of the slices, and then, with height and width in one row, of the depths.
"""

from __future__ import annotations

from math import prod
from typing import Any

from ..engine.tensor import Tensor
from ..errors import ArgumentError
from ._check.volumes import IntTriple, Triple, triple, volumes
from .adaptive_pool import adaptive_avg_pool2d
from .arithmetic import add, mul
from .gather import gather
from .pool import avg_pool2d, max_pool2d
from .shape import reshape


def max_pool3d(
    input: Tensor,
    kernel_size: IntTriple,
    stride: IntTriple | None = None,
    padding: IntTriple = 0,
    dilation: IntTriple = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest voxel of each box: (N, C, D, H, W) -> (N, C, Do, Ho, Wo); arguments and errors as of `max_pool2d`.

    With `return_indices` also where each maximum was, (d·H + h)·W + w, int64.
    """
    x = volumes("max_pool3d", input, integers=True)
    kernel, steps, sides = _window("max_pool3d", kernel_size, stride, padding)
    gaps = triple("max_pool3d", "dilation", dilation, 1)
    faces = max_pool2d(_slices(x), kernel[1:], steps[1:], sides[1:], gaps[1:], ceil_mode, return_indices)
    faces, within = faces if return_indices else (faces, None)
    columns = kernel[0], 1
    options = columns, (steps[0], 1), (sides[0], 0), (gaps[0], 1), ceil_mode, return_indices
    z = max_pool2d(_columns(faces, x), *options)
    if within is None:
        return _boxes(z, faces, x)
    z, place = z
    row = place // z.shape[-1]  # the depth that won
    index = add(mul(row, prod(x.shape[-2:])), gather(_columns(within, x), -2, row))
    return _boxes(z, faces, x), _boxes(index, faces, x)


def avg_pool3d(
    input: Tensor,
    kernel_size: IntTriple,
    stride: IntTriple | None = None,
    padding: IntTriple = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each box: (N, C, D, H, W) -> (N, C, Do, Ho, Wo); arguments and errors as of `avg_pool2d`."""
    x = volumes("avg_pool3d", input)
    kernel, steps, sides = _window("avg_pool3d", kernel_size, stride, padding)
    if divisor_override is not None and (type(divisor_override) is not int or divisor_override == 0):
        raise ArgumentError(f"avg_pool3d: divisor_override must be an integer, not 0; got {divisor_override!r}")
    one = None if divisor_override is None else 1
    faces = avg_pool2d(_slices(x), kernel[1:], steps[1:], sides[1:], ceil_mode, count_include_pad, one)
    options = (kernel[0], 1), (steps[0], 1), (sides[0], 0), ceil_mode, count_include_pad, divisor_override
    return _boxes(avg_pool2d(_columns(faces, x), *options), faces, x)


def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """The mean over a grid of `output_size` bins, one integer or three (None keeps a dimension): (N, C, Do, Ho, Wo)."""
    x = volumes("adaptive_avg_pool3d", input)
    depth, *size = bins_of("adaptive_avg_pool3d", x, output_size, 3)
    faces = adaptive_avg_pool2d(_slices(x), tuple(size))
    return _boxes(adaptive_avg_pool2d(_columns(faces, x), (depth, None)), faces, x)


def bins_of(name: str, x: Tensor, output_size: Any, dims: int) -> tuple[int, ...]:
    """How many bins in each of the last `dims` dimensions: an integer, or one for each; None for as many as now."""
    wanted = tuple(output_size) if isinstance(output_size, tuple | list) else (output_size,) * dims
    if len(wanted) == 1:
        wanted *= dims
    found = tuple(n if size is None else size for n, size in zip(x.shape[-dims:], wanted))
    if len(wanted) != dims or not all(type(size) is int and size >= 0 for size in found):
        raise ArgumentError(
            f"{name}: output_size must be an integer or {dims}, at least 0 (None keeps the size); got {output_size!r}"
        )
    return found


def _window(name: str, kernel_size: Any, stride: Any, padding: Any) -> tuple[Triple, Triple, Triple]:
    kernel = triple(name, "kernel_size", kernel_size, 1)
    steps = kernel if stride is None or stride in ((), []) else triple(name, "stride", stride, 1)
    return kernel, steps, triple(name, "padding", padding, 0)


def _slices(x: Tensor) -> Tensor:
    """(..., C, D, H, W) -> (..., C·D, H, W)."""
    return reshape(x, (*x.shape[:-4], x.shape[-4] * x.shape[-3], *x.shape[-2:]))


def _columns(faces: Tensor, x: Tensor) -> Tensor:
    """(..., C·D, Ho, Wo) -> (..., C, D, Ho·Wo), for the C and D of x."""
    return reshape(faces, (*x.shape[:-2], prod(faces.shape[-2:])))


def _boxes(z: Tensor, faces: Tensor, x: Tensor) -> Tensor:
    """(..., C, Do, Ho·Wo) -> (..., C, Do, Ho, Wo)."""
    return reshape(z, (*x.shape[:-3], z.shape[-2], *faces.shape[-2:]))
