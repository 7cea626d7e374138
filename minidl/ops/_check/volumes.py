"""Argument checks of operations on volumes (N, C, D, H, W): three numbers, and what lies before and behind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...engine.tensor import Tensor
from ...errors import ArgumentError
from .windows import is_int, spatial

IntTriple = int | Sequence[int]
Triple = tuple[int, int, int]


def triple(function: str, name: str, value: Any, least: int) -> Triple:
    """An integer (for depth, height and width) or three, each at least `least`."""
    items = tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
    if len(items) == 1:
        items *= 3
    if len(items) != 3 or not all(map(is_int, items)):
        raise ArgumentError(f"{function}: {name} must be an integer or three (depth, height, width); got {value!r}")
    if min(items) < least:
        raise ArgumentError(f"{function}: {name} must be at least {least}; got {value!r}")
    return int(items[0]), int(items[1]), int(items[2])


def volumes(function: str, x: Any, integers: bool = False) -> Tensor:
    """x, which must be (N, C, D, H, W) or (C, D, H, W), of a floating dtype unless `integers`; only N may be 0."""
    return spatial(function, x, "C, D, H, W", integers)
