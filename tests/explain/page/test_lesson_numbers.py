"""The lesson's numbers: the tape's, those of the plain loops, the chain rule's products, the loss after a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minidl
from minidl.explain import record
from minidl.nn import functional as F
from minidl.proof import reference

from .browser import Page
from .lesson import Lesson, Pass, shows
from .tapes import Small, numbers

Open = Callable[..., Page]
TapeOf = Callable[[str], dict[str, Any]]
Arrays = dict[str, np.ndarray]
PAIR = ((3, 3), (3, 3))


def _expected(op: str, a: Arrays, options: dict[str, Any]) -> Arrays:
    """The results of an operation in plain loops, by name."""
    if op == "Conv2d":
        how = {"stride": tuple(options["stride"]), "padding": tuple(ends[0] for ends in options["padding"])}
        how |= {"dilation": tuple(options["dilation"]), "groups": options["groups"]}
        dx, dw, db = reference.conv2d_gradients(a["dz"], a["x"], a["w"], **how)
        return {"z": reference.conv2d(a["x"], a["w"], a["b"], **how), "dx": dx, "dw": dw, "db": db}
    if op == "Linear":
        dx, dw, db = reference.linear_gradients(a["dz"], a["x"], a["w"])
        return {"z": reference.linear(a["x"], a["w"], a["b"]), "dx": dx, "dw": dw, "db": db}
    if op in ("MaxPool2d", "AvgPool2d"):
        name = "max_pool2d" if op == "MaxPool2d" else "avg_pool2d"
        how = tuple(options["kernel"]), tuple(options["stride"])
        x = a["x"] if op == "MaxPool2d" else a["x"].shape
        return {
            "z": getattr(reference, name)(a["x"], *how),
            "dx": getattr(reference, f"{name}_gradient")(a["dz"], x, *how),
        }
    if op == "CrossEntropy":
        labels = a["t"].astype(int)
        return {"z": np.array(reference.cross_entropy(a["x"], labels)),
                "dx": reference.cross_entropy_gradient(a["x"], labels) * a["dz"]}  # fmt: skip
    if op == "Relu":
        return {"z": np.maximum(a["x"], 0), "dx": a["dz"] * (a["x"] > 0)}
    if op == "Tanh":
        return {"z": np.tanh(a["x"]), "dx": a["dz"] * (1 - np.tanh(a["x"]) ** 2)}
    return {}


def test_every_result_on_the_screen_is_that_of_the_plain_loops(open_page: Open, tape_of: TapeOf) -> None:
    """On the small model: stride, dilation, groups, padding, both poolings, a batch of two."""
    tape = tape_of("small")
    lesson, seen, known = Lesson(open_page("small", view="lesson")), 0, Pass(tape)
    count: dict[str, int] = {}
    for screen in [s for s in lesson.screens() if s not in ("overview", "update", "change", "live")]:
        lesson.go(screen)
        part = screen.partition(".")[2] or "z"
        node = _node_of(lesson, tape, known)
        op = tape["nodes"][node]["op"]
        expected = _expected(op, known.arrays(node), tape["nodes"][node]["options"])
        if part not in expected:
            continue
        count[op] = count.get(op, 0) + 1
        index = tuple(lesson.cell[part.removeprefix("d")])
        truth = float(expected[part][index])
        assert np.isclose(truth, known.arrays(node)[part][index], rtol=1e-4, atol=1e-6)
        chips = [text for text in lesson.page.texts("#picture .chip") if any(c.isdigit() for c in text)]
        if op != "CrossEntropy":
            assert any(shows(text, truth) for text in chips), (screen, chips, truth)
        seen += 1
    assert count == {"Conv2d": 12, "Linear": 4, "MaxPool2d": 2, "AvgPool2d": 2, "CrossEntropy": 2, "Relu": 4, "Tanh": 2}


def _node_of(lesson: Lesson, tape: dict[str, Any], known: Pass) -> int:
    """The operation that a screen is about."""
    return int(lesson.page.js("return document.getElementById('chain').dataset.node"))


def test_the_chain_rule_multiplies_and_its_factors_are_the_tapes(open_page: Open, tape_of: TapeOf) -> None:
    for name in ("lecture", "small"):
        lesson, known = Lesson(open_page(name, view="lesson")), Pass(tape_of(name))
        checked = 0
        for screen in [s for s in lesson.screens() if s not in ("overview", "update", "change", "live")]:
            lesson.go(screen)
            terms = lesson.terms()
            if len(terms) == 3 and screen.endswith(".dz"):  # a tensor used twice: its gradient is a sum
                assert np.isclose(terms[0], terms[1] + terms[2], rtol=2e-4, atol=1e-9), screen
                continue
            if len(terms) != 3 or screen.startswith(("add", "tile", "expand")):
                continue
            assert np.isclose(terms[0], terms[1] * terms[2], rtol=2e-4, atol=1e-9), screen
            node = _node_of(lesson, tape_of(name), known)
            arrays, cell = known.arrays(node), lesson.cell
            if not screen.startswith("softmax"):
                assert np.isclose(terms[1], arrays["dz"][tuple(cell["z"])], rtol=1e-5), screen
            sign = lesson.page.texts("#chain .o")[0]
            label = lesson.page.js("return document.getElementById('chain').dataset.label")
            if sign == "=":
                assert np.isclose(terms[0], arrays["d" + label][tuple(cell[label])], rtol=1e-4, atol=1e-8), screen
            checked += 1
        assert checked >= 20


def test_the_cells_of_the_grids_are_the_arrays(open_page: Open, tape_of: TapeOf) -> None:
    tape = tape_of("lecture")
    lesson, arrays = Lesson(open_page("lecture", view="lesson")), Pass(tape).arrays(0)
    lesson.go("conv1")
    (n, o, p, q), x = lesson.cell["z"], np.pad(arrays["x"], ((0, 0), (0, 0), *PAIR))
    patch, kernel = x[n, 0, p : p + 5, q : q + 5], arrays["w"][o, 0]
    grids = lesson.page.js("""return [...document.querySelectorAll('#picture .grid')].map((g) =>
      [...g.querySelectorAll('.cell')].map((c) => c.innerText))""")
    for texts, truth in zip(grids, (patch, kernel, patch * kernel), strict=True):
        assert all(shows(text, exact) for text, exact in zip(texts, truth.ravel(), strict=True))
    assert np.isclose((patch * kernel).sum() + arrays["b"][o], arrays["z"][n, o, p, q], rtol=1e-5)
    lesson.go("softmax1.dx")
    rows = [row.split() for row in lesson.page.texts(".soft-row:not(.heads)")]
    scores = Pass(tape).arrays(8)["x"][0]
    chances = np.exp(scores) / np.exp(scores).sum()
    label = int(Pass(tape).arrays(8)["t"][0])
    for k, row in enumerate(rows):
        numbers_ = [text for text in row if text not in "−="]
        assert numbers_[0] == str(k) and shows(numbers_[1], scores[k]) and shows(numbers_[2], chances[k])
        assert numbers_[3] == str(int(k == label)) and shows(numbers_[4], chances[k] - (k == label))


def test_the_slope_of_a_curve_is_that_of_the_function(tape_of: TapeOf) -> None:
    tape = tape_of("small")
    known = Pass(tape)
    node = known.node("Tanh")
    extra = tape["lesson"]["nodes"][node]
    x, z, slope = numbers(tape, extra["curve"]).astype(float)
    assert np.allclose(z, np.tanh(x), atol=1e-6) and np.allclose(slope, 1 - np.tanh(x) ** 2, atol=1e-6)
    here = known.arrays(node)["x"]
    assert np.allclose(numbers(tape, extra["slope"]), 1 - np.tanh(here) ** 2, atol=1e-6)
    assert tape["lesson"]["nodes"][known.node("Add")]["curve"] is None


@pytest.mark.parametrize("place", [5, 10, 40])
def test_the_loss_after_a_step_is_what_the_stepped_model_gives(place: int) -> None:
    minidl.manual_seed(3)
    model, x, t = Small(), minidl.rand(2, 1, 8, 8, requires_grad=True), minidl.tensor([1, 4])
    with record(torch=False) as tape:
        F.cross_entropy(model(x), t).backward()
    update = tape.update
    assert update is not None and update.rates[0] == 0 and update.losses[0] == pytest.approx(tape.loss, rel=1e-6)
    assert update.count == sum(p.numel() for p in model.parameters())
    with minidl.no_grad():
        for p in model.parameters():
            p -= float(update.rates[place]) * p.grad
    assert F.cross_entropy(model(x), t).item() == pytest.approx(float(update.losses[place]), rel=2e-4, abs=1e-5)


def test_a_pass_without_parameters_moves_its_leaves_and_one_without_a_loss_moves_nothing() -> None:
    a = minidl.tensor(2.0, requires_grad=True)
    with record(torch=False) as tape:
        (a * a).backward()
    assert tape.update is not None and tape.update.losses[10] == pytest.approx((2 - 4 * tape.update.rates[10]) ** 2)
    with record(torch=False) as tape:
        (a * minidl.ones(2)).backward(minidl.ones(2))
    assert tape.update is None
