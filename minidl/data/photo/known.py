"""What a picture is compared with: the digits of the bundled sample, and counter-examples of what photos show.

A network that was trained on digits alone calls everything a digit. So the counter-examples are made here: printed
letters, and sample digits that are struck through, underlined, ringed or stamped upon.
"""

from __future__ import annotations

import string
from functools import cache

import cv2
import numpy as np

from ..idx import read_pair
from ..sources import SAMPLE_FOLDER
from .mnist import SIDE, centred

LETTERS = [letter for letter in string.ascii_letters if letter not in "IlOo"]  # they look like 1 and 0
FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
)  # fmt: skip
PENS = (3, 6, 10)  # pixels, of letters about 60 tall
SLANTS = (-0.15, 0.0, 0.2)
MARKED = 2400  # digits with a mark upon them
LARGE = 3 * SIDE  # pixels: the size in which marks are drawn


@cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    """The bundled training digits, `(N, 28, 28)` uint8, and their labels `(N,)`."""
    return read_pair(SAMPLE_FOLDER / "train-images-idx3-ubyte.xz", SAMPLE_FOLDER / "train-labels-idx1-ubyte.xz")


@cache
def letters() -> tuple[np.ndarray, np.ndarray]:
    """Printed letters as the recipe of MNIST makes them, `(N, 28, 28)` uint8, and which they are, `(N,)`."""
    made = {
        (letter, font, pen, slant): _printed(letter, font, pen, slant)
        for letter in LETTERS
        for font in FONTS
        for pen in PENS
        for slant in SLANTS
    }
    return np.stack(list(made.values())), np.array([letter for letter, *_ in made])


def _printed(letter: str, font: int, pen: int, slant: float) -> np.ndarray:
    image = np.zeros((160, 200), np.uint8)
    cv2.putText(image, letter, (60, 110), font, 2.7, 255, pen, cv2.LINE_AA)
    slanted = cv2.warpAffine(image, np.array([[1, -slant, 80 * slant], [0, 1, 0]], np.float32), (200, 160))
    left, top, width, height = cv2.boundingRect(slanted)
    return centred(slanted[top : top + height, left : left + width].astype(np.float32) / 255)


@cache
def marked() -> tuple[np.ndarray, np.ndarray]:
    """Digits with a mark upon them, `(MARKED, 28, 28)` uint8, and what the mark is, `(MARKED,)`."""
    random = np.random.default_rng(0)
    marks = (_strike, _underline, _ring, _stamp)
    images, names, room = [], [], LARGE // 2
    for number, digit in enumerate(digits()[0][:MARKED]):
        image = cv2.copyMakeBorder(cv2.resize(digit, (LARGE, LARGE)), room, room, room, room, cv2.BORDER_CONSTANT)
        mark = marks[number % len(marks)]
        names.append(mark(image, tuple(cv2.boundingRect(image)), random))
        left, top, width, height = cv2.boundingRect(image)
        images.append(centred(image[top : top + height, left : left + width].astype(np.float32) / 255))
    return np.stack(images), np.array(names)


def _strike(image: np.ndarray, box: tuple[int, ...], random: np.random.Generator) -> str:
    left, top, width, height = box
    x, y, half, angle = left + width // 2, top + height // 2, 0.6 * max(width, height), random.uniform(-1, 1)
    dx, dy = int(half * np.cos(angle)), int(half * np.sin(angle))
    cv2.line(image, (x - dx, y - dy), (x + dx, y + dy), 255, int(random.integers(2, 8)), cv2.LINE_AA)
    return "struck through"


def _underline(image: np.ndarray, box: tuple[int, ...], random: np.random.Generator) -> str:
    left, top, width, height = box
    y, longer = top + height + int(random.integers(-3, 4)), random.integers(0, 12, 2)
    cv2.line(image, (left - longer[0], y), (left + width + longer[1], y), 255, int(random.integers(2, 8)), cv2.LINE_AA)
    return "underlined"


def _ring(image: np.ndarray, box: tuple[int, ...], random: np.random.Generator) -> str:
    left, top, width, height = box
    axes = tuple(int(value) for value in height * random.uniform(0.5, 0.75, 2))
    middle = (left + width // 2, top + height // 2)
    cv2.ellipse(image, middle, axes, 0, 0, 360, 255, int(random.integers(2, 8)), cv2.LINE_AA)
    return "inside of a ring"


def _stamp(image: np.ndarray, box: tuple[int, ...], random: np.random.Generator) -> str:
    left, top, width, height = box
    x, y = (int(value) for value in (left, top) + random.uniform(0.2, 0.8, 2) * (width, height))
    wide, tall = int(random.integers(24, 64)), int(random.integers(14, 30))
    to_left, above = (int(value) for value in random.integers(0, 2, 2))  # of that point
    x, y = x - to_left * wide, y - above * tall
    cv2.rectangle(image, (x, y), (x + wide, y + tall), 255, int(random.integers(1, 5)))
    word = "ABCDE"[: max(2, wide // 12)]
    cv2.putText(image, word, (x + 3, y + tall - 3), FONTS[0], tall / 30, 255, int(random.integers(1, 3)), cv2.LINE_AA)
    return "written or stamped upon"
