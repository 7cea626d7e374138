"""The lesson: the page of a recorded pass that teaches its mathematics, one idea a screen (how: README.md).

One file holds both views, the lesson and the engine's own lines (`views/page`). Each is a template with a style sheet
and a program of its own; a few lines open one of them, and only what is open exists. Both read the same tape.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from ....errors import ArgumentError
from ....language import known_language
from .. import page
from ..static import static_names, static_text

__all__ = ["VIEWS", "render", "words"]

VIEWS = ("lesson", "engine")
BORROWED = ("dom", "arrays")  # of the engine's view
FIRST = (
    "words", "numbers", "drawing", "tape", "kernels", "registry", "story", "state", "grids", "maps", "planes", "rows",
    "plots", "chain", "code", "strip", "guess", "lab", "handout",
)  # fmt: skip
LAST = ("screens", "keys", "main")
STYLES = ("base", "picture", "families", "live", "stage", "stacked", "print")


def render(tape: dict[str, Any], lang: str = "en", view: str = "lesson") -> str:
    """The page of a recorded tape (`Tape.to_dict()`), opening in a language ("en" or "ko") and a view.

    Both can be changed on the page. Raises `ArgumentError` for a language or a view that is not there.
    """
    known_language(lang)
    if view not in VIEWS:
        raise ArgumentError(f"view must be one of {', '.join(VIEWS)}; got {view!r}")
    parts = {"lesson": (_style(), _script(), _text("lesson.html")), "engine": page.parts()}
    start = _text("start.js")
    return page.filled(
        _text("page.html"),
        lang=lang,
        view=view,
        policy=page.policy([part[0] for part in parts.values()], [start, *(part[1] for part in parts.values())]),
        title=page.escaped(page.title_of(tape, lang)),
        lesson_style=parts["lesson"][0],
        lesson_script=_inert(parts["lesson"][1]),
        lesson_body=parts["lesson"][2],
        engine_style=parts["engine"][0],
        engine_script=_inert(parts["engine"][1]),
        engine_body=parts["engine"][2],
        words=page.data(words()),
        strings=page.data(page.catalogue()),
        tape=page.data(page.sealed(tape)),
        start=start,
    )


def _inert(script: str) -> str:
    """A program as text that waits in the page; it must not hold what would end the element around it."""
    assert "</script" not in script.lower()
    return script


@cache
def words() -> dict[str, dict[str, str]]:
    """Every text of the lesson by language: the file `words/conv.json` holds those called conv.…"""
    found: dict[str, dict[str, str]] = {}
    for name in static_names(__package__, "words", ".json"):
        for lang, texts in json.loads(_text(f"words/{name}.json")).items():
            found.setdefault(lang, {}).update({f"{name}.{key}": text for key, text in texts.items()})
    return found


def _style() -> str:
    return "\n".join(_text(f"styles/{name}.css") for name in STYLES)


def _script() -> str:
    borrowed = [page.text(f"js/{name}.js") for name in BORROWED]
    kernels = [f"{{\n{text}}}" for text in _all("js/kernels", ".js")]  # each in a block: its names are its own
    first, last = ([_text(f"js/{name}.js") for name in names] for names in (FIRST, LAST))
    return "\n".join([*borrowed, *first, *kernels, *_all("js/live", ".js"), *_all("js/lessons", ".js"), *last])


def _all(folder: str, suffix: str) -> list[str]:
    return [_text(f"{folder}/{name}{suffix}") for name in static_names(__package__, folder, suffix)]


def _text(name: str) -> str:
    return static_text(__package__, name)
