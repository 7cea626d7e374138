"""Walking: every line by keyboard, by operation, to the ends, by slider, by itself; what each line shows is true."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

import minidl

from .browser import Page

ROOT = Path(minidl.__file__).parents[1]
Open = Callable[..., Page]
TapeOf = Callable[[str], dict[str, Any]]
HERE = """const line = document.querySelector('.pane.active .line.current');
return [line?.querySelector('code').textContent ?? null,
  document.querySelector('.pane.active .pane-head .file')?.textContent ?? null,
  document.querySelector('.node[aria-current]')?.dataset.node ?? null,
  document.querySelectorAll('.line.current').length]"""


@pytest.mark.parametrize("name", ["lecture", "small"])
def test_every_line_by_keyboard(open_page: Open, tape_of: TapeOf, name: str) -> None:
    page, tape = open_page(name), tape_of(name)
    assert page.last() == len(tape["steps"]) - 1
    for i, step in enumerate(tape["steps"]):
        assert page.position() == i
        text, where, node, count = page.js(HERE)
        source = tape["sources"][step["source"]]
        lines = dedent("\n".join(source["lines"])).split("\n")
        assert where == f"{source['file']}:{step['line']}"
        assert text == lines[step["line"] - source["first"]]
        assert text.strip() == (ROOT / source["file"]).read_text().split("\n")[step["line"] - 1].strip()
        assert int(node) == step["node"] and count == 1
        page.press("ARROW_DOWN" if i % 2 else "ARROW_RIGHT")
    assert page.position() == page.last()
    for i in reversed(range(len(tape["steps"]) - 1)):
        page.press("ARROW_UP" if i % 2 else "ARROW_LEFT")
        assert page.position() == i
    assert page.errors() == []
    assert all(url.startswith("file:///") and url.endswith(".html") for url in page.requests())


def test_the_values_of_all_names_on_the_line_are_there(open_page: Open, tape_of: TapeOf) -> None:
    """Texts too: without `self.divisor`, nobody can follow `dz / self.divisor`."""
    page, tape = open_page("lecture"), tape_of("lecture")
    for i, step in enumerate(tape["steps"]):
        page.go(i)
        source = tape["sources"][step["source"]]
        line = source["lines"][step["line"] - source["first"]].split("#")[0]
        shown = page.texts(".chip b")
        for name, _, _ in step["locals"]:
            if re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", line):
                assert any(name in chip.split(" = ") for chip in shown), (i, line, name)


def test_a_line_of_a_helper_shows_from_where_it_was_called(open_page: Open, tape_of: TapeOf) -> None:
    page, tape = open_page("lecture"), tape_of("lecture")
    steps = tape["steps"]
    found = 0
    for i, step in enumerate(steps):
        own = tape["nodes"][step["node"]][f"{step['phase']}_source"]
        page.go(i)
        calling = page.each(".line.calling", "(line) => [+line.dataset.source, +line.dataset.line]")
        if step["source"] == own:
            assert calling == []
            continue
        same = (step["node"], step["phase"])
        callers = [later for later in steps[i:] if (later["node"], later["phase"]) == same and later["source"] == own]
        if not callers:  # a formula of its own, such as where a gradient passes: the value did not call it
            assert calling == []
            continue
        assert calling == [[own, callers[0]["line"]]]
        assert str(callers[0]["line"]) in page.text(".pane.active .called")
        found += 1
    assert found > 5


def test_words_in_a_docstring_are_no_keywords(open_page: Open, tape_of: TapeOf) -> None:
    page, tape = open_page("lecture"), tape_of("lecture")
    seen = 0
    for i, step in enumerate(tape["steps"]):
        page.go(i)
        strings = page.texts(".pane.active .line .string")
        source = tape["sources"][step["source"]]
        text = "\n".join(source["lines"])
        for docstring in re.findall(r'""".*?"""', text, re.DOTALL):
            parts = [part.strip() for part in docstring.split("\n") if part.strip()]
            assert all(any(part == shown.strip() for shown in strings) for part in parts), (i, parts, strings)
            seen += 1
    assert seen > 5


def test_by_operation_and_to_the_ends(open_page: Open, tape_of: TapeOf) -> None:
    page, steps = open_page("small"), tape_of("small")["steps"]
    starts = [i for i, step in enumerate(steps) if i == 0 or step["node"] != steps[i - 1]["node"]
              or step["phase"] != steps[i - 1]["phase"]]  # fmt: skip
    for start in starts[1:]:
        page.press("ARROW_DOWN", shift=True)
        assert page.position() == start
    page.press("END")
    assert page.position() == len(steps) - 1
    for start in reversed(starts[:-1] if starts[-1] == len(steps) - 1 else starts):
        page.press("ARROW_UP", shift=True)
        assert page.position() == start
    page.press("END", "HOME")
    assert page.position() == 0


def test_modes_walk_one_phase(open_page: Open, tape_of: TapeOf) -> None:
    page, steps = open_page("small"), tape_of("small")["steps"]
    forward = sum(step["phase"] == "forward" for step in steps)
    page.click("#mode-forward")
    assert page.last() == forward - 1
    page.press("END")
    assert page.js("return document.getElementById('panes').dataset.phase") == "forward"
    page.press("m")
    assert page.last() == len(steps) - forward - 1 and page.position() == 0
    assert page.js("return document.getElementById('panes').dataset.phase") == "backward"
    page.press("m")
    assert page.last() == len(steps) - 1


def test_playing_goes_on_by_itself_and_stops(open_page: Open) -> None:
    page = open_page("small")
    page.go(page.last() - 1)
    page.press(" ")
    assert page.text("#play") == "❚❚"
    page.driver.set_script_timeout(10)
    page.driver.execute_async_script("setTimeout(arguments[0], 3200)")
    assert page.position() == page.last() and page.text("#play") == "▶"


def test_the_boxes_tell_what_has_happened(open_page: Open, tape_of: TapeOf) -> None:
    page, tape = open_page("small"), tape_of("small")

    def states() -> dict[str, str]:
        return dict(page.each(".node", "(node) => [node.dataset.node, node.dataset.state]"))

    first_backward = next(i for i, step in enumerate(tape["steps"]) if step["phase"] == "backward")
    start = states()
    assert start["0"] == "running" and {start[str(n["id"])] for n in tape["nodes"][1:]} == {"waiting"}
    page.go(first_backward - 1)
    assert set(states().values()) <= {"done"}
    page.press("END")
    ends = states()
    used_twice = [node["id"] for node in tape["nodes"] if node["uses"] == 2]
    assert used_twice and all(ends[str(i)] == "accumulated" for i in used_twice)
    assert {state for i, state in ends.items() if int(i) not in used_twice} == {"arrived"}


def test_the_slider_has_words(open_page: Open) -> None:
    page = open_page("small")
    page.go(4)
    assert (
        page.js("return document.getElementById('slider').getAttribute('aria-valuetext')")
        == f"line 5 of {page.last() + 1}"
    )
