"""Colour spaces. On this side everything is RGB; only OpenCV's RGB conversions are used, so BGR never appears."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ...errors import ArgumentError, ShapeError
from .base import Image, Transform

FROM_RGB = {
    "GRAY": cv2.COLOR_RGB2GRAY,
    "YUV": cv2.COLOR_RGB2YUV,
    "HSV": cv2.COLOR_RGB2HSV,
    "LAB": cv2.COLOR_RGB2LAB,
}
TO_RGB = {
    "GRAY": cv2.COLOR_GRAY2RGB,
    "YUV": cv2.COLOR_YUV2RGB,
    "HSV": cv2.COLOR_HSV2RGB,
    "LAB": cv2.COLOR_LAB2RGB,
}
SPACES = ("RGB", *FROM_RGB)


@dataclass(frozen=True)
class ColorConvert(Transform):
    """From one colour space to another: any two of RGB, GRAY, YUV, HSV, Lab (by way of RGB).

    GRAY is `(H, W)` or `(H, W, 1)` and comes out as `(H, W)`; the others are `(H, W, 3)`. The ranges are OpenCV's: in
    uint8, all 0 to 255 but hue, 0 to 179 (degrees / 2), with U, V, a and b around 128; in float32, RGB, GRAY, Y, S and
    V 0 to 1, hue in degrees, U and V around 0.5, L 0 to 100, a and b around 0.

    Source: https://docs.opencv.org/4.x/de/d25/imgproc_color_conversions.html

    >>> ColorConvert("RGB", "HSV")(np.array([[[0, 255, 0]]], dtype=np.uint8)).tolist()
    [[[60, 255, 255]]]
    """

    source: str
    target: str

    def __post_init__(self) -> None:
        for argument, value in (("source", self.source), ("target", self.target)):
            if not isinstance(value, str) or value.upper() not in SPACES:
                raise ArgumentError(f"ColorConvert: {argument}={value!r} is unknown; use RGB, GRAY, YUV, HSV or Lab")

    def _applied(self, image: Image) -> Image:
        result = super()._applied(image)
        return result[..., 0] if self.target.upper() == "GRAY" and result.ndim == 3 else result

    def apply(self, image: Image) -> Image:
        source, target = self.source.upper(), self.target.upper()
        channels = 1 if image.ndim == 2 else image.shape[2]
        if channels != (1 if source == "GRAY" else 3):
            raise ShapeError(
                f"ColorConvert: a {self.source} image has {1 if source == 'GRAY' else 3} channel(s), got {image.shape}"
            )
        if source == target:
            return image.copy()
        rgb = image if source == "RGB" else cv2.cvtColor(image, TO_RGB[source])
        return rgb if target == "RGB" else cv2.cvtColor(rgb, FROM_RGB[target])


@dataclass(frozen=True)
class Grayscale(Transform):
    """An RGB image in gray: `(H, W)`, or `(H, W, 3)` of three equal channels; a gray image stays as it is."""

    num_output_channels: int = 1

    def __post_init__(self) -> None:
        if self.num_output_channels not in (1, 3):
            raise ArgumentError(f"Grayscale: num_output_channels must be 1 or 3, got {self.num_output_channels!r}")

    def _applied(self, image: Image) -> Image:
        result = super()._applied(image)
        return result[..., 0] if self.num_output_channels == 1 and result.ndim == 3 else result

    def apply(self, image: Image) -> Image:
        if image.ndim == 3 and image.shape[2] == 4:
            raise ShapeError(f"Grayscale: expected a gray or an RGB image, got {image.shape}")
        gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 and image.shape[2] == 3 else image.copy()
        return gray if self.num_output_channels == 1 else np.repeat(gray.reshape(*gray.shape[:2], 1), 3, axis=2)
