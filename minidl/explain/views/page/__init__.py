"""A recorded tape as one self-contained page, and pen-and-paper exercises as printable sheets.

The page needs no network and no server: its styles, its program and the numbers are in one file, and its content
policy lets nothing else run. The static parts lie beside this file; the renderer only puts them together.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

from ....errors import ArgumentError
from .worksheet import sheet_name, sheet_pages

__all__ = ["LANGUAGES", "render", "render_worksheet"]

LANGUAGES = ("en", "ko")
SCRIPTS = (
    "strings", "format", "dom", "arrays", "sums", "expressions", "walk", "written", "heatmap", "verdicts", "diagram",
    "source", "roles", "spelled", "inspector", "handout", "controls", "main",
)  # fmt: skip
MISTAKES = "mistakes.json"


def render(tape: dict[str, Any], lang: str = "en") -> str:
    """The page of a recorded tape (`Tape.to_dict()`), opening in `lang` ("en" or "ko"; a switch is on the page).

    The name of a seeded mistake is sealed: it is not in the page as text until the class asks for it. Raises
    `ArgumentError` for a language that is not there.
    """
    strings = {name: words(name) for name in _known(lang)}
    sealed = {**tape, "sealed": _sealed(tape.get("broken"))}
    sealed.pop("broken", None)
    style = "\n".join([text("base.css"), text("page.css"), _dark(), text("print.css")])
    script = "\n".join(text(f"js/{name}.js") for name in SCRIPTS)
    title = tape.get("title") or words(lang)["page.title"]
    return _filled(
        "page.html",
        lang=lang,
        policy=_policy(style, script),
        title=_escaped(title.get(lang, "") if isinstance(title, dict) else str(title)),
        style=style,
        strings=_data(strings),
        tape=_data(sealed),
        script=script,
    )


def render_worksheet(sheet: dict[str, Any], lang: str = "en") -> str:
    """An exercise as a page to print: the sheet, then its answer key on a page of its own.

    `sheet` holds "seed", "given" ([{"name", "values"}]) and "questions" ([{"phase", "name", "plain", "values" (the
    answer), and perhaps "formula" (MathML), "working" (lines of text) and "asked" (whether the formula itself is asked
    for)}]), and perhaps "level" and "known" (a formula that is given too); values are numbers or nested lists of them.
    Raises `ArgumentError` for a language that is not there.
    """
    _known(lang)
    style = text("base.css") + text("worksheet.css")
    here = words(lang)
    return _filled(
        "worksheet.html",
        lang=lang,
        policy=_policy(style, None),
        title=_escaped(f"{here['worksheet.title']}: {sheet_name(sheet, here)}"),
        style=style,
        pages=sheet_pages(sheet, here, lang),
    )


def _known(lang: str) -> tuple[str, ...]:
    if lang not in LANGUAGES:
        raise ArgumentError(f"lang must be one of {', '.join(LANGUAGES)}; got {lang!r}")
    return LANGUAGES


@cache
def text(name: str) -> str:
    """A static part of the page."""
    part = files(__package__)
    for step in name.split("/"):
        part = part / step
    return part.read_text(encoding="utf-8")


def words(lang: str) -> dict[str, str]:
    """Every label in one language."""
    return json.loads(text(f"strings.{lang}.json"))


def _filled(template: str, **parts: str) -> str:
    """The template with each {{name}} replaced, in one pass: what is filled in is never searched again."""
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], text(template))


def _dark() -> str:
    """The dark colours twice: for the choice on the page, and for the system's setting."""
    colours = text("dark.css")
    return (
        f':root[data-theme="dark"] {{\n{colours}}}\n'
        f'@media (prefers-color-scheme: dark) {{ :root:not([data-theme="light"]) {{\n{colours}}} }}'
    )


def _policy(style: str, script: str | None) -> str:
    """Nothing may be loaded; only this very style and this very program may run, known by their hashes."""
    rules = ["default-src 'none'", f"style-src '{_hash(style)}'", "base-uri 'none'", "form-action 'none'"]
    if script is not None:
        rules.append(f"script-src '{_hash(script)}'")
    return "; ".join(rules)


def _hash(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode("ascii")


def _data(content: Any) -> str:
    """JSON that cannot end the element it stands in."""
    plain = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return plain.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _escaped(content: str) -> str:
    return content.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _sealed(name: str | None) -> str | None:
    """The mistake and what it does, in both languages, encoded so that the page's source gives nothing away."""
    if not name:
        return None
    told = json.loads(text(MISTAKES)).get(name, {})
    return base64.b64encode(json.dumps({"name": name, **told}).encode()).decode("ascii")
