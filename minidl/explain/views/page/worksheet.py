"""The two pages of a worksheet as HTML: the questions with empty cells, and the same with the answers."""

from __future__ import annotations

from html import escape
from typing import Any

from ..formulas import translated
from ..mathml import mathml

MOST = 9  # questions that fit on a page in their usual size
Numbers = Any  # a number, or nested lists of numbers


def sheet_pages(sheet: dict[str, Any], words: dict[str, str], lang: str) -> str:
    """The sheet to be filled in, then the answer key."""
    return _page(sheet, words, lang, answers=False) + "\n" + _page(sheet, words, lang, answers=True)


def sheet_name(sheet: dict[str, Any], words: dict[str, str]) -> str:
    """By which seed and level the sheet can be made again."""
    level = words["worksheet.level"].format(level=sheet["level"]) if "level" in sheet else ""
    return words["worksheet.seed"].format(seed=sheet["seed"]) + (f", {level}" if level else "")


def _page(sheet: dict[str, Any], words: dict[str, str], lang: str, answers: bool) -> str:
    title = words["worksheet.key" if answers else "worksheet.title"]
    seed = sheet_name(sheet, words)
    lines = f"<span>{words['worksheet.name']}</span><span>{words['worksheet.date']}</span>"
    given = "".join(named(one["name"], one["values"]) for one in sheet["given"])
    long = " long" if len(sheet["questions"]) > MOST else ""
    if sheet.get("known"):
        given += f'<div class="named">{mathml([sheet["known"]])}</div>'
    return (
        f'<main class="sheet blank-sheet{long}">'
        if not answers
        else f'<section class="sheet key{long}" aria-labelledby="key-title">'
    ) + (
        f'<header><h1 id="{"key" if answers else "sheet"}-title">{escape(title)}</h1>'
        f'<span class="seed">{escape(seed)}</span></header>'
        + ("" if answers else f'<p class="pupil">{lines}</p>')
        + f'<section class="given"><h2>{words["worksheet.given"]}</h2><div class="given-values">{given}</div></section>'
        + _questions(sheet, words, lang, "forward", answers)
        + _questions(sheet, words, lang, "backward", answers)
        + ("</section>" if answers else "</main>")
    )


def _questions(sheet: dict[str, Any], words: dict[str, str], lang: str, phase: str, answers: bool) -> str:
    numbered = [(i, one) for i, one in enumerate(sheet["questions"], 1) if one["phase"] == phase]
    if not numbered:
        return ""
    items = "".join(_question(i, one, words, lang, answers) for i, one in numbered)
    asked = not answers and any(one.get("asked") for _, one in numbered)
    return (
        f'<section class="{phase}"><h2>{words["worksheet." + phase]}</h2>'
        + (f'<p class="asked">{words["worksheet.asked"]}</p>' if asked else "")
        + f'<ol class="questions" start="{numbered[0][0]}">{items}</ol></section>'
    )


def _question(number: int, question: dict[str, Any], words: dict[str, str], lang: str, answers: bool) -> str:
    plain = translated(question["plain"], lang)
    formula = (mathml([plain]) if plain != question["plain"] else question.get("formula")) or escape(plain)
    if question.get("asked") and not answers:
        line = f'<span class="formula-line" role="img" aria-label="{escape(words["worksheet.line"])}"></span>'
        formula = f'<span class="name">{escape(question["name"])} =</span>{line}'
    working = "".join(f"<div>{escape(line)}</div>" for line in question.get("working") or []) if answers else ""
    return (
        f'<li class="question"><span class="count">{number}</span><div class="formula">{formula}</div>'
        + named(question["name"], question["values"], empty=not answers)
        + (f'<div class="working">{working}</div>' if working else "")
        + "</li>"
    )


def named(name: str, values: Numbers, empty: bool = False) -> str:
    """A name and its numbers in a frame, or the same number of empty cells.

    >>> named("b", [1, -2])
    '<div class="named"><span class="name">b =</span><table class="matrix"><tr><td>1</td><td>−2</td></tr></table></div>'
    """
    return f'<div class="named"><span class="name">{escape(name)} =</span>{_matrices(values, empty)}</div>'


def _matrices(values: Numbers, empty: bool) -> str:
    """One table for up to two axes; for more, one beside the other along the first."""
    if not isinstance(values, list):
        return _matrix([[values]], empty)
    if not values or not isinstance(values[0], list):
        return _matrix([values], empty)
    if not values[0] or not isinstance(values[0][0], list):
        return _matrix(values, empty)
    return '<div class="channels">' + "".join(_matrices(part, empty) for part in values) + "</div>"


def _matrix(rows: list[list[Any]], empty: bool) -> str:
    body = "".join("<tr>" + "".join(f"<td>{'' if empty else shown(x)}</td>" for x in row) + "</tr>" for row in rows)
    return f'<table class="matrix{" empty" if empty else ""}">{body}</table>'


def shown(x: float) -> str:
    """A number as on paper: whole where it is whole, with a true minus sign.

    >>> shown(-2.0), shown(0.25)
    ('−2', '0.25')
    """
    text = str(int(x)) if float(x).is_integer() else f"{x:.4g}"
    return text.replace("-", "−")
