"""What a class writes for a blank backward: the evaluator of expressions against NumPy, and the judging on the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minidl
from minidl.explain import record
from minidl.explain.views.page import text, words
from minidl.nn import functional as F

from .browser import Page

Open = Callable[..., Page]

draw = np.random.default_rng(5)
NAMES: dict[str, np.ndarray] = {
    "x": draw.normal(size=(3, 4)), "w": draw.normal(size=(4, 2)), "dz": draw.normal(size=(3, 2)),
    "b": draw.normal(size=4), "c": draw.normal(size=(3, 1)), "n": np.array(3.0), "t": np.array([2, 0, 1]),
    "cube": draw.normal(size=(2, 3, 4)), "hole": np.array([[1.0, np.nan], [np.inf, -2.0]]), "none": np.zeros((0, 4)),
    "self.z": draw.normal(size=(3, 4)),
}  # fmt: skip

# What NumPy itself computes, by Python's own evaluation of the same text.
SAME = [
    "1 + 2 * 3", "-2 ** 2", "2 ** 3 ** 2", "2 ** -1", "-x", "- -x", "+x - -1", "x - b - c", "x / 2 / n",
    "x * b + c", "x @ w", "w.T @ x.T", "dz @ w.T", "x.T @ dz", "b @ w", "x @ b", "b @ b", "cube @ w",
    "cube @ cube[0].T", "x * (x > 0)", "x >= b", "(x < 0) * 2", "x == x", "x != b", "1 - x ** 2", "x.sum()",
    "np.sum(x)", "x.sum(0)", "x.sum(axis=1)", "x.sum(axis=-1, keepdims=True)", "cube.sum(axis=(0, 2))",
    "np.sum(cube, axis=(0, -1), keepdims=True)", "x.mean(axis=0)", "x.max(axis=1, keepdims=True)", "x.min()",
    "np.exp(x - x.max(axis=1, keepdims=True))", "np.log(np.abs(x))", "np.sqrt(x * x)", "np.tanh(x)", "np.sign(x)",
    "np.where(x > 0, x, 0)", "np.maximum(x, 0)", "np.minimum(x, b)", "np.zeros_like(x)", "np.ones_like(b) * n",
    "x[0]", "x[-1, 2]", "x[:, 1]", "x[1:, ::2]", "x[::-1, ::-1]", "x[::-2]", "x[5:]", "x[:-1]", "x[..., 0]",
    "cube[1, ..., 2]", "b[None]", "b[:, None] * b", "x[0:1, None, 3]", "x[2:0:-1]", "cube[:, :, ::-1]",
    "x.shape[0]", "x.shape[-1] * 2", "x.size", "x.ndim", "len(x)", "x / len(x)", "x.reshape(4, 3)", "x.reshape(-1)",
    "x.reshape(2, -1)", "x.reshape((6, 2))", "x.reshape(x.shape)", "dz.sum(axis=0) / dz.shape[0]",
    "np.matmul(x, w)", "x.T", "cube.T", "n.T", "x.transpose()", "np.transpose(x)", "hole * 2", "hole > 0",
    "hole.sum(axis=0)", "none.sum()", "none @ w", "none.sum(axis=0)", "none * 2", "1e-3 + .5 + 2.", "((((x))))",
    "x[0][1]", "x.T[0]", "(x + 1).sum(axis=0)", "np.where(hole == hole, hole, 0)", "np.maximum(hole, 0)",
    "hole.max(axis=1)", "True * x", "1 / (1 + np.exp(-x))", "x [ 0 ]", "x\t+ 1", "np . exp (n)",
]  # fmt: skip

# (text, key of the error)
WRONG = [
    ("y", "name"), ("x +", "end"), ("", "end"), ("x x", "unexpected"), ("x + * 2", "unexpected"), ("(x", "end"),
    ("x)", "unexpected"), ("x ; x", "sign"), ("x = 1", "unexpected"), ("x & x", "sign"), ("'x'", "sign"),
    ("x @ x", "shapes"), ("x + w", "shapes"), ("x @ 2", "shapes"), ("x.sum(axis=2)", "axis"), ("x[3]", "index"),
    ("x[0, 0, 0]", "axis"), ("x[1.5]", "whole"), ("x[::0]", "step"), ("x.cumsum()", "function"),
    ("eval(x)", "function"), ("x.sum(dim=0)", "option"), ("np.exp(x, x)", "count"), ("x.reshape(5, -1)", "shapes"),
    ("x.exp", "call"), ("none.max()", "empty"), ("x.constructor", "call"), ("constructor", "name"),
    ("__proto__", "name"), ("np.constructor(x)", "function"), ("x.toString()", "function"),
    ("self.constructor", "name"), ("None + 1", "array"), ("(x, x) + 1", "array"), ("x" + " + x" * 200, "long"),
    ("(" * 80 + "x" + ")" * 80, "deep"), ("np.", "end"), ("onehot(t, 2000000)", "large"), ("x.shape", "array"),
    ("window.alert(1)", "name"), ("len(n)", "axis"), ("x[", "end"),
]  # fmt: skip

RUN = (
    text("js/expressions.js")
    + """
