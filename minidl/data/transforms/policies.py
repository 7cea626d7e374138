"""A few of fourteen changes, drawn at random: TrivialAugment (arXiv 2103.10158), RandAugment (arXiv 1909.13719)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ...errors import ArgumentError
from . import adjust
from .base import Image, RandomTransform, choose
from .warp import WARPS, about, middle, rotate, translation, warp

CORNER = (-0.5, -0.5)  # the top left corner of the image: coordinates are those of the pixels' centres


@dataclass(frozen=True)
class _Policy(RandomTransform):
    """What both share: the changes, by how far each is taken in a number of even steps."""

    def changed(self, image: Image, name: str, by: float, interpolation: str, fill: float | Sequence[float]) -> Image:
        """The image with the change `name`, of magnitude `by`."""
        shears = {"ShearX": (by, 0.0), "ShearY": (0.0, by)}
        moves = {"TranslateX": (int(by), 0), "TranslateY": (0, int(by))}
        if name in shears:
            x, y = shears[name]
            slanted = about(CORNER, np.array([[1.0, -x, 0.0], [-y, 1.0, 0.0], [0.0, 0.0, 1.0]]))
            return warp(image, slanted, image.shape[:2], interpolation, fill)
        if name in moves:
            return warp(image, translation(*moves[name]), image.shape[:2], interpolation, fill)
        if name == "Rotate":
            return rotate(image, by, interpolation, False, middle(image), fill)
        if name == "Solarize":
            return adjust.solarize(image, by if image.dtype == np.uint8 else by / 255)
        plain: dict[str, Callable[[Image], Image]] = {
            "Identity": np.copy,
            "AutoContrast": adjust.autocontrast,
            "Equalize": adjust.equalize,
            "Posterize": lambda image: adjust.posterize(image, int(by)),
            "Brightness": lambda image: adjust.adjust_brightness(image, 1 + by),
            "Color": lambda image: adjust.adjust_saturation(image, 1 + by),
            "Contrast": lambda image: adjust.adjust_contrast(image, 1 + by),
            "Sharpness": lambda image: adjust.adjust_sharpness(image, 1 + by),
        }
        return plain[name](image)


BOTH_WAYS = {
    "ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", "Brightness", "Color", "Contrast", "Sharpness",
}  # fmt: skip


def _steps(farthest: dict[str, float], bins: int, bits: float) -> dict[str, np.ndarray]:
    """For each change its magnitudes, from none on."""
    steps = {name: np.linspace(0, most, bins) for name, most in farthest.items()}
    steps["Posterize"] = 8 - np.round(np.arange(bins) / ((bins - 1) / bits))
    steps["Solarize"] = np.linspace(255, 0, bins)
    return steps | {name: np.zeros(1) for name in ("Identity", "AutoContrast", "Equalize")}


@dataclass(frozen=True)
class TrivialAugmentWide(_Policy):
    """One change, and how far it is taken, drawn evenly; images of uint8.

    `num_magnitude_bins`: in how many steps a change is taken; `fill`: the colour of what comes from outside the image.
    """

    num_magnitude_bins: int = 31
    interpolation: str = "nearest"
    fill: float | Sequence[float] | None = None

    def __post_init__(self) -> None:
        choose(self.name, "interpolation", self.interpolation, WARPS)
        if self.num_magnitude_bins < 2:
            raise ArgumentError(f"{self.name}: num_magnitude_bins must be at least 2; got {self.num_magnitude_bins}")

    def steps(self, image: Image) -> dict[str, np.ndarray]:
        farthest = dict.fromkeys(("ShearX", "ShearY", "Brightness", "Color", "Contrast", "Sharpness"), 0.99)
        farthest |= {"TranslateX": 32.0, "TranslateY": 32.0, "Rotate": 135.0}
        return _steps(farthest, self.num_magnitude_bins, 6)

    def apply(self, image: Image) -> Image:
        random, steps = self.random, self.steps(image)
        name = list(steps)[int(random.integers(len(steps)))]
        by = float(steps[name][int(random.integers(len(steps[name])))])
        if name in BOTH_WAYS and random.integers(2):
            by = -by
        return self.changed(image, name, by, self.interpolation, self.fill or 0)


@dataclass(frozen=True)
class RandAugment(_Policy):
    """`num_ops` changes, each drawn evenly and taken to step `magnitude` of `num_magnitude_bins`; images of uint8."""

    num_ops: int = 2
    magnitude: int = 9
    num_magnitude_bins: int = 31
    interpolation: str = "nearest"
    fill: float | Sequence[float] | None = None

    def __post_init__(self) -> None:
        choose(self.name, "interpolation", self.interpolation, WARPS)
        if self.num_magnitude_bins < 2 or not 0 <= self.magnitude < self.num_magnitude_bins:
            raise ArgumentError(
                f"{self.name}: magnitude must be a step of num_magnitude_bins, at least 2; got {self.magnitude} of "
                f"{self.num_magnitude_bins}"
            )

    def steps(self, image: Image) -> dict[str, np.ndarray]:
        farthest = dict.fromkeys(("Brightness", "Color", "Contrast", "Sharpness"), 0.9)
        farthest |= {"ShearX": 0.3, "ShearY": 0.3, "Rotate": 30.0}
        farthest |= {"TranslateX": 150 / 331 * image.shape[1], "TranslateY": 150 / 331 * image.shape[0]}
        return _steps(farthest, self.num_magnitude_bins, 4)

    def apply(self, image: Image) -> Image:
        random, steps = self.random, self.steps(image)
        for _ in range(self.num_ops):
            name = list(steps)[int(random.integers(len(steps)))]
            by = float(steps[name][self.magnitude if len(steps[name]) > 1 else 0])
            if name in BOTH_WAYS and random.integers(2):
                by = -by
            image = self.changed(image, name, by, self.interpolation, self.fill or 0)
        return image
