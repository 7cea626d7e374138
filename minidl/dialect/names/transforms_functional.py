"""`torchvision.transforms.functional`: each transform as a function of the picture and its settings."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...backend import to_host
from ...data import transforms
from ...data.transforms.base import unpacked
from ...engine.tensor import Tensor
from ...errors import DtypeError, MissingPackageError

__all__ = [
    "center_crop", "crop", "hflip", "normalize", "pad", "resize", "rgb_to_grayscale", "rotate", "to_grayscale",
    "to_pil_image", "to_tensor", "vflip",
]  # fmt: skip


def to_tensor(pic: Any) -> Tensor:
    """A picture (H, W, C) as a tensor (C, H, W) from 0 to 1."""
    return transforms.ToTensor()(pic)


def normalize(tensor: Tensor, mean: Any, std: Any, inplace: bool = False) -> Tensor:
    """(tensor - mean) / std, by channel."""
    return transforms.Normalize(mean, std, inplace)(tensor)


def resize(img: Any, size: Any, interpolation: str | None = None, max_size: int | None = None) -> Any:
    """The picture in another size."""
    return transforms.Resize(size, interpolation, max_size)(img)


def center_crop(img: Any, output_size: Any) -> Any:
    """The middle of the picture."""
    return transforms.CenterCrop(output_size)(img)


def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """A part of the picture."""
    return unpacked("crop", img)[top : top + height, left : left + width].copy()


def hflip(img: Any) -> Any:
    """Left and right exchanged; of a tensor, along its last dimension."""
    return img.flip(-1) if isinstance(img, Tensor) else unpacked("hflip", img)[:, ::-1].copy()


def vflip(img: Any) -> Any:
    """Top and bottom exchanged; of a tensor, along its last dimension but one."""
    return img.flip(-2) if isinstance(img, Tensor) else unpacked("vflip", img)[::-1].copy()


def pad(img: Any, padding: Any, fill: Any = 0, padding_mode: str = "constant") -> Any:
    """The picture with a frame."""
    return transforms.Pad(padding, fill, padding_mode)(img)


def rotate(img: Any, angle: float) -> Any:
    """The picture turned by `angle` degrees, counterclockwise, about its middle."""
    return transforms.Rotate(angle)(img)


def to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """The picture in gray."""
    return transforms.Grayscale(num_output_channels)(img)


rgb_to_grayscale = to_grayscale


def to_pil_image(pic: Any, mode: str | None = None) -> Any:
    """A tensor (C, H, W) or an array (H, W, C) as a picture of Pillow's, which must be installed."""
    try:
        from PIL import Image
    except ImportError:
        raise MissingPackageError(
            "to_pil_image makes pictures of the package Pillow; install it with pip install pillow, or use arrays"
        ) from None
    pixels = to_host(pic._array) if isinstance(pic, Tensor) else np.asarray(pic)
    if isinstance(pic, Tensor) and pixels.ndim == 3:
        pixels = pixels.transpose(1, 2, 0)
    if pixels.dtype.kind == "f":
        pixels = (pixels * 255).astype(np.uint8)
    if pixels.dtype != np.uint8:
        raise DtypeError(f"to_pil_image: takes floats from 0 to 1 or uint8; got {pixels.dtype}")
    return Image.fromarray(pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels, mode)
