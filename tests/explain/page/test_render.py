"""One file that loads nothing and lets nothing else run; worksheets on two pages. Most of it needs no browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from minidl.errors import ArgumentError
from minidl.explain.views.lesson import render
from minidl.explain.views.page import render_worksheet

from .browser import Page

Open = Callable[..., Page]
TapeOf = Callable[[str], dict[str, Any]]
SHEET = {
    "seed": 7,
    "given": [{"name": "x", "values": [[1, -2], [3, 0]]}, {"name": "w", "values": [2, 1]}, {"name": "b", "values": -1}],
    "questions": [
        {"phase": "forward", "name": "z", "plain": "z = x w + b", "values": [-1, 5],
         "working": ["1·2 + (-2)·1 - 1 = -1"]},
        {"phase": "backward", "name": "dx", "plain": "dx = dz w", "formula": "<math><mi>d</mi><mi>x</mi></math>",
         "values": [[[2, 1]], [[12, 0.25]]]},
        {"phase": "backward", "name": "db", "plain": "db = Σ dz <rows>", "values": 13},
    ],
}  # fmt: skip


def test_the_page_loads_nothing_and_is_small(tape_of: TapeOf) -> None:
    html = render(tape_of("lecture"))
    assert len(html.encode()) < 3_000_000
    assert not re.findall(
        r"<(?:link|img|iframe|object|embed|base)\b|\bsrc=|url\(|@import|https?://(?!www\.w3\.org/)", html
    )
    assert "eval(" not in html and "new Function" not in html and "innerHTML" not in html and " style=" not in html


def test_the_policy_names_the_very_programs_and_styles(tape_of: TapeOf) -> None:
    """Those of both views, and the few lines that open one of them."""
    html = render(tape_of("odd"))
    policy = re.search(r'Security-Policy" content="([^"]+)"', html)[1]  # type: ignore[index]
    programs = r'<script type="(?:module|text/plain)"[^>]*>(.*?)</script>'
    for kind, tag, count in (("script-src", programs, 3), ("style-src", r"<style[^>]*>(.*?)</style>", 2)):
        content = re.findall(tag, html, re.S)
        assert len(content) == count
        rule = next(rule for rule in policy.split("; ") if rule.startswith(kind))
        digests = {base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in content}
        assert set(rule.split()[1:]) == {f"'sha256-{digest}'" for digest in digests}
    assert "default-src 'none'" in policy and "unsafe" not in policy


def test_the_policy_stops_what_is_not_ours(open_page: Open, tape_of: TapeOf) -> None:
    html = render(tape_of("odd"), view="engine").replace("</body>", "<script>document.title = 'taken'</script></body>")
    page = open_page("odd", html=html)
    assert page.js("return document.title") != "taken"
    assert any("Content Security Policy" in message for message in page.errors())
    blocked = "return fetch('https://example.com').then(() => 'went', () => 'stopped')"
    assert page.js(blocked) == "stopped"


def test_text_of_the_tape_cannot_become_markup(open_page: Open, tape_of: TapeOf) -> None:
    nasty = "</script><script>document.title='taken'</script><img src=x onerror=alert(1)>"
    tape = json.loads(json.dumps(tape_of("odd")))
    tape["title"] = tape["input"] = tape["model"] = nasty
    tape["nodes"][0]["name"] = nasty
    tape["nodes"][0]["formula"] = f"<math><mtext>{nasty}</mtext><script>1</script></math>"
    page = open_page("nasty", html=render(tape, view="engine"))
    assert page.js("return document.querySelectorAll('main img, main script').length") == 0
    assert page.js("return document.title") != "taken" and nasty in page.text("#given")


def test_the_mathematics_is_kept_and_nothing_else(open_page: Open, tape_of: TapeOf) -> None:
    tape = json.loads(json.dumps(tape_of("odd")))
    formula = '<math><mfrac onclick="x()"><mi mathvariant="normal">a</mi><mn>2</mn></mfrac><a href="x">b</a></math>'
    tape["nodes"][0]["formula"] = formula
    page = open_page("formula", html=render(tape, view="engine"))
    assert page.js("return document.querySelector('.formula.forward math').innerHTML") == (
        '<mfrac><mi mathvariant="normal">a</mi><mn>2</mn></mfrac>'
    )


def test_a_pass_without_backward_or_lines_still_opens(open_page: Open, tape_of: TapeOf) -> None:
    tape = json.loads(json.dumps(tape_of("odd")))
    forward = {**tape, "steps": [s for s in tape["steps"] if s["phase"] == "forward"], "checks": [], "loss": None}
    page = open_page("forward", html=render(forward, view="engine"))
    page.press("END")
    assert page.position() == page.last() and page.errors() == []
    assert page.js("return document.getElementById('mode-backward').disabled")
    page = open_page("empty", html=render({**forward, "steps": []}, view="engine"))
    assert page.errors() == [] and page.text("h1") == "Backprop, line by line"


def test_an_unknown_language_is_refused(tape_of: TapeOf) -> None:
    with pytest.raises(ArgumentError, match="en, ko; got 'fr'"):
        render(tape_of("odd"), "fr")
    with pytest.raises(ArgumentError, match="en, ko; got 'fr'"):
        render_worksheet(SHEET, "fr")


@pytest.mark.parametrize(
    ("lang", "title", "key"), [("en", "Backprop on paper", "Answer key"), ("ko", "손으로 하는 역전파", "정답")]
)
def test_a_worksheet_has_its_answers_on_a_second_page(open_page: Open, lang: str, title: str, key: str) -> None:
    page = open_page("sheet", html=render_worksheet(SHEET, lang))
    assert page.texts("h1") == [title, key]
    assert page.texts(".blank-sheet .matrix.empty td") == [""] * 7
    assert page.texts(".key .question .matrix td") == ["−1", "5", "2", "1", "12", "0.25", "13"]
    assert (
        page.texts(".blank-sheet .given .matrix td")
        == page.texts(".key .given .matrix td")
        == ["1", "−2", "3", "0", "2", "1", "−1"]
    )
    assert page.texts(".working") == ["1·2 + (-2)·1 - 1 = -1"]
    assert page.js("return [...document.querySelectorAll('.key .count')].map((c) => c.innerText)") == ["1", "2", "3"]
    pdf = base64.b64decode(page.driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"])
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 2
    assert page.errors() == [] and page.violations() == []
