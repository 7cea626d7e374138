"""A third array library, imitated: NumPy's arithmetic on arrays of a type of their own, on a device of its own."""

from __future__ import annotations

import types
from typing import Any

import numpy as np

from minidl.backend.numpy.backend import NumpyBackend


class MirrorArray(np.ndarray):
    """An array of the imitated library."""


def mirrored(result: Any) -> Any:
    """Every NumPy array in a result as an array of the imitated library."""
    if isinstance(result, tuple | list):
        return type(result)(map(mirrored, result))
    return result.view(MirrorArray) if type(result) is np.ndarray else result


def _mirror(function: Any) -> Any:
    return lambda *arguments, **options: mirrored(function(*arguments, **options))


class MirrorModule(types.ModuleType):
    """The array module: NumPy's functions, whose arrays are the imitated library's."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        return _mirror(found) if isinstance(found, types.FunctionType | types.BuiltinFunctionType) else found


class MirrorBackend(NumpyBackend):
    """The backend of the imitated library."""

    name = "mirror"
    device = "glass"
    xp = MirrorModule("mirror")
    array_type = MirrorArray

    def asarray(self, value: Any, dtype: Any = None) -> MirrorArray:
        assert not isinstance(value, MirrorArray) or dtype is None or value.dtype == dtype
        return value if isinstance(value, MirrorArray) else np.array(value, dtype).view(MirrorArray)

    def to_numpy(self, array: MirrorArray) -> np.ndarray:
        return np.array(array)

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        own = name.startswith("_") or name in ("asarray", "to_numpy", "name", "device", "xp", "array_type")
        return found if own or not callable(found) else _mirror(found)
