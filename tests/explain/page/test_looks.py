"""Text stays in its boxes, nothing overlaps, nothing scrolls sideways; axe finds nothing; paper gets its own view."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from minidl.explain.teaching.worksheet import worksheet
from minidl.explain.views.page import render_worksheet

from .browser import SIZES, Page

Open = Callable[..., Page]
TapeOf = Callable[[str], dict[str, Any]]

FAULTS = (Path(__file__).parent / "faults.js").read_text()

IN_VIEW = """const seen = [];
for (const [inner, outer] of [['.line.current', '.listing'], ['.node[aria-current]', '.diagram']]) {
  const child = document.querySelector(inner), box = child.closest(outer).getBoundingClientRect();
  const place = child.getBoundingClientRect();
  const top = place.top >= box.top - 1, bottom = place.bottom <= box.bottom + 1;
  if (!(top && (bottom || place.height > box.height))) seen.push([inner, place.top, place.bottom, box.top, box.bottom]);
}
return seen"""


def assert_neat(page: Page, where: str) -> None:
    faults, smallest = page.js(FAULTS)
    assert faults == [], where
    height = page.js("return innerHeight")
    assert smallest >= height / 72, f"{where}: letters of {smallest} px in a window of {height}"


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(("name", "lang"), [("lecture", "en"), ("small", "ko")])
def test_every_line_is_neat(open_page: Open, name: str, lang: str, size: tuple[int, int]) -> None:
    page = open_page(name, lang)
    page.resize(*size)
    for i in range(page.last() + 1):
        page.go(i)
        assert_neat(page, f"line {i + 1}")
        assert page.js(IN_VIEW) == [], f"line {i + 1} is out of view"


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_the_controls_are_one_row(open_page: Open, lang: str, size: tuple[int, int]) -> None:
    for name in ("lecture", "broken"):
        page = open_page(name, lang)
        page.resize(*size)
        tops = page.each(".top button:not([hidden])", "(b) => b.getBoundingClientRect().top")
        assert max(tops) - min(tops) < 12, name


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_everything_that_can_be_opened_is_neat(open_page: Open, lang: str, size: tuple[int, int]) -> None:
    page = open_page("broken", lang)
    page.resize(*size)
    page.go(page.last())
    page.js("const c = document.getElementById('map'); c.focus()")
    page.press("ARROW_DOWN", "ARROW_DOWN", "ARROW_RIGHT")
    page.click("#numbers-toggle")
    assert_neat(page, "a cell, its sum and the numbers")
    page.click("#blank")
    assert_neat(page, "the blank backward")
    page.click("#predict")
    assert_neat(page, "a line to be predicted")
    for button in ("#help", "#summary", "#broken", "#verdicts tbody button"):
        if button.startswith("#verdicts"):
            page.click("#predict")
        page.click(button)
        assert_neat(page, button)
        page.click("dialog form button")


def test_the_letters_can_be_read_from_the_last_row(open_page: Open) -> None:
    page = open_page("lecture")
    size = "(css) => parseFloat(getComputedStyle(document.querySelector(css)).fontSize)"
    texts = [".pane.active .code", ".formula.active .math", ".readout", ".node-op", ".stats dd", ".operation h2"]
    sizes = page.js(f"return arguments[0].map({size})", texts)
    code, formula, readout, node, stat, title = sizes
    assert code >= 15 and formula >= 16 and readout >= 15 and node >= 14 and stat >= 14 and title >= 24


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_chosen_cell_stands_with_its_sum_on_one_screen(open_page: Open, size: tuple[int, int]) -> None:
    page = open_page("lecture")
    page.resize(*size)
    for operation, phase in (("Conv2d", "forward"), ("MaxPool2d", "forward"), ("Conv2d", "backward")):
        page.js("document.getElementById('mode-' + arguments[0]).click()", phase)
        places = page.texts(".node-op")
        page.js("document.querySelectorAll('.node')[arguments[0]].click()", places.index(operation, 1))
        while not page.texts(".items.returned"):
            page.click("#next")
        page.js("document.getElementById('map').focus()")
        page.press("ARROW_DOWN", *["ARROW_DOWN"] * 6, *["ARROW_RIGHT"] * 7)
        box = "document.getElementById('inspector').getBoundingClientRect()"
        bottom = "document.querySelector('.sum h4').getBoundingClientRect().bottom"
        assert page.js(f"return document.getElementById('map').getBoundingClientRect().top - {box}.top") >= 0
        assert page.js(f"return {box}.bottom - {bottom}") >= 60, (operation, phase)


def test_the_lecture_s_tape_is_on_the_screen_as_a_whole(open_page: Open) -> None:
    page = open_page("lecture")
    page.go(page.last())
    assert page.js("const d = document.getElementById('diagram'); return d.scrollHeight - d.clientHeight") <= 0


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_paper_has_no_text_over_another(open_page: Open, lang: str) -> None:
    page = open_page("lecture", lang)
    for place in (1, page.last()):
        page.go(place)
        page.resize(1032, 2000)  # the width of A4 landscape between its margins
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        try:
            faults, _ = page.js(FAULTS)
            assert [fault for fault in faults if not fault.startswith(("cut", "the window"))] == []
            assert page.js(
                "return [...document.querySelectorAll('.handout thead th')].every((th) => th.clientHeight < 40)"
            )
        finally:
            page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize(("seed", "level"), [*((seed, 1) for seed in range(4)), (0, 2), (0, 3), (1, 3), (0, 4)])
def test_a_worksheet_is_one_sheet_and_its_key_another(open_page: Open, seed: int, level: int, lang: str) -> None:
    page = open_page(f"sheet{seed}", lang, render_worksheet(worksheet(seed, level), lang))
    pdf = base64.b64decode(page.driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"])
    assert len(re.findall(rb"/Type /Page\b", pdf)) == 2
    assert page.js(FAULTS)[0] in ([], ["the window scrolls"])


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_axe_finds_nothing(open_page: Open, lang: str, theme: str) -> None:
    page = open_page("broken", lang)
    page.js("document.documentElement.dataset.theme = arguments[0]", theme)
    page.go(1)
    page.js("document.getElementById('map').focus()")
    page.press("ARROW_DOWN", "ARROW_RIGHT")
    assert page.violations() == [], "forward"
    page.go(page.last())
    page.click("#numbers-toggle")
    assert page.violations() == [], "backward"
    page.click("#blank")
    page.click("#predict")
    assert page.violations() == [], "exercises"
    page.click("#help")
    assert page.violations() == [], "a dialog"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_colours_of_the_scale_are_ordered_and_told_apart_without_red_and_green(open_page: Open, theme: str) -> None:
    """Magnitude is lightness; the two signs differ in blue against yellow, which all common colour blindness keeps."""
    page = open_page("odd")
    page.js("document.documentElement.dataset.theme = arguments[0]", theme)
    page.go(1)
    pixels = page.js("""const bar = document.querySelector('canvas.scale');
      return [...bar.getContext('2d').getImageData(0, 5, 200, 1).data]""")
    colours = [tuple(pixels[4 * i : 4 * i + 3]) for i in range(200)]
    light = [0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in colours]
    steps = [b - a for a, b in pairwise(light)]
    sign = 1 if theme == "light" else -1
    assert all(sign * step >= -1.5 for step in steps[:99]) and all(sign * step <= 1.5 for step in steps[100:])
    assert abs(light[0] - light[100]) > 100 and abs(light[199] - light[100]) > 80
    for i in (10, 40, 60):
        (r0, _, b0), (r1, _, b1) = colours[i], colours[199 - i]
        assert (b0 - r0) - (b1 - r1) > 100


def test_paper_has_the_view_and_then_every_operation(open_page: Open, tape_of: TapeOf) -> None:
    page = open_page("lecture")
    page.js("document.documentElement.dataset.theme = 'dark'")
    page.go(page.last())
    assert not page.js("return document.querySelector('.handout').checkVisibility()")
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        hidden = page.js("return ['.settings', '.player'].map((css) => document.querySelector(css).checkVisibility())")
        assert hidden == [False, False]
        assert page.js("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        rows = page.texts(".handout tbody tr")
        nodes = tape_of("lecture")["nodes"]
        assert len(rows) == len(nodes) and all(node["op"] in row for node, row in zip(nodes, rows))
        pdf = base64.b64decode(page.driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"])
        assert pdf.startswith(b"%PDF")
        assert pdf.count(b"/Type /Page\n") >= 2 or pdf.count(b"/Type /Page") >= 3
    finally:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
