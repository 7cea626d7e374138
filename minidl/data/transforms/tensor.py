"""From images to tensors: the last steps before the network, done on entire batches where the loader can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...backend import backend_of
from ...engine.tensor import Tensor, wrap
from ...errors import ArgumentError, DtypeError, ShapeError
from .base import BatchTransform, unpacked


@dataclass(frozen=True)
class ToTensor(BatchTransform):
    """An image `(H, W)` or `(H, W, C)` as a tensor `(C, H, W)`: uint8 as float32 in [0, 1], a float image as it is.

    >>> ToTensor()(np.array([[0, 255]], dtype=np.uint8))
    tensor([[[0., 1.]]])
    """

    def __call__(self, image: Any) -> Tensor:
        image = unpacked("ToTensor", image)
        if isinstance(image, np.ndarray) and image.ndim not in (2, 3):
            raise ShapeError(f"ToTensor: expected an image (H, W) or (H, W, C), got {image.shape}")
        return wrap(self._convert(np.asarray(image)[None], type(image))[0])

    def batch(self, images: Any) -> Tensor:
        """`(N, H, W)` or `(N, H, W, C)` -> `(N, C, H, W)`."""
        return wrap(self._convert(images, type(images)))

    def _convert(self, images: np.ndarray, kind: type) -> np.ndarray:
        if not issubclass(kind, np.ndarray):
            raise DtypeError(f"ToTensor: expected a NumPy image, got {kind.__name__}")
        if images.ndim == 3:
            images = images[..., None]  # (N, H, W, 1)
        images = images.transpose(0, 3, 1, 2)  # (N, C, H, W)
        if images.dtype == np.uint8:
            return np.divide(images, np.float32(255), dtype=np.float32, order="C")
        if images.dtype in (np.float32, np.float64):
            return np.array(images, order="C")
        raise DtypeError(
            f"ToTensor: an image of {images.dtype} has no known range; make it uint8 (0 to 255) or float32 (0 to 1)"
        )


@dataclass(frozen=True)
class Normalize(BatchTransform):
    """(x - mean) / std of a float tensor `(C, H, W)`; `mean` and `std` have a number for each channel, or one for all.

    >>> Normalize(0.5, 0.25)(ToTensor()(np.array([[0, 255]], dtype=np.uint8)))
    tensor([[[-2.,  2.]]])
    """

    mean: float | Sequence[float]
    std: float | Sequence[float]
    inplace: bool = False

    def __post_init__(self) -> None:
        mean, std = np.atleast_1d(np.asarray(self.mean, float)), np.atleast_1d(np.asarray(self.std, float))
        if (
            mean.ndim != 1
            or std.ndim != 1
            or not (np.isfinite(mean).all() and np.isfinite(std).all())
            or (std == 0).any()
        ):
            raise ArgumentError(
                f"Normalize: mean and std must be finite numbers, std not 0, got {self.mean!r}, {self.std!r}"
            )
        if self.inplace:
            raise ArgumentError("Normalize: inplace=True is left out; the result is a new tensor")

    def __call__(self, image: Any) -> Tensor:
        return self.batch(image)

    def batch(self, images: Any) -> Tensor:
        """`(N, C, H, W)` (or `(C, H, W)`), each channel shifted and scaled."""
        if not isinstance(images, Tensor):
            raise DtypeError(f"Normalize: expected a Tensor, got {type(images).__name__}; put ToTensor before it")
        if images.dtype.kind != "f":
            raise DtypeError(f"Normalize: expected a float tensor, got {images.dtype}; put ToTensor before it")
        array, channels = images.array, images.shape[-3] if images.ndim >= 3 else None
        mean, std = (self._per_channel(value, array, channels) for value in (self.mean, self.std))
        return wrap((array - mean) / std)

    def _per_channel(self, value: float | Sequence[float], array: Any, channels: int | None) -> Any:
        numbers = np.atleast_1d(np.asarray(value, dtype=array.dtype))
        if channels is None or len(numbers) not in (1, channels):
            raise ShapeError(
                f"Normalize: {len(numbers)} numbers for a tensor {array.shape}; expected (..., C, H, W) with one "
                "number per channel"
            )
        return backend_of(array).asarray(numbers[:, None, None])  # (C, 1, 1)
