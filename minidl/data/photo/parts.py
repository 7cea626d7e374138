"""Which of the ink is the digit: its parts, and what else is written, printed or lies on the picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .step import NoDigitError, Step, to_uint8

EDGE = 1 / 16  # of the picture: ink this near to its edge continues beyond it
TALL = 1 / 8  # of the picture's height: ink this tall could be a digit
SPECK = 0.06  # a part with less of the ink than this is dirt
LARGE = 0.2  # a part with this much of the ink could be a digit of its own
NEAR = 0.12  # of the digit's height: a stroke this near belongs to it
LONG = 4.0  # times as long as it is wide: a rule, not a stroke of a digit
SMALL = 0.5  # of the digit's height: printed letters are no taller
LEAST_LETTER = 0.005  # of the digit's ink
ROW = 3  # letters make a line of text
WIDE = 3.0  # times its height: how long a row of two words is
FAINT = 70  # of 255: paler than this is no ink, whatever the threshold
LEAST_INK, MOST_INK = 0.002, 0.6  # the share of the picture that a digit can fill


@dataclass(frozen=True)
class Part:
    """A connected piece of ink: its number in the picture of parts, its box, and how many pixels it has."""

    number: int
    left: int
    top: int
    width: int
    height: int
    area: int

    @property
    def right(self) -> int:
        """The first column to the right of it."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """The first row below it."""
        return self.top + self.height

    def gap(self, other: Part) -> int:
        """How far apart the two boxes are, along the axis of the larger gap; 0 or less if they meet."""
        across = max(self.left, other.left) - min(self.right, other.right)
        down = max(self.top, other.top) - min(self.bottom, other.bottom)
        return max(across, down)


def find_digit(ink: np.ndarray, least: float = LEAST_INK) -> tuple[Step, np.ndarray]:
    """The digit's mask, as a step with remarks on what was left out (255 is digit), and as booleans.

    Raises `NoDigitError` if it is next to nothing (less than `least` of the picture), or too much for a digit.
    """
    numbers, parts = parts_of(ink)
    inside = without_surroundings(parts, ink.shape)
    text = printed(parts, max(inside, key=lambda part: part.height, default=None))
    kept = [part for part in inside if part not in text]
    remarks = []
    if text:
        remarks.append("other ink beside the digit, printed text it seems, was left out")
    if len(lined := without_rule(kept, numbers)) < len(kept):
        remarks.append("a line under the digit was left out")
    mask = mask_of(without_specks(lined), numbers, least)
    other = np.isin(numbers, [part.number for part in {*text, *kept}.difference(lined)])
    return Step("digit", to_uint8(mask * 255.0), tuple(remarks)), other.astype(np.uint8)


def mask_of(parts: list[Part], numbers: np.ndarray, least: float) -> np.ndarray:
    """Where these parts are, as booleans. NoDigitError for less than `least` of the picture, or too much of it."""
    mask = np.isin(numbers, [part.number for part in parts])
    share = float(mask.mean())
    if not least <= share <= MOST_INK:
        what = "nothing stands out" if share < least else "most of it looks like ink"
        raise NoDigitError(
            f"shows no digit: {what} ({share:.1%} of the picture); crop the photo to one digit on plain paper"
        )
    return mask


def parts_of(ink: np.ndarray) -> tuple[np.ndarray, list[Part]]:
    """The connected parts of the ink by Otsu's threshold: their numbers `(H, W)`, 0 for paper, and a list of them."""
    level, _ = cv2.threshold(to_uint8(ink * 255), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    inked = (ink * 255 > max(level, FAINT)).astype(np.uint8)
    count, numbers, stats, _ = cv2.connectedComponentsWithStats(inked, connectivity=8)
    return numbers, [Part(number, *map(int, stats[number])) for number in range(1, count)]


def without_surroundings(parts: list[Part], shape: tuple[int, ...]) -> list[Part]:
    """The parts without a desk or a shadow, which continue beyond the picture; a lone digit may reach its edge."""
    edge = EDGE * max(shape)
    inside = [
        part
        for part in parts
        if part.left > edge and part.top > edge and part.right < shape[1] - edge and part.bottom < shape[0] - edge
    ]
    return inside if any(part.height >= TALL * shape[0] for part in inside) else parts


def printed(parts: list[Part], main: Part | None) -> list[Part]:
    """Rows of small parts above or below the main part: three letters or more, or two words whose letters touch."""
    if main is None:
        return []
    beyond = NEAR * main.height
    small = [
        part
        for part in parts
        if part.height < SMALL * main.height and part.area > LEAST_LETTER * main.area
        if part.bottom < main.top + beyond or part.top > main.bottom - beyond
    ]
    text = []
    for part in small:
        row = [other for other in small if min(part.bottom, other.bottom) > max(part.top, other.top)]
        length = max(other.right for other in row) - min(other.left for other in row)
        if len(row) >= ROW or (len(row) == ROW - 1 and length > WIDE * max(other.height for other in row)):
            text.append(part)
    return text


def without_rule(parts: list[Part], numbers: np.ndarray) -> list[Part]:
    """The parts without a long, thin, nearly level one below everything else."""
    if len(parts) < 2:
        return parts
    lowest = max(parts, key=lambda part: part.bottom if part.width > part.height else 0)
    others = [part for part in parts if part is not lowest and part.area >= lowest.area / 10]
    points = np.argwhere(numbers == lowest.number)[:, ::-1].astype(np.float32)
    _, sides, _ = cv2.minAreaRect(points)
    long = max(sides) + 1 >= LONG * (min(sides) + 1) and lowest.width >= 2 * lowest.height
    below = all(part.bottom <= lowest.top + lowest.height for part in others)
    tallest = max((part.height for part in others), default=0)
    return [p for p in parts if p is not lowest] if long and below and tallest > lowest.width / 4 else parts


def without_specks(parts: list[Part]) -> list[Part]:
    """The parts without dirt: those that have little of the ink and are not near the rest."""
    total = sum(part.area for part in parts)
    return [part for part in parts if part.area >= SPECK * total]
