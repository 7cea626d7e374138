"""Text stays in its boxes, nothing overlaps, nothing scrolls sideways; axe finds nothing; paper gets its own view."""

from __future__ import annotations

import base64
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from .browser import SIZES, Page

Open = Callable[..., Page]
TapeOf = Callable[[str], dict[str, Any]]

FAULTS = (Path(__file__).parent / "faults.js").read_text()


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
