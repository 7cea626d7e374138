"""The page in Firefox: digits drawn by mouse, finger and keyboard, in both languages, on several screens."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tests.explain.page.firefox import Firefox, firefox
from tests.support.runs import sample

from .conftest import Served
from .pen import SHAPES, Stroke, jittered, traced

SECONDS = 30
DOWN, SPACE = "\ue015", " "
CUT = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
ANSWERED = """document.querySelector("#answer").ariaBusy !== "true"
  && document.querySelector("#glyph").className !== "none" """


@pytest.fixture(scope="module")
def tab() -> Iterator[Firefox]:
    with firefox() as found:
        yield found


def until(true: Callable[[], Any]) -> None:
    """Wait for what is to become true."""
    end = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def draw(tab: Firefox, strokes: list[Stroke], pointer: str = "mouse") -> str:
    """The glyph and its look once an empty pad has been drawn on and all is answered, as "7 sure"."""
    tab.js("document.querySelector('#clear').click()")
    until(lambda: tab.js("document.querySelector('#glyph').classList[0]") == "none")
    box = tab.js(
        "(document.querySelector('#pad').scrollIntoView({block: 'nearest'}), "
        "(b => `${b.left} ${b.top} ${b.width}`)(document.querySelector('#pad').getBoundingClientRect()))"
    )
    left, top, side = map(float, box.split())
    for stroke in strokes:
        tab.drag([(left + x * side, top + y * side) for x, y in stroke], pointer)
    return settled(tab)


def settled(tab: Firefox) -> str:
    until(lambda: tab.js(ANSWERED))
    tab.js("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")
    return tab.js("(g => `${g.textContent.trim()} ${g.classList[0]}`)(document.querySelector('#glyph'))")


def test_digits_by_mouse_and_finger(tab: Firefox, served: Served) -> None:
    tab.open(f"{served.url}/", 1280, 720)
    random = np.random.default_rng(7)
    images, labels = sample(False, 300)
    right = []
    for digit in range(10):
        at = np.flatnonzero(labels == digit)[1]
        pointer = ("mouse", "touch")[digit % 2]
        right.append(draw(tab, jittered(traced(images[at]), random, 0.006), pointer).split()[0] == str(digit))
    assert sum(right) >= 9, right
    assert draw(tab, SHAPES["house"]).startswith("?")
    assert tab.errors(served.url) == []


def test_the_keyboard_and_why(tab: Firefox, served: Served) -> None:
    tab.open(f"{served.url}/", 1280, 720)
    tab.js("document.querySelector('#pad').focus()")
    for key in (SPACE, *[DOWN] * 22, SPACE):
        tab.press(key)
    assert settled(tab).startswith("1 ")
    tab.press("w")
    until(lambda: tab.js("!document.querySelector('#modes').hidden"))
    tab.press("z")
    until(lambda: tab.js("document.querySelector('#glyph').classList[0]") == "none")
    assert tab.errors(served.url) == []


@pytest.mark.parametrize(("lang", "width", "height"), [("en", 1280, 720), ("ko", 1920, 1080), ("ko", 390, 844)])
def test_every_screen(tab: Firefox, served: Served, lang: str, width: int, height: int) -> None:
    tab.open(f"{served.url}/", width, height)
    tab.js(f"localStorage.setItem('minidl', JSON.stringify({{lang: '{lang}', theme: 'dark'}}))")
    tab.open(f"{served.url}/", width, height)
    images, labels = sample(False, 100)
    assert draw(tab, traced(images[int(np.argmax(labels == 7))])) == "7 sure"
    for keys in ((), ("w",)):
        for key in keys:
            tab.press(key)
            until(lambda: tab.js("!document.querySelector('#modes').hidden"))
        assert tab.js(CUT) <= 0
    assert ("숫자" in tab.js("document.body.innerText")) == (lang == "ko")
    assert tab.errors(served.url) == []
