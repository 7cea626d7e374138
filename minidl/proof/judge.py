"""The judge: is a claimed gradient the slope of its function? Differences in float64 decide, or say why they cannot.

There are three verdicts. *Right*: backward and the differences agree where the function has one slope. *Wrong*: they do
not, although the slopes over several distances and on both sides agree with one another. *Undecidable here*, with the
reason: at a corner such as relu(0) there are two slopes, at a jump there is none, and rounding hides what is small
compared with the function itself. A difference quotient that straddles a corner or is all rounding proves nothing.

The seeds (the gradients dz that arrive at the outputs) should be random: a backward that forgets dz is right for
dz = 1, and only then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from .differences import EPS, Arrays, Probe, Slope, unit_of

RIGHT, WRONG = "right", "wrong"
CORNER = "a corner: the slopes of the two sides differ"
JUMP = "a jump: the slopes grow as the step shrinks"
ROUNDING = "rounding: the slope is too small compared with the function itself"
EDGE = "the edge of where the function is defined"
NOT_FINITE = "the function gives NaN or infinity here"

FIRST = 1e-5  # the first step, relative to the largest number of the tensor
SMALLER, LARGER, TINY = (1e-6, 1e-7, 1e-8), (1e-4, 1e-3, 1e-2), (1e-9, 1e-11)
SETTLED = 1e-7  # a corner that shows over this step and the previous one is accepted as one
CLOSE = 1e-6  # how close a smooth function's central difference is to its slope, relative to it
STRAIGHT = 1e-4  # sides that differ by less than this, relative to the slope, need no second step
QUIET, LOUD = 0.01, 0.1  # rounding above this fraction of the slope: no agreement may rest on it; it decides nothing
SMALL = 1e-5  # of a tensor's largest gradient: smaller ones need not be exact
SHRINKS = 0.3  # the gap of a smooth function is a tenth over a tenth of the distance; that of a corner stays


@dataclass(frozen=True)
class Tolerance:
    """How far a right gradient may be from the slope: atol + rtol · |slope|, and rounding."""

    rtol: float = 1e-3
    atol: float = 0.0


@dataclass(frozen=True)
class Finding:
    """The verdict on one derivative: right, wrong, or the reason why there is none (with the slopes of both sides)."""

    verdict: str
    slope: float
    low: float
    high: float
    noise: float = 0.0  # how far rounding may have changed the slope
    reach: float = 0.0  # Σ |seed · slope| over the outputs
    outside: bool = False  # at a corner or jump, but not between the sides: a single rule may not do that

    @property
    def told(self) -> bool:
        """Whether there is a verdict at all."""
        return self.verdict in (RIGHT, WRONG)

    @property
    def accused(self) -> bool:
        """Whether backward is not what it should be, even at a corner."""
        return self.verdict == WRONG or self.outside


def decide(claim: float, slope_at: Callable[[float], Slope], unit: float, own: float, limit: Tolerance) -> Finding:
    """Judge one derivative. `slope_at(h)` gives the slopes over a distance, `own` is the number being moved."""
    return _Case(claim, slope_at, unit, own, limit).finding()


class _Case:
    """One derivative, and the slopes examined so far."""

    def __init__(
        self, claim: float, slope_at: Callable[[float], Slope], unit: float, own: float, limit: Tolerance
    ) -> None:
        self.claim, self.slope_at, self.unit, self.limit = claim, slope_at, unit, limit
        self.seen: dict[float, Slope] = {}  # by the relative step
        near = abs(own) / unit * 1e-4  # close to 0, even a small step may cross a corner there
        self.smaller = (*SMALLER, *([near] if 0 < near < SMALLER[-1] else []))

    def at(self, step: float) -> Slope:
        """The slopes over a relative step."""
        if step not in self.seen:
            self.seen[step] = self.slope_at(step * self.unit)
        return self.seen[step]

    def finding(self) -> Finding:
        first = self.at(FIRST)
        if self.agrees(first) and self.is_straight(first):
            return self.verdict(RIGHT, first)
        previous = first
        for step in self.smaller:
            slope = self.at(step)
            bends = slope.gap <= SHRINKS * previous.gap + 4 * slope.noise  # and is no corner
            if bends and (self.agrees(slope) or self.agrees(previous)):
                return self.verdict(RIGHT, slope if self.agrees(slope) else previous)
            nearest = self.smaller[-1] in (step, SMALLER[-1])  # otherwise a smaller step will follow
            if step <= SETTLED and nearest and self.is_one_corner(slope, previous):
                return self.verdict(CORNER, slope)
            previous = slope
        if (found := self.accused((FIRST, *SMALLER))) is not None:
            return found
        if self.lies_flat():
            return self.verdict(RIGHT, self.at(LARGER[-1]))
        for step in LARGER:  # where rounding has hidden the slope
            if self.agrees(self.at(step)) and self.is_smooth(step):
                return self.verdict(RIGHT, self.at(step))
        return self.accused((FIRST, *SMALLER, *LARGER)) or self.untold()

    def is_straight(self, slope: Slope) -> bool:
        """Whether the sides are so close to each other and to backward that there can be no corner."""
        close = abs(self.claim - slope.centre) <= CLOSE * abs(slope.centre) + slope.noise
        return bool(close and slope.gap <= STRAIGHT * abs(slope.centre) + 4 * slope.noise)

    def is_bent(self, slope: Slope) -> bool:
        """Whether the sides differ by more than rounding."""
        return slope.gap > CLOSE * max(abs(slope.low), abs(slope.high)) + 8 * slope.noise

    def is_one_corner(self, slope: Slope, larger: Slope) -> bool:
        """Whether each side has its own slope that no longer changes, and backward gave one between them."""
        if not slope.finite or not larger.finite:
            return False
        slack = self.slack(max(abs(slope.low), abs(slope.high)), 4 * slope.noise)
        moved = max(abs(slope.low - larger.low), abs(slope.high - larger.high))
        between = slope.low - slack <= self.claim <= slope.high + slack
        return bool(between and self.is_bent(slope) and moved <= 0.01 * slope.gap)

    def verdict(self, word: str, slope: Slope, outside: bool = False) -> Finding:
        low, high = min(slope.left, slope.right), max(slope.left, slope.right)
        return Finding(word, slope.centre, low, high, slope.noise, slope.reach, outside)

    def slack(self, slope: float, noise: float) -> float:
        return self.limit.atol + self.limit.rtol * abs(slope) + noise

    def agrees(self, slope: Slope) -> bool:
        if not slope.finite or not np.isfinite(self.claim):
            return False
        if slope.left == slope.right == self.claim == 0:  # nothing moves, and backward says so
            first = self.at(FIRST)
            return slope.h >= first.h or slope.noise <= QUIET * max(abs(first.low), abs(first.high))
        if slope.noise > max(QUIET * abs(slope.centre), self.limit.atol):
            return False
        return bool(abs(self.claim - slope.centre) <= self.slack(slope.centre, slope.noise))

    def lies_flat(self) -> bool:
        """Whether neither backward nor large steps show any slope above the function's own rounding."""
        steps = [self.at(step) for step in (*LARGER, 0.1)]
        flat = all(slope.finite and max(abs(slope.low), abs(slope.high)) <= slope.noise for slope in steps)
        return flat and bool(abs(self.claim) <= steps[-1].noise)

    def is_smooth(self, step: float) -> bool:
        """Whether the sides approach each other from a ten times larger step to this one."""
        larger, here = self.at(step * 10), self.at(step)
        return larger.finite and bool(here.gap <= SHRINKS * larger.gap + 4 * here.noise)

    def accused(self, among: Sequence[float]) -> Finding | None:
        """WRONG, if three of these steps in a row agree, and so do both sides and the smallest steps."""
        if not np.isfinite(self.claim):
            return self.accused_of_no_number()
        steps = sorted(among, reverse=True)
        runs = [found for i in range(len(steps) - 2) if (found := self.run(steps[i : i + 3])) is not None]
        for spread, middle in sorted(runs, key=lambda run: run[0]):
            error = abs(self.claim - middle.centre)
            if error <= self.slack(middle.centre, 3 * spread):
                if self.agrees(middle):
                    return self.verdict(RIGHT, middle)
                continue
            return self.verdict(WRONG, middle) if self.holds(middle.centre, error) else None
        return None

    def accused_of_no_number(self) -> Finding | None:
        """The finding for a gradient of NaN or infinity where there is a slope."""
        slopes = [self.at(step) for step in (*SMALLER, FIRST)]
        if not all(slope.finite for slope in slopes):
            return None
        steps = sorted({FIRST, *SMALLER}, reverse=True)
        run = self.run(steps[:3]) or self.run(steps[1:])
        return None if run is None else self.verdict(WRONG, run[1])

    def run(self, steps: Sequence[float]) -> tuple[float, Slope] | None:
        """How far apart three slopes are, and the middle one; None if the function is not smooth there."""
        slopes = [self.at(step) for step in steps]
        if not all(slope.finite for slope in slopes):
            return None
        first, middle, last = slopes
        if last.gap > SHRINKS**2 * first.gap + 8 * last.noise:
            return None
        centres = [slope.centre for slope in slopes]
        spread = max(centres) - min(centres) + max(middle.noise, last.noise)
        return spread, middle

    def holds(self, slope: float, error: float) -> bool:
        """Whether the smallest meaningful steps also show that slope: nothing narrow is hidden there."""
        slopes = [at for step in (*self.smaller, *TINY) if (at := self.at(step)).noise <= LOUD * error]
        return all(
            at.finite and max(abs(at.left - slope), abs(at.right - slope)) <= 0.25 * error + at.hidden for at in slopes
        )

    def untold(self) -> Finding:
        """The reason why there is no verdict."""
        steps = sorted(step for step in self.seen if step <= FIRST)
        loud = [s for s in steps if self.seen[s].finite and self.seen[s].noise > LOUD * self.largest(self.seen[s])]
        steps = [step for step in steps if step not in loud]
        if not steps:
            return self.verdict(ROUNDING, self.at(FIRST))
        slope = self.at(steps[0])
        if not slope.finite:
            return self.verdict(EDGE, slope)
        left, right = self.grows([self.at(s).left for s in steps]), self.grows([self.at(s).right for s in steps])
        if left or right:
            steady = None if left and right else slope.right if left else slope.left
            return self.verdict(JUMP, slope, outside=steady is not None and not self.fits(steady, slope))
        slack = self.slack(max(abs(slope.low), abs(slope.high)), 4 * slope.noise)
        if not self.is_bent(slope):
            return self.verdict(ROUNDING, slope)
        between = slope.low - slack <= self.claim <= slope.high + slack
        return self.verdict(CORNER, slope, outside=not between and self.is_settled(steps))

    def largest(self, slope: Slope) -> float:
        claim = abs(self.claim) if np.isfinite(self.claim) else 0.0
        return max(abs(slope.low), abs(slope.high), claim, self.limit.atol)

    def grows(self, sides: list[float]) -> bool:
        """Whether the slopes of one side grow without limit; they come with the smallest step first."""
        few = np.abs(sides[:3])
        return len(few) == 3 and bool((few[:-1] > 2 * few[1:]).all() and few[0] > 4 * few[2] + self.limit.atol)

    def fits(self, steady: float, slope: Slope) -> bool:
        """Next to a jump: the slope of the side that has one, or one as steep as the jump itself."""
        steep = slope.left if steady == slope.right else slope.right
        if not np.isfinite(self.claim) or abs(self.claim) >= LOUD * abs(steep):
            return True
        return abs(self.claim - steady) <= self.slack(steady, 4 * slope.noise)

    def is_settled(self, steps: list[float]) -> bool:
        """Whether each side has its own slope that no longer changes: a single corner, with nothing near it."""
        if len(steps) < 2:
            return False
        here, larger = self.at(steps[0]), self.at(steps[1])
        moved = max(abs(here.low - larger.low), abs(here.high - larger.high))
        return larger.finite and moved <= 0.1 * here.gap + 4 * here.noise


