"""One result in one case: against central differences, and against the plain twin.

Where the function has one slope, the answer must be that slope and the twin's number. At a corner or a tie, where
differences cannot tell, anything between the slopes of the two sides is right, as long as numbers that are tied are
right together.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from ....proof.differences import Probe
from ....proof.judge import CORNER, JUMP, Tolerance, judge
from .exercise import Array, Arrays, Case, Exercise

RTOL, ATOL = 1e-3, 1e-5  # of the number itself, of the largest: a right answer may be computed in float32


@dataclass(frozen=True)
class Wrong:
    """The first wrong element of a gradient: which, what it is, what it should be.

    `place` is None for a wrong shape, and where only the sum of all elements is wrong (they are moved together); what
    it should be is then a shape or a sum. `high` is given where anything from `wanted` to `high` is right.
    """

    name: str
    case: Case
    kind: str  # "number", "shape" or "together"
    place: tuple[int, ...] | None
    yours: float | tuple[int, ...]
    wanted: float | tuple[int, ...]
    high: float | None = None


@dataclass(frozen=True)
class Row:
    """A result in one case: what it is, what it should be, and what is wrong first.

    `told` are the places where differences can tell, `bad` those that are wrong; both are empty for a wrong shape.
    """

    number: int
    yours: Array
    wanted: Array
    told: Array
    bad: Array
    wrong: Wrong | None


def row_of(exercise: Exercise, number: int, name: str, yours: Array) -> Row:
    """A result in one case, judged: an output of the forward, or a gradient."""
    case, wanted = exercise.cases[number], right_results(exercise, number)[name]
    none = np.zeros(0, bool)
    if yours.shape != wanted.shape:
        return Row(number, yours, wanted, none, none, Wrong(name, case, "shape", None, yours.shape, wanted.shape))
    if name in exercise.outputs or not wanted.size:
        bad = ~near(yours, wanted, ATOL * _size(wanted))
        return Row(
            number, yours, wanted, np.ones(wanted.shape, bool), bad, _first_wrong(name, case, yours, wanted, bad)
        )
    return _gradient_row(exercise, number, name, yours, wanted)


@cache
def right_results(exercise: Exercise, number: int) -> dict[str, Array]:
    """The outputs and the gradients of a case, by name."""
    outputs = zip(exercise.outputs, exercise.results(exercise.cases[number].inputs))
    return {**dict(outputs), **dict(zip(exercise.gradients, exercise.right(number)))}


def _gradient_row(exercise: Exercise, number: int, name: str, yours: Array, wanted: Array) -> Row:
    """A gradient of the right shape: against the differences and the twin."""
    case, found = exercise.cases[number], measured(exercise, number, name)
    slack = RTOL * np.abs(yours) + found.atol
    with np.errstate(invalid="ignore"):
        between = (found.low - slack <= yours) & (yours <= found.high + slack)
    bad = ~np.where(found.corner, between, near(yours, wanted, found.atol) & (between | ~found.told))
    wrong = _first_wrong(name, case, yours, wanted, bad, found)
    if wrong is None and found.together is not None:
        total = float(yours.sum())
        if abs(total - found.together) > RTOL * abs(found.together) + found.atol * wanted.size:
            wrong = Wrong(name, case, "together", None, total, found.together)
    return Row(number, yours, wanted, found.told, bad, wrong)


@dataclass(frozen=True)
class Measured:
    """What central differences say of a gradient in one case.

    `told` are the places with a single slope, from `low` to `high` up to rounding; `corner` those where the slopes of
    the two sides are `low` and `high`. `together` is the slope if all numbers move at once, where a case asks for it;
    `atol` is the rounding of float32 in it.
    """

    told: Array
    corner: Array
    low: Array
    high: Array
    together: float | None
    atol: float


@cache
def measured(exercise: Exercise, number: int, name: str) -> Measured:
    """The slopes by central differences in float64, as the one judge finds them; none of it depends on an answer."""
    case, seeds = exercise.cases[number], exercise.seeds(number)
    wanted = right_results(exercise, number)[name]
    atol = ATOL * _size(wanted, *seeds)
    place = exercise.inputs.index(name[1:])

    def outputs(x: Array) -> Arrays:
        return exercise.results([*case.inputs[:place], x, *case.inputs[place + 1 :]])

    direction = np.ones(wanted.shape) if case.together else None
    with np.errstate(all="ignore"):
        found = judge(
            Probe(outputs, np.asarray(case.inputs[place])), [seeds], [wanted], np.arange(wanted.size),
            Tolerance(RTOL, atol), direction=direction,
        )  # fmt: skip
    corner = np.array([one.verdict in (CORNER, JUMP) for one in found.findings])
    slopes = [(one.low, one.high) if at_corner else (one.slope,) * 2 for one, at_corner in zip(found.findings, corner)]
    low, high = np.array(slopes).T
    return Measured(
        found.told.reshape(wanted.shape), corner.reshape(wanted.shape), low.reshape(wanted.shape),
        high.reshape(wanted.shape), None if found.whole is None else found.whole.slope, atol,
    )  # fmt: skip


def near(yours: Array, wanted: Array, atol: float) -> Array:
    """Which numbers are those that are wanted, up to the rounding of float32."""
    with np.errstate(invalid="ignore"):
        return np.abs(yours - wanted) <= RTOL * np.abs(wanted) + atol


def _size(*arrays: Array) -> float:
    """The numbers that the rounding is measured by: a gradient of 0 is the difference of what arrives."""
    return max(float(np.max(np.abs(x), initial=0)) for x in arrays)


def _first_wrong(
    name: str, case: Case, yours: Array, wanted: Array, bad: Array, found: Measured | None = None
) -> Wrong | None:
    if not bad.any():
        return None
    place = tuple(int(i) for i in np.unravel_index(np.flatnonzero(bad)[0], wanted.shape))
    if found is not None and found.corner[place]:
        return Wrong(
            name, case, "number", place, float(yours[place]), float(found.low[place]), float(found.high[place])
        )
    return Wrong(name, case, "number", place, float(yours[place]), float(wanted[place]))
