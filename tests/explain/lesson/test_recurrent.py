"""The lesson of recurrent layers and cells: every number on its screens is that of NumPy's steps."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minidl.explain.recording.tape import Node
from minidl.explain.tape import Tape
from minidl.explain.views.lesson import render
from minidl.explain.views.lesson.recurrent import recurrent

from ..page.browser import Page
from ..page.lesson import CUT, Lesson, shows
from ..page.test_lesson_families import SIZES
from .sequences import SEQUENCES, Steps

Open = Callable[..., Lesson]


@cache
def tape_named(name: str) -> Tape:
    return SEQUENCES[name]()


@pytest.fixture
def opened(driver: Any, tmp_path: Path) -> Open:
    def lesson(name: str, lang: str = "en") -> Lesson:
        path = tmp_path / f"{name}.{lang}.html"
        path.write_text(render(tape_named(name).to_dict(), lang), encoding="utf-8")
        return Lesson(Page(driver, path))

    return lesson


def recurrent_nodes(name: str) -> list[tuple[str, Node]]:
    """The recurrent operations of a pass by their addresses."""
    names = {"LSTM": "lstm", "GRU": "gru", "Tanh": "rnn", "Relu": "rnn"}
    count: dict[str, int] = {}
    found = []
    for node in tape_named(name).nodes:
        for end, more in (("Layer", ""), ("Step", "cell")):
            if node.op.endswith(end):
                base = names[node.op.removesuffix(end)] + more
                count[base] = count.get(base, 0) + 1
                found.append((f"{base}{count[base]}", node))
    return found


def close(found: float, exact: float, scale: float) -> bool:
    return abs(found - exact) <= 3e-4 * abs(exact) + 1e-6 * scale


class Screen:
    """What a screen says, compared with the steps."""

    def __init__(self, lesson: Lesson, steps: Steps, part: str) -> None:
        self.lesson, self.steps, self.part = lesson, steps, part
        self.cell: dict[str, Any] = lesson.cell
        self.row, self.unit = self.cell["unit"]
        self.gate, self.terms, self.page = self.cell["gate"], lesson.terms(), lesson.page
        self.hidden, self.outputs = steps.state[-1].shape[1], steps.dz[0].shape[1]
        self.n = next(n for n in range(steps.sizes[0]) if self.row in steps.sequence(n))
        self.p = self.cell["z"][0] % self.outputs

    def slope(self, where: str, place: Any, row: int | None = None) -> float:
        return self.steps.slope(where, self.row if row is None else row, place, self.n)

    def over_rows(self, where: str, place: Any) -> float:
        rows = [(n, row) for n in range(self.steps.sizes[0]) for row in self.steps.sequence(n)]
        return sum(self.steps.slope(where, row, place, n) for n, row in rows)

    def check(self) -> None:
        getattr(self, f"check_{self.part}")()
        assert self.page.errors() == []

    def sum_is(self, total: float, above: float) -> None:
        """The rule adds what came from above and from the next step; the drawing says so at every time."""
        scale = abs(total) + abs(above)
        assert close(self.terms[0], total, scale) and close(self.terms[1], above, scale)
        assert close(self.terms[2], total - above, scale)
        assert any(shows(text, total) for text in self.page.texts("#picture .chip"))

    def product_is(self, exact: float) -> None:
        assert close(self.terms[0], exact, 1) and close(self.terms[0], float(np.prod(self.terms[1:])), 1)

    def check_z(self) -> None:
        seen = self.steps.walk(self.n)[1][self.row]
        names = {"LSTM": "ifgoch", "GRU": "runh", "Tanh": ["gx", *"yah"], "Relu": ["gx", *"yah"]}[self.steps.kind]
        texts = self.page.texts("#picture .terms .value")
        exact = [float(seen[name][self.unit]) for name in names]
        if "z" in seen:
            exact.append(float(seen["z"][self.p]))
        assert len(texts) == len(exact) and all(map(shows, texts, exact)), (texts, exact)

    def check_gx(self) -> None:
        """A row of w_ih times x, which the rule of that weight speaks of."""
        row, k = self.cell["gx"]
        exact = float(self.steps.walk(self.n)[1][row]["gx"][k])
        assert any(shows(text, exact) for text in self.page.texts("#picture .chip"))
        assert shows(self.page.texts("#picture .bar-row.on .num")[-1], exact)
        self.product_is(self.slope("w_ih", tuple(self.cell["w_ih"])))

    def check_dh(self) -> None:
        self.sum_is(self.slope("p", self.p), float(self.steps.dz[0][self.row, self.p]))
        self.timeline("p", self.p)

    def check_dc(self) -> None:
        total = self.slope("c", self.unit)
        hidden = self.slope("p" if self.steps.w_hr is None else "h", self.unit)
        seen = self.steps.walk(self.n)[1][self.row]
        self.sum_is(total, float(seen["o"][self.unit] * (1 - np.tanh(seen["c"][self.unit]) ** 2) * hidden))
        self.timeline("c", self.unit)

    def timeline(self, where: str, place: int) -> None:
        """Every box of the drawing holds the gradient of its time."""
        boxes = self.page.each("#picture .unrolled .use", "(g) => g.textContent")
        rows = self.steps.sequence(self.n)
        first = max(0, min(rows.index(self.row) - 2, len(rows) - 5))
        assert len(boxes) == min(5, len(rows))
        unit = self.page.each("#picture .unrolled .caption", "(t) => t.textContent")[0]
        scale = 1e3 if "thousandths" in unit else 1e6 if "millionths" in unit else 1
        for text, row in zip(boxes, rows[first:]):
            number = float(text.lstrip("dhc₀₁₂₃₄₅₆₇₈₉").replace("−", "-"))
            assert abs(number - scale * self.slope(where, place, row)) <= 0.0502, (text, row)

    def check_da(self) -> None:
        self.gates("gx")

    def check_dgx(self) -> None:
        self.gates("gx")

    def check_dx(self) -> None:
        if self.steps.layer:
            (_, k), (_, i) = self.cell["gx"], self.cell["x"]
            self.share(self.slope("gx", k) * float(self.steps.given["w_ih"][k, i]), self.slope("x", i))
        else:
            self.gates("x")

    def check_dy(self) -> None:
        self.gates("y")

    def gates(self, where: str) -> None:
        count = {"LSTM": 4, "GRU": 3}.get(self.steps.kind, 1)
        exact = [self.slope(where, k * self.hidden + self.unit) for k in range(count)]
        texts = self.page.texts("#picture .terms .value")
        assert len(texts) == count and all(map(shows, texts, exact)), (texts, exact)
        self.product_is(exact[self.gate])

    def share(self, share: float, total: float) -> None:
        self.product_is(share)
        assert any(shows(text, total) for text in self.page.texts("#picture .chip"))
        on = self.page.texts("#picture .eq-row.on .num")[-1]
        assert shows(on, share) or abs(share) < 5e-3

    def over_time(self, where: str) -> None:
        place = tuple(self.cell[where])
        self.share(self.slope(where, place), self.over_rows(where, place))

    def check_dw_ih(self) -> None:
        self.over_time("w_ih")

    def check_dw_hh(self) -> None:
        self.over_time("w_hh")

    def check_db_ih(self) -> None:
        self.over_time("b_ih")

    def check_db_hh(self) -> None:
        self.over_time("b_hh")

    def check_dw_hr(self) -> None:
        self.over_time("w_hr")

    def check_dh0(self) -> None:
        n, place = self.cell["first[0]" if self.steps.layer else "state[0]"]
        exact = self.steps.slope("h0", n, place, n)
        assert close(self.terms[0], exact, 1) and close(self.terms[0], sum(self.terms[1:]), 1)

    def check_dc0(self) -> None:
        n, place = self.cell["first[1]" if self.steps.layer else "state[1]"]
        self.product_is(self.steps.slope("c0", n, place, n))


@pytest.mark.parametrize("name", SEQUENCES)
def test_the_arrays_of_the_page_are_those_of_the_pass(name: str) -> None:
    """Made by the operation's own step and back: z, dx and every other gradient come out of them again."""
    for _, node in recurrent_nodes(name):
        found = recurrent(node)
        z, *_ = node.split(node.array)
        given, sent = ({x.label: a for x, a in zip(node.inputs, arrays)}
                       for arrays in ([x.array for x in node.inputs], node.gradients))  # fmt: skip
        r = given.get("w_hr")
        assert np.allclose(found["h"] if r is None else found["h"] @ r.T, z, atol=1e-6)
        assert np.allclose(found["dp"] if r is None else found["dp"] @ r, found["dh"], atol=1e-6)
        if node.op.endswith("Layer"):
            dgx, dy = found.get("dgx", found["dy"]), found["dy"]
            exact = {
                "x": dgx @ given["w_ih"], "w_ih": dgx.T @ given["x"], "w_hh": dy.T @ found["before"],
                "b_ih": dgx.sum(0), "b_hh": dy.sum(0), "w_hr": None if r is None else found["dp"].T @ found["h"],
            }  # fmt: skip
            assert all(np.allclose(exact[label], d, atol=1e-5)
                       for label, d in sent.items() if label in exact and d is not None)  # fmt: skip
            assert np.allclose(found["above"], node.split(node.dz)[0], atol=1e-6)
        else:
            assert sent["y"] is None or np.allclose(found["dy"], sent["y"], atol=1e-6)
        if "dc" in found:
            through = found["o"] * (1 - found["tanh_c"] ** 2) * found["dh"]
            assert np.allclose(found["dc"], found["dc_after"] + through, atol=1e-6)
        steps = Steps(node)
        for n in range(steps.sizes[0]):
            for row, wanted in steps.walk(n)[1].items():
                assert all(np.allclose(found[key][row], wanted[key]) for key in wanted.keys() & found.keys() - {"y"})


