"""Resize, crop, flip and pad. Transforms that move pixels by a matrix are in `warp`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from ...engine.tensor import Tensor
from ...errors import ArgumentError, ShapeError
from .base import (
    BORDERS,
    INTERPOLATIONS,
    Image,
    RandomTransform,
    Transform,
    border_value,
    check_probability,
    choose,
    interval,
    pair,
    unpacked,
)
from .resample import resample


@dataclass(frozen=True)
class Resize(Transform):
    """The image in another size: (height, width), or one number for the shorter side, the proportions kept.

    `interpolation`: nearest, bilinear, bicubic, area, lanczos; None takes area (the mean over each new pixel)
    to shrink, which does not alias, and bilinear to enlarge. `max_size` limits the longer side. `antialias=True`
    resizes as Pillow 13 does, to the last bit of uint8.
    """

    size: int | Sequence[int]
    interpolation: str | None = None
    max_size: int | None = None
    antialias: bool = False

    def __post_init__(self) -> None:
        height, width = pair(self.name, "size", self.size)
        if self.interpolation is not None:
            choose(self.name, "interpolation", self.interpolation, RESIZES)
        if self.max_size is not None and (not self._one_number or self.max_size < max(height, width)):
            raise ArgumentError(
                f"Resize: max_size={self.max_size} needs size as one number, not larger; got {self.size!r}"
            )

    @property
    def _one_number(self) -> bool:
        return not isinstance(self.size, Sequence) or len(self.size) == 1

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """The new height and width of an image (height, width)."""
        new_height, new_width = pair(self.name, "size", self.size)
        if self._one_number:
            short, long = sorted((height, width))
            new_short, new_long = new_height, max(1, int(new_height * long / short))
            if self.max_size is not None and new_long > self.max_size:
                new_short, new_long = max(1, int(self.max_size * new_short / new_long)), self.max_size
            new_height, new_width = (new_short, new_long) if height <= width else (new_long, new_short)
        return new_height, new_width

    def apply(self, image: Image) -> Image:
        height, width = self.output_size(*image.shape[:2])
        if self.antialias:
            return resized(image, height, width, self.interpolation or "bilinear", True)
        shrinks = height * width < image.shape[0] * image.shape[1]
        method = self.interpolation or ("area" if shrinks else "bilinear")
        return cv2.resize(image, (width, height), interpolation=RESIZES[method])


@dataclass(frozen=True)
class Pad(Transform):
    """Pixels added around: one number, (left and right, top and bottom), or (left, top, right, bottom).

    `padding_mode`: constant (with `fill`), edge, reflect (without the edge), symmetric (with it).
    """

    padding: int | Sequence[int]
    fill: float | Sequence[float] = 0
    padding_mode: str = "constant"

    def __post_init__(self) -> None:
        choose(self.name, "padding_mode", self.padding_mode, BORDERS)
        self.sides()

    def sides(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom."""
        values = tuple(self.padding) if isinstance(self.padding, Sequence) else (self.padding,)
        sides = values * (4 // len(values)) if len(values) in (1, 2, 4) else ()
        if len(sides) != 4 or any(not isinstance(side, (int, np.integer)) or side < 0 for side in sides):
            raise ArgumentError(
                f"{self.name}: padding must be 1, 2 or 4 whole numbers of at least 0, got {self.padding!r}"
            )
        left, top, right, bottom = (int(side) for side in sides)
        return left, top, right, bottom

    def apply(self, image: Image) -> Image:
        left, top, right, bottom = self.sides()
        return pad(self.name, image, left, top, right, bottom, self.fill, self.padding_mode)


def pad(
    name: str,
    image: Image,
    left: int,
    top: int,
    right: int,
    bottom: int,
    fill: float | Sequence[float] = 0,
    mode: str = "constant",
) -> Image:
    """`image` with that many pixels added on each side."""
    height, width = image.shape[:2]
    if mode == "reflect" and (max(left, right) >= width or max(top, bottom) >= height):
        raise ShapeError(
            f"{name}: reflecting needs padding smaller than the image, got {(left, top, right, bottom)} around "
            f"{image.shape}"
        )
    if mode == "symmetric" and (max(left, right) > width or max(top, bottom) > height):
        raise ShapeError(
            f"{name}: symmetric padding is at most the image's size, got {(left, top, right, bottom)} around "
            f"{image.shape}"
        )
    return cv2.copyMakeBorder(image, top, bottom, left, right, BORDERS[mode], value=border_value(fill, image))


@dataclass(frozen=True)
class Crop(Transform):
    """The part of `height` rows from `top` on and `width` columns from `left` on; it must lie inside the image."""

    top: int
    left: int
    height: int
    width: int

    def __post_init__(self) -> None:
        pair(self.name, "(height, width)", (self.height, self.width))
        if any(not isinstance(v, (int, np.integer)) or v < 0 for v in (self.top, self.left)):
            raise ArgumentError(
                f"Crop: top and left must be whole numbers of at least 0, got {self.top!r}, {self.left!r}"
            )

    def apply(self, image: Image) -> Image:
        bottom, right = self.top + self.height, self.left + self.width
        if bottom > image.shape[0] or right > image.shape[1]:
            raise ShapeError(
                f"Crop: rows {self.top}:{bottom} and columns {self.left}:{right} are not all inside an image "
                f"{image.shape}"
            )
        return image[self.top : bottom, self.left : right].copy()


@dataclass(frozen=True)
class CenterCrop(Transform):
    """The middle `size` (one number, or height and width); where the image is smaller, it is padded with 0."""

    size: int | Sequence[int]

    def __post_init__(self) -> None:
        pair(self.name, "size", self.size)

    def apply(self, image: Image) -> Image:
        height, width = pair(self.name, "size", self.size)
        spare_y, spare_x = max(0, height - image.shape[0]), max(0, width - image.shape[1])
        if spare_y or spare_x:
            image = pad(self.name, image, spare_x // 2, spare_y // 2, (spare_x + 1) // 2, (spare_y + 1) // 2)
        top, left = round((image.shape[0] - height) / 2), round((image.shape[1] - width) / 2)
        return image[top : top + height, left : left + width].copy()


@dataclass(frozen=True)
class FiveCrop:
    """The four corners and the middle, each of `size`: top left, top right, bottom left, bottom right, middle."""

    size: int | Sequence[int]

    def __post_init__(self) -> None:
        pair("FiveCrop", "size", self.size)

    def __call__(self, image: Any) -> tuple[Any, ...]:
        height, width = pair("FiveCrop", "size", self.size)
        full_height, full_width = size_of(image)
        if height > full_height or width > full_width:
            raise ShapeError(f"FiveCrop: size {(height, width)} is larger than the image {(full_height, full_width)}")
        tops, lefts = (0, full_height - height), (0, full_width - width)
        corners = [Crop(top, left, height, width)(image) for top in tops for left in lefts]
        return (*corners, CenterCrop((height, width))(image))


@dataclass(frozen=True)
class TenCrop:
    """`FiveCrop` of the image, and of the image mirrored: left and right, or with `vertical_flip` top and bottom."""

    size: int | Sequence[int]
    vertical_flip: bool = False

    def __post_init__(self) -> None:
        pair("TenCrop", "size", self.size)

    def __call__(self, image: Any) -> tuple[Any, ...]:
        mirrored = Flip("vertical" if self.vertical_flip else "horizontal")(image)
        return FiveCrop(self.size)(image) + FiveCrop(self.size)(mirrored)


def size_of(image: Any) -> tuple[int, int]:
    """Height and width of an array (H, W, ...), a tensor (..., H, W) or a picture of Pillow's."""
    if isinstance(image, Tensor):
        return image.shape[-2], image.shape[-1]
    height, width = unpacked("size", image).shape[:2]
    return height, width


@dataclass(frozen=True)
class RandomCrop(RandomTransform):
    """A part of `size` from a random place, every place equally likely, after `padding` (as in `Pad`).

    `pad_if_needed` pads an image that is still smaller than `size`; without it that is a `ShapeError`.
    """

    size: int | Sequence[int]
    padding: int | Sequence[int] | None = None
    pad_if_needed: bool = False
    fill: float | Sequence[float] = 0
    padding_mode: str = "constant"

    def __post_init__(self) -> None:
        pair(self.name, "size", self.size)
        choose(self.name, "padding_mode", self.padding_mode, BORDERS)
        if self.padding is not None:
            Pad(self.padding)

    def apply(self, image: Image) -> Image:
        height, width = pair(self.name, "size", self.size)
        if self.padding is not None:
            sides = Pad(self.padding).sides()
            image = pad(self.name, image, *sides, self.fill, self.padding_mode)
        short_y, short_x = max(0, height - image.shape[0]), max(0, width - image.shape[1])
        if self.pad_if_needed and (short_y or short_x):
            image = pad(self.name, image, short_x, short_y, short_x, short_y, self.fill, self.padding_mode)
        elif short_y or short_x:
            raise ShapeError(
                f"RandomCrop: size {(height, width)} is larger than the image {image.shape[:2]}; pass padding or "
                "pad_if_needed=True"
            )
        random = self.random
        top = int(random.integers(image.shape[0] - height + 1))
        left = int(random.integers(image.shape[1] - width + 1))
        return image[top : top + height, left : left + width].copy()


@dataclass(frozen=True)
class RandomResizedCrop(RandomTransform):
    """A random part of the image, brought to `size`: its area a share of `scale` = (low, high) of the image's.

    Width over height is drawn from `ratio`, evenly on the logarithmic scale; where ten attempts do not fit into the
    image, the largest part in its middle whose proportions are within `ratio` is taken. `antialias` resizes as Pillow
    does (nearest, bilinear, bicubic, lanczos, box); without it, as `Resize` with that interpolation.
    """

    size: int | Sequence[int]
    scale: Sequence[float] = (0.08, 1.0)
    ratio: Sequence[float] = (3 / 4, 4 / 3)
    interpolation: str = "bilinear"
    antialias: bool | None = True

    def __post_init__(self) -> None:
        pair(self.name, "size", self.size)
        choose(self.name, "interpolation", self.interpolation, RESIZES)
        if interval(self.name, "scale", self.scale)[0] < 0 or interval(self.name, "ratio", self.ratio)[0] <= 0:
            raise ArgumentError(
                f"RandomResizedCrop: scale must be at least 0 and ratio more than 0; got {self.scale}, {self.ratio}"
            )

    def part(self, image: Image) -> tuple[int, int, int, int]:
        """Draw one: top, left, height, width."""
        random, (height, width) = self.random, image.shape[:2]
        low, high = interval(self.name, "ratio", self.ratio)
        for _ in range(10):
            area = height * width * random.uniform(*interval(self.name, "scale", self.scale))
            proportion = math.exp(random.uniform(math.log(low), math.log(high)))
            w, h = round(math.sqrt(area * proportion)), round(math.sqrt(area / proportion))
            if 0 < w <= width and 0 < h <= height:
                return int(random.integers(height - h + 1)), int(random.integers(width - w + 1)), h, w
        w, h = width, height
        if width / height < low:
            h = max(1, min(height, round(width / low)))
        elif width / height > high:
            w = max(1, min(width, round(height * high)))
        return (height - h) // 2, (width - w) // 2, h, w

    def apply(self, image: Image) -> Image:
        top, left, height, width = self.part(image)
        part = image[top : top + height, left : left + width]
        return resized(part, *pair(self.name, "size", self.size), self.interpolation, bool(self.antialias))


RESIZES = INTERPOLATIONS | {"box": cv2.INTER_AREA}


def resized(image: Image, height: int, width: int, interpolation: str, antialias: bool) -> Image:
    """The image in another size, as Pillow (`antialias`) or as OpenCV interpolates."""
    if interpolation == "nearest" and antialias:  # as Pillow rounds the places
        rows, columns = _nearest(image.shape[0], height), _nearest(image.shape[1], width)
        return np.ascontiguousarray(image[rows[:, None], columns])
    if antialias:
        return resample(image, height, width, "box" if interpolation == "area" else interpolation)
    return cv2.resize(np.ascontiguousarray(image), (width, height), interpolation=RESIZES[interpolation])


def _nearest(old: int, new: int) -> np.ndarray:
    """Which of `old` pixels each of `new` ones shows; added up step by step, as Pillow does, for its rounding."""
    steps = np.full(new, old / new)
    steps[0] /= 2
    return np.minimum(np.cumsum(steps).astype(np.int64), old - 1)


@dataclass(frozen=True)
class Flip(Transform):
    """The image mirrored: `horizontal` swaps left and right, `vertical` top and bottom, `both` is half a turn."""

    direction: str = "horizontal"

    def __post_init__(self) -> None:
        if self.direction not in ("horizontal", "vertical", "both"):
            raise ArgumentError(f"Flip: direction={self.direction!r} is unknown; use horizontal, vertical or both")

    def apply(self, image: Image) -> Image:
        rows = slice(None) if self.direction == "horizontal" else slice(None, None, -1)
        columns = slice(None) if self.direction == "vertical" else slice(None, None, -1)
        return np.ascontiguousarray(image[rows, columns])


@dataclass(frozen=True)
class RandomHorizontalFlip(RandomTransform):
    """Left and right swapped, with probability `p`."""

    p: float = 0.5

    def __post_init__(self) -> None:
        check_probability(self.name, self.p)

    def apply(self, image: Image) -> Image:
        return Flip("horizontal").apply(image) if self.random.random() < self.p else image


@dataclass(frozen=True)
class RandomVerticalFlip(RandomTransform):
    """Top and bottom swapped, with probability `p`."""

    p: float = 0.5

    def __post_init__(self) -> None:
        check_probability(self.name, self.p)

    def apply(self, image: Image) -> Image:
        return Flip("vertical").apply(image) if self.random.random() < self.p else image
