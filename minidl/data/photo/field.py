"""A field within the picture: a sheet of paper on a desk, or what a ring or a frame around the digit encloses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

LEAST = 1 / 4  # of the picture, each way: the digit in a smaller field could not be read
CONVEX = 0.92  # the share of its convex hull that a field fills: sheets and rings are convex
RECTANGLE = 0.85  # the share of its rectangle that a sheet fills; an ellipse has pi / 4
PLAIN = 0.6  # the share of a field that is bare
MOST_SIDES = 2  # of the picture that a field covers at most: half of a picture is light or shadow
PALE = 0.35  # of the contrast between field and surroundings: ink on the field shows more
TALL = 1 / 8  # of the field's height: ink as tall as that could be a digit


def fields_of(image: np.ndarray, gray: np.ndarray) -> Iterator[np.ndarray]:
    """The insides of the large convex regions that are lighter or darker than their surroundings, largest first.

    `gray` is a small version of `image`, `(h, w)` uint8. A region counts if there is ink on it that does not touch its
    edge, so what a 0 encloses does not; all other ink on the field is painted over. A field that is no rectangle is the
    inside of a ring, and as light or dark as the picture is at its border.
    """
    gray = cv2.GaussianBlur(gray, (0, 0), 1.0)
    level, light = cv2.threshold(gray, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    if light.min() == light.max():
        return
    contrast = float(gray[gray > level].mean() - gray[gray <= level].mean())
    light_around = np.mean([light[0].mean(), light[-1].mean(), light[:, 0].mean(), light[:, -1].mean()]) > 0.5
    for mask, same_as_around in ((light, light_around), (1 - light, not light_around)):
        for outline in sorted(_outlines(mask), key=cv2.contourArea, reverse=True):
            if not _is_field(outline, gray.shape, must_be_rectangle=not same_as_around):
                continue
            inside = np.zeros(gray.shape, np.uint8)
            cv2.drawContours(inside, [outline], -1, 1, cv2.FILLED)
            if mask[inside > 0].mean() < PLAIN:
                continue
            other, ink = _ink_on(inside, gray, PALE * contrast)
            if cv2.boundingRect(ink)[3] >= TALL * cv2.boundingRect(outline)[3]:
                yield _painted(image, inside, other)


def _outlines(mask: np.ndarray) -> Sequence[np.ndarray]:
    """The outer outline of every connected region in the mask: `(N, 1, 2)` each."""
    regions, nested = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    return [region for region, (*_, parent) in zip(regions, nested[0] if regions else ()) if parent < 0]


def _is_field(outline: np.ndarray, shape: tuple[int, ...], must_be_rectangle: bool) -> bool:
    """Whether it is large, convex, and neither the entire picture nor half of it."""
    (height, width), (left, top, w, h) = shape, cv2.boundingRect(outline)
    reached = (left <= 1) + (top <= 1) + (left + w >= width - 1) + (top + h >= height - 1)
    if w < LEAST * width or h < LEAST * height or reached > MOST_SIDES:
        return False
    area, sides = cv2.contourArea(outline), cv2.minAreaRect(outline)[1]
    rectangle = area >= RECTANGLE * sides[0] * sides[1]
    return rectangle or (not must_be_rectangle and area >= CONVEX * cv2.contourArea(cv2.convexHull(outline)))


def _ink_on(inside: np.ndarray, gray: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
    """The ink on a field, which differs from it by `least`: the ink that touches its edge, and the rest."""
    difference = np.abs(gray - np.median(gray[inside > 0]))
    _, numbers = cv2.connectedComponents(((difference > least) & (inside > 0)).astype(np.uint8))
    edge = inside - cv2.erode(inside, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    touching = np.isin(numbers, np.setdiff1d(numbers[edge > 0], [0]))
    return touching.astype(np.uint8), ((numbers > 0) & ~touching).astype(np.uint8)


def _painted(image: np.ndarray, inside: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The part of `image` that the field covers; other ink, and what is outside, gets the field's colour."""
    left, top, width, height = cv2.boundingRect(inside)
    over = cv2.dilate(np.maximum(other, 1 - inside), np.ones((7, 7), np.uint8))
    scale = image.shape[0] / inside.shape[0]
    boxed = ((top, height), (left, width))
    rows, columns = (slice(round(start * scale), round((start + size) * scale)) for start, size in boxed)
    field = image[rows, columns].copy()
    over = cv2.resize(over, image.shape[1::-1], interpolation=cv2.INTER_NEAREST)[rows, columns]
    field[over > 0] = np.median(field[::4, ::4], axis=(0, 1))  # most of it is bare
    return field
