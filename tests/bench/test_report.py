"""Tables and plots from what the suites give, the GPU's among them, which no test can measure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minidl.bench import figures, report
from minidl.bench.rounds import ratio, spread
from minidl.bench.suites.cpu_gpu import crossover

MACHINE = {
    "cpu": "A CPU", "cores": 2, "threads": 2, "system": "Linux", "python": "3.11", "blas": ["openblas 1"],
    "versions": {"minidl": "1"},
}  # fmt: skip


def timed(seconds: float) -> dict[str, Any]:
    return {"seconds": spread([seconds, 2 * seconds, 3 * seconds]), "phases": {"data": 0.1, "forward": seconds}}


def gpu_row(batch: int, cpu: float, gpu: float, launches: int | str) -> dict[str, Any]:
    found = {"minidl": timed(cpu), "minidl cupy": timed(gpu)}
    return {
        "batch": batch, "contestants": found, "ratio": ratio(found["minidl"], found["minidl cupy"]), "first_step": 4.0,
        "device": {"upload": 0.001, "pool": 5_000_000, "name": "A GPU"}, "launches": launches,
    }  # fmt: skip


def whole(suite: str, found: Any, **others: Any) -> dict[str, Any]:
    session = {"suite": suite, "machine": MACHINE, "date": "today", "took": 1.0, "others": 0.01, "quick": False}
    return {**session, "found": found, **others}


def test_cpu_against_gpu(tmp_path: Path) -> None:
    rows = [gpu_row(1, 0.001, 0.004, "not counted"), gpu_row(16, 0.016, 0.004, 73)]
    found = whole("cpu-gpu", {"rows": rows, "crossover": crossover([1, 16], [0.25, 4.0])})
    assert report.heading(found)[-1] == "GPU: A GPU; the GPU is faster from batch 4 on"
    tables = report.tables(found)
    assert [row[3] for row in tables["steps"]] == ["ratio", "0.25", "4.00"]
    assert [row[2] for row in tables["device"]] == ["launches per step", "not counted", "73"]
    figures.draw(found, tmp_path / "a.png")
    assert cv2.imread(str(tmp_path / "a.png")).std() > 5


def test_a_busy_machine_and_a_quick_run_are_told() -> None:
    rows = {"rows": [gpu_row(1, 1.0, 2.0, 3)], "crossover": None}
    assert "the CPU is faster at every batch" in report.heading(whole("cpu-gpu", rows))[-1]
    assert len(report.heading(whole("lecture", []))) == 3
    assert "quick" in report.heading(whole("lecture", [], quick=True))[-1]
    assert "; other programs took 1.0% of the cores" in report.heading(whole("lecture", []))[-1]
    assert len(report.heading(whole("lecture", [], others=None))) == 3
    assert "the times are not to be trusted" in report.heading(whole("lecture", [], others=0.3))[-1]


def test_a_column_with_nothing_in_it_is_left_out() -> None:
    row = {
        "title": "a net", "contestants": {"minidl": {**timed(1.0), "images_per_second": 9.0, "kept": None,
        "memory": {"peak": 2e6, "at_start": 1e6}}}, "opponent": None, "must_keep": None,
    }  # fmt: skip
    tables = report.tables(whole("lecture", [row]))
    assert tables["ratios"] == [["work", "contestant", "ms per step", "images/s"], ["a net", "minidl", "2000.00", "9"]]
    assert tables["memory"][0] == ["work", "contestant", "peak MB", "before the work MB"]
    assert report.tables(whole("lecture", []))["ratios"][0][-1] == "met", "no rows, no column without"


def test_an_operation_above_the_limit_is_listed_with_its_reason() -> None:
    found = {"minidl": timed(4.0), "torch": timed(1.0)}
    row = {
        "name": "relu", "size": "small", "shapes": "3", "contestants": found, "opponent": "torch", "too_slow": True,
        "ratio": {"minidl": ratio(found["minidl"], found["torch"])}, "reason": None,
    }  # fmt: skip
    tables = report.ops([row, {**row, "name": "eq", "reason": "because"}, {**row, "name": "ne", "too_slow": False}])
    assert [(line[0], line[3], line[4]) for line in tables["slow"][1:]] == [
        ("relu", "4.00", "none known"),
        ("eq", "4.00", "because"),
    ]
    assert len(tables["times"]) == 4


@given(st.integers(1, 9), st.integers(1, 9), st.integers(2, 50))
def test_crossover_lies_where_the_interpolated_ratio_is_one(below: int, above: int, step: int) -> None:
    ratios = [0.1, 10.0 ** -(below / 10), 10.0 ** (above / 10), 20.0]
    found = crossover([1, step, step**2, step**3], ratios)
    assert found is not None
    assert step <= found <= step**2
    assert found == pytest.approx(step ** (1 + below / (below + above)), rel=1e-4)


def test_markdown_has_one_width() -> None:
    text = report.markdown([["op", "ratio", "who"], ["a", "1.0", "x"], ["b", "", "y"]])
    assert {line.count("|") for line in text.splitlines()} == {4}
    assert text.splitlines()[1] == "| --- | ---: | --- |"


def test_one_contestant_alone_is_drawn_by_its_times() -> None:
    """As shares of the slowest, every work would be one bar of length 1."""
    rows = [{"title": title, "contestants": {"minidl": timed(s)}} for title, s in (("tiny", 1e-4), ("large", 1e-2))]
    (axis,) = figures.lecture(rows).axes
    assert axis.get_xscale() == "log"
    assert "log scale" in axis.get_xlabel()
    points = [line.get_xdata()[0] for line in axis.lines if line.get_marker() == "o"]
    assert points == pytest.approx([0.2, 20])
    assert [text.get_text() for text in axis.texts] == ["0.2 ms", "20 ms"]


def test_an_epoch_s_figure_shows_every_epoch_measured() -> None:
    (axis,) = figures.epoch({"contestants": {"minidl train": timed(5.0)}, "images": 60000, "batch": 100}).axes
    assert list(axis.lines[0].get_xdata()) == [5.0, 10.0, 15.0]
    assert axis.patches[0].get_width() == 10
    assert "median of 3: 10 s" in axis.texts[0].get_text()
