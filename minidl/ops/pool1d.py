"""Pooling of sequences (N, C, L): as of images of height 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..engine.tensor import Tensor
from ..errors import ArgumentError, ShapeError
from ._check.arguments import int_tuple, tensor_of
from .adaptive_pool import adaptive_avg_pool2d
from .pool import avg_pool2d, max_pool2d
from .shape import squeeze, unsqueeze

One = int | Sequence[int]


def one(name: str, argument: str, value: Any) -> int:
    """An integer, which PyTorch also takes as a tuple of one."""
    given = int_tuple(name, (value,) if hasattr(value, "__index__") else value, argument)
    if len(given) != 1:
        raise ArgumentError(f"{name}: {argument} must be an integer; got {value!r}")
    return given[0]


def _row(name: str, input: Any) -> Tensor:
    """(N, C, L) or (C, L) as images of height 1."""
    x = tensor_of(name, input)
    if x.ndim not in (2, 3):
        raise ShapeError(f"{name}: takes (N, C, L) or (C, L); got shape {x.shape}")
    return unsqueeze(x, -2)


def max_pool1d(
    input: Tensor,
    kernel_size: One,
    stride: One | None = None,
    padding: One = 0,
    dilation: One = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest of each window of a sequence: (N, C, L) -> (N, C, Lo); arguments as of `max_pool2d`."""
    x, window = _row("max_pool1d", input), one("max_pool1d", "kernel_size", kernel_size)
    step = window if stride is None else one("max_pool1d", "stride", stride)
    frame, reach = one("max_pool1d", "padding", padding), one("max_pool1d", "dilation", dilation)
    z = max_pool2d(x, (1, window), (1, step), (0, frame), (1, reach), ceil_mode, return_indices)
    return (squeeze(z[0], -2), squeeze(z[1], -2)) if return_indices else squeeze(z, -2)


def avg_pool1d(
    input: Tensor,
    kernel_size: One,
    stride: One | None = None,
    padding: One = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window of a sequence: (N, C, L) -> (N, C, Lo); arguments as of `avg_pool2d`."""
    x, window = _row("avg_pool1d", input), one("avg_pool1d", "kernel_size", kernel_size)
    step = window if stride is None else one("avg_pool1d", "stride", stride)
    frame = one("avg_pool1d", "padding", padding)
    return squeeze(avg_pool2d(x, (1, window), (1, step), (0, frame), ceil_mode, count_include_pad), -2)


def adaptive_avg_pool1d(input: Tensor, output_size: One) -> Tensor:
    """The mean of `output_size` parts of a sequence: (N, C, L) -> (N, C, output_size)."""
    x, length = _row("adaptive_avg_pool1d", input), one("adaptive_avg_pool1d", "output_size", output_size)
    return squeeze(adaptive_avg_pool2d(x, (1, length)), -2)
