"""Photos of digits, made from MNIST's: any size, any colours, either way round, noisy, badly lit, a little turned."""

from __future__ import annotations

import cv2
import numpy as np

STYLES = ("plain", "dark on light", "tiny", "colour", "noise", "uneven light", "turned", "fine pen", "everything")


def photo(digit: np.ndarray, style: str, random: np.random.Generator) -> np.ndarray:
    """`(28, 28)` uint8, light on black -> `(H, W, 3)` uint8 RGB in one of `STYLES`."""
    all_of_it = style == "everything"
    size = 28 if style == "tiny" else int(random.integers(60, 500))
    ink = cv2.resize(digit, (size, size), interpolation=cv2.INTER_CUBIC).astype(np.float32) / 255
    if style == "fine pen":
        ink = cv2.erode(ink, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size // 25 | 1, size // 25 | 1)))
    ink = _on_canvas(ink, random)
    if style == "turned" or all_of_it:
        ink = _turned(ink, random.uniform(-12, 12))
    light, dark = random.uniform(180, 250, 3), random.uniform(5, 70, 3)
    if style == "colour":
        light, dark = _colours(random)
    if style in ("plain", "tiny") or (style != "dark on light" and random.random() < 0.5):
        light, dark = dark, light
    image = light + np.clip(ink, 0, 1)[..., None] * (dark - light)  # (H, W, 3)
    if style == "uneven light" or all_of_it:
        image = image * _shade(ink.shape, random)[..., None]
    if style == "noise" or all_of_it:
        image = image + random.normal(0, 18, image.shape)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def on_desk(photo: np.ndarray, sides: str, random: np.random.Generator) -> np.ndarray:
    """The photo with the desk beside the paper in view on those sides, of "tblr": darker, in colour, grained."""
    margin = int(max(photo.shape[:2]) * random.uniform(0.08, 0.35))
    widths = [margin if side in sides else 0 for side in "tblr"]
    colour = [float(value) for value in random.uniform(20, 120, 3)]
    image = cv2.copyMakeBorder(photo, *widths, cv2.BORDER_CONSTANT, value=colour).astype(np.float64)
    height, width = image.shape[:2]
    desk = np.ones((height, width, 1))
    desk[widths[0] : height - widths[1], widths[2] : width - widths[3]] = 0
    grain = cv2.GaussianBlur(random.normal(0, 40, (height, width)), (0, 0), sigmaX=20, sigmaY=2)
    image += desk * grain[..., None] + random.normal(0, 4, image.shape)
    return np.clip(cv2.GaussianBlur(image, (0, 0), 1), 0, 255).astype(np.uint8)


def _on_canvas(ink: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The digit somewhere on a larger sheet, which need not be square."""
    size = len(ink)
    top, bottom, left, right = (int(n) for n in random.integers(0, size // 2 + 1, 4))
    return cv2.copyMakeBorder(ink, top, bottom, left, right, cv2.BORDER_CONSTANT)


def _turned(ink: np.ndarray, degrees: float) -> np.ndarray:
    height, width = ink.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return cv2.warpAffine(ink, matrix, (width, height))


def _shade(shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    """Light that falls off to half or so towards one side: `(H, W)`."""
    height, width = shape
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    angle = random.uniform(0, 2 * np.pi)
    along = (x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle)
    return np.clip(0.8 - random.uniform(0.2, 0.5) * along, 0, 1)


def _colours(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two colours far enough apart, not necessarily in brightness."""
    while True:
        a, b = random.uniform(0, 255, (2, 3))
        if np.linalg.norm(a - b) > 120:
            return a, b
