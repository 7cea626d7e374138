"""The lesson walked by keyboard and mouse: addresses, cells, followed numbers, guesses, both views, the lab."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from minidl.errors import ArgumentError
from minidl.explain.teaching import passes
from minidl.explain.teaching.breaks import BREAKS
from minidl.explain.views.lesson import render, words
from tests.explain.passes import digits

from .browser import Page
from .lesson import Lesson

Open = Callable[..., Page]
TapeOf = Callable[[str], dict[str, Any]]
LECTURE = ["overview", "conv1", "relu1", "pool1", "conv2", "relu2", "pool2", "reshape1", "linear1", "softmax1",
           "softmax1.dx", "linear1.dw", "linear1.db", "linear1.dx", "reshape1.dx", "pool2.dx", "relu2.dx", "conv2.dw",
           "conv2.db", "conv2.dx", "pool1.dx", "relu1.dx", "conv1.dw", "conv1.db", "conv1.dx", "update",
           "change", "live"]  # fmt: skip


@pytest.fixture
def lecture(open_page: Open) -> Lesson:
    return Lesson(open_page("lecture", view="lesson"))


def test_the_lecture_is_walked_from_pixels_to_the_update(lecture: Lesson) -> None:
    assert lecture.screens() == LECTURE
    page = lecture.page
    for screen in reversed(LECTURE[:-1]):
        page.press("ARROW_LEFT")
        assert lecture.here == screen
        assert page.text("#idea") and len(page.text("#idea")) <= 95
    assert page.errors() == []
    asked = page.requests()
    assert asked and {url.partition("#")[0] for url in asked} == {page.url}


def test_lines_by_keyboard_and_the_picture_follows(lecture: Lesson) -> None:
    lecture.go("conv1")
    page = lecture.page
    current = "document.querySelector('#code li[aria-current]').dataset.line"
    assert page.js(f"return {current}") == "4" and page.texts("#picture .dim") == []
    page.press("ARROW_UP", "ARROW_UP")
    assert page.js(f"return {current}") == "2" and page.texts("#picture .dim")
    page.click("#code li[data-line='4'] button")
    assert page.js(f"return {current}") == "4"


def test_a_cell_moves_by_keyboard_and_by_mouse_and_all_numbers_follow(lecture: Lesson) -> None:
    lecture.go("conv1")
    page, before = lecture.page, lecture.cell
    page.press("ARROW_DOWN", "ARROW_RIGHT", shift=True)
    n, o, p, q = before["z"]
    assert lecture.cell["z"] == [n, o, p + 1, q + 1]
    page.click("#picture .grid .cell[data-i='1'][data-j='3']")
    assert lecture.cell["w"][2:] == [1, 3]
    assert page.js("return document.querySelectorAll('#picture .grid .cell.on').length") == 3
    page.press("ARROW_RIGHT")
    assert lecture.here == "relu1" and lecture.cell["x"] == [n, o, p + 1, q + 1], "the next screen tells the same cell"


def test_a_gradient_is_followed_to_the_pixel_and_back(lecture: Lesson) -> None:
    lecture.go("softmax1.dx")
    seen = [lecture.here]
    while not seen[-1].startswith("conv1"):
        lecture.page.press("ENTER")
        seen.append(lecture.here)
        assert len(seen) < 12
    assert seen == ["softmax1.dx", "linear1.dx", "reshape1.dx", "pool2.dx", "relu2.dx", "conv2.dx", "pool1.dx",
                    "relu1.dx", "conv1.dx"]  # fmt: skip
    for screen in reversed(seen[:-1]):
        lecture.page.press("BACKSPACE")
        assert lecture.here == screen


def test_the_number_that_arrived_leads_to_its_sender_with_the_same_value(lecture: Lesson) -> None:
    for screen in ("conv1.dx", "relu1.dx", "pool1.dx", "linear1.dx"):
        lecture.go(screen)
        value = lecture.terms()[1]
        lecture.page.click("#chain button.n.b")
        assert lecture.here != screen
        cell, label = lecture.cell, lecture.here.partition(".d")[2]
        assert label in cell
        lecture.page.press("BACKSPACE")
        assert lecture.here == screen and lecture.terms()[1] == value


@pytest.mark.parametrize(
    ("address", "screen"),
    [("conv1.dw", "conv1.dw"), ("layer2.0.dx", "conv2.dx"), ("linear.db", "linear1.db"), ("update", "update"),
     ("nonsense", "overview")],
)  # fmt: skip
def test_an_address_opens_its_screen(driver: Any, tape_of: TapeOf, tmp_path: Any, address: str, screen: str) -> None:
    path = tmp_path / "page.html"
    path.write_text(render(tape_of("lecture")), encoding="utf-8")
    page = Page(driver, path)
    driver.get("about:blank")
    driver.get(f"{path.as_uri()}#{address}")
    page.settle()
    assert Lesson(page).here == screen and page.errors() == []


def test_digits_the_overview_and_the_panels(lecture: Lesson) -> None:
    page = lecture.page
    page.press("4")
    assert lecture.here == "conv2"
    page.press("c")
    assert not page.js("return document.getElementById('picture').checkVisibility()") and page.text("#code")
    page.press("c", "o")
    assert lecture.here == "overview"
    page.click("#picture .card[data-key='card-2']")
    assert lecture.here == "pool1"
    page.press("n")
    assert "loser" in page.text("#teacher")
    page.press("n", "?")
    assert "Shift" in page.text("#dialog")


def test_a_guess_is_entered_and_stands_beside_the_truth(lecture: Lesson) -> None:
    lecture.go("conv1.dx")
    page = lecture.page
    truth = page.text("#picture .chip")
    page.press("g")
    assert truth not in page.text("#picture .say") and set(page.texts("#picture .chip")) == {"?"}
    assert page.texts("#chain .frac") == [] and "dx[r,c]" not in page.text("#code")
    page.js("document.getElementById('guess').focus()")
    page.press("0", ".", "5", "ENTER")
    assert lecture.here == "conv1.dx", "writing a guess moves nothing"
    assert "0.5" in page.text(".compared") and "✗" in page.text(".compared") and page.text("#picture .chip") == truth
    page.press("ARROW_RIGHT", shift=True)
    assert page.texts("#picture .chip")[0] == "?", "the next cell is hidden again"
    page.click("[data-key='sign-−']")
    assert page.text(".compared")


def test_the_slide_plays_and_the_kernel_turns(lecture: Lesson) -> None:
    lecture.go("conv1")
    page, before = lecture.page, lecture.cell["z"]
    page.press(" ")
    page.driver.execute_async_script("setTimeout(arguments[0], 700)")
    page.press(" ")
    assert lecture.cell["z"] != before
    lecture.go("conv1.dx")
    page.click("[data-key=turn]")
    assert page.js("return document.querySelectorAll('.turning').length") == 1
    page.driver.execute_async_script("setTimeout(arguments[0], 2300)")
    assert page.js("return document.querySelectorAll('.turning').length") == 0 and page.errors() == []


def test_the_learning_rate_moves_the_loss(lecture: Lesson, tape_of: TapeOf) -> None:
    lecture.go("update")
    page, update = lecture.page, tape_of("lecture")["lesson"]["update"]
    before = page.text(".big.num")
    page.js("const r = document.querySelector('input[type=range]'); r.value = 30; r.dispatchEvent(new Event('input'))")
    assert page.text(".big.num") != before and str(update["rates"][30]) in page.text(".rate")


def test_both_views_are_on_the_page_and_lead_to_each_other(lecture: Lesson) -> None:
    page = lecture.page
    page.press("l", "e")
    assert page.text("h1") == "한 줄씩 따라가는 역전파" and page.last() > 50
    page.press("ARROW_RIGHT")
    assert page.position() == 1, "each key is heard once"
    page.click("#lesson")
    assert "통과" in page.text("h1") and page.js("return document.getElementById('slider')") is None
    page.press("ARROW_RIGHT")
    assert lecture.here == "conv1" and page.errors() == []


def test_every_text_is_in_both_languages() -> None:
    english, korean = words()["en"], words()["ko"]
    assert english.keys() == korean.keys()
    hole = re.compile(r"\{\w+\}")
    for key in english:
        assert sorted(set(hole.findall(english[key]))) == sorted(set(hole.findall(korean[key]))), key
        if ".idea" in key:
            assert len(english[key]) <= 90, key


def test_an_unknown_view_is_refused(tape_of: TapeOf) -> None:
    with pytest.raises(ArgumentError, match="lesson, engine; got 'slides'"):
        render(tape_of("odd"), view="slides")


@pytest.mark.slow
@pytest.mark.parametrize("name", BREAKS)
def test_each_mistake_is_found_by_clicking_and_not_told_before(driver: Any, tmp_path: Any, name: str) -> None:
    recorded = passes.example(BREAKS[name].example, *digits()).record(name, torch=False)
    tape = recorded.to_dict()
    path = tmp_path / "page.html"
    path.write_text(render(tape), encoding="utf-8")
    page = Page(driver, path)
    lesson = Lesson(page)
    wrong = next(check for check in tape["checks"] if check["verdict"]["state"] == "MISMATCH")
    screens, told = lesson.screens(), False
    suspects = [screen for screen in screens if "." in screen]
    for screen in suspects:
        lesson.go(screen)
        text = page.text("body")
        assert "MISMATCH" not in text and "nudging" not in text and name not in text
        page.click("#code li:last-child button")
        page.click("[data-key=vote]")
        told = "Found" in page.text("#dialog h2")
        page.js("document.getElementById('dialog').close()")
        if told:
            break
    assert told, (wrong["node"], wrong["input"])
    assert page.errors() == []
