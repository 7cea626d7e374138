"""NumPy on the CPU."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from .base import Array, Backend


class NumpyBackend(Backend):
    """Arrays are `numpy.ndarray`, in the memory of the host."""

    name = "numpy"
    xp = np
    array_type = np.ndarray

    def asarray(self, value: Any, dtype: Any = None) -> Array:
        return np.asarray(value, dtype)

    def to_numpy(self, array: Array) -> Any:
        return array

    def scatter_add(self, target: Array, index: Any, values: Array) -> None:
        np.add.at(target, index, values)

    def quiet(self) -> AbstractContextManager[Any]:
        return np.errstate(all="ignore")
