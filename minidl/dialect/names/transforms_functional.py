"""`torchvision.transforms.functional`: each transform as a function of the picture and its settings."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...backend import to_host
from ...data import transforms
from ...data.transforms import adjust, erasing, warp
from ...data.transforms.base import on_image, unpacked
from ...data.transforms.geometric import size_of
from ...engine.tensor import Tensor
from ...errors import DtypeError, MissingPackageError
from ..resizing import InterpolationMode, Resize, method

__all__ = [
    "InterpolationMode", "adjust_brightness", "adjust_contrast", "adjust_gamma", "adjust_hue", "adjust_saturation",
    "adjust_sharpness", "affine", "autocontrast", "center_crop", "convert_image_dtype", "crop", "equalize", "erase",
    "five_crop", "gaussian_blur", "get_dimensions", "get_image_size", "hflip", "invert", "normalize", "pad",
    "perspective", "pil_to_tensor", "posterize", "resize", "resized_crop", "rgb_to_grayscale", "rotate", "solarize",
    "ten_crop", "to_grayscale", "to_pil_image", "to_tensor", "vflip",
]  # fmt: skip


def to_tensor(pic: Any) -> Tensor:
    """A picture (H, W, C) as a tensor (C, H, W) from 0 to 1."""
    return transforms.ToTensor()(pic)


def normalize(tensor: Tensor, mean: Any, std: Any, inplace: bool = False) -> Tensor:
    """(tensor - mean) / std, by channel."""
    return transforms.Normalize(mean, std, inplace)(tensor)


def resize(
    img: Any, size: Any, interpolation: Any = InterpolationMode.BILINEAR, max_size: int | None = None,
    antialias: bool | None = True,
) -> Any:  # fmt: skip
    """The picture in another size, as Pillow makes it."""
    return Resize(size, interpolation, max_size, antialias)(img)


def center_crop(img: Any, output_size: Any) -> Any:
    """The middle of the picture."""
    return transforms.CenterCrop(output_size)(img)


def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """A part of the picture; what lies outside it is black."""
    full_height, full_width = size_of(img)
    around = (max(0, -left), max(0, -top), max(0, left + width - full_width), max(0, top + height - full_height))
    if any(around):
        img = transforms.Pad(around)(img)
    return transforms.Crop(max(0, top), max(0, left), height, width)(img)


def resized_crop(
    img: Any, top: int, left: int, height: int, width: int, size: Any,
    interpolation: Any = InterpolationMode.BILINEAR, antialias: bool | None = True,
) -> Any:  # fmt: skip
    """A part of the picture, in another size."""
    return resize(crop(img, top, left, height, width), size, interpolation, None, antialias)


def five_crop(img: Any, size: Any) -> tuple[Any, ...]:
    """The four corners and the middle of the picture."""
    return transforms.FiveCrop(size)(img)


def ten_crop(img: Any, size: Any, vertical_flip: bool = False) -> tuple[Any, ...]:
    """The four corners and the middle of the picture and of its mirror image."""
    return transforms.TenCrop(size, vertical_flip)(img)


def hflip(img: Any) -> Any:
    """Left and right exchanged; of a tensor, along its last dimension."""
    return img.flip(-1) if isinstance(img, Tensor) else transforms.Flip("horizontal")(img)


def vflip(img: Any) -> Any:
    """Top and bottom exchanged; of a tensor, along its last dimension but one."""
    return img.flip(-2) if isinstance(img, Tensor) else transforms.Flip("vertical")(img)


def pad(img: Any, padding: Any, fill: Any = 0, padding_mode: str = "constant") -> Any:
    """The picture with a frame."""
    return transforms.Pad(padding, fill, padding_mode)(img)


def rotate(
    img: Any, angle: float, interpolation: Any = InterpolationMode.NEAREST, expand: bool = False,
    center: Any = None, fill: Any = None,
) -> Any:  # fmt: skip
    """The picture turned by `angle` degrees, counterclockwise, about its middle or `center` (x, y)."""
    return transforms.Rotate(angle, method("rotate", interpolation), expand, center, fill or 0)(img)


def affine(
    img: Any, angle: float, translate: Any, scale: float, shear: Any,
    interpolation: Any = InterpolationMode.NEAREST, fill: Any = None, center: Any = None,
) -> Any:  # fmt: skip
    """The picture turned clockwise by `angle` degrees, moved, scaled and slanted about its middle or `center`."""
    lean = (float(shear), 0.0) if isinstance(shear, (int, float)) else tuple(map(float, (*shear, 0.0)[:2]))

    def change(image: np.ndarray) -> np.ndarray:
        where = warp.middle(image) if center is None else (center[0] - 0.5, center[1] - 0.5)
        matrix = warp.translation(*translate) @ warp.about(where, warp.linear(angle, scale, (lean[0], lean[1])))
        return warp.warp(image, matrix, image.shape[:2], method("affine", interpolation), fill or 0)

    return on_image("affine", img, change)


def perspective(
    img: Any, startpoints: Any, endpoints: Any, interpolation: Any = InterpolationMode.BILINEAR, fill: Any = None
) -> Any:
    """The picture warped so that the four `startpoints` (x, y) land on `endpoints`."""
    return transforms.Perspective(startpoints, endpoints, method("perspective", interpolation), fill or 0)(img)


def gaussian_blur(img: Any, kernel_size: Any, sigma: Any = None) -> Any:
    """The picture blurred; `sigma` is by itself 0.3 ((kernel_size - 1) / 2 - 1) + 0.8."""
    width = kernel_size if isinstance(kernel_size, int) else kernel_size[0]
    chosen = 0.3 * ((width - 1) * 0.5 - 1) + 0.8 if sigma is None else sigma
    chosen = chosen if isinstance(chosen, (int, float)) else chosen[0]
    return transforms.GaussianBlur(kernel_size, float(chosen))(img)


def adjust_brightness(img: Any, brightness_factor: float) -> Any:
    """0 gives black, 1 the picture, 2 twice as bright."""
    return on_image("adjust_brightness", img, lambda image: adjust.adjust_brightness(image, brightness_factor))


def adjust_contrast(img: Any, contrast_factor: float) -> Any:
    """0 gives gray, 1 the picture, 2 twice the contrast."""
    return on_image("adjust_contrast", img, lambda image: adjust.adjust_contrast(image, contrast_factor))


def adjust_saturation(img: Any, saturation_factor: float) -> Any:
    """0 gives a gray picture, 1 the picture, 2 twice the colour."""
    return on_image("adjust_saturation", img, lambda image: adjust.adjust_saturation(image, saturation_factor))


def adjust_hue(img: Any, hue_factor: float) -> Any:
    """The colours turned by -0.5 to 0.5 of the circle."""
    return on_image("adjust_hue", img, lambda image: adjust.adjust_hue(image, hue_factor))


def adjust_gamma(img: Any, gamma: float, gain: float = 1) -> Any:
    """gain · x^gamma, x from 0 to 1."""
    return on_image("adjust_gamma", img, lambda image: adjust.adjust_gamma(image, gamma, gain))


def adjust_sharpness(img: Any, sharpness_factor: float) -> Any:
    """0 gives a smoothed picture, 1 the picture, 2 a sharpened one."""
    return on_image("adjust_sharpness", img, lambda image: adjust.adjust_sharpness(image, sharpness_factor))


def invert(img: Any) -> Any:
    """The negative of the picture."""
    return on_image("invert", img, adjust.invert)


def posterize(img: Any, bits: int) -> Any:
    """The first `bits` bits of each uint8."""
    return on_image("posterize", img, lambda image: adjust.posterize(image, bits))


def solarize(img: Any, threshold: float) -> Any:
    """What is at least as bright as `threshold`, inverted."""
    return on_image("solarize", img, lambda image: adjust.solarize(image, threshold))


def autocontrast(img: Any) -> Any:
    """Each channel stretched from black to white."""
    return on_image("autocontrast", img, adjust.autocontrast)


def equalize(img: Any) -> Any:
    """Each channel's brightnesses made as equally frequent as they can be."""
    return on_image("equalize", img, adjust.equalize)


def erase(img: Tensor, i: int, j: int, h: int, w: int, v: Any, inplace: bool = False) -> Tensor:
    """The tensor with `v` in the rectangle of `h` rows from `i` on and `w` columns from `j` on."""
    return erasing.erased(img, i, j, h, w, v, inplace)


def pil_to_tensor(pic: Any) -> Tensor:
    """A picture as a tensor (C, H, W) of uint8."""
    return transforms.PILToTensor()(pic)


def convert_image_dtype(image: Tensor, dtype: Any = "float32") -> Tensor:
    """A tensor of another dtype, its range with it."""
    return erasing.converted(image, dtype)


def get_dimensions(img: Any) -> list[int]:
    """Channels, height, width."""
    channels = img.shape[-3] if isinstance(img, Tensor) else np.atleast_3d(unpacked("get_dimensions", img)).shape[2]
    return [channels, *size_of(img)]


def get_image_size(img: Any) -> list[int]:
    """Width and height."""
    return list(size_of(img)[::-1])


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
