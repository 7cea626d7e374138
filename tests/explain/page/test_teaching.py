"""Teaching features: predicting, the blank backward, two languages, the mistake that stays hidden."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

import minidl
from minidl.explain import record
from minidl.explain.checks import verify
from minidl.explain.teaching import passes
from minidl.explain.teaching.breaks import BREAKS
from minidl.explain.views.lesson import render
from minidl.explain.views.page import words
from tests.explain.passes import digits

from .browser import Page

Open = Callable[..., Page]
TapeOf = Callable[[str], dict[str, Any]]


def test_predict_then_reveal(open_page: Open, tape_of: TapeOf) -> None:
    page, tape = open_page("small"), tape_of("small")
    page.press("p")
    page.go(1)  # the line that returns z
    place = tape["nodes"][0]["output"]
    assert not page.js("return !!document.querySelector(`[data-held='${arguments[0]}']`)", place)
    assert "?" in page.text(".items.returned") and page.text(".node[aria-current] .node-shape") == ""
    page.js("document.getElementById('guess').focus()")
    page.press("m", "o", "s", "t", "l", "y", " ", "0")
    assert page.position() == 1, "writing a guess moves nothing"
    page.click("#reveal")
    assert page.js("return !!document.querySelector(`[data-held='${arguments[0]}']`)", place)
    assert "mostly 0" in page.text(".guess")
    assert page.text(".node[aria-current] .node-shape") == "2×4×10×10"
    page.press("ARROW_DOWN")
    assert page.js("return !!document.getElementById('reveal')")
    page.press("r")
    assert not page.js("return !!document.getElementById('reveal')")
    page.press("p", "ARROW_DOWN")
    assert not page.js("return !!document.getElementById('reveal')")


def test_predicting_hides_the_verdict_and_what_the_engine_did(open_page: Open) -> None:
    page = open_page("small")
    page.go(page.last())
    assert page.texts("#verdicts .badge") and page.text("#engine")
    page.press("p")
    assert page.texts("#verdicts .badge") == [] and page.text("#engine") == ""
    page.press("r")
    assert page.texts("#verdicts .badge") and page.text("#engine")


def test_the_loss_is_not_told_before_it_is_computed(open_page: Open) -> None:
    page = open_page("small")
    assert page.text("#loss") == "?"
    page.go(page.last())
    assert re.fullmatch(r"\d\.\d+", page.text("#loss"))


def test_blank_backward(open_page: Open, tape_of: TapeOf) -> None:
    page, tape = open_page("small"), tape_of("small")
    page.go(page.last())
    node = tape["nodes"][tape["steps"][-1]["node"]]
    source = tape["sources"][node["backward_source"]]
    code = "(line) => line.querySelector('code')?.textContent ?? null"

    def shown(phase: str = "backward") -> list[str | None]:
        return page.each(f"#{phase}-pane .line", code)

    assert None not in shown()
    page.press("b")
    lines = shown()
    assert lines[0] == source["lines"][0].strip() and set(lines[1:]) == {None}
    assert "dx = " not in page.text("#backward-pane") and None not in shown("forward")
    page.js("document.querySelector('.writing').focus()")
    page.press("d", "x", " ", "=", " ", "b")
    page.js(f"document.querySelector('.line[data-line=\"{source['first'] + 1}\"] .blank').click()")
    assert [line is None for line in shown()] == [False, False, *[True] * (len(lines) - 2)]
    assert page.js("return document.querySelector('.writing').value") == "dx = b", "what was written stays"
    page.click("[data-key=blank-all]")
    assert None not in shown()
    page.js("document.activeElement.blur()")
    page.press("b", "b")
    assert shown()[1] is None


def test_both_languages_say_everything() -> None:
    english, korean = words("en"), words("ko")
    assert english.keys() == korean.keys()
    holes = re.compile(r"\{\w+\}")
    for key in english:
        assert set(holes.findall(english[key])) == set(holes.findall(korean[key])), key
        assert english[key] and korean[key]


def test_the_language_switch(open_page: Open) -> None:
    page = open_page("small")
    page.go(page.last())
    page.click("#numbers-toggle")
    english = page.text("body")
    page.click("#language")
    assert page.js("return document.documentElement.lang") == "ko"
    korean = page.text("body")
    assert page.position() == page.last()
    strings = words("en")
    for key in (
        "page.title",
        "tape",
        "values",
        "verdict.title",
        "engine",
        "predict",
        "numbers.hide",
        "map.pick",
        "blank",
    ):
        assert strings[key] in english and strings[key] not in korean, key
        assert words("ko")[key] in korean, key
    labels = page.each("[aria-label]:not([role=math])", "(e) => e.getAttribute('aria-label')")
    assert labels and not [label for label in labels if re.search(r"\b(the|line|operation|Forward|values)\b", label)]
    page.click("#language")
    assert page.text("body") == english


def test_it_opens_in_korean(open_page: Open) -> None:
    page = open_page("small", "ko")
    assert page.text("h1") == "한 줄씩 따라가는 역전파"
    page.press("ARROW_DOWN")
    assert page.position() == 1 and page.errors() == []


def test_a_broken_run_does_not_name_its_mistake(open_page: Open, tape_of: TapeOf) -> None:
    html = render(tape_of("broken"))
    assert "conv-kernel-not-flipped" not in html and "turned by 180" not in html
    page = open_page("broken")
    assert page.text("#broken") == words("en")["broken.notice"]
    for i in range(page.last() + 1):
        page.go(i)
        assert "not-flipped" not in page.text("body")
    page.click("#broken")
    assert "not-flipped" not in page.text("dialog")
    page.click("#reveal-mistake")
    assert "conv-kernel-not-flipped" in page.text("dialog") and "180 degrees" in page.text("dialog")
    page.click("dialog form button")
    assert page.errors() == []


def test_the_verdict_turns_where_the_tape_says(open_page: Open, tape_of: TapeOf) -> None:
    page, tape = open_page("broken"), tape_of("broken")
    wrong = {check["node"] for check in tape["checks"] if check["verdict"]["state"] == "MISMATCH"
             and not check["verdict"].get("inherited")}  # fmt: skip
    assert wrong
    page.go(page.last())
    shown = page.each(".node:has(.badge.mismatch)", "(node) => +node.dataset.node")
    assert set(shown) == {node for node in wrong if any(c["node"] == node and c["input"] is not None
                          and c["verdict"]["state"] == "MISMATCH" for c in tape["checks"])}  # fmt: skip
    assert "MISMATCH" in page.text("#summary")


@pytest.mark.parametrize("name", BREAKS)
def test_every_mistake_is_marked_where_it_was_made_and_nowhere_else(open_page: Open, name: str) -> None:
    tape = passes.example(BREAKS[name].example, *digits()).record(name, torch=False)
    page = open_page(name, html=tape.html("en", "engine"))
    page.go(page.last())
    wrong = {check.node for check in tape.mismatches()}
    assert wrong and set(page.each(".node:has(.badge.mismatch)", "(node) => +node.dataset.node")) == wrong


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_why_a_gradient_was_not_checked_is_said_in_the_reader_s_language(open_page: Open, lang: str) -> None:
    x = minidl.tensor([-1.0, 2.0], requires_grad=True)
    with record("logarithm") as tape:
        minidl.log(x).sum().backward()
    page = open_page("logarithm", lang, tape.html(lang, "engine"))
    page.go(page.last())
    verdicts = [found.verdict for found in [*tape.checks, *tape.leaves] if found.verdict is not None]
    count = sum(verdict.state == "not checked" for verdict in verdicts)
    assert count >= 3  # what reaches the logarithm, what it sends, the leaf
    assert page.text("#summary").split("\n")[-1] == "– " + words(lang)["verdict.summary.unchecked"].format(n=count)
    assert words(lang)["checked.nan"] in page.text("#verdicts")


def test_every_reason_has_its_words() -> None:
    english = words("en")
    assert (english["checked.nan"], english["checked.arrived"], english["checked.faint"]) == (
        verify.NO_NUMBERS, verify.NOT_FINITE, verify.FAINT,
    )  # fmt: skip
    keys = ("hook", "jump", "edge", "elsewhere", "missing", "forgets")
    assert tuple(english["checked." + key] for key in keys) == (
        verify.HOOKED, verify.AT_A_JUMP, verify.AT_AN_EDGE, verify.ELSEWHERE, verify.MISSING, verify.FORGETS,
    )  # fmt: skip


def test_a_recording_of_nothing_says_so(open_page: Open) -> None:
    with record("nothing") as tape:
        pass
    page = open_page("nothing", html=tape.html("en", "engine"))
    page.press("ARROW_DOWN", "END", "p", "b", "m", " ", "?")
    page.click("dialog form button")
    page.resize(1024, 768)
    page.click("#theme")
    assert page.text("#operation") == words("en")["tape.empty"] and page.errors() == []


def test_a_sound_run_has_no_notice(open_page: Open) -> None:
    page = open_page("small")
    assert page.text("#broken") == "" and "MISMATCH" not in page.text("#summary")


def test_every_mistake_has_its_text() -> None:
    import json

    from minidl.explain.teaching.breaks import BREAKS
    from minidl.explain.views.page import MISTAKES, text

    told = json.loads(text(MISTAKES))
    assert told.keys() == BREAKS.keys()
    assert all(set(entry) == {"en", "ko"} for entry in told.values())
