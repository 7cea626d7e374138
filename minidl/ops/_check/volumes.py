"""Argument checks of operations on volumes (N, C, D, H, W): three numbers, and what lies before and behind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...engine.tensor import Tensor
from ...errors import ArgumentError, DtypeError, ShapeError
from .arguments import tensor_of

IntTriple = int | Sequence[int]
Triple = tuple[int, int, int]


def triple(function: str, name: str, value: Any, least: int) -> Triple:
    """An integer (for depth, height and width) or three, each at least `least`."""
    items = tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
    if len(items) == 1:
        items *= 3
    if len(items) != 3 or not all(isinstance(i, int | np.integer) and not isinstance(i, bool) for i in items):
        raise ArgumentError(f"{function}: {name} must be an integer or three (depth, height, width); got {value!r}")
    if min(items) < least:
        raise ArgumentError(f"{function}: {name} must be at least {least}; got {value!r}")
    return int(items[0]), int(items[1]), int(items[2])


def volumes(function: str, x: Any, integers: bool = False) -> Tensor:
    """x, which must be (N, C, D, H, W) or (C, D, H, W), of a floating dtype unless `integers`; only N may be 0."""
    x = tensor_of(function, x)
    if x.ndim not in (4, 5):
        raise ShapeError(f"{function}: input must be (N, C, D, H, W) or, without a batch, (C, D, H, W); got {x.shape}")
    kind = x.dtype.kind
    if kind != "f" and (not integers or kind == "b"):
        raise DtypeError(f"{function}: input is {x.dtype}; use a floating dtype, for example input.float()")
    if 0 in x.shape[-4:]:
        raise ShapeError(f"{function}: input {x.shape} is empty; only the batch may be of size 0")
    return x
