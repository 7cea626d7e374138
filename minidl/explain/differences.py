"""Central differences of some elements of a gradient, and what they say of it.

The step is small against the numbers themselves, and smaller again wherever backward and the difference disagree: then
either the function bends, or it has a kink there, with one slope on the left and another on the right. A gradient
between the two is right at a kink.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .tape import Verdict

STEPS = (1e-4, 1e-5, 1e-6, 1e-7)  # relative to the largest number of the tensor
APPROXIMATE = 1e-3  # relative to the largest gradient
EXACT_ROUNDINGS = 64  # roundings of the pass's dtype
NOISE = 16 * np.finfo(np.float64).eps
SAMPLE = 200  # elements of a larger gradient that are compared

Change = Callable[[np.ndarray], list[np.ndarray]]


@dataclass
class Differences:
    """Slopes at some places (None: all) of a gradient, beside what backward said.

    `right`: backward agrees. `kinks`: the slopes of the two sides differ; those that are not `right` lie outside of
    both, as they may where several kinks add up, so that only the operation alone can decide.
    """

    size: int
    places: np.ndarray | None
    analytic: np.ndarray
    numeric: np.ndarray
    right: np.ndarray
    kinks: np.ndarray
    exact: float  # what rounding may do to the difference

    @property
    def wrong(self) -> bool:
        """Whether backward disagrees where there is but one slope."""
        return bool((~self.right & ~self.kinks).any())

    @property
    def max_difference(self) -> float:
        """The largest |backward - differences|, kinks left out; NaN where only one of them is NaN."""
        error = np.abs(self.analytic - self.numeric)[~self.kinks]
        both = (np.isnan(self.analytic) & np.isnan(self.numeric))[~self.kinks]
        return float(np.max(error[~both], initial=0.0))

    @property
    def closeness(self) -> str:
        """How well what agrees agrees: exact or approximate."""
        return "exact" if self.max_difference <= self.exact else "approximate"

    @property
    def state(self) -> str:
        """The verdict in a word."""
        if not self.right.all():
            return "MISMATCH"
        return "kink" if self.kinks.any() else self.closeness

    def verdict(self, state: str | None = None, inherited: bool = False) -> Verdict:
        """The verdict, with another word for the state if one is given."""
        return Verdict(
            state or self.state, how_many(self.size, self.places), self.analytic, self.numeric, None, self.places,
            self.max_difference, int(self.kinks.sum()), self.closeness, inherited,
        )  # fmt: skip


def how_many(size: int, places: np.ndarray | None) -> str:
    """Which elements were compared, in words."""
    if places is None:
        return f"all {size:,} elements" if size != 1 else "the only element"
    return f"{len(places)} of {size:,} elements, seed 0"


def choose(gradient: np.ndarray, number: int) -> np.ndarray | None:
    """The places to compare: None for all, else half of them anywhere, half where the gradient is not 0."""
    if gradient.size <= SAMPLE:
        return None
    draw = np.random.default_rng((0, number))
    flat = gradient.ravel()
    there = np.flatnonzero(flat)
    some = draw.permutation(there)[: SAMPLE // 2]
    rest = np.setdiff1d(np.arange(flat.size), some, assume_unique=True)
    return np.sort(np.concatenate([some, draw.permutation(rest)[: SAMPLE - len(some)]]))


def differences(
    x: np.ndarray, gradient: np.ndarray, number: int, seeds: list[np.ndarray], change: Change
) -> Differences:
    """Compare `gradient` with the slopes of Σ seed · output, where `change(x)` gives the outputs, all in float64.

    `number` seeds the choice of the elements of a large gradient.
    """
    eps = float(np.finfo(gradient.dtype).eps)
    tolerance = max(APPROXIMATE, EXACT_ROUNDINGS * eps)
    unit = float(np.clip(np.abs(x[np.isfinite(x)]).max(initial=0) or 1.0, 1e-3, 1e3))
    probe = _Probe(x.astype(np.float64), seeds, change)
    chosen = choose(gradient, number)
    places = np.arange(gradient.size) if chosen is None else chosen
    analytic = gradient.ravel()[places].astype(np.float64)
    first = [probe.slopes(int(place), STEPS[0] * unit) for place in places]
    numeric = np.array([slope.centre for slope in first], np.float64)
    scale = _scale(analytic, numeric)
    roundings = EXACT_ROUNDINGS * eps * scale
    right, kinks = np.zeros(len(places), bool), np.zeros(len(places), bool)
    for i, place in enumerate(places):
        for step in STEPS:
            slope = first[i] if step == STEPS[0] else probe.slopes(int(place), step * unit)
            noise = NOISE * probe.size / (step * unit)
            slack = tolerance * scale + noise
            error = abs(analytic[i] - slope.centre)
            if error <= slack or bool(np.isnan(analytic[i]) and np.isnan(slope.centre)):
                if not right[i] or error < abs(analytic[i] - numeric[i]):
                    numeric[i] = slope.centre
                right[i], kinks[i] = True, False
                if not error > roundings + noise:
                    break
                kinks[i] = slope.high - slope.low > 4 * (roundings + noise) and slope.low < analytic[i] < slope.high
            elif not right[i]:
                kinks[i] = slope.high - slope.low > 4 * slack
                if kinks[i] and slope.low - slack <= analytic[i] <= slope.high + slack:
                    numeric[i], right[i] = slope.centre, True
                    break
    exact = roundings + NOISE * probe.size / (STEPS[0] * unit)
    return Differences(gradient.size, chosen, analytic, numeric, right, kinks, exact)


@dataclass
class _Slope:
    """How Σ seed · output changes with one element: the mean of both sides, and the bounds of what backward may say.

    Where the two sides of an output differ, any slope between is right for that output: `low` and `high` are the sums.
    """

    centre: float
    low: float
    high: float


class _Probe:
    """Moves one element of x at a time."""

    def __init__(self, x: np.ndarray, seeds: list[np.ndarray], change: Change) -> None:
        self.x, self.seeds, self.change = x, seeds, change
        self.here = change(x)
        self.size = sum(float(np.nansum(np.abs(_product(seed, z)))) for seed, z in zip(seeds, self.here))

    def slopes(self, place: int, h: float) -> _Slope:
        """The slopes over a distance h on either side."""
        up, above = self.moved(place, h)
        down, below = self.moved(place, -h)
        low = high = centre = 0.0
        for seed, z, z_up, z_down in zip(self.seeds, self.here, above, below):
            left, right = _product(seed, z_down - z) / down, _product(seed, z_up - z) / up
            centre += float((left + right).sum()) / 2
            low += float(np.minimum(left, right).sum())
            high += float(np.maximum(left, right).sum())
        return _Slope(centre, low, high)

    def moved(self, place: int, by: float) -> tuple[float, list[np.ndarray]]:
        """How far the element really moved, and the outputs then; it is put back."""
        before = self.x.flat[place]
        self.x.flat[place] = before + by
        distance = self.x.flat[place] - before
        outputs = self.change(self.x)
        self.x.flat[place] = before
        return distance, outputs


def _product(seed: np.ndarray, z: np.ndarray) -> np.ndarray:
    """seed · z; what does not change counts nothing, whatever the seed is there."""
    return np.where(z == 0, 0.0, seed * z)


def _scale(analytic: np.ndarray, numeric: np.ndarray) -> float:
    both = np.abs(np.concatenate([analytic, numeric]))
    return float(both[np.isfinite(both)].max(initial=0))
