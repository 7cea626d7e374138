"""The record of the steps from a photo to a digit, and the error if there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...errors import DataError


@dataclass(frozen=True)
class Step:
    """One picture on the way, `(H, W)` or `(H, W, 3)` uint8, what was done, and remarks for the reader."""

    name: str
    image: np.ndarray
    remarks: tuple[str, ...] = ()


def to_uint8(image: np.ndarray) -> np.ndarray:
    """Rounded, and cut to 0 to 255."""
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


class NoDigitError(DataError):
    """A picture on which no digit can be found: the reason, and the steps as far as they went."""

    def __init__(self, reason: str, steps: Sequence[Step] = (), path: object = None) -> None:
        super().__init__(reason if path is None else f"{path}: {reason}")
        self.reason = reason
        self.steps = list(steps)
