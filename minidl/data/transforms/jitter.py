"""Random changes of colour and light."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import ArgumentError
from . import adjust
from .base import Image, RandomTransform, check_probability, interval

Range = float | Sequence[float]


@dataclass(frozen=True)
class ColorJitter(RandomTransform):
    """Brightness, contrast, saturation and hue, changed by random factors and in a random order.

    A number v stands for factors from max(0, 1 - v) to 1 + v (for `hue`, from -v to v, at most 0.5); or (low, high).
    """

    brightness: Range = 0
    contrast: Range = 0
    saturation: Range = 0
    hue: Range = 0

    def __post_init__(self) -> None:
        for argument in ("brightness", "contrast", "saturation", "hue"):
            self._range(argument)

    def _range(self, argument: str) -> tuple[float, float] | None:
        """What to draw the factor from; None if it changes nothing."""
        value, middle = getattr(self, argument), 0.0 if argument == "hue" else 1.0
        least, most = (-0.5, 0.5) if argument == "hue" else (0.0, np.inf)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if value < 0:
                raise ArgumentError(f"ColorJitter: {argument} as one number must be at least 0; got {value!r}")
            low, high = middle - value, middle + value
            low = low if argument == "hue" else max(low, 0.0)
        else:
            low, high = interval(self.name, argument, value)
        if not least <= low <= high <= most:
            raise ArgumentError(f"ColorJitter: {argument} must lie between {least} and {most}; got {value!r}")
        return None if low == high == middle else (low, high)

    def apply(self, image: Image) -> Image:
        random = self.random
        changes: dict[str, Callable[[Image, float], Image]] = {
            "brightness": adjust.adjust_brightness,
            "contrast": adjust.adjust_contrast,
            "saturation": adjust.adjust_saturation,
            "hue": adjust.adjust_hue,
        }
        names = list(changes)
        for place in random.permutation(4):
            limits = self._range(names[place])
            if limits is not None:
                image = changes[names[place]](image, float(random.uniform(*limits)))
        return image.copy()


class _Sometimes(RandomTransform):
    """A change with probability `p`, which each subclass has at the place where torchvision has it.

    It is no dataclass itself: its fields would come before those of the subclass.
    """

    p: float

    def __post_init__(self) -> None:
        check_probability(self.name, self.p)

    def apply(self, image: Image) -> Image:
        return self.change(image) if self.random.random() < self.p else image

    def change(self, image: Image) -> Image:
        """The changed image."""
        raise NotImplementedError


@dataclass(frozen=True)
class RandomGrayscale(_Sometimes):
    """With probability `p` gray, with as many channels as before."""

    p: float = 0.1

    def change(self, image: Image) -> Image:
        return image.copy() if image.ndim == 2 else adjust.adjust_saturation(image, 0)


@dataclass(frozen=True)
class RandomInvert(_Sometimes):
    """With probability `p` the negative of the image."""

    p: float = 0.5

    def change(self, image: Image) -> Image:
        return adjust.invert(image)


@dataclass(frozen=True)
class RandomPosterize(_Sometimes):
    """With probability `p`, only the first `bits` bits of each uint8."""

    bits: int
    p: float = 0.5

    def change(self, image: Image) -> Image:
        return adjust.posterize(image, self.bits)


@dataclass(frozen=True)
class RandomSolarize(_Sometimes):
    """With probability `p`, what is at least as bright as `threshold` inverted."""

    threshold: float
    p: float = 0.5

    def change(self, image: Image) -> Image:
        return adjust.solarize(image, self.threshold)


@dataclass(frozen=True)
class RandomAdjustSharpness(_Sometimes):
    """With probability `p`, 0 for smooth, 1 for the image, 2 for sharp."""

    sharpness_factor: float
    p: float = 0.5

    def change(self, image: Image) -> Image:
        return adjust.adjust_sharpness(image, self.sharpness_factor)


@dataclass(frozen=True)
class RandomAutocontrast(_Sometimes):
    """With probability `p`, each channel stretched from black to white."""

    p: float = 0.5

    def change(self, image: Image) -> Image:
        return adjust.autocontrast(image)


@dataclass(frozen=True)
class RandomEqualize(_Sometimes):
    """With probability `p`, each channel's brightnesses made as equally frequent as they can be."""

    p: float = 0.5

    def change(self, image: Image) -> Image:
        return adjust.equalize(image)


@dataclass(frozen=True)
class _Several(RandomTransform):
    """What `RandomChoice` and `RandomOrder` share: transforms to choose from."""

    transforms: Sequence[Callable[[Any], Any]]

    def __post_init__(self) -> None:
        if isinstance(self.transforms, str) or not isinstance(self.transforms, Sequence) or not self.transforms:
            raise ArgumentError(f"{self.name}: transforms must be a list of them; got {self.transforms!r}")


@dataclass(frozen=True)
class RandomChoice(_Several):
    """One of `transforms`, with the probabilities `p` (in proportion); without `p` each equally likely."""

    p: Sequence[float] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.p is not None and (len(self.p) != len(self.transforms) or min(self.p) < 0 or sum(self.p) <= 0):
            raise ArgumentError(f"RandomChoice: p needs one number, at least 0, per transform; got {self.p!r}")

    def __call__(self, image: Any) -> Any:
        shares = None if self.p is None else np.asarray(self.p, float) / sum(self.p)
        return self.transforms[int(self.random.choice(len(self.transforms), p=shares))](image)

    def apply(self, image: Image) -> Image:
        return self(image)


@dataclass(frozen=True)
class RandomOrder(_Several):
    """All of `transforms`, in a random order."""

    def __call__(self, image: Any) -> Any:
        for place in self.random.permutation(len(self.transforms)):
            image = self.transforms[place](image)
        return image

    def apply(self, image: Image) -> Image:
        return self(image)
