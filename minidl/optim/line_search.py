"""How far to go along a direction: a search for a step that satisfies the strong Wolfe conditions.

Source: Nocedal & Wright, Numerical Optimization, chapter 3.5; as in PyTorch, after minFunc (M. Schmidt).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from ..backend import Array

ENOUGH, FLAT = 1e-4, 0.9  # how much of the expected decrease is asked for; how flat the slope must have become
SMALLEST, MOST = 1e-9, 25  # the change below which the search ends; its steps


class Point(NamedTuple):
    """A step t along the direction, with the loss, the gradient and the slope there."""

    t: float
    loss: float
    g: Array
    slope: float


def cubic_minimum(a: Point, b: Point, bounds: tuple[float, float] | None = None) -> float:
    """Where the cubic curve through both points, with their slopes, is lowest; between them, or within `bounds`."""
    low, high = bounds or (min(a.t, b.t), max(a.t, b.t))
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if not square >= 0:
        return (low + high) / 2
    d2 = math.sqrt(square)
    left, right = (a, b) if a.t <= b.t else (b, a)
    place = right.t - (right.t - left.t) * ((right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2))
    return min(max(place, low), high)


def strong_wolfe(
    attempt: Callable[[float], tuple[float, Array]],
    t: float,
    d: Array,
    loss: float,
    g: Array,
    slope: float,
    most: int = MOST,
) -> tuple[float, Array, float, int]:
    """Loss and gradient at the step that was found, that step, and how often `attempt(t)` was called.

    The search begins at t, along d, from a point of that loss, gradient and slope g · d < 0.
    """
    calls = 0

    def at(t: float) -> Point:
        nonlocal calls
        calls += 1
        value, gradient = attempt(t)
        return Point(t, value, gradient.copy(), float(gradient @ d))

    def too_high(point: Point) -> bool:
        return point.loss > loss + ENOUGH * point.t * slope

    def is_flat(point: Point) -> bool:
        return abs(point.slope) <= -FLAT * slope

    start = before = Point(0.0, loss, g.copy(), slope)
    here, tries = at(t), 0
    while tries < most:
        if too_high(here) or (tries > 1 and here.loss >= before.loss):
            break
        if is_flat(here):
            return here.loss, here.g, here.t, calls
        if here.slope >= 0:
            break
        ahead = cubic_minimum(before, here, (here.t + 0.01 * (here.t - before.t), here.t * 10))
        before, here = here, at(ahead)
        tries += 1
    ends = [start if tries == most else before, here]
    best = _zoom(at, ends, float(abs(d).max()), most - tries, too_high, is_flat)
    return best.loss, best.g, best.t, calls


def _zoom(
    at: Callable[[float], Point],
    ends: list[Point],
    length: float,
    tries: int,
    too_high: Callable[[Point], bool],
    is_flat: Callable[[Point], bool],
) -> Point:
    """The best point found between two ends that enclose a good one."""
    low, high = _order(ends)
    stuck = False
    for _ in range(tries):
        first, last = sorted(end.t for end in ends)
        if (last - first) * length < SMALLEST:
            break
        t, stuck = _inside(cubic_minimum(ends[0], ends[1]), first, last, stuck)
        new = at(t)
        if too_high(new) or new.loss >= ends[low].loss:
            ends[high] = new
            low, high = _order(ends)
            continue
        if is_flat(new):
            return new
        if new.slope * (ends[high].t - ends[low].t) >= 0:
            ends[high] = ends[low]
        ends[low] = new
    return ends[low]


def _order(ends: list[Point]) -> tuple[int, int]:
    """Which end is the lower one, which the higher."""
    return (0, 1) if ends[0].loss <= ends[1].loss else (1, 0)


def _inside(t: float, first: float, last: float, stuck: bool) -> tuple[float, bool]:
    """t, moved inwards if it is beyond an end, or too close to one for the second time in a row."""
    margin = 0.1 * (last - first)
    if min(last - t, t - first) >= margin:
        return t, False
    if not stuck and first < t < last:
        return t, True
    return (last - margin if abs(t - last) < abs(t - first) else first + margin), False
