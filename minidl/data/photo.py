"""A photo of a digit made into what MNIST holds: 28 by 28, light ink on black, centred by mass.

MNIST's own recipe (Y. LeCun, C. Cortes, C. Burges, "The MNIST database"): the digit is scaled, its proportions kept,
into a box of 20 by 20, and placed into 28 by 28 so that its centre of mass is in the middle. What comes before is what
a camera needs: colours, light and dark, uneven light, noise, specks, thin pens.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import cv2
import numpy as np

from ..errors import DataError
from .images import read_image

WORKING_SIDE = 256  # the longer side of the picture that is worked on
COARSE = 64  # pixels each way in which the light is looked at
BOX, SIDE = 20, 28
MIDDLE = SIDE / 2  # where the centre of mass of MNIST's digits is: pixel 14.0, give or take 0.3
SPECK = 0.06  # a part with less of the ink than this is dirt
EDGE = 16  # pixels from the edge of the picture: what comes so near goes on beyond it
TALL = 1 / 8  # of the picture's height: what is as tall as that could be a digit
LEAST_SHEET = 1 / 4  # of the picture, each way: a smaller rectangle is no sheet of paper
FILLED = 0.8  # the share of its rectangle that a sheet fills; an ellipse has pi / 4
RIM = 4  # pixels of a sheet's edge, which is blurred
LARGE = 0.2  # a part with this much of the ink could be a digit of its own
STROKE = 2.6  # pixels: how wide MNIST's strokes are in the box of 20
LEAST_CONTRAST = 12.0  # of 255: below it a picture is taken for blank
LEAST_INK, MOST_INK = 0.002, 0.6  # the share of the picture that a digit can fill


class NoDigitError(DataError):
    """A picture on which no digit can be found."""


@dataclass(frozen=True)
class Step:
    """One picture on the way, `(H, W)` or `(H, W, 3)` uint8, and what was done."""

    name: str
    image: np.ndarray


def read_digit(path: str | os.PathLike[str]) -> tuple[np.ndarray, list[Step]]:
    """The digit in an image file (BMP, JPG, PNG, GIF, any size) as `(28, 28)` uint8, and the steps that led to it.

    What is transparent is looked at on white and, if there is nothing to see, on black. Raises `DataError` if the file
    cannot be read as an image, or shows no digit.
    """
    photo = read_image(path)
    try:
        return prepare(photo)
    except NoDigitError as error:
        on_black = read_image(path, background=0)
        if (on_black == photo).all():  # nothing is transparent
            raise NoDigitError(f"{path}: {error}") from None
    try:
        return prepare(on_black)
    except NoDigitError as error:
        raise NoDigitError(f"{path}: {error}") from None


def prepare(image: np.ndarray) -> tuple[np.ndarray, list[Step]]:
    """The digit in `image`, `(H, W)` gray or `(H, W, 3)` RGB uint8, as `(28, 28)` uint8, and the steps.

    Raises `NoDigitError` if there is nothing on it that could be a digit.
    """
    steps = [Step("photo", image)]
    gray = to_gray(resized(image))
    steps.append(Step("gray", _to_uint8(gray)))
    ink = find_ink(gray)
    steps.append(Step("ink is light", _to_uint8(ink * 255)))
    mask = find_digit(ink)
    if (place := sheet(mask, image.shape)) is not None:
        with suppress(NoDigitError):  # a 1 is a rectangle too, with nothing on it
            digit, within = prepare(image[place])
            return digit, [steps[0], Step("sheet", image[place]), *within[1:]]
    steps.append(Step("digit", mask.astype(np.uint8) * 255))
    crop = thicken(*cropped(ink, mask))
    steps.append(Step("cropped", _to_uint8(crop * 255)))
    digit = centred(crop)
    steps.append(Step("as MNIST", digit))
    return digit, steps


def resized(image: np.ndarray) -> np.ndarray:
    """The picture with `WORKING_SIDE` as its longer side: smaller by averaging, larger by interpolation."""
    height, width = image.shape[:2]
    factor = WORKING_SIDE / max(height, width)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)


def to_gray(image: np.ndarray) -> np.ndarray:
    """(H, W, 3) -> (H, W) float32 along the direction in which the colours differ most; (H, W) as it is.

    The luminance would lose a red digit on green paper of the same brightness; the first principal component of the
    colours cannot. Brighter stays brighter.
    """
    if image.ndim == 2:
        return image.astype(np.float32)
    pixels = image.reshape(-1, 3).astype(np.float32)  # (H*W, 3)
    mean = pixels.mean(0)
    _, axes = np.linalg.eigh(np.cov(pixels - mean, rowvar=False))  # eigenvalues ascend
    axis = axes[:, -1] * (1 if axes[:, -1].sum() >= 0 else -1)
    along = (pixels - mean) @ axis.astype(np.float32) / np.sqrt(3)  # so that gray stays what it was
    return (along + mean.mean()).reshape(image.shape[:2])


def find_ink(gray: np.ndarray) -> np.ndarray:
    """How much ink each pixel shows, 0 to 1: the light of the paper taken off, inverted where the ink is dark.

    Ink covers the smaller part of the picture, so its side of the paper is the one with the longer tail.
    Raises `NoDigitError` if the picture is blank.
    """
    gray = cv2.GaussianBlur(cv2.medianBlur(_to_uint8(gray), 5), (0, 0), 1.0).astype(np.float32)
    contrast = gray - paper(gray)
    if (contrast**3).mean() < 0:
        contrast = -contrast
    top = float(np.percentile(contrast, 99.5))
    if top < LEAST_CONTRAST:
        raise NoDigitError(
            "shows no digit: the picture is blank, or its ink too pale; take it closer and in better light"
        )
    return np.clip(contrast / top, 0, 1)


def paper(gray: np.ndarray) -> np.ndarray:
    """The light on the bare paper, `(H, W)`: a surface of second degree, fitted to the pixels that agree on one.

    Least squares again and again, from the border inwards, each time without the pixels far off: those are ink.
    """
    coarse = cv2.resize(gray, (COARSE, COARSE), interpolation=cv2.INTER_AREA).ravel().astype(np.float64)
    terms = _quadratic(COARSE, COARSE)  # (COARSE², 6)
    border = np.ones((COARSE, COARSE), bool)
    border[COARSE // 8 : -COARSE // 8, COARSE // 8 : -COARSE // 8] = False
    median = np.median(coarse[border.ravel()])
    keep = border.ravel() & (np.abs(coarse - median) <= 2 * coarse.std())
    weights = np.array([median, 0, 0, 0, 0, 0])
    for _ in range(8):
        if keep.sum() < len(coarse) // 20:
            break
        weights = np.linalg.lstsq(terms[keep], coarse[keep], rcond=None)[0]
        distance = np.abs(coarse - terms @ weights)
        keep = distance < max(2.5 * 1.4826 * np.median(distance), 2.0)  # 1.4826 medians are a standard deviation
    return (_quadratic(*gray.shape) @ weights).reshape(gray.shape).astype(np.float32)


def _quadratic(height: int, width: int) -> np.ndarray:
    """1, x, y, x², xy, y² at the middle of each pixel of a picture that reaches from -1 to 1: `(height * width, 6)`."""
    y = ((np.arange(height) + 0.5) / height * 2 - 1)[:, None] + np.zeros(width)
    x = ((np.arange(width) + 0.5) / width * 2 - 1) + np.zeros((height, 1))
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1).reshape(-1, 6)


def find_digit(ink: np.ndarray) -> np.ndarray:
    """Where the digit is, `(H, W)` bool: what Otsu's threshold calls ink, without specks and the desk beside the paper.

    Raises `NoDigitError` if that is next to nothing, or too much for a digit.
    """
    level, _ = cv2.threshold(_to_uint8(ink * 255), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    inked = (ink * 255 > level).astype(np.uint8)
    _, parts, stats, _ = cv2.connectedComponentsWithStats(inked, connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0  # the paper
    left, top, width, height = stats[:, :4].T
    inside = (left > EDGE) & (top > EDGE) & (left + width < ink.shape[1] - EDGE) & (top + height < ink.shape[0] - EDGE)
    if (height[inside] >= TALL * ink.shape[0]).any():
        areas[~inside] = 0  # the desk or a shadow; a digit alone may well reach the edge
    mask = (areas >= SPECK * areas.sum())[parts] & (inked > 0)
    share = float(mask.mean())
    if not LEAST_INK <= share <= MOST_INK:
        what = "nothing stands out" if share < LEAST_INK else "most of it looks like ink"
        raise NoDigitError(
            f"shows no digit: {what} ({share:.1%} of the picture); crop the photo to one digit on plain paper"
        )
    return mask


def sheet(mask: np.ndarray, shape: Sequence[int]) -> tuple[slice, slice] | None:
    """The place of a sheet of paper in a picture of that shape, if it is a sheet on a desk that `mask` shows.

    A sheet fills a rectangle, straight or turned, which no digit but a 1 does.
    """
    _, parts, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    number = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    left, top, width, height, area = (int(value) for value in stats[number])
    _, sides, _ = cv2.minAreaRect(np.argwhere(parts == number).astype(np.float32))
    smallest = min(width / mask.shape[1], height / mask.shape[0])
    if smallest < LEAST_SHEET or area < FILLED * (sides[0] + 1) * (sides[1] + 1):
        return None
    y, x = shape[0] / mask.shape[0], shape[1] / mask.shape[1]
    return (
        slice(round((top + RIM) * y), round((top + height - RIM) * y)),
        slice(round((left + RIM) * x), round((left + width - RIM) * x)),
    )


def apart(steps: Sequence[Step]) -> int:
    """How many large parts beside one another the digit of `read_digit`'s steps has: more than 1 may be several digits.

    The strokes of a broken digit lie over one another or close together; two digits have a free column between them.
    """
    mask = next(step.image for step in steps if step.name == "digit") > 0
    runs = np.flatnonzero(np.diff(np.concatenate([[0], mask.any(0), [0]]))).reshape(
        -1, 2
    )  # columns with ink: [from, to)
    ink = [int(mask[:, start:stop].sum()) for start, stop in runs]
    return sum(part >= LARGE * sum(ink) for part in ink)


def cropped(ink: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ink and mask cut to the digit; ink elsewhere is wiped off, its soft edges kept."""
    near = cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    place = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.where(near, ink, 0)[place].astype(np.float32), mask[place]


