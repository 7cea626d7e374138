"""`torchvision.transforms` where it differs from `minidl.data.transforms`: resizing, arguments, look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...data import transforms
from ...data.transforms.base import pair, symmetric
from ...engine.tensor import Tensor
from ..resizing import InterpolationMode, Resize, method
from .transforms_functional import to_pil_image

__all__ = [
    "CenterCrop", "ColorJitter", "FiveCrop", "GaussianBlur", "InterpolationMode", "Lambda", "Normalize", "Pad",
    "RandAugment", "RandomAffine", "RandomApply", "RandomCrop", "RandomPerspective", "RandomResizedCrop",
    "RandomRotation", "Resize", "Scale", "TenCrop", "ToPILImage", "TrivialAugmentWide",
]  # fmt: skip


class RandomResizedCrop(transforms.RandomResizedCrop):
    """`minidl.data.transforms.RandomResizedCrop` that takes the interpolation in PyTorch's words, or in Pillow's."""

    def __init__(
        self,
        size: int | Sequence[int],
        scale: Sequence[float] = (0.08, 1.0),
        ratio: Sequence[float] = (3 / 4, 4 / 3),
        interpolation: Any = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__(size, scale, ratio, method("RandomResizedCrop", interpolation), antialias)

    def __repr__(self) -> str:
        scale, ratio = (tuple(round(float(v), 4) for v in values) for values in (self.scale, self.ratio))
        return (
            f"RandomResizedCrop(size={pair('RandomResizedCrop', 'size', self.size)}, scale={scale}, ratio={ratio}, "
            f"interpolation={self.interpolation}, antialias={self.antialias})"
        )


class RandomRotation(transforms.RandomRotation):
    """`minidl.data.transforms.RandomRotation` that takes the interpolation in PyTorch's words, or in Pillow's."""

    def __init__(
        self,
        degrees: float | Sequence[float],
        interpolation: Any = InterpolationMode.NEAREST,
        expand: bool = False,
        center: Sequence[float] | None = None,
        fill: float | Sequence[float] = 0,
    ) -> None:
        super().__init__(degrees, method("RandomRotation", interpolation), expand, center, fill)

    def __repr__(self) -> str:
        center = "" if self.center is None else f", center={self.center}"
        return (
            f"RandomRotation(degrees={list(symmetric('RandomRotation', 'degrees', self.degrees))}, "
            f"interpolation={self.interpolation}, expand={self.expand}{center}, fill={self.fill})"
        )


class RandomAffine(transforms.RandomAffine):
    """`minidl.data.transforms.RandomAffine` that takes the interpolation in PyTorch's words, or in Pillow's."""

    def __init__(
        self,
        degrees: float | Sequence[float],
        translate: Sequence[float] | None = None,
        scale: Sequence[float] | None = None,
        shear: float | Sequence[float] | None = None,
        interpolation: Any = InterpolationMode.NEAREST,
        fill: float | Sequence[float] = 0,
        center: Sequence[float] | None = None,
    ) -> None:
        super().__init__(degrees, translate, scale, shear, method("RandomAffine", interpolation), fill, center)

    def __repr__(self) -> str:
        text = f"RandomAffine(degrees={list(symmetric('RandomAffine', 'degrees', self.degrees))}"
        for name, plain in (
            ("translate", None),
            ("scale", None),
            ("shear", None),
            ("interpolation", "nearest"),
            ("fill", 0),
        ):
            value = getattr(self, name)
            if value != plain:
                text += f", {name}={list(symmetric('RandomAffine', name, value)) if name == 'shear' else value}"
        return text + ("" if self.center is None else f", center={self.center}") + ")"


class RandomPerspective(transforms.RandomPerspective):
    """`minidl.data.transforms.RandomPerspective` that takes the interpolation in PyTorch's words, or in Pillow's."""

    def __init__(
        self,
        distortion_scale: float = 0.5,
        p: float = 0.5,
        interpolation: Any = InterpolationMode.BILINEAR,
        fill: float | Sequence[float] = 0,
    ) -> None:
        super().__init__(distortion_scale, p, method("RandomPerspective", interpolation), fill)

    def __repr__(self) -> str:
        return f"RandomPerspective(p={self.p})"


class TrivialAugmentWide(transforms.TrivialAugmentWide):
    """`minidl.data.transforms.TrivialAugmentWide` that takes the interpolation in PyTorch's words."""

    def __init__(
        self,
        num_magnitude_bins: int = 31,
        interpolation: Any = InterpolationMode.NEAREST,
        fill: float | Sequence[float] | None = None,
    ) -> None:
        super().__init__(num_magnitude_bins, method("TrivialAugmentWide", interpolation), fill)

    def __repr__(self) -> str:
        return (
            f"TrivialAugmentWide(num_magnitude_bins={self.num_magnitude_bins}, "
            f"interpolation={InterpolationMode(self.interpolation)}, fill={self.fill})"
        )


