"""Checks of what a layer is made with, so that a mistake is told by layer and argument."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentError


def whole(layer: str, name: str, value: Any, least: int = 0) -> int:
    """`value`, an integer of at least `least`.

    >>> whole("Linear", "in_features", 2.5)
    Traceback (most recent call last):
    ...
    minidl.errors.ArgumentError: Linear: in_features must be an integer of at least 0; got 2.5
    """
    if not is_whole(value, least):
        raise ArgumentError(f"{layer}: {name} must be an integer of at least {least}; got {value!r}")
    return int(value)


def is_whole(value: Any, least: int) -> bool:
    """Whether `value` is an integer, True and False not counted, of at least `least`."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(value >= least)


def truth(layer: str, name: str, value: Any) -> bool:
    """`value`, which is True or False."""
    if not isinstance(value, bool | int | np.bool_) or value not in (0, 1):
        raise ArgumentError(f"{layer}: {name} must be True or False; got {value!r}")
    return bool(value)