def thicken(ink: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The ink with strokes at least as wide as MNIST's, once they are scaled: a fine pen would vanish at 20 pixels."""
    scale = max(mask.shape) / BOX
    framed = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    depth = cv2.distanceTransform(framed, cv2.DIST_L2, 5)
    ridge = depth[(depth > 0) & (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8)))]
    missing = round((STROKE * scale - 2 * float(np.median(ridge))) / 2)
    if missing < 1:
        return ink
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * missing + 1, 2 * missing + 1))
    return cv2.dilate(cv2.copyMakeBorder(ink, missing, missing, missing, missing, cv2.BORDER_CONSTANT), disc)


def centred(ink: np.ndarray) -> np.ndarray:
    """`(h, w)` ink from 0 to 1 -> `(28, 28)` uint8: into the box of 20, its centre of mass in the middle."""
    height, width = ink.shape
    factor = BOX / max(height, width)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    small = np.clip(small / max(float(small.max()), 1e-6), 0, 1)
    mass = small.sum()
    y = round(MIDDLE - float((small.sum(1) @ np.arange(size[1])) / mass))
    x = round(MIDDLE - float((small.sum(0) @ np.arange(size[0])) / mass))
    top, left = (int(np.clip(start, 0, SIDE - extent)) for start, extent in ((y, size[1]), (x, size[0])))
    digit = np.zeros((SIDE, SIDE), np.uint8)
    digit[top : top + size[1], left : left + size[0]] = _to_uint8(small * 255)
    return digit


def _to_uint8(image: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)
