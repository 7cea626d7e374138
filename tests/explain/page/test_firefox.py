"""The page in Firefox: the lesson and the engine's lines, from the first screen to the last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from minidl.explain.views.lesson import render

from .firefox import Firefox, firefox

RIGHT = "\ue014"
CUT = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def tab() -> Iterator[Firefox]:
    with firefox() as found:
        yield found


@pytest.mark.parametrize(("lang", "width", "height"), [("en", 1280, 720), ("ko", 1024, 768), ("ko", 390, 844)])
def test_every_screen_of_the_lesson(
    tab: Firefox, tape_of: Callable[[str], dict[str, Any]], tmp_path: Path, lang: str, width: int, height: int
) -> None:
    path = tmp_path / "page.html"
    path.write_text(render(tape_of("lecture"), lang), encoding="utf-8")
    tab.open(path.as_uri(), width, height)
    seen = []
    while (screen := tab.js("location.hash + document.body.innerText.length")) not in seen[-1:]:
        seen.append(screen)
        assert tab.js(CUT) <= 0, f"{screen}: wider than the window"
        assert len(seen) < 200
        tab.press(RIGHT)
    assert len(seen) > 10
    assert not tab.errors()


def test_the_engine_s_lines(tab: Firefox, tape_of: Callable[[str], dict[str, Any]], tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(render(tape_of("small"), "en", "engine"), encoding="utf-8")
    tab.open(path.as_uri(), 1280, 720)
    first = tab.js("document.body.innerText")
    for _ in range(5):
        tab.press(RIGHT)
    assert tab.js("document.body.innerText") != first
    assert not tab.errors()
