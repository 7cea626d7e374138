"""Contestants measured in turns, so that a change in the machine's speed affects all equally; medians and ratios."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any

from .contestant import Contestant
from .errors import BenchmarkError

PAUSE = 0.03  # seconds for a library's threads to stop spinning before the next one's turn
DATA = "data"


@dataclass(frozen=True)
class Plan:
    """How long to measure: rounds, and seconds of each contestant's turn in a round."""

    rounds: int
    seconds: float


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Median, lower and upper quartile, and all values.

    >>> spread([3.0, 1.0, 2.0])
    {'median': 2.0, 'low': 1.0, 'high': 3.0, 'all': [3.0, 1.0, 2.0]}
    """
    values = list(values)
    low, middle, high = quantiles(values, n=4) if len(values) > 1 else (values[0],) * 3
    low, high = max(low, min(values)), min(high, max(values))
    return {"median": min(max(middle, low), high), "low": low, "high": high, "all": values}  # rounding may cross them


def take_turns(contestants: Sequence[Contestant], plan: Plan) -> dict[str, list[dict[str, float]]]:
    """A B C A B C ...: each contestant's seconds per step by phase, round by round. Warm-up is not counted."""
    steps = {}
    for contestant in contestants:
        time.sleep(PAUSE)
        steps[contestant.name] = contestant.ask("warm_up", seconds=plan.seconds)
    found: dict[str, list[dict[str, float]]] = {contestant.name: [] for contestant in contestants}
    for _ in range(plan.rounds):
        for contestant in contestants:
            time.sleep(PAUSE)
            found[contestant.name].append(contestant.ask("round", steps=steps[contestant.name]))
    return found


def summarise(rounds: Sequence[dict[str, float]]) -> dict[str, Any]:
    """The step (all phases but the data), and each phase's median."""
    return {
        "seconds": spread([sum(seconds for name, seconds in phases.items() if name != DATA) for phases in rounds]),
        "phases": {name: median(phases[name] for phases in rounds) for name in rounds[0]},
    }


def best(found: dict[str, dict[str, Any]], library: str = "torch") -> str | None:
    """The fastest entry of a library, by its median."""
    names = [name for name in found if name.startswith(library)]
    return min(names, key=lambda name: found[name]["seconds"]["median"], default=None)


def ratio(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """Our time divided by theirs, round by round: below 1 we are faster."""
    return spread([a / b for a, b in zip(ours["seconds"]["all"], theirs["seconds"]["all"], strict=True)])


def agree(contestants: Sequence[Contestant], count: int, tolerance: float) -> float:
    """The largest relative difference of what they compute in their next `count` steps.

    Raises `BenchmarkError` if it is above `tolerance`: then they do not do the same work, and no ratio means anything.
    """
    results = {contestant.name: contestant.ask("results", count=count) for contestant in contestants}
    (first, expected), *others = results.items()
    largest = 0.0
    for name, values in others:
        difference = largest_difference(expected, values)
        if not difference <= tolerance:
            raise BenchmarkError(
                f"{first} and {name} do not compute the same: they differ by {difference:.2g} of the largest value, "
                f"where {tolerance:.0e} is allowed; no ratio is given ({_shown(expected)} against {_shown(values)})"
            )
        largest = max(largest, difference)
    return largest


def largest_difference(a: Sequence[float], b: Sequence[float]) -> float:
    """max |a - b| / max |a|; infinite if they differ in length or one alone is not a number.

    >>> largest_difference([1.0, 2.0], [1.0, 2.5])
    0.25
    """
    if len(a) != len(b):
        return float("inf")
    scale = max((abs(x) for x in a if abs(x) < float("inf")), default=0.0) or 1.0
    gaps = [0.0 if x == y or (x != x and y != y) else abs(x - y) / scale for x, y in zip(a, b)]
    return max((float("inf") if gap != gap else gap for gap in gaps), default=0.0)


def _shown(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.6g}" for value in values[:4])
