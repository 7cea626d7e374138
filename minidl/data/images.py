"""Image files to arrays and back; always RGB on this side of OpenCV."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np

from ..errors import DataError, ShapeError
from ..files import OutputError, read_bytes, replace_file
from .exif import orientation, upright
from .picture_size import picture_size
from .quiet import decoders_are_quiet

MOST_BYTES, MOST_PIXELS = 256 << 20, 1 << 27  # in a picture file; 134 megapixels take 400 MB
EXTENSIONS = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
DEPTHS = (8, 10, 12, 16)  # the bits that cameras and scanners store in 16
LEAST_WHITE = 16.0  # a float picture from 0 to 255 is brighter than this somewhere


def read_image(path: str | os.PathLike[str], background: int = 255) -> np.ndarray:
    """The picture in a file (BMP, JPG, PNG, GIF, WebP, TIFF): `(H, W, 3)` uint8, RGB.

    Gray becomes three equal channels, transparent parts show a `background` of that gray, the camera's orientation
    mark is obeyed, an animation gives its first frame. 16 bits become 8 (16 that use only the lower 8, 10 or 12 count
    as that many); floats are taken from 0 to 1, or from 0 to 255. Raises `DataError` if the file cannot be read as an
    image.
    """
    path = Path(path)
    try:
        content = read_bytes(path, MOST_BYTES)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    return decode_image(content, path, background)


def decode_image(
    content: bytes, name: object = "the picture", background: int = 255, most_pixels: int = MOST_PIXELS
) -> np.ndarray:
    """The picture in the bytes of a file, as `read_image` reads it; `name` is what errors call it."""
    width, height = picture_size(content) or (0, 0)
    if width * height > most_pixels:
        raise DataError(
            f"{name}: is a picture of {width:,} by {height:,} pixels, more than the {most_pixels:,} that are read; "
            "save it smaller"
        )
    image = _decoded(content, cv2.IMREAD_UNCHANGED)
    if image is not None and image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 4:
        return upright(_on_gray(image, background), orientation(content))
    if image is not None and image.dtype != np.uint8:
        return upright(_on_gray(_to_uint8(image, name), background), orientation(content))
    image = None if image is None else _decoded(content, cv2.IMREAD_COLOR)
    if image is None:
        raise DataError(
            f"{name}: is not an image that OpenCV can decode ({len(content)} bytes); open it in another program and "
            "save it as JPG or PNG, or copy it again"
        )
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def write_image(path: str | os.PathLike[str], image: np.ndarray) -> None:
    """Write `(H, W)` gray or `(H, W, 3)` RGB uint8 in the format that the file's name ends in."""
    path = Path(path)
    image = np.asarray(image)
    if image.dtype != np.uint8 or image.size == 0 or not (image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)):
        raise ShapeError(f"write_image: expected (H, W) or (H, W, 3) of uint8, got {image.shape} of {image.dtype}")
    if image.ndim == 2 and path.suffix.lower() == ".gif":  # OpenCV writes it in colour only
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    bgr = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    try:
        done, content = cv2.imencode(path.suffix, bgr)
    except cv2.error:
        done = False
    if not done:
        raise DataError(
            f"{path}: OpenCV knows no image format named {path.suffix!r}; use one of {', '.join(EXTENSIONS)}"
        )
    try:
        replace_file(path, lambda stream: stream.write(content.tobytes()))
    except OutputError as error:
        raise DataError(str(error)) from error


def _decoded(content: bytes, mode: int) -> np.ndarray | None:
    """The image that OpenCV decodes from the bytes; None if it cannot."""
    if not content:
        return None
    try:
        with decoders_are_quiet:
            return cv2.imdecode(np.frombuffer(content, np.uint8), mode)
    except cv2.error:
        return None


def _to_uint8(image: np.ndarray, name: object) -> np.ndarray:
    """Wide integers or floats `(H, W[, C])` to 8 bits. Raises `DataError` for values that no picture has."""
    low, high = float(image.min()), float(image.max())  # NaN if there is one
    if image.dtype.kind == "f":
        whites = (1, 255) if high <= 1 or high >= LEAST_WHITE else ()
    else:
        whites = tuple(2**bits - 1 for bits in DEPTHS)
    white = next((white for white in whites if low >= 0 and high <= white), None)
    if white is None:
        wanted = "0 to 1 or 0 to 255" if image.dtype.kind == "f" else "0 to 65535"
        raise DataError(
            f"{name}: its pixels are {image.dtype} from {low:g} to {high:g}, where {wanted} is expected; open it in "
            "another program and save it with 8 bits as PNG or JPG"
        )
    return np.rint(image * (255 / white)).astype(np.uint8)


def _on_gray(bgra: np.ndarray, background: int) -> np.ndarray:
    """(H, W) or (H, W, 3), or (H, W, 4) with opacity in the last channel -> (H, W, 3) RGB, uint8."""
    if bgra.ndim == 2 or bgra.shape[2] == 1:
        return cv2.cvtColor(bgra, cv2.COLOR_GRAY2RGB)
    color = bgra[..., 2::-1]
    if bgra.shape[2] == 3:
        return np.ascontiguousarray(color)
    opacity = bgra[..., 3:] / 255
    return np.rint(color * opacity + background * (1 - opacity)).astype(np.uint8)
