"""Image files to arrays and back; RGB on this side of OpenCV, always."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np

from ..errors import DataError, ShapeError
from ..files import OutputError, read_bytes, replace_file
from .picture_size import picture_size

MOST_BYTES, MOST_PIXELS = 256 << 20, 1 << 27  # of a picture file; 134 megapixels take 400 MB
EXTENSIONS = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


def read_image(path: str | os.PathLike[str], background: int = 255) -> np.ndarray:
    """The picture in a file (BMP, JPG, PNG, GIF, WebP, TIFF): `(H, W, 3)` uint8, RGB.

    Gray becomes three equal channels, 16 bits become 8, what is transparent lies on a `background` of that gray, the
    camera's orientation mark is obeyed, of an animation the first frame is taken. Raises `DataError` if it cannot be
    read as an image.
    """
    path = Path(path)
    try:
        data = read_bytes(path, MOST_BYTES)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    width, height = picture_size(data) or (0, 0)
    if width * height > MOST_PIXELS:
        raise DataError(
            f"{path}: is a picture of {width:,} by {height:,} pixels, more than the {MOST_PIXELS:,} that are read; "
            "save it smaller"
        )
    content = np.frombuffer(data, np.uint8)
    image = _decoded(content, cv2.IMREAD_UNCHANGED)
    if image is not None and image.ndim == 3 and image.shape[2] == 4:
        return _on_gray(image, background)
    image = None if image is None else _decoded(content, cv2.IMREAD_COLOR)
    if image is None:
        raise DataError(
            f"{path}: is not an image that OpenCV can decode ({len(content)} bytes); open it in another program and "
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


def _decoded(content: np.ndarray, mode: int) -> np.ndarray | None:
    """What OpenCV makes of the bytes, None if nothing; without its own words on the terminal."""
    if not content.size:
        return None
    log = cv2.utils.logging
    level = log.setLogLevel(log.LOG_LEVEL_SILENT)
    try:
        return cv2.imdecode(content, mode)
    except cv2.error:
        return None
    finally:
        log.setLogLevel(level)


def _on_gray(bgra: np.ndarray, background: int) -> np.ndarray:
    """(H, W, 4) with opacity in the last channel -> (H, W, 3) RGB, uint8."""
    full = np.iinfo(bgra.dtype).max
    color, opacity = bgra[..., 2::-1] * (255 / full), bgra[..., 3:] / full
    return np.rint(color * opacity + background * (1 - opacity)).astype(np.uint8)
