"""Resizing in torchvision's words: its names of interpolations, and Pillow's way as the usual one."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

from ..data import transforms
from ..engine.tensor import Tensor
from ..errors import ArgumentError


class InterpolationMode(Enum):
    """How the pixels of a resized or turned picture come about."""

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


PILLOWS = ("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming")  # by Pillow's numbers


def method(name: str, interpolation: Any) -> str:
    """minidl's word for an `InterpolationMode`, one of Pillow's numbers, or a word; None is bilinear."""
    if interpolation is None:
        return "bilinear"
    if isinstance(interpolation, InterpolationMode):
        interpolation = interpolation.value
    elif isinstance(interpolation, int) and 0 <= interpolation < len(PILLOWS):
        interpolation = PILLOWS[interpolation]
    if interpolation in ("hamming", "nearest-exact"):
        raise ArgumentError(f"{name}: interpolation {interpolation} is left out of minidl; use bilinear or nearest")
    return interpolation


class Resize(transforms.Resize):
    """`minidl.data.transforms.Resize` that resizes as Pillow, which torchvision does if not told otherwise.

    Without `antialias`, which torchvision heeds for tensors only, tensors are interpolated.
    """

    def __init__(
        self,
        size: int | Sequence[int],
        interpolation: Any = InterpolationMode.BILINEAR,
        max_size: int | None = None,
        antialias: bool | None = True,
    ) -> None:
        super().__init__(size, method("Resize", interpolation), max_size, antialias is not False)

    def __call__(self, image: Any) -> Any:
        if not self.antialias and not isinstance(image, Tensor):
            return Resize(self.size, self.interpolation, self.max_size)(image)
        return super().__call__(image)

    def __repr__(self) -> str:
        return (
            f"Resize(size={self.size}, interpolation={self.interpolation}, max_size={self.max_size}, "
            f"antialias={self.antialias})"
        )