@pytest.mark.slow
@pytest.mark.parametrize("name", SEQUENCES)
def test_every_number_is_numpys(opened: Open, name: str) -> None:
    """On every screen, at the cell of the story and at another."""
    assert not tape_named(name).mismatches()
    lesson, checked = opened(name), set()
    for address, node in recurrent_nodes(name):
        steps = Steps(node)
        lesson.go(address)
        for part in lesson.page.texts("#parts button"):
            if part == "dz":  # a state used by the next step and by the loss: the lesson of a value used twice
                continue
            lesson.go(address if part == "z" else f"{address}.{part}")
            for keys in ((), ("ARROW_LEFT", "ARROW_LEFT", "ARROW_DOWN")):
                lesson.page.press(*keys, shift=True)
                Screen(lesson, steps, part).check()
            checked.add(part)
    wanted = {
        "packed": "gx z dh dc da dx dw_ih dw_hh db_ih db_hh dw_hr dh0 dc0",
        "sentence": "gx z dh dgx dy dx dw_ih dw_hh db_ih db_hh dh0",
        "sum": "gx z dh da dw_ih dw_hh",
        "loop": "z dc dx dy",
    }
    assert set(wanted[name].split()) <= checked


@pytest.mark.slow
@pytest.mark.parametrize(("name", "lang"), [("sentence", "ko"), ("packed", "en"), ("sum", "ko"), ("loop", "en")])
def test_nothing_is_cut_or_too_small(opened: Open, name: str, lang: str) -> None:
    lesson = opened(name, lang)
    for address, _ in recurrent_nodes(name)[:3]:
        lesson.go(address)
        for part in lesson.page.texts("#parts button"):
            lesson.go(address if part == "z" else f"{address}.{part}")
            for size in SIZES:
                lesson.page.resize(*size)
                assert lesson.page.js(CUT) == [], (address, part, size)
            lesson.page.resize(*SIZES[0])
    assert lesson.page.errors() == []


