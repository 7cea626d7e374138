"""Turn the digit's ink into an image like MNIST's: 28 by 28, its stroke width, in a box of 20, centred by mass.

The recipe is that of MNIST itself (Y. LeCun, C. Cortes, C. Burges, "The MNIST database"): the digit is scaled, its
proportions kept, into a box of 20 by 20, and placed into 28 by 28 so that its centre of mass is in the middle.
"""

from __future__ import annotations

import cv2
import numpy as np

from .step import to_uint8

BOX, SIDE = 20, 28
MIDDLE = SIDE / 2  # where the centre of mass of MNIST's digits is: pixel 14.0, give or take 0.3
STROKE = 2.6  # pixels: how wide MNIST's strokes are in the box of 20


def cropped(ink: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ink and mask cut to the digit; ink elsewhere is wiped off, the digit's soft edges are kept."""
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
    digit[top : top + size[1], left : left + size[0]] = to_uint8(small * 255)
    return digit
