"""Changes of colour and light of one image, with Pillow's arithmetic for uint8 and torchvision's for floats."""

from __future__ import annotations

import cv2
import numpy as np

from ...errors import ArgumentError
from .base import Image


def _white(image: Image) -> int:
    return 255 if image.dtype == np.uint8 else 1


def gray(image: Image) -> Image:
    """The brightness of each pixel `(H, W, 1)`; of a gray image, itself."""
    if image.ndim == 2 or image.shape[2] == 1:
        return image.reshape(*image.shape[:2], 1)
    red, green, blue = (image[..., channel : channel + 1] for channel in range(3))
    if image.dtype == np.uint8:
        total = red.astype(np.int64) * 19595 + green.astype(np.int64) * 38470 + blue.astype(np.int64) * 7471
        return ((total + 0x8000) >> 16).astype(np.uint8)
    return (0.2989 * red + 0.587 * green + 0.114 * blue).astype(image.dtype)


def blend(other: Image | np.ndarray | float, image: Image, factor: float) -> Image:
    """From `other` (factor 0) by way of `image` (1) and beyond, cut off at black and white."""
    if image.dtype != np.uint8:
        return np.clip(factor * image + (1 - factor) * np.float32(other), 0, 1).astype(image.dtype)
    before = np.asarray(other).astype(np.float32)
    return np.clip(before + np.float32(factor) * (image.astype(np.float32) - before), 0, 255).astype(np.uint8)


def _colors(image: Image) -> tuple[Image, Image | None]:
    """The image without its fourth channel, and that channel, which says how opaque it is."""
    return (image[..., :3], image[..., 3:]) if image.ndim == 3 and image.shape[2] == 4 else (image, None)


def _with(image: Image, opacity: Image | None) -> Image:
    return image if opacity is None else np.concatenate([image, opacity], axis=2)


def _factor(name: str, factor: float) -> None:
    if factor < 0:
        raise ArgumentError(f"{name}: the factor must be at least 0; got {factor}")


def adjust_brightness(image: Image, factor: float) -> Image:
    """0 gives black, 1 the image, 2 twice as bright."""
    _factor("adjust_brightness", factor)
    image, opacity = _colors(image)
    return _with(blend(0, image, factor), opacity)


def adjust_contrast(image: Image, factor: float) -> Image:
    """0 gives the gray of the image's mean brightness, 1 the image, 2 twice the contrast."""
    _factor("adjust_contrast", factor)
    image, opacity = _colors(image)
    mean = gray(image).mean(dtype=np.float64)
    return _with(blend(int(mean + 0.5) if image.dtype == np.uint8 else float(mean), image, factor), opacity)


def adjust_saturation(image: Image, factor: float) -> Image:
    """0 gives a gray image, 1 the image, 2 twice the colour; a gray image stays as it is."""
    _factor("adjust_saturation", factor)
    if image.ndim == 2 or image.shape[2] == 1:
        return image.copy()
    image, opacity = _colors(image)
    return _with(blend(gray(image), image, factor), opacity)


def adjust_hue(image: Image, factor: float) -> Image:
    """The colours turned by `factor` of the circle, -0.5 to 0.5; a gray image stays as it is."""
    if not -0.5 <= factor <= 0.5:
        raise ArgumentError(f"adjust_hue: the factor must be between -0.5 and 0.5; got {factor}")
    if image.ndim == 2 or image.shape[2] == 1:
        return image.copy()
    image, opacity = _colors(image)
    if image.dtype == np.uint8:
        hue, saturation, value = _to_hsv(image)
        turned = _from_hsv((hue + int(factor * 255)) % 256, saturation, value)
    else:
        hsv = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2HSV)
        hsv[..., 0] = (hsv[..., 0] + np.float32(factor * 360)) % 360
        turned = np.clip(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), 0, 1)
    return _with(turned, opacity)


def _to_hsv(image: Image) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hue, saturation and value, whole numbers from 0 to 255, as Pillow's."""
    red, green, blue = (image[..., channel].astype(np.float32) for channel in range(3))
    most, least = image.max(axis=2).astype(np.float32), image.min(axis=2).astype(np.float32)
    spread = most - least
    some = np.where(spread == 0, np.float32(1), spread)
    from_red, from_green, from_blue = ((most - channel) / some for channel in (red, green, blue))
    hue = np.where(
        red == most,
        from_blue - from_green,
        np.where(green == most, 2.0 + from_red - from_blue, 4.0 + from_green - from_red),
    ).astype(np.float32)
    hue = np.fmod(hue / 6.0 + 1.0, 1.0).astype(np.float32)
    colored = spread > 0
    return (
        np.where(colored, np.clip((hue * 255.0).astype(np.int64), 0, 255), 0),
        np.where(colored, ((spread / np.maximum(most, 1)) * 255.0).astype(np.int64), 0),
        most.astype(np.int64),
    )


