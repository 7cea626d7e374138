"""The engine's view of a recorded tape, line by line, and pen-and-paper exercises as printable sheets.

A page needs no network and no server: its styles, its program and the numbers are in one file, and its content
policy lets nothing else run. The static parts lie beside this file; the renderer only puts them together. The engine's
view is one of the two on the page that `views/lesson` makes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

from ....language import LANGUAGES, known_language
from ..static import static_text
from .worksheet import sheet_name, sheet_pages

__all__ = ["LANGUAGES", "render_worksheet"]

SCRIPTS = (
    "strings", "format", "dom", "arrays", "sums", "expressions", "walk", "written", "heatmap", "verdicts", "diagram",
    "source", "roles", "spelled", "inspector", "handout", "controls", "main",
)  # fmt: skip
MISTAKES = "mistakes.json"


def parts() -> tuple[str, str, str]:
    """The style sheet, the program and the body of the engine's view."""
    style = "\n".join([text("base.css"), text("page.css"), _dark(), text("print.css")])
    return style, "\n".join(text(f"js/{name}.js") for name in SCRIPTS), text("page.html")


def catalogue() -> dict[str, dict[str, str]]:
    """Every label of the engine's view, by language."""
    return {name: words(name) for name in LANGUAGES}


def title_of(tape: dict[str, Any], lang: str) -> str:
    """The title of a tape's page."""
    title = tape.get("title") or words(lang)["page.title"]
    return title.get(lang, "") if isinstance(title, dict) else str(title)


def sealed(tape: dict[str, Any]) -> dict[str, Any]:
    """The tape with the name of a seeded mistake sealed: it is not in the page as text until the class asks for it."""
    found = {**tape, "sealed": _sealed(tape.get("broken"))}
    found.pop("broken", None)
    return found


def render_worksheet(sheet: dict[str, Any], lang: str = "en") -> str:
    """An exercise as a page to print: the sheet, then its answer key on a page of its own.

    `sheet` holds "seed", "given" ([{"name", "values"}]) and "questions" ([{"phase", "name", "plain", "values" (the
    answer), and perhaps "formula" (MathML), "working" (lines of text) and "asked" (whether the formula itself is asked
    for)}]), and perhaps "level" and "known" (a formula that is given too); values are numbers or nested lists of them.
    Raises `ArgumentError` for a language that is not there.
    """
    known_language(lang)
    style = text("base.css") + text("worksheet.css")
    here = words(lang)
    return filled(
        text("worksheet.html"),
        lang=lang,
        policy=policy([style], []),
        title=escaped(f"{here['worksheet.title']}: {sheet_name(sheet, here)}"),
        style=style,
        pages=sheet_pages(sheet, here, lang),
    )


def text(name: str) -> str:
    """A static part of the page."""
    return static_text(__package__, name)


def words(lang: str) -> dict[str, str]:
    """Every label in one language."""
    return json.loads(text(f"strings.{lang}.json"))


def filled(template: str, **parts: str) -> str:
    """The template with each {{name}} replaced, in one pass: what is filled in is never searched again."""
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], template)


def _dark() -> str:
    """The dark colours twice: for the choice on the page, and for the system's setting."""
    colours = text("dark.css")
    return (
        f':root[data-theme="dark"] {{\n{colours}}}\n'
        f'@media (prefers-color-scheme: dark) {{ :root:not([data-theme="light"]) {{\n{colours}}} }}'
    )


def policy(styles: list[str], scripts: list[str]) -> str:
    """Nothing may be loaded; only these very styles and programs may run, known by their hashes."""
    rules = ["default-src 'none'", f"style-src {_hashes(styles)}", "base-uri 'none'", "form-action 'none'"]
    if scripts:
        rules.append(f"script-src {_hashes(scripts)}")
    return "; ".join(rules)


def _hashes(contents: list[str]) -> str:
    digests = [base64.b64encode(hashlib.sha256(content.encode()).digest()).decode("ascii") for content in contents]
    return " ".join(f"'sha256-{digest}'" for digest in digests)


def data(content: Any) -> str:
    """JSON that cannot end the element it stands in."""
    plain = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return plain.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def escaped(content: str) -> str:
    """A text as HTML."""
    return content.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _sealed(name: str | None) -> str | None:
    """The mistake and what it does, in both languages, encoded so that the page's source gives nothing away."""
    if not name:
        return None
    told = json.loads(text(MISTAKES)).get(name, {})
    return base64.b64encode(json.dumps({"name": name, **told}).encode()).decode("ascii")
