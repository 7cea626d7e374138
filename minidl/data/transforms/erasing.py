"""Steps on tensors: a random rectangle erased, another dtype, a learned linear map, a picture as it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...backend import backend_of
from ...dtypes import as_dtype
from ...engine.tensor import Tensor, wrap
from ...errors import ArgumentError, DtypeError, ShapeError
from ...random import Generator
from ..stream import stream_for
from .base import check_probability, interval, unpacked


@dataclass(frozen=True)
class RandomErasing:
    """With probability `p`, a rectangle of a tensor `(C, H, W)` filled with `value`.

    `value` is a number, one per channel, or "random" for normal noise. The area is a share of `scale` = (low,
    high) of the image's, height over width is drawn from `ratio`. Where ten attempts do not fit into the image, nothing
    is erased.
    """

    p: float = 0.5
    scale: Sequence[float] = (0.02, 0.33)
    ratio: Sequence[float] = (0.3, 3.3)
    value: float | Sequence[float] | str = 0
    inplace: bool = False
    generator: Generator | None = field(default=None, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        check_probability("RandomErasing", self.p)
        if (
            interval("RandomErasing", "scale", self.scale, 0)[1] > 1
            or interval("RandomErasing", "ratio", self.ratio)[0] <= 0
        ):
            raise ArgumentError(
                f"RandomErasing: scale lies between 0 and 1, ratio is more than 0; got {self.scale}, {self.ratio}"
            )
        if isinstance(self.value, str) and self.value != "random":
            raise ArgumentError(f"RandomErasing: value must be numbers or 'random'; got {self.value!r}")

    def __call__(self, img: Tensor) -> Tensor:
        if not isinstance(img, Tensor) or img.ndim < 3:
            kind = tuple(img.shape) if isinstance(img, Tensor) else type(img).__name__
            raise DtypeError(f"RandomErasing: expected a tensor (..., C, H, W), got {kind}; put ToTensor before it")
        random = stream_for(self.generator, "RandomErasing")
        if random.random() >= self.p:
            return img
        channels, height, width = img.shape[-3:]
        low, high = interval("RandomErasing", "ratio", self.ratio)
        for _ in range(10):
            area = height * width * random.uniform(*interval("RandomErasing", "scale", self.scale))
            proportion = math.exp(random.uniform(math.log(low), math.log(high)))
            h, w = round(math.sqrt(area * proportion)), round(math.sqrt(area / proportion))
            if h < height and w < width:
                top, left = int(random.integers(height - h + 1)), int(random.integers(width - w + 1))
                return erased(img, top, left, h, w, self._filling(random, channels, h, w), self.inplace)
        return img

    def _filling(self, random: np.random.Generator, channels: int, height: int, width: int) -> np.ndarray:
        if isinstance(self.value, str):
            return random.standard_normal((channels, height, width))
        values = np.atleast_1d(np.asarray(self.value, float))
        if len(values) not in (1, channels):
            raise ShapeError(f"RandomErasing: value has {len(values)} numbers, the tensor {channels} channels")
        return values[:, None, None]


def erased(img: Tensor, top: int, left: int, height: int, width: int, value: Any, inplace: bool = False) -> Tensor:
    """The tensor with `value` in that rectangle."""
    array = img.array if inplace else img.array.copy()
    filling = value.array if isinstance(value, Tensor) else backend_of(array).asarray(np.asarray(value))
    array[..., top : top + height, left : left + width] = filling.astype(array.dtype)
    return img if inplace else wrap(array)


@dataclass(frozen=True)
class ConvertImageDtype:
    """A tensor of another dtype, its range with it: floats go from 0 to 1, integers from 0 to their largest."""

    dtype: Any = "float32"

    def __call__(self, image: Tensor) -> Tensor:
        return converted(image, self.dtype)


TOO_FINE = {("float32", "int32"), ("float32", "int64"), ("float64", "int64")}  # integers finer than those floats


def converted(image: Tensor, dtype: Any = "float32") -> Tensor:
    """See `ConvertImageDtype`."""
    if not isinstance(image, Tensor):
        raise DtypeError(f"convert_image_dtype: expected a Tensor, got {type(image).__name__}; put ToTensor before it")
    array, target = image.array, as_dtype(dtype)
    source = array.dtype
    if source == target:
        return image
    if "b" in (source.kind, target.kind):
        return wrap(array.astype(target))
    if source.kind == "f" and target.kind == "f":
        return wrap(array.astype(target))
    if source.kind == "f":
        most = np.iinfo(target).max
        if (source.name, target.name) in TOO_FINE:
            raise DtypeError(f"convert_image_dtype: {source} has too few digits for {target}; convert to a float first")
        return wrap((array * (most + 1.0 - 1e-3)).astype(target))
    if target.kind == "f":
        return wrap(array.astype(target) / target.type(np.iinfo(source).max))
    before, after = np.iinfo(source).max, np.iinfo(target).max
    if before > after:
        return wrap((array // ((before + 1) // (after + 1))).astype(target))
    return wrap(array.astype(target) * target.type((after + 1) // (before + 1)))


@dataclass(frozen=True)
class PILToTensor:
    """A picture or an image `(H, W)` or `(H, W, C)` as a tensor `(C, H, W)` of the same numbers."""

    def __call__(self, pic: Any) -> Tensor:
        image = unpacked("PILToTensor", pic)
        if not isinstance(image, np.ndarray) or image.ndim not in (2, 3):
            raise DtypeError(f"PILToTensor: expected an image (H, W) or (H, W, C), got {type(pic).__name__}")
        return wrap(np.ascontiguousarray(np.atleast_3d(image).transpose(2, 0, 1)))


class LinearTransformation:
    """(x - mean) @ matrix, x the tensor as one row: whitening, for example."""

    def __init__(self, transformation_matrix: Tensor, mean_vector: Tensor) -> None:
        size = transformation_matrix.shape[0]
        if tuple(transformation_matrix.shape) != (size, size) or mean_vector.shape[0] != size:
            raise ShapeError(
                "LinearTransformation: expected a square matrix and a mean of its size; got "
                f"{tuple(transformation_matrix.shape)}, {tuple(mean_vector.shape)}"
            )
        self.transformation_matrix, self.mean_vector = transformation_matrix, mean_vector

    def __call__(self, tensor: Tensor) -> Tensor:
        size = math.prod(tensor.shape[-3:])
        if size != self.transformation_matrix.shape[0]:
            raise ShapeError(
                f"LinearTransformation: the matrix takes {self.transformation_matrix.shape[0]} numbers; the tensor "
                f"{tuple(tensor.shape)} has {size}"
            )
        row = tensor.array.reshape(-1, size) - self.mean_vector.array
        return wrap((row @ self.transformation_matrix.array).reshape(tensor.shape))
