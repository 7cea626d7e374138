"""Pixels moved by a matrix: rotation, affine maps and perspective.

Coordinates are (x, y) in pixels, x to the right, y down, (0, 0) the centre of the top left pixel. A 3x3 matrix maps
a point of the old image to where it lies in the new one: (x', y', w') = M (x, y, 1), then x'/w', y'/w'.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from ...errors import ArgumentError
from .base import (
    INTERPOLATIONS,
    Image,
    RandomTransform,
    Transform,
    border_value,
    check_probability,
    choose,
    interval,
    symmetric,
)

Point = Sequence[float]
WARPS = {name: INTERPOLATIONS[name] for name in ("nearest", "bilinear", "bicubic", "lanczos")}


def translation(x: float, y: float) -> np.ndarray:
    """The matrix that moves by x to the right and by y down."""
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], dtype=np.float64)


def linear(angle: float, scale: float = 1.0, shear: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """scale * rotation(angle) * shear_y * shear_x as a 3x3 matrix; degrees, clockwise as seen."""
    turn, (lean_x, lean_y) = math.radians(angle), (math.tan(math.radians(degrees)) for degrees in shear)
    rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    shears = np.array([[1, 0], [-lean_y, 1]]) @ np.array([[1, -lean_x], [0, 1]])
    matrix = np.eye(3)
    matrix[:2, :2] = scale * rotation @ shears
    return matrix


def about(center: Point, matrix: np.ndarray) -> np.ndarray:
    """`matrix` with `center` as the point that stays where it is."""
    return translation(center[0], center[1]) @ matrix @ translation(-center[0], -center[1])


def middle(image: Image) -> tuple[float, float]:
    """The centre of the image, (x, y): between two pixels if there is an even number of them."""
    return (image.shape[1] - 1) / 2, (image.shape[0] - 1) / 2


def warp(image: Image, matrix: np.ndarray, size: tuple[int, int], interpolation: str, fill: Any) -> Image:
    """The image moved by `matrix` into a new one of `size` = (height, width); `fill` where no pixel lands."""
    return cv2.warpPerspective(
        image,
        matrix,
        (size[1], size[0]),
        flags=WARPS[interpolation],
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=border_value(fill, image),
    )


@dataclass(frozen=True)
class Rotate(Transform):
    """The image turned by `angle` degrees, counter-clockwise, about its middle or `center` (x, y).

    `expand` makes the new image as large as the turned one; without it the corners are cut off. It needs a turn
    about the middle.
    """

    angle: float
    interpolation: str = "nearest"
    expand: bool = False
    center: Point | None = None
    fill: float | Sequence[float] = 0

    def __post_init__(self) -> None:
        if not math.isfinite(self.angle):
            raise ArgumentError(f"{self.name}: angle must be a number of degrees, got {self.angle!r}")
        check_turn(self.name, self.interpolation, self.expand, self.center)

    def apply(self, image: Image) -> Image:
        return rotate(image, self.angle, self.interpolation, self.expand, self.center, self.fill)


def check_turn(name: str, interpolation: str, expand: bool, center: Point | None) -> None:
    choose(name, "interpolation", interpolation, WARPS)
    if center is not None:
        if expand:
            raise ArgumentError(f"{name}: expand=True turns about the middle; leave center out")
        interval(name, "center", sorted(center) if isinstance(center, Sequence) else center)


def rotate(image: Image, angle: float, interpolation: str, expand: bool, center: Point | None, fill: Any) -> Image:
    """See `Rotate`."""
    matrix = about(middle(image) if center is None else center, linear(-angle))
    height, width = image.shape[:2]
    if expand:
        cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
        # the extent of the turned corners; within rounding of a whole pixel, it is that pixel
        new_width, new_height = (
            math.ceil(round(v, 6)) for v in (width * cos + height * sin, width * sin + height * cos)
        )
        matrix = translation((new_width - width) / 2, (new_height - height) / 2) @ matrix
        height, width = new_height, new_width
    return warp(image, matrix, (height, width), interpolation, fill)


@dataclass(frozen=True)
class RandomRotation(RandomTransform):
    """A turn by a random angle, of (low, high) or -degrees to degrees, counter-clockwise; the rest as in `Rotate`."""

    degrees: float | Sequence[float]
    interpolation: str = "nearest"
    expand: bool = False
    center: Point | None = None
    fill: float | Sequence[float] = 0

    def __post_init__(self) -> None:
        symmetric(self.name, "degrees", self.degrees)
        check_turn(self.name, self.interpolation, self.expand, self.center)

    def apply(self, image: Image) -> Image:
        angle = float(self.random.uniform(*symmetric(self.name, "degrees", self.degrees)))
        return rotate(image, angle, self.interpolation, self.expand, self.center, self.fill)


@dataclass(frozen=True)
class RandomAffine(RandomTransform):
    """A random turn, move, change of size and slant about the middle (or `center`), drawn uniformly and independently.

    `degrees`: as in `RandomRotation`, clockwise. `translate`: (x, y), at most these fractions of width and height,
    either way. `scale`: (low, high). `shear`: degrees; a number or (low, high) for x, or four numbers for x and y.
    """

    degrees: float | Sequence[float]
    translate: Sequence[float] | None = None
    scale: Sequence[float] | None = None
    shear: float | Sequence[float] | None = None
    interpolation: str = "nearest"
    fill: float | Sequence[float] = 0
    center: Point | None = None

    def __post_init__(self) -> None:
        symmetric(self.name, "degrees", self.degrees)
        self._shears()
        reach = (0, 0) if self.translate is None else self.translate
        if len(reach) != 2 or not all(0 <= fraction <= 1 for fraction in reach):
            raise ArgumentError(f"RandomAffine: translate must be two fractions of 0 to 1, got {self.translate!r}")
        if self.scale is not None and interval(self.name, "scale", self.scale)[0] <= 0:
            raise ArgumentError(f"RandomAffine: scale must be more than 0, got {self.scale!r}")
        check_turn(self.name, self.interpolation, False, self.center)

    def _shears(self) -> tuple[tuple[float, float], tuple[float, float]]:
        if self.shear is None:
            return (0.0, 0.0), (0.0, 0.0)
        if isinstance(self.shear, Sequence) and len(self.shear) == 4:
            ranges = interval(self.name, "shear", self.shear[:2]), interval(self.name, "shear", self.shear[2:])
        else:
            ranges = symmetric(self.name, "shear", self.shear), (0.0, 0.0)
        if any(abs(degrees) >= 90 for limits in ranges for degrees in limits):
            raise ArgumentError(f"RandomAffine: shear must lie between -90 and 90 degrees, got {self.shear!r}")
        return ranges

    def matrix(self, image: Image) -> np.ndarray:
        """Draw one: the 3x3 matrix from old to new pixel coordinates."""
        random, (height, width) = self.random, image.shape[:2]
        angle = random.uniform(*symmetric(self.name, "degrees", self.degrees))
        reach_x, reach_y = self.translate or (0.0, 0.0)
        x = round(random.uniform(-reach_x, reach_x) * width)  # whole pixels, so that a translation alone blurs nothing
        y = round(random.uniform(-reach_y, reach_y) * height)
        scale = random.uniform(*interval(self.name, "scale", self.scale)) if self.scale is not None else 1.0
        shear_x, shear_y = (random.uniform(*limits) for limits in self._shears())
        center = middle(image) if self.center is None else self.center
        return translation(x, y) @ about(center, linear(angle, scale, (shear_x, shear_y)))

    def apply(self, image: Image) -> Image:
        return warp(image, self.matrix(image), image.shape[:2], self.interpolation, self.fill)


@dataclass(frozen=True)
class Perspective(Transform):
    """The image warped so that its four points `startpoints` land on `endpoints`, each four (x, y).

    In order: top left, top right, bottom right, bottom left, as when straightening a photographed page.
    """

    startpoints: Sequence[Point]
    endpoints: Sequence[Point]
    interpolation: str = "bilinear"
    fill: float | Sequence[float] = 0

    def __post_init__(self) -> None:
        choose(self.name, "interpolation", self.interpolation, WARPS)
        for argument, points in (("startpoints", self.startpoints), ("endpoints", self.endpoints)):
            corners = np.asarray(points, dtype=np.float64)
            if corners.shape != (4, 2) or not np.isfinite(corners).all():
                raise ArgumentError(f"Perspective: {argument} must be four points (x, y), got {points!r}")
            if _three_in_line(corners):
                raise ArgumentError(f"Perspective: three of {argument} lie on one line: {points!r}")

    def apply(self, image: Image) -> Image:
        matrix = perspective(self.startpoints, self.endpoints)
        return warp(image, matrix, image.shape[:2], self.interpolation, self.fill)


def perspective(startpoints: Sequence[Point] | np.ndarray, endpoints: Sequence[Point] | np.ndarray) -> np.ndarray:
    """The 3x3 matrix that takes the four start points to the four end points."""
    start, end = np.asarray(startpoints, dtype=np.float32), np.asarray(endpoints, dtype=np.float32)
    return np.asarray(cv2.getPerspectiveTransform(start, end))


def _three_in_line(corners: np.ndarray) -> bool:
    def twice_area(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> float:
        return float(abs((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])))

    return any(twice_area(*np.delete(corners, left_out, axis=0)) < 1e-6 for left_out in range(4))


@dataclass(frozen=True)
class RandomPerspective(RandomTransform):
    """With probability `p`, each corner moved inwards by up to `distortion_scale` half widths and half heights."""

    distortion_scale: float = 0.5
    p: float = 0.5
    interpolation: str = "bilinear"
    fill: float | Sequence[float] = 0

    def __post_init__(self) -> None:
        check_probability(self.name, self.p)
        choose(self.name, "interpolation", self.interpolation, WARPS)
        if not 0 <= self.distortion_scale < 1:
            raise ArgumentError(
                f"RandomPerspective: distortion_scale must be at least 0 and less than 1, got {self.distortion_scale!r}"
            )

    def apply(self, image: Image) -> Image:
        random = self.random
        if random.random() >= self.p:
            return image
        right, bottom = image.shape[1] - 1, image.shape[0] - 1
        start = np.array([[0, 0], [right, 0], [right, bottom], [0, bottom]], dtype=np.float64)
        if right == 0 or bottom == 0:
            return image  # one row or column has no corners to move
        inwards = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
        reach = self.distortion_scale * np.array([right, bottom]) / 2
        end = start + inwards * random.uniform(0, reach, size=(4, 2))
        return warp(image, perspective(start, end), image.shape[:2], self.interpolation, self.fill)
