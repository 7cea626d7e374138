"""The lessons of the families: on every screen the numbers are NumPy's, nothing is cut, no letter is too small."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minidl.explain.tape import Tape
from minidl.explain.views.lesson import render, words

from .browser import Page
from .families import FORWARD, MODELS, forward_of, gradient_of
from .lesson import CUT, Lesson, shows

SIZES = ((1280, 720), (1024, 768), (390, 844))
NUMBER = re.compile(r"−?[\d.]+( · 10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?$")
FIGURES = """const found = {};
  for (const figure of document.querySelectorAll('#picture figure')) {
    const grid = figure.querySelector('.grid');
    if (grid) found[figure.querySelector('figcaption b').innerText] =
      [...grid.querySelectorAll('.cell')].map((cell) => cell.innerText);
  }
  return found;"""


@cache
def tape_named(name: str) -> Tape:
    return MODELS[name]()


@pytest.fixture
def opened(driver: Any, tmp_path: Path) -> Callable[..., Lesson]:
    def lesson(name: str, lang: str = "en") -> Lesson:
        path = tmp_path / f"{name}.{lang}.html"
        path.write_text(render(tape_named(name).to_dict(), lang), encoding="utf-8")
        return Lesson(Page(driver, path))

    return lesson


def screens_of(lesson: Lesson, name: str) -> Iterator[tuple[str, Any, str]]:
    """The screens of operations that NumPy knows here, one of each kind: address, operation, part."""
    nodes, seen = tape_named(name).nodes, set()
    for screen in lesson.screens():
        kind = re.sub(r"\d+", "", screen)
        if screen in ("overview", "update", "change", "live") or kind in seen:
            continue
        seen.add(kind)
        lesson.go(screen)
        node = nodes[int(lesson.page.js("return document.querySelector('.stage.here').dataset.key.slice(6)"))]
        if node.op in FORWARD:
            yield screen, node, screen.partition(".")[2] or "z"


def close(found: float, exact: float, scale: float = 1.0) -> bool:
    return abs(found - exact) <= 2e-4 * abs(exact) + 2e-6 * scale


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_every_number_is_numpys(opened: Callable[..., Lesson], name: str) -> None:
    lesson = opened(name)
    checked = 0
    for screen, node, part in screens_of(lesson, name):
        cell, terms, page = lesson.cell, lesson.terms(), lesson.page
        if part == "dz":
            exact = np.asarray(node.dz, float)
            assert close(terms[0], terms[1] + terms[2]), screen
        elif part == "z":
            exact = forward_of(node).astype(float)
        else:
            exact = gradient_of(node, part[1:])
            assert close(terms[0], float(np.prod(terms[1:])) if terms[1:] else 0.0), screen
            if page.text("#chain .o") == "=":
                assert close(terms[0], exact[tuple(cell[part[1:]])], np.abs(exact).max()), screen
        label = "z" if part in ("z", "dz") else part[1:]
        chips = page.each("#picture .chip, #picture .amount.on", "(e) => e.textContent")
        if chips:
            number = exact[tuple(cell[label])]
            assert number.shape == () and any(shows(text, number) for text in chips if NUMBER.match(text)), (
                screen,
                chips,
            )
            checked += 1
        grid = page.js(FIGURES).get(part)
        if grid and exact.ndim <= 2 and len(grid) == exact.size and np.isfinite(exact).all():
            assert all(shows(text, value) for text, value in zip(grid, exact.ravel())), screen
            checked += 1
    assert checked > 4 and lesson.page.errors() == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "lang"),
    [("batchnorm", "en"), ("neuron", "ko"), ("own", "ko"), ("moved", "en"), ("losses", "en"), ("sentence", "ko")],
)
def test_nothing_is_cut_or_too_small(opened: Callable[..., Lesson], name: str, lang: str) -> None:
    lesson = opened(name, lang)
    for screen, _, _ in screens_of(lesson, name):
        for size in SIZES:
            lesson.page.resize(*size)
            assert lesson.page.js(CUT) == [], (screen, size)
        lesson.page.resize(*SIZES[0])
        assert len(lesson.page.text("#idea")) <= 95
    assert lesson.page.errors() == []


def test_a_value_used_twice_has_a_screen_and_every_share_leads_to_its_sender(opened: Callable[..., Lesson]) -> None:
    lesson = opened("batchnorm")
    lesson.go("relu1.dz")
    total, *shares = lesson.terms()
    assert close(total, sum(shares)) and len(shares) == 2
    page = lesson.page
    for k in (1, 2):
        page.click(f"#chain [data-key='term-{k}']")
        assert lesson.here in ("add1.dx", "conv2.dx")
        page.press("BACKSPACE")
        assert lesson.here == "relu1.dz"
    assert page.errors() == []


def test_a_click_on_a_cell_tells_its_story(opened: Callable[..., Lesson]) -> None:
    lesson = opened("own")
    lesson.go("norm1.dx")
    before = lesson.cell["x"]
    lesson.page.click("#picture .grid .cell[data-i='2'][data-j='3']")
    assert lesson.cell["x"] == [2, 3] != before
    terms = lesson.terms()
    assert close(terms[0], terms[1] * terms[2])
    lesson.go("add1.dy")
    assert lesson.cell["z"] == [2, 3], "the operation before speaks of the same number"


def test_both_languages_have_the_same_words() -> None:
    english, korean = words()["en"], words()["ko"]
    assert english.keys() == korean.keys()
    assert not [key for key, text in korean.items() if re.findall(r"\{\w+\}", text) and
                set(re.findall(r"\{\w+\}", text)) != set(re.findall(r"\{\w+\}", english[key]))]  # fmt: skip
