"""Every number on the page is that of the tape, computed again by NumPy, to the digits that are shown."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from minidl.explain.views.lesson import render

from .browser import Page
from .tapes import is_rounding, numbers, parsed

Open = Callable[..., Page]
TapeOf = Callable[[str], dict[str, Any]]
CELLS = "(row) => [...row.children].map((cell) => cell.innerText)"
STATS = """return {held: document.querySelector('#inspector .chip[aria-pressed=true]')?.dataset.held ?? null,
  scalar: document.querySelector('#scalar')?.innerText ?? null,
  stats: Object.fromEntries([...document.querySelectorAll('.stats dd')].map((d) => [d.dataset.stat, d.innerText])),
  ends: [...document.querySelectorAll('.ends span')].map((e) => e.innerText)}"""


def assert_statistics(page: Page, tape: dict[str, Any]) -> None:
    """The summary and the legend of the value that is looked at."""
    shown = page.js(STATS)
    if shown["held"] is None:
        return
    place = int(shown["held"])
    array, value = numbers(tape, place), tape["values"][place]
    if not value["shape"]:
        assert is_rounding(shown["scalar"], float(array))
        return
    if array.size != np.prod(value["shape"]):  # only a block is on the page; the summary is of the whole
        assert is_rounding(shown["stats"]["mean"], value["mean"])
        return
    finite = array[np.isfinite(array)].astype(np.float64)
    assert is_rounding(shown["stats"]["min"], finite.min())
    assert is_rounding(shown["stats"]["max"], finite.max())
    assert parsed(shown["stats"]["mean"]) == pytest.approx(finite.mean(), rel=6e-4, abs=1e-9)
    assert int(shown["stats"]["zeros"]) == int((array == 0).sum())
    assert int(shown["stats"].get("nan", 0)) == int(np.isnan(array).sum())
    assert int(shown["stats"].get("inf", 0)) == int(np.isinf(array).sum())
    reach = np.abs(finite).max()
    assert is_rounding(shown["ends"][0], -reach) and shown["ends"][1] == "0" and is_rounding(shown["ends"][2], reach)


@pytest.mark.parametrize("name", ["lecture", "small", "odd"])
def test_the_summary_on_every_line(open_page: Open, tape_of: TapeOf, name: str) -> None:
    page, tape = open_page(name), tape_of(name)
    for i in range(len(tape["steps"])):
        page.go(i)
        assert_statistics(page, tape)


def test_the_summary_of_every_value_that_can_be_chosen(open_page: Open, tape_of: TapeOf) -> None:
    page, tape = open_page("small"), tape_of("small")
    for i in range(0, len(tape["steps"]), 5):
        page.go(i)
        for held in page.js(
            "return [...document.querySelectorAll('#inspector .chip[data-held]')].map((c) => c.dataset.held)"
        ):
            page.click(f'#inspector .chip[data-held="{held}"]')
            assert_statistics(page, tape)


@pytest.mark.parametrize("name", ["small", "odd"])
def test_the_numbers_on_demand(open_page: Open, tape_of: TapeOf, name: str) -> None:
    page, tape = open_page(name), tape_of(name)
    page.click("#numbers-toggle")
    seen = 0
    for i in range(0, len(tape["steps"]), 3):
        page.go(i)
        held = page.js(STATS)["held"]
        cells = page.each("td[data-index]", "(c) => [c.dataset.index, c.innerText, c.title]")
        for index, text, title in cells:
            exact = float(numbers(tape, int(held))[tuple(int(k) for k in index.split(","))])
            assert is_rounding(text, exact)
            if np.isfinite(exact):
                assert parsed(title) == exact
            seen += 1
    assert seen > 8


def test_a_cell_tells_its_exact_number(open_page: Open, tape_of: TapeOf) -> None:
    page, tape = open_page("lecture"), tape_of("lecture")
    page.go(1)
    page.pick(11, 17, 30, 30)
    exact = float(numbers(tape, tape["nodes"][0]["output"])[0, 0, 11, 17])
    assert page.text("#readout .address") == "z[0, 0, 11, 17]"
    assert is_rounding(page.text("#readout b"), exact)
    assert parsed(page.text("#readout small").removeprefix("exactly ")) == exact


def test_a_long_row_is_folded_without_losing_its_place(open_page: Open, tape_of: TapeOf) -> None:
    page, tape = open_page("lecture"), tape_of("lecture")
    node = next(node for node in tape["nodes"] if node["op"] == "Reshape")
    page.go(max(i for i, s in enumerate(tape["steps"]) if s["node"] == node["id"] and s["phase"] == "forward"))
    page.pick(3, 5, 32, 40)
    assert page.text("#readout .address") == f"z[0, {3 * 40 + 5}]"
    assert is_rounding(page.text("#readout b"), float(numbers(tape, node["output"])[0, 125]))


def test_zero_nan_and_infinity_are_seen_as_what_they_are(open_page: Open) -> None:
    page = open_page("odd")
    script = """const canvas = document.getElementById('map'), side = canvas.width / 4;
      const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
      const colours = (row, column) => { const found = {};
        for (let y = Math.ceil(row * side) + 1; y < (row + 1) * side - 3; y++)
          for (let x = Math.ceil(column * side) + 1; x < (column + 1) * side - 3; x++) {
            const k = 4 * (y * canvas.width + x), c = [...pixels.slice(k, k + 3)].join();
            found[c] = (found[c] ?? 0) + 1; }
        return Object.entries(found).sort((a, b) => b[1] - a[1]).map((e) => e[0]); };
      return [[0, 0], [0, 1], [0, 2], [0, 3], [1, 0], [1, 1]].map(([r, c]) => colours(r, c));"""
    page.js("document.documentElement.dataset.theme = 'light'")
    page.go(0)
    page.click('#inspector .chip[data-held="0"]')
    zero, nan, plus, minus, _, _ = page.js(script)
    alarm = "255,210,31"
    assert zero[0] == "246,244,238" and len(zero) == 2, "an exact zero is the colour of paper with a dot"
    assert nan[0] == alarm and plus[0] == alarm and minus[0] == alarm
    assert len(nan) > 1 and nan != plus
    assert "of the finite numbers" in page.text("#inspector")
    assert {"exactly 0", "NaN", "infinite"} <= set(page.texts(".sign-label"))


def test_the_verdict_has_the_numbers_behind_it(open_page: Open, tape_of: TapeOf) -> None:
    page, tape = open_page("small"), tape_of("small")
    page.press("END")
    node = tape["steps"][-1]["node"]
    checks = [check for check in tape["checks"] if check["node"] == node]
    rows = page.each("#verdicts tbody tr", CELLS)
    assert len(rows) == len(checks) > 1
    for row, check in zip(rows, checks):
        assert is_rounding(row[2], check["verdict"]["max_difference"])
    page.click("#verdicts tbody tr:last-child button")
    verdict = checks[-1]["verdict"]
    columns = [
        numbers(tape, verdict[kind]).ravel() for kind in ("analytic", "numeric", "torch") if verdict[kind] is not None
    ]
    places = verdict["places"] or list(range(columns[0].size))
    body = page.each("dialog tbody tr", CELLS)
    assert len(body) == min(24, columns[0].size)
    for element, *texts in body:
        for text, column in zip(texts, columns, strict=True):
            assert is_rounding(text, float(column[places.index(int(element))]))


def test_a_sampled_array_says_which_part_is_there(open_page: Open, tape_of: TapeOf) -> None:
    tape = tape_of("small")
    place = tape["nodes"][0]["output"]  # (2, 4, 10, 10)
    whole = numbers(tape, place)
    part = np.ascontiguousarray(whole[:1, :3])
    cut = {
        **tape["values"][place],
        "block": [[0, 1], [0, 3], [0, 10], [0, 10]],
        "data": base64.b64encode(part.tobytes()).decode(),
    }
    changed = {**tape, "values": [cut if i == place else value for i, value in enumerate(tape["values"])]}
    page = open_page("cut", html=render(changed, view="engine"))
    page.go(1)
    assert "image 0 to 0 of 2, channel 0 to 2 of 4" in page.text("#inspector")
    assert len(page.texts(".thumb")) == 3
