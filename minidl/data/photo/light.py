"""From a photo to ink: colours to gray, uneven light and shadows removed, the ink made light.

The light on bare paper is a smooth surface, found by least squares, except at the edges of shadows: there a
morphological closing, which fills what is darker and narrower than its window, keeps the edge and takes out the ink.
"""

from __future__ import annotations

import cv2
import numpy as np

from .step import NoDigitError, to_uint8

COARSE = 64  # pixels each way of the small picture in which the light is fitted
WINDOW = 0.28  # of the longer side: wider than any stroke, narrower than a shadow
SMOOTH = 8.0  # of 255: how far paper in smooth light may be from the surface, for half of it
LOCAL = 0.35  # of the longer side: the window that is more than half paper
DARKEST = 16.0  # of 255: the least brightness of paper to divide by
LEAST_CONTRAST = 12.0  # of 255: with less contrast a picture is taken for blank
LEAST_CLEARANCE = 6.0  # standard deviations of the paper's grain by which ink stands out; grain alone reaches 4.5
LEAST_STEEPNESS = 0.08  # of the full ink per pixel: strokes reach 0.13, even enlarged nine times; shade 0.06
INKED = 0.0005


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
    along = (pixels - mean) @ axis.astype(np.float32) / np.sqrt(3)  # so that gray stays as it was
    return (along + mean.mean()).reshape(image.shape[:2])


def find_ink(gray: np.ndarray, despeckle: int) -> np.ndarray:
    """How much ink each pixel shows, `(H, W)` from 0 to 1; `despeckle` is the window of a median filter against noise.

    Raises `NoDigitError` if the picture is blank, or nothing on it stands out from the grain.
    """
    gray = cv2.GaussianBlur(cv2.medianBlur(to_uint8(gray), despeckle), (0, 0), 1.0).astype(np.float32)
    if ink_is_light(gray):
        gray = 255 - gray
    bare = paper(gray)
    side = round(WINDOW * max(gray.shape)) | 1
    bare = bare + cv2.morphologyEx(gray - bare, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    darkness = bare - gray
    darkness = (darkness - np.median(darkness)) * (255 / np.maximum(bare, DARKEST))  # a shadow dims ink too
    top = float(np.quantile(darkness, 1 - INKED))
    if float(np.quantile(bare - gray, 1 - INKED)) < LEAST_CONTRAST:
        raise NoDigitError(
            "shows no digit: the picture is blank, or its ink too pale; take it closer and in better light"
        )
    grain = 1.4826 * float(np.median(np.abs(darkness)))  # the standard deviation, as long as most of it is paper
    if top < LEAST_CLEARANCE * grain:
        raise NoDigitError(
            "shows no digit: nothing stands out from the grain of the picture; take it closer, on plain paper"
        )
    ink = np.clip(darkness / top, 0, 1)
    if steepest(ink) < LEAST_STEEPNESS:
        raise NoDigitError("shows no digit: light and shade alone, nothing with an edge; write with a darker pen")
    return ink


def steepest(ink: np.ndarray) -> float:
    """How much the ink changes from one pixel to the next at the sharpest edges: shade is soft, strokes are not."""
    soft = cv2.GaussianBlur(ink.astype(np.float32), (0, 0), 2.0)
    slope = cv2.magnitude(cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)) / 8
    return float(np.quantile(slope, 1 - INKED))


def ink_is_light(gray: np.ndarray) -> bool:
    """Whether the ink is lighter than what it is on.

    Ink covers less than half of any neighbourhood, so its side of the local median has the longer tail.
    """
    coarse = cv2.resize(gray, (2 * COARSE, 2 * COARSE), interpolation=cv2.INTER_AREA)
    contrast = coarse - cv2.medianBlur(to_uint8(coarse), round(LOCAL * len(coarse)) | 1)
    return float((contrast**3).mean()) > 0


def paper(gray: np.ndarray) -> np.ndarray:
    """The light on the bare paper, `(H, W)`: a surface of second degree, fitted to the pixels that agree on one.

    Least squares, repeated from the border inwards, each time without the pixels far off: those are ink. If no such
    surface fits, as across the edge of a shadow, it is flat, the median of the border.
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
        kept = terms[keep]  # its normal equations are 6 by 6: too small for the BLAS to wake its threads
        weights = np.linalg.lstsq(kept.T @ kept, kept.T @ coarse[keep], rcond=None)[0]
        distance = np.abs(coarse - terms @ weights)
        keep = distance < max(2.5 * 1.4826 * np.median(distance), 2.0)  # 1.4826 medians are a standard deviation
    if np.median(np.abs(coarse - terms @ weights)) > SMOOTH:
        return np.full_like(gray, median)
    return (_quadratic(*gray.shape) @ weights).reshape(gray.shape).astype(np.float32)


def _quadratic(height: int, width: int) -> np.ndarray:
    """1, x, y, x², xy, y² at the middle of each pixel of a picture that reaches from -1 to 1: `(height * width, 6)`."""
    y = ((np.arange(height) + 0.5) / height * 2 - 1)[:, None] + np.zeros(width)
    x = ((np.arange(width) + 0.5) / width * 2 - 1) + np.zeros((height, 1))
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1).reshape(-1, 6)
