"""The page in a browser: digits drawn by pointer events are read; by every hand, in both languages, on every screen."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from minidl.data.idx import read_idx
from tests.explain.page.browser import Page, chromium
from tests.support.photos import photo
from tests.support.runs import sample

from .conftest import Served, serving
from .drawing import Sheet
from .pen import SHAPES, jittered, traced

EACH = int(os.environ.get("MINIDL_DRAWN_DIGITS", 2))  # of each class; measured once with 10
CUT_OFF = """return [...document.querySelectorAll('button, a, h1, h2, #sentence, #key, #loss, #saved, canvas')]
  .filter((e) => e.checkVisibility({visibilityProperty: true}))
  .map((e) => [e, e.getBoundingClientRect()])
  .filter(([e, box]) => box.width > 1 && (box.right > innerWidth + 1 || box.left < -1))
  .map(([e]) => e.outerHTML.slice(0, 80))"""
HIDDEN_BELOW = """const box = (css) => document.querySelector(css).getBoundingClientRect();
  return Math.max(box('#saved').bottom, box('#examples').bottom, box('#key').bottom) - box('footer').top"""
TOO_SMALL = """return [...document.querySelectorAll('button')]
  .filter((e) => e.checkVisibility() && Math.min(e.offsetWidth, e.offsetHeight) < 20)
  .map((e) => e.outerHTML.slice(0, 60))"""
SIZES = [(1280, 720), (1024, 768), (1920, 1080), (390, 844), (640, 360)]  # the last is a zoom of 200 %


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture
def sheet(driver: Any, served: Served) -> Iterator[Sheet]:
    found = Sheet(driver, served.url)
    yield found
    assert found.errors() == []


def seven() -> list[Any]:
    """The strokes of a 7."""
    images, labels = sample(False, 100)
    return traced(images[int(np.argmax(labels == 7))])


def test_digits_drawn_by_pointer_are_read(sheet: Sheet) -> None:
    random = np.random.default_rng(7)
    images, labels = sample(False, 300)
    found, wrong = 0, []
    for digit in range(10):
        for at in np.flatnonzero(labels == digit)[:EACH]:
            sheet.clear()
            sheet.draw(jittered(traced(images[at]), random, 0.006))
            read = sheet.settled()
            found += read.split()[0] == str(digit)
            wrong += [] if read.split()[0] == str(digit) else [(digit, read)]
    print(f"{found} of {10 * EACH} right; {wrong}")
    assert found >= (0.95 if EACH > 5 else 0.85) * 10 * EACH, wrong


def test_letters_do_not_pass_as_digits(sheet: Sheet) -> None:
    random = np.random.default_rng(11)
    passed = []
    for name in ("A", "T", "H", "house", "heart", "star"):
        sheet.clear()
        sheet.draw(jittered(SHAPES[name], random))
        if not sheet.settled().startswith("?"):
            passed.append(name)
    assert len(passed) <= 1, passed


@pytest.mark.parametrize("pointer", ["touch", "pen"])
def test_other_hands(sheet: Sheet, pointer: str) -> None:
    sheet.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": pointer == "touch"})
    sheet.draw(seven(), pointer)
    assert sheet.settled() == "7 sure"
    sheet.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})


def test_the_keyboard_alone(sheet: Sheet) -> None:
    """A 1 drawn with Space and arrows, undone, and everything else reached by Tab."""
    reached = []
    for _ in range(60):
        sheet.press("TAB")
        reached.append(sheet.js("const e = document.activeElement; return e.id || e.parentElement.id"))
        if reached[-1] == "pad":
            break
    assert reached[-1] == "pad"
    sheet.press("SPACE", *["ARROW_DOWN"] * 22, "SPACE")
    assert sheet.settled().startswith("1 ")
    sheet.press("w")
    sheet.until(lambda: "Why 1?" in sheet.text("#why") and sheet.js("return !document.querySelector('#modes').hidden"))
    assert "score 1" in sheet.text("#sentence")
    sheet.press("ESCAPE")
    for _ in range(60):
        sheet.press("TAB")
        reached.append(sheet.js("const e = document.activeElement; return e.id || e.parentElement.id"))
    assert {
        "lang",
        "theme",
        "help",
        "undo",
        "clear",
        "pens",
        "examples",
        "why",
        "rows",
        "chips",
        "strip",
        "lesson",
    } <= set(reached)
    sheet.press("z")
    sheet.until(lambda: sheet.look() == "none")


def test_what_is_seen_and_why(sheet: Sheet) -> None:
    sheet.draw(seven())
    assert sheet.settled() == "7 sure"
    assert "7" in sheet.text("#sentence")
    top = sheet.js("return [...document.querySelectorAll('#rows .top b')].map((e) => e.textContent)")
    assert len(top) == 3
    assert "7" in top
    inked = """const c = document.querySelector(arguments[0]), all = [0, 0, c.width, c.height];
    return c.getContext('2d').getImageData(...all).data.some((v, i) => i % 4 === 3 && v > 0)"""
    for css in ("#pad", "#glass", *(f"#strip button:nth-of-type({i}) canvas" for i in range(1, 8))):
        assert sheet.js(inked, css), css
    sheet.click("#strip button:nth-of-type(3)")
    sheet.until(lambda: "MaxPool2d: 10 maps of 15 × 15" in sheet.text("#lens h2"))
    sheet.click("#rows button:nth-child(3)")
    sheet.until(lambda: "∂ score 2" in sheet.text("#lens h2"))
    sheet.click("[data-mode=share]")
    sheet.until(lambda: "score −" in sheet.text("#key") or "score " in sheet.text("#key"))
    sheet.click("#chips button:nth-child(10)")
    sheet.until(lambda: sheet.text("#loss").startswith("Misread:"))
    assert sheet.js("return document.querySelector('#save').disabled"), "nothing is kept without --collect"
    assert "--collect" in sheet.text("#saved")


def test_why_opens_the_lesson_of_this_digit(sheet: Sheet) -> None:
    sheet.draw(seven())
    sheet.settled()
    first = sheet.driver.current_window_handle
    address = sheet.js("return document.querySelector('#lesson').href")
    sheet.driver.switch_to.new_window("tab")
    try:
        sheet.driver.get(address)
        assert "the digit that was drawn, labelled 7" in sheet.driver.page_source
        sheet.until(lambda: sheet.js("return document.querySelector('h1')?.textContent"))
        assert sheet.errors() == []
    finally:
        sheet.driver.close()
        sheet.driver.switch_to.window(first)


def test_examples_undo_and_photos(sheet: Sheet, tmp_path: Path) -> None:
    sheet.click("#examples button:nth-child(4)")
    assert sheet.settled().startswith("3")
    sheet.click("#undo")
    sheet.until(lambda: sheet.look() == "none")
    images, labels = sample(False, 3)
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), photo(images[0], "dark on light", np.random.default_rng(0)))
    give = sheet.driver.find_element("css selector", "#photo input")
    give.send_keys(str(path))
    assert sheet.settled().startswith(str(labels[0]))
    (tmp_path / "text.png").write_bytes(b"no picture")
    give.send_keys(str(tmp_path / "text.png"))
    sheet.until(lambda: "cannot be read" in sheet.text("#sentence"))


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_every_screen(driver: Any, served: Served, lang: str) -> None:
    """Nothing is cut off or wider than the screen, in either language; light and dark pass axe."""
    page = Sheet(driver, served.url, lang)
    page.draw(seven())
    page.settled()
    for width, height in SIZES:
        page.resize(width, height)
        for keys in ((), ("w",)):
            page.press(*keys)
            page.until(lambda: page.js("return document.documentElement.scrollWidth <= innerWidth"))
            assert page.js(CUT_OFF) == [], (width, height)
            if width >= 860:
                assert page.js(HIDDEN_BELOW) <= 1, (width, height)
        page.press("ESCAPE")
        assert page.js(TOO_SMALL) == [], (width, height)
        if (width, height) in ((1280, 720), (390, 844)):
            assert page.violations() == []
    page.resize(1280, 720)
    page.press("t")
    assert page.violations() == []
    assert page.errors() == []
    words = page.text("body")
    assert ("숫자" in words) == (lang == "ko")


def test_no_request_leaves_the_machine(sheet: Sheet, served: Served) -> None:
    sheet.draw(seven())
    sheet.settled()
    import json

    messages = [json.loads(entry["message"])["message"] for entry in sheet.driver.get_log("performance")]
    asked = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    assert any(url.endswith("/v1/predict") for url in asked)
    assert all(url.startswith((served.url, "data:", "chrome")) for url in asked), asked


def test_a_server_that_is_gone_is_told(driver: Any, run_folder: Any) -> None:
    with serving(run_folder) as short:
        page = Sheet(driver, short.url)
    page.draw(seven())
    page.until(lambda: "does not answer" in page.text("#sentence"))
    assert page.js("return !document.querySelector('#retry').hidden")
    page.errors()


def test_corrections_are_kept_if_asked(driver: Any, run_folder: Any, tmp_path: Path) -> None:
    with serving(run_folder, collect=tmp_path / "kept") as keeping:
        page = Sheet(driver, keeping.url)
        page.draw(seven())
        page.settled()
        page.click("#chips button:nth-child(8)")
        page.until(lambda: not page.js("return document.querySelector('#save').disabled"))
        page.click("#save")
        page.until(lambda: "there are 1" in page.text("#saved"))
        pixels = page.js("return (await import('/static/js/state.js')).state.answer.pixels")
    assert read_idx(tmp_path / "kept" / "t10k-labels-idx1-ubyte").tolist() == [7]
    assert np.array_equal(read_idx(tmp_path / "kept" / "t10k-images-idx3-ubyte")[0], np.array(pixels))


def test_the_interface_has_a_page(driver: Any, served: Served) -> None:
    page = Page(driver, f"{served.url}/docs")
    assert "/v1/predict" in page.text("body")
    assert page.violations() == []
    assert page.errors() == []
