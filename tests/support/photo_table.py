"""Counts of how photos of each kind are read: right, with a warning, refused, or confidently wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minidl.data.photo import NoDigitError, prepare, verdict
from minidl.training import predict

from .photos import NO_DIGIT, OTHER_INK, READ, Kind
from .runs import sample

CLASSES = tuple("0123456789")
KINDS = {**READ, **OTHER_INK, **NO_DIGIT}
FIRST = 100  # the first digits of the test part have served to look at; these were kept back


@dataclass
class Row:
    """The counts of one kind. On a photo without a digit every answer is wrong."""

    kind: str
    photos: int = 0
    right: int = 0
    right_warned: int = 0
    wrong_warned: int = 0
    abstained: int = 0
    confidently_wrong: int = 0


def measure(model: Any, kind: str, count: int, seed: int = 0) -> Row:
    """Read `count` photos of one kind, made from digits of the sample's test part."""
    row = Row(kind, photos=count)
    images, labels = sample(False, 2000)
    place = FIRST + 53 * list(KINDS).index(kind)
    make: Kind = KINDS[kind]
    for number in range(count):
        chosen = (place + number) % len(images)
        random = np.random.default_rng([seed, chosen])
        answer, warned = read(model, make(images[chosen], random))
        right = answer == labels[chosen] and kind not in NO_DIGIT
        if answer is None:
            row.abstained += 1
        elif right and warned:
            row.right_warned += 1
        elif right:
            row.right += 1
        elif warned:
            row.wrong_warned += 1
        else:
            row.confidently_wrong += 1
    return row


def read(model: Any, photo: np.ndarray) -> tuple[int | None, bool]:
    """The answer to a photo, None for an abstention, and whether it comes with a warning."""
    try:
        digit, steps = prepare(photo)
    except NoDigitError:
        return None, False
    probabilities = predict(model, digit[None, None].astype(np.float32) / 255)[0]
    judged = verdict(digit, steps, probabilities, CLASSES)
    return (None if judged.abstained else int(probabilities.argmax())), bool(judged.warnings)


def markdown(rows: Iterable[Row]) -> str:
    """The rows as a table."""
    head = "| kind | photos | right | right, warned | wrong, warned | abstained | confidently wrong |"
    lines = [head, "|---|---:|---:|---:|---:|---:|---:|"]
    for row in rows:
        counts = (
            row.photos, row.right, row.right_warned, row.wrong_warned, row.abstained, row.confidently_wrong
        )  # fmt: skip
        lines.append(f"| {row.kind} | " + " | ".join(map(str, counts)) + " |")
    return "\n".join(lines)
