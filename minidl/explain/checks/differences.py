"""Central differences of some elements of a gradient, and what they say of it.

The step is small against the numbers themselves, and smaller again wherever backward and the difference disagree: then
either the function bends, or it has a kink there, with one slope on the left and another on the right. A gradient
between the two is right at a kink.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..recording.tape import Verdict

STEPS = (1e-4, 1e-5, 1e-6, 1e-7)  # relative to the largest number of the tensor
APPROXIMATE = 1e-3  # relative to the largest gradient
EXACT_ROUNDINGS = 64  # roundings of the pass's dtype
NOISE = 16 * np.finfo(np.float64).eps
LOUD = 0.1  # a step whose rounding is more than this part of the gradient tells nothing
CANCELLED = 8  # roundings of the largest sum of magnitudes behind an element, where its terms cancel
SAMPLE, LEAST = 120, 6  # elements of a larger gradient that are compared: in a small pass, and at least
WORK = 2_500_000_000  # elements that the replays for all gradients may touch, before fewer are compared

Change = Callable[[np.ndarray], list[np.ndarray]]


@dataclass(frozen=True)
class Target:
    """What a gradient is held against: Σ seed · output, as a function of the tensor `x`.

    `change(moved)` gives by how much each output changes; `size` is Σ |seed · output|, which rounding is relative to.
    """

    x: np.ndarray
    seeds: list[np.ndarray]
    size: float
    change: Change


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
    exact: float  # what rounding in the pass's dtype may do to an element
    faint: bool  # the gradient is too small beside the function itself for differences to tell

    @property
    def wrong(self) -> bool:
        """Whether backward disagrees where there is but one slope."""
        return bool((~self.right & ~self.kinks).any()) and not self.faint

    @property
    def max_difference(self) -> float:
        """The largest |backward - differences|, kinks left out."""
        error = np.abs(self.analytic - self.numeric)[~self.kinks]
        return float(np.max(error, initial=0.0))

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

    def allowing(self, rounding: float) -> Differences:
        """The same, where the pass is known to have rounded by that much."""
        close = np.abs(self.analytic - self.numeric) <= rounding
        return replace(self, right=self.right | close, exact=max(self.exact, rounding))

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


def sample_size(elements: int, gradients: int) -> int:
    """How many elements of each gradient to compare in a pass whose arrays have that many: fewer in a large one.

    >>> sample_size(60_000, 31), sample_size(6_000_000, 31)
    (120, 13)
    """
    return max(LEAST, min(SAMPLE, WORK // max(elements * gradients, 1)))


def choose(gradient: np.ndarray, usable: np.ndarray, number: int, sample: int) -> np.ndarray | None:
    """The places to compare: None for all, else `sample`, half of them where the gradient is not 0, half anywhere.

    `usable` tells which elements can be moved; `number` seeds the draw.
    """
    if gradient.size <= sample and usable.all():
        return None
    draw = np.random.default_rng((0, number))
    there = np.flatnonzero((gradient.ravel() != 0) & usable)
    some = draw.permutation(there)[: sample // 2]
    rest = np.setdiff1d(np.flatnonzero(usable), some, assume_unique=True)
    return np.sort(np.concatenate([some, draw.permutation(rest)[: sample - len(some)]]))


def differences(target: Target, gradient: np.ndarray, number: int, sample: int) -> Differences:
    """Compare `gradient` with the slopes of the target at up to `sample` places, drawn with the seed `number`."""
    eps = float(np.finfo(gradient.dtype).eps)
    usable = np.isfinite(target.x).ravel()
    chosen = choose(gradient, usable, number, sample)
    places = np.arange(gradient.size) if chosen is None else chosen
    analytic = gradient.ravel()[places].astype(np.float64)
    unit = float(np.clip(np.max(np.abs(target.x.ravel()[usable]), initial=0) or 1.0, 1e-3, 1e3))
    probe = _Probe(target)
    first = [probe.slope(int(place), STEPS[0] * unit) for place in places]
    numeric = np.array([slope.centre for slope in first], np.float64)
    scale = _scale(analytic, numeric)
    reach = max((slope.reach for slope in first if np.isfinite(slope.reach)), default=0.0)
    exact = eps * max(EXACT_ROUNDINGS * scale, CANCELLED * reach)
    limits = _Limits(scale, exact, max(APPROXIMATE * scale, exact), target.size)
    right, kinks = np.zeros(len(places), bool), np.zeros(len(places), bool)
    for i, place in enumerate(places):
        found = _judge(float(analytic[i]), int(place), first[i], unit, probe, limits)
        numeric[i], right[i], kinks[i] = found
    faint = scale > 0 and limits.noise(STEPS[0] * unit) > LOUD * scale
    return Differences(
        gradient.size, chosen, analytic, numeric, right, kinks, limits.exact + limits.noise(STEPS[0] * unit), faint
    )


@dataclass(frozen=True)
class _Limits:
    """How far a slope and a gradient of that scale may lie apart."""

    scale: float
    exact: float
    approximate: float
    size: float

    def noise(self, step: float) -> float:
        """What the rounding of the function does to a slope over that distance."""
        return NOISE * self.size / step


def _judge(
    analytic: float, place: int, slope: _Slope, unit: float, probe: _Probe, limits: _Limits
) -> tuple[float, bool, bool]:
    """One element: the slope, whether backward is right, whether it is a kink. Steps get smaller until they agree."""
    numeric, right, kink = slope.centre, False, False
    own = abs(float(probe.target.x.flat[place]))  # close to 0 even the smallest step may be too large
    steps = [step * unit for step in STEPS] + [own * STEPS[0]] * (0 < own < STEPS[-1] * unit)
    for step in steps:
        noise = limits.noise(step)
        if step != steps[0]:
            if limits.scale > 0 and noise > LOUD * limits.scale:
                break
            slope = probe.slope(place, step)
        error, rounding = abs(analytic - slope.centre), limits.exact + noise
        if not np.isfinite(slope.centre) and not np.isfinite(analytic):
            return slope.centre, True, True  # the end of where the function is defined, such as sqrt at 0
        if error <= limits.approximate + noise:
            if not right or error < abs(analytic - numeric):
                numeric = slope.centre
            right = True
            if error <= rounding:
                return numeric, True, False
            between = slope.low - rounding <= analytic <= slope.high + rounding
            kink = between and slope.high - slope.low > 4 * rounding
        elif not right:
            slack = limits.approximate + noise
            kink = slope.high - slope.low > 4 * slack
            if kink and slope.low - slack <= analytic <= slope.high + slack:
                return slope.centre, True, True
    return numeric, right, kink


@dataclass(frozen=True)
class _Slope:
    """How Σ seed · output changes with one element: the mean of both sides, and the bounds of what backward may say.

    Where the two sides of an output differ, any slope between is right for that output: `low` and `high` are the sums.
    `reach` is the sum of the magnitudes, to which rounding is relative where the terms cancel.
    """

    centre: float
    low: float
    high: float
    reach: float


class _Probe:
    """Moves one element of a target's tensor at a time."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.x = target.x.astype(np.float64)

    def slope(self, place: int, h: float) -> _Slope:
        """The slopes over a distance h on either side."""
        up, above = self.moved(place, h)
        down, below = self.moved(place, -h)
        low = high = centre = reach = 0.0
        for seed, more, less in zip(self.target.seeds, above, below):
            left, right = _product(seed, less) / down, _product(seed, more) / up
            centre += float((left + right).sum()) / 2
            low += float(np.minimum(left, right).sum())
            high += float(np.maximum(left, right).sum())
            reach += float(np.abs(left + right).sum()) / 2
        return _Slope(centre, low, high, reach)

    def moved(self, place: int, by: float) -> tuple[float, list[np.ndarray]]:
        """How far the element really moved, and what that changed; it is put back."""
        before = self.x.flat[place]
        self.x.flat[place] = before + by
        distance = self.x.flat[place] - before
        changes = self.target.change(self.x)
        self.x.flat[place] = before
        return distance, changes


def _product(seed: np.ndarray, change: np.ndarray) -> np.ndarray:
    """seed · change; what does not change counts nothing, whatever the seed is there."""
    return np.where(change == 0, 0.0, seed * change)


def _scale(analytic: np.ndarray, numeric: np.ndarray) -> float:
    both = np.abs(np.concatenate([analytic, numeric]))
    return float(np.max(both[np.isfinite(both)], initial=0))
