"""One browser for all of these tests; every test opens its page anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from minidl.explain.views.lesson import render

from .browser import Page, chromium
from .tapes import lecture_tape, odd_tape, small_tape

MAKERS = {
    "lecture": lecture_tape,
    "small": small_tape,
    "odd": odd_tape,
    "broken": lambda: small_tape("conv-kernel-not-flipped"),
}


@pytest.fixture(scope="session")
def driver() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def tape_of() -> Callable[[str], dict[str, Any]]:
    """The tape of that name, recorded once."""
    made: dict[str, dict[str, Any]] = {}

    def tape(name: str) -> dict[str, Any]:
        if name not in made:
            made[name] = MAKERS[name]()
        return made[name]

    return tape


@pytest.fixture
def open_page(driver: Any, tape_of: Callable[[str], dict[str, Any]], tmp_path: Path) -> Callable[..., Page]:
    """Open the page of a tape by its name, or any HTML."""

    def opened(name: str, lang: str = "en", html: str | None = None, view: str = "engine") -> Page:
        path = tmp_path / f"{name}.{lang}.html"
        path.write_text(html or render(tape_of(name), lang, view), encoding="utf-8")
        return Page(driver, path)

    return opened
