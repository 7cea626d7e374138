"""Whether to answer, to answer with a warning, or to abstain: the picture's evidence beside the network's.

The thresholds were measured on generated photos, and docs/PHOTOS.md shows what they give.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .likeness import Likeness, likeness
from .read import apart
from .step import Step

DIGITS = tuple("0123456789")
UNLIKE = 0.14  # a picture farther than this from every known digit is no digit
LETTER = 0.85  # of the distance to the nearest digit: a letter nearer than this is what the picture shows
MARKED = 1.0  # likewise for a digit with a mark on it
SURE = 0.8  # a probability below this is not certain
ROW = 3  # parts beside one another, each with `LETTERS` of the ink, are a word or a number
LETTERS = 0.1
AGREE = 3  # of the five nearest digits should agree with the network


@dataclass(frozen=True)
class Verdict:
    """The warnings that go with an answer, or the reason why there is none."""

    warnings: tuple[str, ...] = ()
    abstained: str | None = None


def verdict(digit: np.ndarray, steps: Sequence[Step], probabilities: np.ndarray, classes: Sequence[str]) -> Verdict:
    """Judge a network's answer, probabilities `(C,)`, to the digit `(28, 28)` that `steps` led to.

    Only a network for the ten digits is compared with known digits; for others the photo alone is judged.
    """
    if (row := apart(steps, LETTERS)) >= ROW:
        return Verdict(
            abstained=f"this does not look like one digit: {row} separate parts stand in a row, as in a word or a "
            "number; crop the photo to one digit"
        )
    warnings = [remark for step in steps for remark in step.remarks]
    if (blobs := apart(steps)) > 1:
        warnings.append(f"the ink is in {blobs} large separate parts: more than one digit? Crop the photo to one")
    if tuple(classes) == DIGITS:
        looks = likeness(digit)
        if (reason := _no_digit(looks)) is not None:
            return Verdict(abstained=f"this does not look like a digit: {reason}")
        warnings += _doubts(looks, int(probabilities.argmax()))
    if probabilities.max() < SURE:
        first, second = (classes[i] for i in np.argsort(-probabilities, kind="stable")[:2])
        warnings.append(f"the network is not sure: {first} or {second}")
    return Verdict(tuple(warnings))


def _no_digit(looks: Likeness) -> str | None:
    """Why the picture is no digit; None if it may be one."""
    if looks.letter < LETTER * looks.digit:
        return f"it looks like the printed letter {looks.letter_name}"
    if looks.digit > UNLIKE:
        return "no known digit is anything like it; crop the photo to one digit on plain paper"
    return None


def _doubts(looks: Likeness, answer: int) -> list[str]:
    """The reasons to doubt the answer, though the picture may be a digit."""
    doubts = []
    if looks.mark < MARKED * looks.digit:
        doubts.append(f"other ink touches or surrounds the digit: it looks {looks.mark_name}")
    if looks.labels.count(answer) < AGREE:
        most = max(looks.labels, key=looks.labels.count)
        doubts.append(f"the known digits most like it are not {answer}s but {most}s")
    return doubts