@dataclass
class Judgement:
    """The verdict of the differences on a gradient, at some of its places.

    Attributes:
        places: the elements (indices into the flat gradient) that were examined.
        yours, differences: what backward says there, and what the differences say, for the first seed.
        findings: the verdict on each place: the worst over all seeds; `first`: those for the first seed.
        whole: the verdict on all elements at once, moved in a random direction.
    """

    places: np.ndarray
    yours: np.ndarray
    differences: np.ndarray
    findings: list[Finding] = field(default_factory=list)
    first: list[Finding] = field(default_factory=list)
    whole: Finding | None = None

    @property
    def right(self) -> np.ndarray:
        """The places where backward is right."""
        return np.array([finding.verdict == RIGHT for finding in self.findings], bool)

    @property
    def told(self) -> np.ndarray:
        """The places with a verdict."""
        return np.array([finding.told for finding in self.findings], bool)

    @property
    def wrong(self) -> bool:
        """Whether backward is wrong at any place with a verdict."""
        all_of = [*self.findings, *([self.whole] if self.whole is not None else [])]
        return any(finding.verdict == WRONG for finding in all_of)

    @property
    def accused(self) -> bool:
        """Whether a rule or the engine must be at fault: wrong, or outside both sides."""
        return self.wrong or self.outside

    @property
    def outside(self) -> bool:
        """Whether backward is outside both sides at a corner or jump: wrong, if the function is a single rule."""
        return any(f.outside for f in [*self.findings, *([self.whole] if self.whole is not None else [])])

    @property
    def forgets_dz(self) -> bool:
        """Whether backward is right for the first seed but wrong for others."""
        return self.wrong and not any(finding.verdict == WRONG for finding in self.first)

    @property
    def reasons(self) -> list[str]:
        """The reasons why the rest has no verdict, each once."""
        return list(dict.fromkeys(finding.verdict for finding in self.findings if not finding.told))


