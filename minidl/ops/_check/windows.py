"""Argument checks of convolution, pooling and unfold: pairs of numbers, images with or without a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from ...backend.window import Pair, Window
from ...engine.tensor import Tensor
from ...errors import ArgumentError, DtypeError, ShapeError
from .arguments import tensor_of

IntPair = int | Sequence[int]
Found = TypeVar("Found")

KNOWN = 4096  # remembered checks of each kind


def remember(known: dict[Any, Found], key: Any, found: Found) -> Found:
    """Remember the result of a check for these shapes and options, so that it need not be repeated."""
    if len(known) >= KNOWN:
        known.clear()
    known[key] = found
    return found


def pair(function: str, name: str, value: IntPair, least: int) -> Pair:
    """An integer (for both height and width) or two, each at least `least`."""
    if type(value) is int and value >= least:  # the common cases, recognised quickly
        return value, value
    if type(value) is tuple and list(map(type, value)) == [int, int] and min(value) >= least:
        return value
    items = tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
    if len(items) not in (1, 2) or not all(is_int(item) for item in items):
        raise ArgumentError(f"{function}: {name} must be an integer or two (height, width); got {value!r}")
    if min(items) < least:
        raise ArgumentError(f"{function}: {name} must be at least {least}; got {value!r}")
    return int(items[0]), int(items[-1])


def is_int(item: Any) -> bool:
    """Whether it is an integer of Python or NumPy, and no bool."""
    return isinstance(item, int | np.integer) and not isinstance(item, bool)


def images(function: str, x: Any, integers: bool = False) -> Tensor:
    """x, which must be (N, C, H, W) or (C, H, W), of a floating dtype unless `integers`; only N may be 0."""
    return spatial(function, x, "C, H, W", integers)


def spatial(function: str, x: Any, dims: str, integers: bool) -> Tensor:
    """x, which must have the named dims, such as "C, H, W", with or without a batch before them; see `images`."""
    x, count = tensor_of(function, x), dims.count(",") + 1
    if x.ndim not in (count, count + 1):
        raise ShapeError(f"{function}: input must be (N, {dims}) or, without a batch, ({dims}); got {x.shape}")
    kind = x.dtype.kind
    if kind != "f" and (not integers or kind == "b"):
        raise DtypeError(f"{function}: input is {x.dtype}; use a floating dtype, for example input.float()")
    if 0 in x.shape[-count:]:
        raise ShapeError(f"{function}: input {x.shape} is empty; only the batch may be of size 0")
    return x


def image_size(x: Tensor) -> Pair:
    """(H, W) of (N, C, H, W) or (C, H, W)."""
    return x.shape[-2], x.shape[-1]


def size_of_windows(what: str, size: Pair, window: Window, ceil_mode: bool = False) -> Pair:
    """(Ho, Wo) of a window over an image of `size`; ShapeError that begins with `what` if none fits."""
    try:
        return window.output_size(size, ceil_mode)
    except ShapeError as error:
        raise ShapeError(f"{what}: {error}") from None
