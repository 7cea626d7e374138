"""The network and what it is trusted with: an answer, an answer with a warning, or none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..backend import to_host
from ..data.photo import apart, verdict
from ..engine.grad_mode import no_grad
from ..engine.tensor import wrap
from ..nn import Module
from ..training.evaluation import to_device
from .guard import Guard
from .pictures import UNREADABLE, Picture
from .thresholds import Thresholds


@dataclass(frozen=True)
class Reading:
    """What the network says of a digit, scores and probabilities `(C,)`, and how strange the guard finds it."""

    scores: np.ndarray
    probabilities: np.ndarray
    strangeness: float | None


@dataclass(frozen=True)
class Judgement:
    """`state` as in `schemas.Answer`, the class, warnings, and the reason why there is no answer."""

    state: str
    answer: str | None = None
    warnings: tuple[str, ...] = ()
    reason: str | None = None
    code: str | None = None


class Reader:
    """Reads digits in batches; to be called by one thread at a time."""

    def __init__(self, model: Module, classes: list[str], guard: Guard | None, thresholds: Thresholds) -> None:
        self.model, self.classes, self.guard, self.thresholds = model, classes, guard, thresholds

    def read(self, digits: list[np.ndarray]) -> list[Reading]:
        """One reading for each of the digits, `(28, 28)` uint8."""
        stacked = np.stack(digits)
        with no_grad():
            images = wrap(stacked[:, None].astype(np.float32) / 255)  # (N, 1, 28, 28)
            scores = to_host(self.model(to_device(images))._array).astype(np.float64)  # (N, C)
        exponentials = np.exp(scores - scores.max(1, keepdims=True))
        probabilities = exponentials / exponentials.sum(1, keepdims=True)
        strange = [None] * len(digits) if self.guard is None else self.guard.strangeness(stacked).tolist()
        return [Reading(*found) for found in zip(scores, probabilities, strange)]

    def judge(self, picture: Picture, reading: Reading | None) -> Judgement:
        """The picture's evidence beside the network's; `reading` is None if the picture shows no digit."""
        if picture.digit is None or reading is None:
            state = "unreadable" if picture.code in UNREADABLE else "abstained"
            return Judgement(state, None, (), picture.reason, picture.code)
        if not np.isfinite(reading.probabilities).all():
            why = "the network answers NaN: its weights are too large; train it again"
            return Judgement("abstained", None, (), why, "nan")
        if picture.photo:
            found = verdict(picture.digit, picture.steps, reading.probabilities, self.classes)
            if found.abstained:
                return Judgement("abstained", None, (), found.abstained, "strange")
            warnings = found.warnings
        else:
            warnings = ()
            if (parts := apart(picture.steps)) > 1:
                why = f"there are {parts} large separate parts, as of several digits; one digit at a time"
                return Judgement("abstained", None, (), why, "several")
        return self._of_network(reading, warnings)

    def _of_network(self, reading: Reading, warnings: tuple[str, ...]) -> Judgement:
        limits, order = self.thresholds, np.argsort(-reading.probabilities, kind="stable")
        if reading.strangeness is not None and limits.strange is not None and reading.strangeness > limits.strange:
            return Judgement("abstained", None, (), "this does not look like a digit", "strange")
        top = float(reading.probabilities[order[0]])
        if top < limits.least:
            return Judgement("abstained", None, (), f"no class has a probability of {limits.least:g}", "torn")
        first = self.classes[order[0]]
        if top < limits.sure:
            doubt = f"the network is not sure: {first} or {self.classes[order[1]]}"
            if not any(one.startswith("the network is not sure") for one in warnings):
                warnings = (*warnings, doubt)
        return Judgement("unsure" if warnings else "sure", first, warnings)
