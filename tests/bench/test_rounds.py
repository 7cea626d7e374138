"""Medians, ratios, and above all: no ratio unless the contestants compute the same."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minidl.bench import rounds
from minidl.bench.errors import BenchmarkError
from minidl.bench.library import HostClock
from minidl.bench.rounds import Plan, agree, best, largest_difference, ratio, spread, summarise, take_turns

numbers = st.floats(-1e6, 1e6).map(lambda x: round(x, 6))


class Fake:
    """A contestant that answers from a list and notes who was asked when."""

    def __init__(self, name: str, results: list[float], log: list[str] | None = None) -> None:
        self.name, self.given, self.log = name, results, [] if log is None else log

    def ask(self, do: str, **arguments: Any) -> Any:
        self.log.append(f"{self.name} {do}")
        if do == "results":
            return self.given[: arguments["count"]]
        return 7 if do == "warm_up" else {"data": 1.0, "forward": 2.0, "backward": float(arguments["steps"])}


@given(st.lists(numbers, min_size=1, max_size=20))
def test_spread_is_numpys_median_within_its_quartiles(values: list[float]) -> None:
    found = spread(values)
    assert found["median"] == pytest.approx(np.median(values), abs=1e-9)
    rounding = 1e-12 * max(map(abs, values))
    assert min(values) - rounding <= found["low"] <= found["median"] + rounding
    assert found["median"] - rounding <= found["high"] <= max(values) + rounding
    assert found["all"] == values


@given(st.lists(st.tuples(numbers, numbers), min_size=1))
def test_largest_difference_is_relative_to_the_largest(pairs: list[tuple[float, float]]) -> None:
    a, b = [x for x, _ in pairs], [y for _, y in pairs]
    scale = np.abs(a).max() or 1.0
    assert largest_difference(a, b) == pytest.approx(np.abs(np.subtract(a, b)).max() / scale)


def test_largest_difference_takes_nothing_for_equal_that_is_not() -> None:
    nan, inf = math.nan, math.inf
    assert largest_difference([nan, 1.0, inf], [nan, 1.0, inf]) == 0
    assert largest_difference([nan], [1.0]) == inf
    assert largest_difference([1.0], [nan]) == inf
    assert largest_difference([inf], [1.0]) == inf
    assert largest_difference([1.0], [1.0, 2.0]) == inf
    assert largest_difference([], []) == 0


def test_contestants_that_compute_something_else_get_no_ratio() -> None:
    assert agree([Fake("a", [1.0, 2.0]), Fake("b", [1.0, 2.001])], 2, 1e-3) == pytest.approx(5e-4)
    for other in ([1.0, 2.1], [1.0], [1.0, math.nan]):
        with pytest.raises(BenchmarkError, match=r"a and b do not compute the same.*no ratio"):
            agree([Fake("a", [1.0, 2.0]), Fake("b", other)], 2, 1e-3)
    with pytest.raises(BenchmarkError, match="a and c"):
        agree([Fake("a", [1.0]), Fake("b", [1.0]), Fake("c", [1.5])], 1, 1e-3)


def test_turns_are_taken_one_after_the_other_and_warm_up_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "PAUSE", 0.0)
    log: list[str] = []
    found = take_turns([Fake("a", [], log), Fake("b", [], log)], Plan(3, 0.1))  # type: ignore[list-item]
    assert log == ["a warm_up", "b warm_up"] + ["a round", "b round"] * 3
    assert [len(done) for done in found.values()] == [3, 3]
    assert summarise(found["a"]) == {
        "seconds": {"median": 9.0, "low": 9.0, "high": 9.0, "all": [9.0] * 3},
        "phases": {"data": 1.0, "forward": 2.0, "backward": 7.0},
    }


def test_the_opponent_is_the_faster_layout_and_ratios_are_by_round() -> None:
    found = {
        "minidl": {"seconds": spread([1.0, 4.0, 3.0])},
        "torch": {"seconds": spread([9.0, 9.0, 1.0])},
        "torch channels_last": {"seconds": spread([2.0, 2.0, 4.0])},
    }
    assert best(found) == "torch channels_last"
    assert ratio(found["minidl"], found["torch channels_last"])["all"] == [0.5, 2.0, 0.75]
    assert best({"minidl": found["minidl"]}) is None


def test_a_clock_adds_up_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 1.0, 3.0, 10.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(times))
    clock = HostClock()
    for name in ("forward", "backward", "forward"):
        clock.mark(name)
    assert clock.seconds() == {"forward": 8.0, "backward": 2.0}