def judge(
    probe: Probe,
    seeds: Sequence[Arrays],
    claims: Sequence[np.ndarray],
    places: Sequence[int] | np.ndarray,
    limit: Tolerance | None = None,
    direction: np.ndarray | None = None,
) -> Judgement:
    """Compare gradients with the differences of Σ seed · output.

    Args:
        probe: the function and the array that its gradients belong to.
        seeds: some sets of gradients of the outputs.
        claims: for each set, the gradient that backward returns, of the array's shape.
        places: the elements to examine.
        direction: also move all elements along it at once: one number that every element contributes to.
    """
    flat = [np.asarray(claim, np.float64).ravel() for claim in claims]
    places = np.asarray(places, np.intp)
    given, case = limit or Tolerance(), _Place(probe, seeds)
    found = Judgement(places, flat[0][places], np.zeros(len(places)))
    limits = [Tolerance(given.rtol, max(given.atol, SMALL * _largest(claim[places]))) for claim in flat]
    for number, place in enumerate(places):
        findings = case.findings(int(place), [float(claim[place]) for claim in flat], limits)
        found.differences[number] = findings[0].slope
        found.first.append(findings[0])
        found.findings.append(worst(findings))
    if direction is not None:
        along = direction.ravel()
        rounding = [64 * EPS * along.size * _largest(along * claim) for claim in flat]
        limits = [Tolerance(given.rtol, max(given.atol, error)) for error in rounding]
        found.whole = worst(case.findings(direction, [float(along @ claim) for claim in flat], limits))
    return found