const [names, texts] = arguments;
const known = Object.fromEntries(Object.entries(names).map(([name, [shape, numbers]]) =>
  [name, {shape, numbers: Float64Array.from(numbers, Number)}]));
return texts.map((line) => {
  try { return evaluate(line, known).map(({shape, numbers}) => [shape, [...numbers].map(String)]); }
  catch (error) { if (!(error instanceof LineError)) throw error; return error.key; }
});"""
)
ONEHOT = "onehot(t, 3)"
EMPTY = "<!doctype html><title>empty</title>"
WRITE = "const a = document.querySelector('.writing'); a.value = arguments[0]; a.dispatchEvent(new Event('input'))"


def packed() -> dict[str, Any]:
    return {name: [list(x.shape), [repr(float(v)) if np.isfinite(v) else SIGNS[str(v)] for v in x.ravel()]]
            for name, x in NAMES.items()}  # fmt: skip


SIGNS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def number(word: str) -> float:
    return float(word.replace("Infinity", "inf"))


def test_expressions_are_what_numpy_computes(open_page: Open) -> None:
    texts = [*SAME, "self.z", ONEHOT]
    found = open_page("empty", html=EMPTY).js(RUN, packed(), texts)
    python = {**{name: x for name, x in NAMES.items() if "." not in name}, "np": np, "len": len}
    with np.errstate(all="ignore"):
        expected = [*(eval(line, python) for line in SAME), NAMES["self.z"], np.eye(3)[NAMES["t"]]]
    for line, got, wanted in zip(texts, found, expected):
        assert isinstance(got, list) and len(got) == 1, (line, got)
        shape, numbers = got[0]
        wanted = np.asarray(wanted, float)
        assert tuple(shape) == wanted.shape, line
        made = np.array([number(one) for one in numbers]).reshape(wanted.shape)
        np.testing.assert_allclose(made, wanted, rtol=1e-12, atol=1e-14, err_msg=line)


def test_what_is_no_expression_is_told(open_page: Open) -> None:
    found = open_page("empty", html="<!doctype html><title>empty</title>").js(
        RUN, packed(), [line for line, _ in WRONG]
    )
    assert [(line, got) for (line, _), got in zip(WRONG, found)] == WRONG
    for lang in ("en", "ko"):
        assert {"written." + key for _, key in WRONG} <= words(lang).keys()


def write(page: Page, code: str) -> list[tuple[str, str]]:
    """Type into the blank; each verdict's state and words."""
    page.js(
        "const a = document.querySelector('.writing'); a.value = arguments[0]; a.dispatchEvent(new Event('input'))",
        code,
    )
    return [tuple(one) for one in page.each(".judged li", "(e) => [e.dataset.state, e.innerText.slice(2).trim()]")]


