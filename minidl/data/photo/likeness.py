"""How much a picture looks like a digit: its nearest neighbours among known digits and counter-examples.

The distance of two pictures is one minus the cosine between them, both blurred a little, at the best of nine shifts by
at most a pixel. It asks no network, so it can contradict a network's invented answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from . import known

BLUR = 1.0  # pixels
NEIGHBOURS = 5


@dataclass(frozen=True)
class Likeness:
    """What is nearest to a picture, of each kind: its distance from 0 to 1, and its name."""

    digit: float
    labels: tuple[int, ...]  # of the nearest digits, nearest first
    nearest: np.ndarray  # (28, 28) uint8: the nearest digit
    letter: float
    letter_name: str
    mark: float
    mark_name: str


def likeness(picture: np.ndarray) -> Likeness:
    """The nearest neighbours of the picture, `(28, 28)` uint8."""
    shifted = np.stack([np.roll(picture, (y, x), (0, 1)) for y in (-1, 0, 1) for x in (-1, 0, 1)])
    views = _directions(shifted)  # (9, 784)
    digit, letter, mark = (1 - (views @ _known(sort).T).max(0) for sort in (known.digits, known.letters, known.marked))
    nearest = np.argsort(digit, kind="stable")[:NEIGHBOURS]
    images, labels = known.digits()
    return Likeness(
        float(digit[nearest[0]]), tuple(int(label) for label in labels[nearest]), images[nearest[0]],
        float(letter.min()), str(known.letters()[1][letter.argmin()]),
        float(mark.min()), str(known.marked()[1][mark.argmin()]),
    )  # fmt: skip


@cache
def _known(sort: Callable[[], tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    return _directions(sort()[0])


def _directions(images: np.ndarray) -> np.ndarray:
    """`(N, 28, 28)` -> `(N, 784)` float32 of length 1, blurred; the images' empty borders keep them apart."""
    count = len(images)
    tall = images.reshape(-1, images.shape[2]).astype(np.float32)
    blurred = cv2.GaussianBlur(tall, (0, 0), BLUR).reshape(count, -1)
    return blurred / np.linalg.norm(blurred, axis=1, keepdims=True)