class _Place:
    """The function and the gradients of its outputs, ready to judge one place after another."""

    def __init__(self, probe: Probe, seeds: Sequence[Arrays]) -> None:
        self.probe, self.seeds = probe, seeds
        self.sizes = [probe.size(seed) for seed in seeds]
        self.unit = unit_of(probe.x)
        self.finite = all(np.isfinite(z).all() for z in probe.rest)
        numbers = [z for z in probe.rest if z.size]
        self.nowhere = bool(numbers) and not any(np.isfinite(z).any() for z in numbers)

    def findings(self, where: int | np.ndarray, claims: list[float], limits: list[Tolerance]) -> list[Finding]:
        """The finding for each set of seeds."""
        own = float(self.probe.x.flat[where]) if isinstance(where, int) else 0.0
        found = [
            decide(claim, partial(self.slope, where, k), self.unit, own, limits[k]) for k, claim in enumerate(claims)
        ]
        if self.finite:
            return found
        return [
            replace(one, verdict=NOT_FINITE, outside=False) if self.nowhere or one.verdict != RIGHT else one
            for one in found
        ]

    def slope(self, where: int | np.ndarray, k: int, h: float) -> Slope:
        """The slopes for one set of seeds."""
        return self.probe.slope(where, h, self.seeds[k], self.sizes[k])


def worst(findings: Sequence[Finding]) -> Finding:
    """The finding that counts: wrong before outside, before no verdict, before right."""
    order = [
        next((f for f in findings if f.verdict == WRONG), None),
        next((f for f in findings if f.outside), None),
        next((f for f in findings if not f.told), None),
    ]
    return next((found for found in order if found is not None), findings[0])


def _largest(x: np.ndarray) -> float:
    return float(np.max(np.abs(x[np.isfinite(x)]), initial=0))


def nearby(x: np.ndarray, number: int) -> np.ndarray:
    """The same numbers, each moved a little: what is wrong only because of a corner is right there.

    A sum of two rules may be smooth where each has a corner, like relu(x) - relu(-x) at 0, and their gradients then add
    up to another slope although each is right.
    """
    draw = np.random.default_rng((17, number)).uniform(0.5, 1.0, x.shape)
    draw *= np.random.default_rng((19, number)).choice([-1.0, 1.0], x.shape)
    return x + draw * np.where(x == 0, 1e-4 * unit_of(x), 1e-3 * np.abs(x))


def random_seeds(outputs: Arrays, count: int, number: int = 0) -> list[Arrays]:
    """Sets of gradients for outputs of those shapes: of both signs, and never 0 or 1."""
    draw = np.random.default_rng((7, number))
    return [
        [draw.uniform(0.5, 2.0, z.shape) * draw.choice([-1.0, 1.0], z.shape) for z in outputs] for _ in range(count)
    ]