def at_backward_of(page: Page, tape: dict[str, Any], op: str) -> None:
    """The last line of the backward of the last operation of that kind."""
    steps = [i for i, step in enumerate(tape["steps"])
             if step["phase"] == "backward" and tape["nodes"][step["node"]]["op"] == op]  # fmt: skip
    page.go(steps[-1])
    page.press("b")


def test_a_blank_linear_is_judged_line_by_line(open_page: Open, tape_of: Callable[[str], dict[str, Any]]) -> None:
    page, tape = open_page("small"), tape_of("small")
    at_backward_of(page, tape, "Linear")
    assert write(page, "dx = dz @ w\ndw = dz.T @ x  # (O, I)\n\ndb = dz.sum(axis=0)\nreturn dx, dw, db") == [
        ("right", "dx: right"), ("right", "dw: right"), ("right", "db: right"), ("right", "dx, dw, db: right"),
    ]  # fmt: skip
    page.press("b", "b")
    assert page.texts(".judged li")[0] == "✓ dx: right", "what was written stays, and so does its verdict"
    (found,) = write(page, "dw = x.T @ dz")
    assert found == ("shape", "dw has shape (24, 5); it should be (5, 24)")
    (state, told) = write(page, "db = 2 * dz.sum(axis=0)")[0]
    assert state == "wrong" and told.startswith("db[0] is ")
    assert write(page, "dx = dz @ v")[0] == ("error", "v is not a name on this line")
    assert write(page, "g = dz * 1\ndx = g @ self.w")[0][0] == "known"
    assert write(page, "g = dz * 1\ndx = g @ self.w")[1][0] == "right"
    assert write(page, "return dz @ w, dz")[0] == ("error", "3 gradients are to be returned: dx, dw, db")
    assert write(page, "return dz @ w, dz.T @ x, 0 * dz.sum(axis=0)")[0][0] == "wrong"
    assert page.errors() == []


def test_a_blank_slope_is_judged_with_and_without_dz(open_page: Open, tape_of: Callable[[str], dict[str, Any]]) -> None:
    page, tape = open_page("small", "ko"), tape_of("small")
    at_backward_of(page, tape, "Tanh")
    for right in ("return 1 - z * z", "return dz * (1 - z ** 2)", "dx = (1 - z * z) * dz", "dz * (1 - z) * (1 + z)"):
        assert write(page, right)[0][0] == "right", right
    for wrong in ("return 1 - z", "dx = 1 - z * z", "dz"):
        assert write(page, wrong)[0][0] == "wrong", wrong
    assert write(page, "return q")[0] == ("error", "이 줄에서 쓸 수 없는 이름입니다: q")
    assert page.errors() == []


def test_what_is_on_the_page_only_in_part_is_not_judged(open_page: Open) -> None:
    minidl.manual_seed(0)
    x, b = minidl.rand(500, 500, requires_grad=True), minidl.rand(500, requires_grad=True)
    with record("large") as tape:
        F.linear(x, minidl.rand(2, 500, requires_grad=True), b[:2]).sum().backward()
    page = open_page("large", html=tape.html("en", "engine"))
    at_backward_of(page, tape.to_dict(), "Linear")
    assert write(page, "dw = dz.T @ x")[0] == (
        "error", "x is only in part on this page, so this line cannot be judged here",
    )  # fmt: skip
    assert write(page, "db = dz.sum(0)")[0][0] == "right"


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_the_verdicts_are_accessible(open_page: Open, tape_of: Callable[[str], dict[str, Any]], lang: str) -> None:
    page = open_page("small", lang)
    at_backward_of(page, tape_of("small"), "Linear")
    write(page, "dx = dz @ w\ndw = x.T @ dz\ndb = 3\nq = 2")
    assert page.violations() == []