def _from_hsv(hue: np.ndarray, saturation: np.ndarray, value: np.ndarray) -> Image:
    turn = (hue * 6.0 / 255.0).astype(np.float32)
    sector = np.floor(turn).astype(np.int64)
    part = (turn - sector).astype(np.float32)
    share = (saturation / 255.0).astype(np.float32)

    def rounded(x: np.ndarray) -> np.ndarray:
        return np.clip(np.floor(value * x + 0.5), 0, 255)

    low, falling, rising = rounded(1.0 - share), rounded(1.0 - share * part), rounded(1.0 - share * (1.0 - part))
    high = value.astype(np.float64)
    choices = (
        (high, rising, low), (falling, high, low), (low, high, rising), (low, falling, high), (rising, low, high),
        (high, low, falling),
    )  # fmt: skip
    channels = [np.choose(sector % 6, [choice[channel] for choice in choices]) for channel in range(3)]
    return np.stack(channels, axis=2).astype(np.uint8)


def adjust_gamma(image: Image, gamma: float, gain: float = 1.0) -> Image:
    """gain · x^gamma, x from 0 to 1."""
    if gamma < 0:
        raise ArgumentError(f"adjust_gamma: gamma must be at least 0; got {gamma}")
    if image.dtype == np.uint8:
        table = np.clip([(255 + 1 - 1e-3) * gain * pow(x / 255.0, gamma) for x in range(256)], 0, 255).astype(np.uint8)
        return table[image]
    return np.clip(gain * image**gamma, 0, 1).astype(image.dtype)


def adjust_sharpness(image: Image, factor: float) -> Image:
    """0 gives a smoothed image, 1 the image, 2 a sharpened one; the outermost pixels stay."""
    _factor("adjust_sharpness", factor)
    if min(image.shape[:2]) <= 2:
        return image.copy()
    kernel = np.ones((3, 3), np.float32)
    kernel[1, 1] = 5
    smooth = cv2.filter2D(image.astype(np.float32), -1, kernel / 13).reshape(image.shape)[1:-1, 1:-1]
    blurred = image.copy()
    blurred[1:-1, 1:-1] = np.clip(np.floor(smooth + 0.5), 0, 255) if image.dtype == np.uint8 else smooth
    return blend(blurred, image, factor)


def invert(image: Image) -> Image:
    """White minus the image."""
    return (_white(image) - image).astype(image.dtype)


def posterize(image: Image, bits: int) -> Image:
    """The first `bits` bits of each uint8."""
    if image.dtype != np.uint8 or not 0 <= bits <= 8:
        raise ArgumentError(f"posterize: keeps 0 to 8 bits of a uint8 image; got bits={bits}, {image.dtype}")
    return image & np.uint8(256 - 2 ** (8 - bits))


def solarize(image: Image, threshold: float) -> Image:
    """What is at least as bright as `threshold`, inverted."""
    if threshold > _white(image):
        raise ArgumentError(f"solarize: threshold must be at most {_white(image)}; got {threshold}")
    return np.where(image >= threshold, _white(image) - image, image).astype(image.dtype)


def autocontrast(image: Image) -> Image:
    """Each channel stretched so that its darkest pixel is black and its brightest white."""
    low, high = image.min(axis=(0, 1), keepdims=True).astype(np.float64), image.max(axis=(0, 1), keepdims=True)
    scale = np.where(high > low, _white(image) / np.where(high > low, high - low, 1.0), 1.0)
    offset = np.where(high > low, -low * scale, 0.0)
    return np.clip(image * scale + offset, 0, _white(image)).astype(image.dtype)


def equalize(image: Image) -> Image:
    """Each channel of a uint8 image spread so that its brightnesses are as equally frequent as they can be."""
    if image.dtype != np.uint8:
        raise ArgumentError(f"equalize: takes a uint8 image; got {image.dtype}")
    channels = image.reshape(*image.shape[:2], -1)
    return np.stack([_equalized(channels[..., i]) for i in range(channels.shape[2])], axis=2).reshape(image.shape)


def _equalized(channel: np.ndarray) -> np.ndarray:
    counts = np.bincount(channel.ravel(), minlength=256)
    present = counts[counts > 0]
    step = int(present.sum() - present[-1]) // 255
    if len(present) <= 1 or step == 0:
        return channel
    before = step // 2 + np.concatenate([[0], np.cumsum(counts)[:-1]])
    return np.clip(before // step, 0, 255).astype(np.uint8)[channel]
