"""Names of `torchvision.transforms` that `minidl.data.transforms` does not hold."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ...data import transforms
from ...engine.tensor import Tensor
from .transforms_functional import to_pil_image

__all__ = ["InterpolationMode", "RandomApply", "Scale", "ToPILImage"]

InterpolationMode = SimpleNamespace(
    NEAREST="nearest", BILINEAR="bilinear", BICUBIC="bicubic", LANCZOS="lanczos", BOX="area"
)


def Scale(*args: Any, **options: Any) -> transforms.Resize:
    """The old name of Resize."""
    return transforms.Resize(*args, **options)


class RandomApply:
    """All the transforms with probability p, else none."""

    def __init__(self, transforms: Any, p: float = 0.5) -> None:
        self.transforms, self.p = transforms, p

    def __call__(self, image: Any) -> Any:
        from ...data.stream import stream_for

        if stream_for(None, "RandomApply").random() >= self.p:
            return image
        for transform in self.transforms:
            image = transform(image)
        return image


class ToPILImage:
    """A tensor (C, H, W) or an array (H, W, C) as a picture of Pillow's."""

    def __init__(self, mode: str | None = None) -> None:
        self.mode = mode

    def __call__(self, pic: Tensor | Any) -> Any:
        return to_pil_image(pic, self.mode)