class RandAugment(transforms.RandAugment):
    """`minidl.data.transforms.RandAugment` that takes the interpolation in PyTorch's words."""

    def __init__(
        self,
        num_ops: int = 2,
        magnitude: int = 9,
        num_magnitude_bins: int = 31,
        interpolation: Any = InterpolationMode.NEAREST,
        fill: float | Sequence[float] | None = None,
    ) -> None:
        super().__init__(num_ops, magnitude, num_magnitude_bins, method("RandAugment", interpolation), fill)


class Pad(transforms.Pad):
    """`minidl.data.transforms.Pad`, printed as torchvision's."""

    def __repr__(self) -> str:
        return f"Pad(padding={self.padding}, fill={self.fill}, padding_mode={self.padding_mode})"


class GaussianBlur(transforms.GaussianBlur):
    """`minidl.data.transforms.GaussianBlur`, printed as torchvision's."""

    def __repr__(self) -> str:
        return (
            f"GaussianBlur(kernel_size={pair('GaussianBlur', 'kernel_size', self.kernel_size)}, sigma={self._range()})"
        )


class Lambda(transforms.Lambda):
    """`minidl.data.transforms.Lambda`, printed as torchvision's."""

    def __repr__(self) -> str:
        return "Lambda()"


class FiveCrop(transforms.FiveCrop):
    """`minidl.data.transforms.FiveCrop`, printed as torchvision's."""

    def __repr__(self) -> str:
        return f"FiveCrop(size={pair('FiveCrop', 'size', self.size)})"


class TenCrop(transforms.TenCrop):
    """`minidl.data.transforms.TenCrop`, printed as torchvision's."""

    def __repr__(self) -> str:
        return f"TenCrop(size={pair('TenCrop', 'size', self.size)}, vertical_flip={self.vertical_flip})"


class CenterCrop(transforms.CenterCrop):
    """`minidl.data.transforms.CenterCrop`, printed as torchvision's."""

    def __repr__(self) -> str:
        return f"CenterCrop(size={pair('CenterCrop', 'size', self.size)})"


class RandomCrop(transforms.RandomCrop):
    """`minidl.data.transforms.RandomCrop`, printed as torchvision's."""

    def __repr__(self) -> str:
        return f"RandomCrop(size={pair('RandomCrop', 'size', self.size)}, padding={self.padding})"


class Normalize(transforms.Normalize):
    """`minidl.data.transforms.Normalize`, printed as torchvision's."""

    def __repr__(self) -> str:
        return f"Normalize(mean={self.mean}, std={self.std})"


class ColorJitter(transforms.ColorJitter):
    """`minidl.data.transforms.ColorJitter`, printed as torchvision's."""

    def __repr__(self) -> str:
        ranges = (f"{name}={self._range(name)}" for name in ("brightness", "contrast", "saturation", "hue"))
        return f"ColorJitter({', '.join(ranges)})"


def Scale(*args: Any, **options: Any) -> transforms.Resize:
    """The old name of Resize."""
    return Resize(*args, **options)


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

    def __repr__(self) -> str:
        return "RandomApply(\n" + f"    p={self.p}\n" + "".join(f"    {step}\n" for step in self.transforms) + ")"


class ToPILImage:
    """A tensor (C, H, W) or an array (H, W, C) as a picture of Pillow's."""

    def __init__(self, mode: str | None = None) -> None:
        self.mode = mode

    def __call__(self, pic: Tensor | Any) -> Any:
        return to_pil_image(pic, self.mode)

    def __repr__(self) -> str:
        return "ToPILImage()" if self.mode is None else f"ToPILImage(mode={self.mode})"