def test_a_gradient_is_followed_back_in_time_and_out_of_the_layer(opened: Open) -> None:
    lesson = opened("sentence")
    page = lesson.page
    lesson.go("gru1.dh")
    page.press("ARROW_LEFT", "ARROW_LEFT", "ARROW_LEFT", shift=True)
    row, unit = lesson.cell["unit"]
    page.click("#chain [data-key='term-2']")
    assert lesson.here == "gru1.dh" and lesson.cell["unit"] == [row + 1, unit], "what came from the next step"
    page.press("BACKSPACE")
    assert lesson.cell["unit"] == [row, unit]
    page.press("ENTER")
    assert lesson.here == "gru1.dgx" and lesson.cell["unit"] == [row, unit]
    page.press("ENTER")
    assert lesson.here == "gru1.dx" and lesson.cell["unit"] == [row, unit]
    page.press("ENTER")
    assert lesson.here.startswith("reshape1.") and lesson.cell["z"] == lesson.page.js(
        "return JSON.parse(document.getElementById('chain').dataset.cell).z"
    )
    assert page.errors() == []


def test_playing_walks_back_in_time(opened: Open) -> None:
    lesson = opened("sentence")
    lesson.go("gru1.dh")
    lesson.page.js("window.setInterval = (f) => { window.tick = f; return 1 }")
    lesson.page.press("SPACE")
    rows = []
    for _ in range(7):
        lesson.page.js("window.tick()")
        rows.append(lesson.cell["unit"][0])
    assert rows == [6, 5, 4, 3, 2, 1, 0]


@pytest.mark.parametrize("name", ["loop", "sentence"])
def test_every_screen_can_be_guessed(opened: Open, name: str) -> None:
    """Also where the gradient arrives from several uses, and is sent to no input."""
    lesson = opened(name)
    page = lesson.page
    page.press("g")
    for address, _ in recurrent_nodes(name)[:2]:
        lesson.go(address)
        for part in page.texts("#parts button"):
            lesson.go(address if part == "z" else f"{address}.{part}")
            if page.text("#chain .guess"):
                page.click("#chain [data-key='sign-+']")
                assert page.text("#chain .compared"), (address, part)
    assert page.errors() == []
