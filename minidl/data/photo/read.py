"""Turn a photo, step by step, into an image like MNIST's."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress

import cv2
import numpy as np

from ..images import MOST_PIXELS, decode_image, read_image
from .field import fields_of
from .light import find_ink, to_gray
from .mnist import centred, cropped, thicken
from .parts import LARGE, find_digit
from .step import NoDigitError, Step, to_uint8

LEAST_SIDE = 8  # pixels: a smaller picture shows no digit
MOST_ASPECT = 16  # times as long as wide
LARGEST = 2048  # the longer side to which a larger picture is reduced
OVERVIEW = 1024  # the longer side of the picture in which a small digit is looked for
FINE = 0.00005  # of the overview: what the finest pen covers
CLOSE_UP = 256  # the longer side of the picture that is worked on
SMALL = 0.3  # of the picture, the longer way: a smaller digit is looked at from nearer
NOT_SMALL = 0.6  # of the picture: a close-up shows at most this much
MARGIN = 0.5  # of a small digit's longer side: the paper left around it
DEEPEST = 4  # fields within fields, such as a ring on a sheet on a desk


def read_digit(path: str | os.PathLike[str]) -> tuple[np.ndarray, list[Step]]:
    """The digit in an image file (BMP, JPG, PNG, GIF, any size) as `(28, 28)` uint8, and the steps that led to it.

    A transparent picture is read on white and, if nothing shows there, on black. Raises `DataError` if the file
    cannot be read as an image, or shows no digit.
    """
    return _on_white_or_black(lambda background: read_image(path, background), path)


def decode_digit(content: bytes, name: object = None, most_pixels: int = MOST_PIXELS) -> tuple[np.ndarray, list[Step]]:
    """The digit in the bytes of an image file, as `read_digit` reads it; `name` is what errors call the file."""
    known = "the picture" if name is None else name
    return _on_white_or_black(lambda background: decode_image(content, known, background, most_pixels), name)


def _on_white_or_black(read: Callable[[int], np.ndarray], name: object) -> tuple[np.ndarray, list[Step]]:
    """The digit on the picture that `read(background)` gives."""
    photo = read(255)
    try:
        return prepare(photo)
    except NoDigitError as on_white:
        on_black = read(0)
        if (on_black == photo).all():  # nothing is transparent
            raise NoDigitError(on_white.reason, on_white.steps, name) from None
    try:
        return prepare(on_black)
    except NoDigitError as error:
        raise NoDigitError(error.reason, error.steps, name) from None


def prepare(image: np.ndarray) -> tuple[np.ndarray, list[Step]]:
    """The digit in `image`, `(H, W)` gray or `(H, W, 3)` RGB uint8, as `(28, 28)` uint8, and the steps.

    Raises `NoDigitError` if there is nothing on it that could be a digit.
    """
    (height, width), shows = image.shape[:2], "shows no digit: the picture has only"
    if min(height, width) < LEAST_SIDE or max(height, width) > MOST_ASPECT * min(height, width):
        reason = f"{shows} {width} by {height} pixels; take the photo again, about as wide as it is tall"
        raise NoDigitError(reason, [Step("photo", image)])
    photo = resized(image, LARGEST) if max(height, width) > LARGEST else image
    try:
        steps = [Step("photo", photo), *_looked_at(photo, DEEPEST)]
    except NoDigitError as error:
        raise NoDigitError(error.reason, [Step("photo", photo)]) from None
    return steps[-1].image, steps


def _looked_at(image: np.ndarray, depth: int) -> list[Step]:
    """The steps after the photo, in the field or the close-up that shows the digit best."""
    gray = to_gray(resized(image, CLOSE_UP))
    for field in fields_of(image, to_uint8(gray)) if depth else ():
        with suppress(NoDigitError):  # a 1 counts as a field too, and so does the inside of a 0, with nothing on it
            return [Step("sheet", field), *_looked_at(field, depth - 1)]
    try:
        steps = _at_once(gray, find_ink(gray, 5))
        small = _size(steps[2].image) < SMALL * CLOSE_UP
    except NoDigitError:
        if max(image.shape[:2]) <= CLOSE_UP:  # everything has been looked at
            raise
        steps, small = [], True
    if small and depth and (step := _closer(image)) is not None:
        with suppress(NoDigitError):
            return [step, *_looked_at(step.image, depth - 1)]
    return steps or _fine_lines(image)


def _at_once(gray: np.ndarray, ink: np.ndarray) -> list[Step]:
    """The steps from gray and the ink found on it to the digit, without a closer look at any part."""
    digit, _ = find_digit(ink)
    crop = thicken(*cropped(ink, digit.image > 0))
    return [
        Step("gray", to_uint8(gray)),
        Step("ink is light", to_uint8(ink * 255)),
        digit,
        Step("cropped", to_uint8(crop * 255)),
        Step("as MNIST", centred(crop)),
    ]


def _fine_lines(image: np.ndarray) -> list[Step]:
    """The same for a large digit written so finely that the small picture has lost it: the ink is spread first."""
    gray = to_gray(resized(image, min(OVERVIEW, max(image.shape[:2]))))
    ink = cv2.dilate(find_ink(gray, 1), np.ones((5, 5), np.uint8))
    return _at_once(resized(gray, CLOSE_UP), resized(ink, CLOSE_UP))


def _closer(image: np.ndarray) -> Step | None:
    """A close-up of a digit that is small on the image; None if there is none."""
    overview = resized(image, min(OVERVIEW, max(image.shape[:2])))
    try:
        digit, other = find_digit(find_ink(to_gray(overview), 1), FINE)
    except NoDigitError:
        return None
    size = _size(digit.image)
    if size >= NOT_SMALL * max(overview.shape[:2]):
        return None
    left, top, width, height = cv2.boundingRect(digit.image)
    margin, scale = MARGIN * size, max(image.shape[:2]) / max(overview.shape[:2])
    rows, columns = (
        slice(max(0, round((start - margin) * scale)), round((start + length + margin) * scale))
        for start, length in ((top, height), (left, width))
    )
    near = image[rows, columns]
    if other.any():
        wide = cv2.dilate(other, np.ones((7, 7), np.uint8))
        here = cv2.resize(wide, image.shape[1::-1], interpolation=cv2.INTER_NEAREST)[rows, columns]
        near = cv2.inpaint(near, here, 3, cv2.INPAINT_TELEA)
    return Step("closer", near, digit.remarks)


def _size(mask: np.ndarray) -> int:
    """The longer side of the box around what is marked."""
    return max(cv2.boundingRect(mask)[2:])


def resized(image: np.ndarray, side: int) -> np.ndarray:
    """The picture with `side` as its longer side: shrunk by averaging, enlarged by interpolation."""
    height, width = image.shape[:2]
    factor = side / max(height, width)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)


def apart(steps: Sequence[Step], share: float = LARGE) -> int:
    """How many large parts side by side the digit of `read_digit`'s steps has: more than 1 may be several digits.

    Parts with less than `share` of the ink do not count. The strokes of a broken digit lie above one another or close
    together; two digits have a free column between them.
    """
    mask = next(step.image for step in reversed(steps) if step.name == "digit") > 0
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.any(0), [0]]))).reshape(-1, 2)  # [from, to)
    ink = [int(mask[:, start:stop].sum()) for start, stop in edges]
    return sum(part >= share * sum(ink) for part in ink)
