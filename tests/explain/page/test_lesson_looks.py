"""The lesson seen from the last row: letters, nothing cut or overlapping, at five sizes; axe; paper; motion."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

import pytest

from .browser import Page
from .lesson import FAULTS, OVERFLOW, Lesson

Open = Callable[..., Page]

PROJECTORS = [(1280, 720), (1920, 1080), (1024, 768)]
STACKED = [(390, 844), (640, 360)]  # a phone; 1280 x 720 at a zoom of 200 %
SPOKEN = ".idea, .code li[aria-current]:not(.long) .line, .rule .n, .say"  # in whose letters the lesson is told


@pytest.mark.parametrize("size", PROJECTORS, ids=str)
@pytest.mark.parametrize(("name", "lang"), [("lecture", "en"), ("small", "ko")])
def test_every_screen_fits_and_can_be_read(open_page: Open, name: str, lang: str, size: tuple[int, int]) -> None:
    page = open_page(name, lang, view="lesson")
    page.resize(*size)
    for screen in walked(page):
        faults, smallest = page.js(FAULTS)
        assert faults == [] and page.js(OVERFLOW) == [], screen
        assert smallest >= size[1] / 50, f"{screen}: letters of {smallest} px"
        spoken = min(page.each(SPOKEN, "(e) => e.checkVisibility() ? parseFloat(getComputedStyle(e).fontSize) : 999"))
        assert spoken >= 0.04 * size[1] - 0.01, f"{screen}: {spoken} px is spoken about"


@pytest.mark.parametrize("size", STACKED, ids=str)
@pytest.mark.parametrize(("name", "lang"), [("lecture", "ko"), ("small", "en")])
def test_on_a_phone_and_zoomed_all_is_stacked(open_page: Open, name: str, lang: str, size: tuple[int, int]) -> None:
    page = open_page(name, lang, view="lesson")
    page.resize(*size)
    for screen in walked(page):
        faults, smallest = page.js(FAULTS)
        wide = page.js("return document.scrollingElement.scrollWidth > innerWidth")
        assert [fault for fault in faults if fault != "the window scrolls"] == [] and not wide, screen
        assert page.js(OVERFLOW) == [], screen
        assert smallest >= 15, screen
        least = min(
            page.each("button:not(.line, .n)", "(b) => b.checkVisibility() ? b.getBoundingClientRect().height : 99")
        )
        assert least >= 39, f"{screen}: too small to touch"


def walked(page: Page) -> list[str]:
    """The screens, each on the page while it is told."""

    def each():  # type: ignore[no-untyped-def]
        lesson, before = Lesson(page), None
        page.press("HOME")
        while lesson.here != before:
            before = lesson.here
            yield before
            page.press("ARROW_RIGHT")

    return each()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_axe_finds_nothing(open_page: Open, lang: str, theme: str) -> None:
    page = open_page("lecture", lang, view="lesson")
    lesson = Lesson(page)
    page.js("document.documentElement.dataset.theme = arguments[0]", theme)
    screens = ["overview", "conv1", "conv1.dx", "relu1.dx", "pool1.dx", "linear1.dx", "softmax1.dx", "update"]
    for screen in screens if theme == "dark" else screens[::2]:
        lesson.go(screen)
        assert page.violations() == [], screen
    lesson.go("conv1.dx")
    page.press("g")
    assert page.violations() == [], "a guess"
    page.press("?")
    assert page.violations() == [], "the keys"


def test_hangul_is_never_slanted_nor_broken(open_page: Open) -> None:
    page = open_page("small", "ko", view="lesson")
    slanted = """return [...document.querySelectorAll('body *')].filter((e) =>
      getComputedStyle(e).fontStyle !== 'normal'
      && [...e.childNodes].some((n) => n.nodeType === 3 && /[가-힣]/.test(n.data))).length"""
    for _ in walked(page):
        assert page.js(slanted) == 0
    assert page.js("return getComputedStyle(document.getElementById('idea')).wordBreak") == "keep-all"


@pytest.mark.parametrize("screen", ["conv1.dx", "softmax1.dx", "update"])
def test_a_screen_is_one_sheet_of_paper(open_page: Open, screen: str) -> None:
    page = open_page("lecture", view="lesson")
    Lesson(page).go(screen)
    page.js("document.documentElement.dataset.theme = 'dark'")
    pdf = base64.b64decode(page.driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"])
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert page.js("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert not page.js("return document.getElementById('tools').checkVisibility()")
        if screen != "update":
            assert len(page.texts(".handout td")) >= 4
    finally:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_what_is_painted_is_painted_for_paper_and_then_for_the_screen_again(open_page: Open) -> None:
    page = open_page("lecture", view="lesson")
    Lesson(page).go("conv1.dw")
    blank = "return [...document.querySelector('canvas.map').getContext('2d').getImageData(2, 2, 1, 1).data]"
    light = page.js(blank)
    page.press("t")
    dark = page.js(blank)
    page.js("dispatchEvent(new Event('beforeprint'))")
    assert page.js(blank) == light != dark
    page.js("dispatchEvent(new Event('afterprint'))")
    assert page.js(blank) == dark and page.js("return document.documentElement.dataset.theme") == "dark"


def test_reduced_motion_shows_the_turned_kernel_at_once(open_page: Open) -> None:
    page = open_page("lecture", view="lesson")
    page.driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]}
    )
    try:
        Lesson(page).go("conv1.dx")
        page.click("[data-key=turn]")
        assert page.js("return document.querySelectorAll('.turning').length") == 0
        assert page.js("return document.querySelectorAll('.grid.mini .corner').length") == 1
    finally:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
