"""The lesson of large networks and of a broken one, its cells moved and its choices made: still nothing is cut."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from minidl.explain.views.lesson import render

from ..lesson.sequences import SEQUENCES
from .browser import Page
from .families import LARGE, MODELS
from .lesson import CUT, FAULTS, OVERFLOW

MOVED = f"""const lookedAt = () => {{{FAULTS}}}, overflowing = () => {{{OVERFLOW}}}, cut = () => {{{CUT}}};
const stacked = getComputedStyle(document.body).display !== "grid";
const faultsNow = () => [
  ...lookedAt()[0].filter((fault) => !stacked || fault !== "the window scrolls"), ...overflowing(),
  ...cut().filter((fault) => !fault.startsWith("small, 0.0")), // words that a phone leaves out
  ...(stacked && document.scrollingElement.scrollWidth > innerWidth ? ["the window is too wide"] : []),
];
""" + (Path(__file__).parent / "moved.js").read_text()
SIZES = ((1280, 720), (1024, 768), (390, 844), (640, 360))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "lang"),
    [
        ("transformer", "en"),
        ("wide", "ko"),
        ("sentence", "en"),
        ("batchnorm", "ko"),
        ("broken", "en"),
        ("own", "en"),
        ("seq-loop", "ko"),
        ("seq-packed", "en"),
    ],
)
def test_nothing_is_cut_when_a_cell_has_moved(
    driver: Any, tape_of: Callable[[str], dict[str, Any]], tmp_path: Path, name: str, lang: str
) -> None:
    models = MODELS | LARGE | {f"seq-{name}": make for name, make in SEQUENCES.items()}
    tape = models[name]().to_dict() if name in models else tape_of(name)
    path = tmp_path / "page.html"
    path.write_text(render(tape, lang), encoding="utf-8")
    page = Page(driver, path)
    driver.set_script_timeout(300)
    for size in SIZES:
        page.resize(*size)
        assert page.js(MOVED) == [], size
    assert page.errors() == []
