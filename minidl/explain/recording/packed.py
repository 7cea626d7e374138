"""Several outputs of an operation as one flat array, one after another: so each operation has one output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import numpy as np

from ...dtypes import FLOATING

Shapes = tuple[tuple[int, ...], ...]


def packed(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """The elements of all arrays, `(N,)`, in the dtype of the floating ones.

    >>> packed([np.float32([[1, 2]]), np.int64([3])])
    array([1., 2., 3.], dtype=float32)
    """
    floating = [z.dtype for z in arrays if z.dtype in FLOATING]
    dtype = np.result_type(*(floating or [z.dtype for z in arrays]))
    return np.concatenate([z.ravel().astype(dtype) for z in arrays])


def placed(gradients: Mapping[int, np.ndarray], shapes: Shapes, dtype: np.dtype) -> np.ndarray:
    """The gradients of some outputs, by place, and 0 for the others: `(N,)`."""
    return np.concatenate([np.asarray(gradients.get(i, np.zeros(s)), dtype).ravel() for i, s in enumerate(shapes)])


def bounds(shapes: Shapes, place: int) -> tuple[int, int]:
    """Where an output begins and ends in the flat array.

    >>> bounds(((2, 3), (4,)), 1)
    (6, 10)
    """
    start = sum(prod(shape) for shape in shapes[:place])
    return start, start + prod(shapes[place])


def part(flat: np.ndarray, shapes: Shapes, place: int) -> np.ndarray:
    """One output, in its own shape."""
    start, stop = bounds(shapes, place)
    return flat[start:stop].reshape(shapes[place])


def parts(flat: np.ndarray, shapes: Shapes) -> list[np.ndarray]:
    """Every output, in its own shape."""
    return [part(flat, shapes, place) for place in range(len(shapes))]
