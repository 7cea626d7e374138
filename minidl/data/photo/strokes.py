"""From the strokes of a pen on a square pad to an image like MNIST's: the same way as a photo, but the ink is known."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .mnist import SIDE, centred, cropped, thicken
from .parts import mask_of, parts_of, without_specks
from .step import NoDigitError, Step, to_uint8

PAD = 256  # pixels each way on which the strokes are drawn
FINER = 4  # bits of a pixel's fraction, so that slow lines do not become stairs
LEAST = 0.0005  # of the pad that is inked: the finest pen's shortest line
SHORTEST = 1 / 16  # of the pad, the longer way that the pen has gone: less is a dot, however broad the pen

Point = tuple[float, float, float]  # x and y from the upper left corner, the pen's width: all in sides of the pad


def read_strokes(strokes: Sequence[Sequence[Point]]) -> tuple[np.ndarray, list[Step]]:
    """The digit that the strokes make as `(28, 28)` uint8, and the steps that led to it.

    Raises `NoDigitError` if there is no ink, only a dot, or next to nothing but ink.
    """
    ink = drawn(strokes)
    places = np.array([point[:2] for stroke in strokes for point in stroke]).reshape(-1, 2)
    if not len(places) or np.ptp(places, axis=0).max() < SHORTEST:
        raise NoDigitError("shows no digit: it is only a dot; draw larger", [Step("drawing", to_uint8(ink * 255))])
    numbers, parts = parts_of(ink)
    mask = mask_of(without_specks(parts), numbers, LEAST)  # no desk, no print: all that is drawn belongs to the digit
    crop = thicken(*cropped(ink, mask))
    steps = [
        Step("drawing", to_uint8(ink * 255)),
        Step("digit", to_uint8(mask * 255.0)),
        Step("cropped", to_uint8(crop * 255)),
        Step("as MNIST", centred(crop)),
    ]
    assert steps[-1].image.shape == (SIDE, SIDE)
    return steps[-1].image, steps


def drawn(strokes: Sequence[Sequence[Point]]) -> np.ndarray:
    """The ink on the pad, `(PAD, PAD)` from 0 to 1: round ends, each piece as wide as the mean of its two points."""
    image = np.zeros((PAD, PAD), np.uint8)
    for stroke in strokes:
        before = stroke[0]
        for point in (stroke[0], *stroke[1:]):
            width = (before[2] + point[2]) / 2 * PAD
            cv2.line(image, _place(before), _place(point), 255, max(1, round(width)), cv2.LINE_AA, FINER)
            before = point
    return image.astype(np.float32) / 255


def _place(point: Point) -> tuple[int, int]:
    """In fractions of a pixel, as OpenCV takes them."""
    return round(point[0] * PAD * (1 << FINER)), round(point[1] * PAD * (1 << FINER))
