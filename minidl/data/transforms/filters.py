"""Noise, and the filters against it: each pixel from its neighbourhood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ...errors import ArgumentError
from .base import BORDERS, Image, RandomTransform, Transform, check_probability, interval, pair


@dataclass(frozen=True)
class SaltPepperNoise(RandomTransform):
    """A fraction `amount` of the pixels, drawn one by one, turned white (with probability `salt`) or black.

    All channels of a pixel change together. White is 255 in uint8, 1 in float32.
    """

    amount: float = 0.05
    salt: float = 0.5

    def __post_init__(self) -> None:
        check_probability("SaltPepperNoise: amount, which", self.amount)
        check_probability("SaltPepperNoise: salt, which", self.salt)

    def apply(self, image: Image) -> Image:
        random, noisy = self.random, image.copy()
        hit = random.random(image.shape[:2]) < self.amount  # (H, W)
        white = random.random(image.shape[:2]) < self.salt
        noisy[hit & white] = 255 if image.dtype == np.uint8 else 1
        noisy[hit & ~white] = 0
        return noisy


@dataclass(frozen=True)
class AverageBlur(Transform):
    """The mean of the neighbourhood of `kernel_size`, one number or (width, height); edges are mirrored."""

    kernel_size: int | Sequence[int]

    def __post_init__(self) -> None:
        pair(self.name, "kernel_size", self.kernel_size)

    def apply(self, image: Image) -> Image:
        return cv2.blur(image, pair(self.name, "kernel_size", self.kernel_size), borderType=BORDERS["reflect"])


@dataclass(frozen=True)
class GaussianBlur(RandomTransform):
    """The mean of the neighbourhood weighted by exp(-d^2 / (2 sigma^2)), d the distance in pixels; edges are mirrored.

    `kernel_size`: odd, one number or (width, height). `sigma`: a number, or (low, high) to draw from.
    """

    kernel_size: int | Sequence[int]
    sigma: float | Sequence[float] = (0.1, 2.0)

    def __post_init__(self) -> None:
        if any(size % 2 == 0 for size in pair(self.name, "kernel_size", self.kernel_size)):
            raise ArgumentError(f"GaussianBlur: kernel_size must be odd, got {self.kernel_size!r}")
        if self._range()[0] <= 0:
            raise ArgumentError(f"GaussianBlur: sigma must be more than 0, got {self.sigma!r}")

    def _range(self) -> tuple[float, float]:
        sigma = self.sigma if isinstance(self.sigma, Sequence) else (self.sigma, self.sigma)
        return interval(self.name, "sigma", sigma)

    def apply(self, image: Image) -> Image:
        low, high = self._range()
        sigma = low if low == high else self.random.uniform(low, high)
        size = pair(self.name, "kernel_size", self.kernel_size)
        return cv2.GaussianBlur(image, size, sigma, sigmaY=sigma, borderType=BORDERS["reflect"])


@dataclass(frozen=True)
class MedianBlur(Transform):
    """The median of the square neighbourhood of `kernel_size` (odd): it removes salt and pepper and keeps edges.

    Edges are repeated. OpenCV's limit: float32 images take 3 and 5 only.
    """

    kernel_size: int = 3

    def __post_init__(self) -> None:
        width, height = pair(self.name, "kernel_size", self.kernel_size)
        if height != width or height % 2 == 0:
            raise ArgumentError(f"MedianBlur: kernel_size must be one odd number, got {self.kernel_size!r}")

    def apply(self, image: Image) -> Image:
        if image.dtype == np.float32 and self.kernel_size > 5:
            raise ArgumentError(
                f"MedianBlur: kernel_size={self.kernel_size} needs a uint8 image; float32 takes 1, 3 and 5"
            )
        return image.copy() if self.kernel_size == 1 else cv2.medianBlur(image, self.kernel_size)


@dataclass(frozen=True)
class Sharpen(Transform):
    """x + amount * (4 x - its four neighbours): differences from the surroundings are amplified.

    `amount=1` is the well-known kernel 0 -1 0 / -1 5 -1 / 0 -1 0. uint8 is cut off at 0 and 255; float32 is not.
    """

    amount: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.amount < np.inf:
            raise ArgumentError(f"Sharpen: amount must be a number of at least 0, got {self.amount!r}")

    def apply(self, image: Image) -> Image:
        laplacian = np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]], dtype=np.float32)
        kernel = self.amount * laplacian
        kernel[1, 1] += 1
        return cv2.filter2D(image, -1, kernel, borderType=BORDERS["reflect"])
