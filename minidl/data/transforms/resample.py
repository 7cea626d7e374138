"""Resizing as Pillow does it: every new pixel is a weighted mean of all old ones that it covers, so nothing aliases.

torchvision resizes with it too. For uint8, the weights are whole numbers of 2⁻²², and each of the two passes rounds to
whole numbers: the result is Pillow's to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from .base import Image

ONE = 1 << 22  # the weight 1 for whole numbers
A = -0.5  # Pillow's parameter of the cubic filter


def _triangle(x: np.ndarray) -> np.ndarray:
    return np.maximum(1 - np.abs(x), 0)


def _cubic(x: np.ndarray) -> np.ndarray:
    x = np.abs(x)
    near = ((A + 2) * x - (A + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * A
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def _lanczos(x: np.ndarray) -> np.ndarray:
    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)


def _box(x: np.ndarray) -> np.ndarray:
    return ((x > -0.5) & (x <= 0.5)).astype(np.float64)


FILTERS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], float]] = {
    "box": (_box, 0.5),
    "bilinear": (_triangle, 1.0),
    "bicubic": (_cubic, 2.0),
    "lanczos": (_lanczos, 3.0),
}


@lru_cache(maxsize=64)
def weights(old: int, new: int, name: str, whole: bool) -> np.ndarray:
    """How much of each of `old` pixels is in each of `new` ones: a matrix (new, old), whose rows add up to 1."""
    window, reach = FILTERS[name]
    scale = old / new
    stretch = max(scale, 1.0)
    centers = (np.arange(new) + 0.5) * scale  # (new,)
    places = np.arange(old)
    first = np.maximum((centers - reach * stretch + 0.5).astype(np.int64), 0)[:, None]
    last = np.minimum((centers + reach * stretch + 0.5).astype(np.int64), old)[:, None]
    matrix = window((places - centers[:, None] + 0.5) / stretch)  # (new, old)
    matrix = np.where((places >= first) & (places < last), matrix, 0)
    matrix /= matrix.sum(axis=1, keepdims=True)
    if whole:
        matrix = np.trunc(matrix * ONE + np.where(matrix < 0, -0.5, 0.5))
    matrix.flags.writeable = False  # it is kept for the next image
    return matrix


def resample(image: Image, height: int, width: int, name: str) -> Image:
    """The image (H, W) or (H, W, C) in another size; `name` is box, bilinear, bicubic or lanczos."""
    whole = image.dtype == np.uint8
    result = image.astype(np.float64)  # holds every sum of whole numbers here exactly
    # Pillow (13) begins with the rows, or with the columns where they shrink much more; the rounding between is seen.
    rows, columns = image.shape[0] - height, image.shape[1] - width
    upright = rows > 0 and rows > 2 * columns
    sides = ((0, height), (1, width)) if upright else ((1, width), (0, height))
    for axis, size in sides:
        if result.shape[axis] == size:
            continue
        matrix = weights(result.shape[axis], size, name, whole)
        result = np.moveaxis(np.tensordot(matrix, result, (1, axis)), 0, axis)
        if whole:
            result = np.clip(np.floor((result + ONE // 2) / ONE), 0, 255)
    return result.astype(image.dtype)
