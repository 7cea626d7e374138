"""From the bytes that a client sent to a digit of 28 by 28 pixels; whatever they are, at worst there is none."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field

import numpy as np

from ..data.animation import is_animated
from ..data.photo import NoDigitError, Step, decode_digit, read_strokes
from ..data.picture_size import picture_size
from ..data.truncation import is_truncated
from ..errors import DataError
from .schemas import Base64Image, Drawing, Image, PixelImage

NAME = "the picture"
UNREADABLE = ("unreadable", "animated", "truncated")  # the codes of files that are at fault


@dataclass(frozen=True)
class Picture:
    """A digit `(28, 28)` uint8 and the steps to it; None, and why, if the picture shows none (`code` in one word)."""

    digit: np.ndarray | None
    steps: list[Step] = field(default_factory=list)
    reason: str | None = None
    code: str | None = None
    photo: bool = False


def picture_of(image: Image | bytes, most_pixels: int) -> Picture:
    """What one image of a request shows: the bytes of a file, or an item of its JSON."""
    match image:
        case PixelImage():
            return _of_pixels(np.array(image.pixels, np.uint8))
        case Drawing():
            return _of_strokes(image)
        case Base64Image():
            try:
                return _of_file(base64.b64decode(image.base64, validate=True), most_pixels)
            except (binascii.Error, ValueError):
                return _unreadable("is not base64")
        case bytes():
            return _of_file(image, most_pixels)


def _of_pixels(digit: np.ndarray) -> Picture:
    if not digit.any():
        return Picture(None, reason="the picture is blank", code="empty")
    return Picture(digit, [Step("digit", np.where(digit > 64, 255, 0).astype(np.uint8))])


def _of_strokes(drawing: Drawing) -> Picture:
    if not drawing.strokes:
        return Picture(None, reason="nothing is drawn", code="empty")
    try:
        return Picture(*read_strokes(drawing.strokes))
    except NoDigitError as error:
        return Picture(None, reason=error.reason, code="dot" if "dot" in error.reason else "ink")


def _of_file(content: bytes, most_pixels: int) -> Picture:
    """A photo. Only the formats whose size shows before they are decoded, whole, and of one picture."""
    if picture_size(content) is None:
        return _unreadable("is not a BMP, GIF, JPG, PNG, TIFF or WebP file")
    if is_animated(content):
        return _unreadable("is animated, or has several pages; send one picture", "animated")
    if is_truncated(content):
        return _unreadable("is cut off before its end; send it again", "truncated")
    try:
        return Picture(*decode_digit(content, None, most_pixels), photo=True)
    except NoDigitError as error:
        return Picture(None, reason=error.reason, code="nothing", photo=True)
    except DataError as error:
        return _unreadable(str(error).removeprefix(f"{NAME}: "))
    except MemoryError:
        return _unreadable("is too large for the memory of this server")


def _unreadable(why: str, code: str = "unreadable") -> Picture:
    return Picture(None, reason=f"{NAME} {why}", code=code, photo=True)
