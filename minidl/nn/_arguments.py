"""Checks of a layer's arguments, so that an error names the layer and the argument."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.tensor import Tensor
from ..errors import ArgumentError


def as_int(layer: str, name: str, value: Any, least: int = 0) -> int:
    """`value`, an integer of at least `least`.

    >>> as_int("Linear", "in_features", 2.5)
    Traceback (most recent call last):
    ...
    minidl.errors.ArgumentError: Linear: in_features must be an integer of at least 0; got 2.5
    """
    if isinstance(value, Tensor) and value.ndim == 0 and value.dtype.kind in "iu":
        value = int(value.item())
    if not is_int(value, least):
        raise ArgumentError(f"{layer}: {name} must be an integer of at least {least}; got {value!r}")
    return int(value)


def is_int(value: Any, least: int) -> bool:
    """Whether `value` is an integer of at least `least`, and not True or False."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(value >= least)


def as_bool(layer: str, name: str, value: Any) -> bool:
    """`value`, which is True or False."""
    if not isinstance(value, bool | int | np.bool_) or value not in (0, 1):
        raise ArgumentError(f"{layer}: {name} must be True or False; got {value!r}")
    return bool(value)
