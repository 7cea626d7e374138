"""The sums that the page spells, against NumPy: on the page of a real pass, and of every geometry in sums.js alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from minidl.explain.views.page import text

from .browser import Page
from .tapes import is_rounding, numbers, parsed

Open = Callable[..., Page]
TapeOf = Callable[[str], dict[str, Any]]
RUN = (
    text("js/arrays.js")
    + text("js/sums.js")
    + """
const [op, role, arrays, options, indices] = arguments;
const whole = ({shape, data}) => ({shape, block: shape.map((n) => [0, n]), numbers: data.map((x) => x ?? NaN)});
const inputs = Object.fromEntries(Object.entries(arrays).map(([k, a]) => [k, a && whole(a)]));
return indices.map((index) => { const s = SUMS[op][role]({...inputs, ...options}, index, at);
  return [s.total, s.terms.map((t) => t.at), s.outside, s.terms.length,
    s.groups.reduce((n, g) => n + g.count, 0)]; });"""
)


def packed(array: np.ndarray | None) -> dict[str, Any] | None:
    return None if array is None else {"shape": list(array.shape), "data": array.ravel().tolist()}


def windows(shape: tuple[int, ...], window: dict[str, Any]) -> np.ndarray:
    """For each output and tap, the flat place it reads in the padded image: (Ho, Wo, kh, kw, 2)."""
    (kh, kw), (sh, sw), (dh, dw) = window["kernel"], window["stride"], window["dilation"]
    (top, bottom), (left, right) = window["padding"]
    ho = (shape[-2] + top + bottom - dh * (kh - 1) - 1) // sh + 1
    wo = (shape[-1] + left + right - dw * (kw - 1) - 1) // sw + 1
    p, q, i, j = np.meshgrid(np.arange(ho), np.arange(wo), np.arange(kh), np.arange(kw), indexing="ij")
    return np.stack([p * sh + i * dh, q * sw + j * dw], axis=-1)


def conv(x: np.ndarray, w: np.ndarray, b: np.ndarray | None, window: dict[str, Any], groups: int) -> np.ndarray:
    """The convolution as one product of patches with kernels, group by group."""
    padded = np.pad(x, ((0, 0), (0, 0), *window["padding"]))
    places = windows(x.shape, window)
    patches = padded[:, :, places[..., 0], places[..., 1]]  # (N, C, Ho, Wo, kh, kw)
    parts = [
        np.einsum("ncpqij,ocij->nopq", part, kernel)
        for part, kernel in zip(np.split(patches, groups, axis=1), np.split(w, groups), strict=True)
    ]
    z = np.concatenate(parts, axis=1)
    return z if b is None else z + b[:, None, None]


def gradient_of(function: Callable[[np.ndarray], np.ndarray], at: np.ndarray, dz: np.ndarray) -> np.ndarray:
    """dz carried back through a linear function: what each unit of the input adds to Σ dz · z."""
    origin = function(np.zeros_like(at))
    found = np.zeros_like(at)
    for place in np.ndindex(at.shape):
        unit = np.zeros_like(at)
        unit[place] = 1
        found[place] = ((function(unit) - origin) * dz).sum()
    return found


GEOMETRIES = [
    ({"kernel": [3, 3], "stride": [1, 1], "padding": [[0, 0], [0, 0]], "dilation": [1, 1]}, 1),
    ({"kernel": [3, 2], "stride": [2, 1], "padding": [[1, 1], [2, 2]], "dilation": [1, 1]}, 1),
    ({"kernel": [2, 3], "stride": [1, 2], "padding": [[1, 0], [0, 1]], "dilation": [2, 1]}, 2),
    ({"kernel": [1, 1], "stride": [3, 2], "padding": [[0, 0], [0, 0]], "dilation": [1, 1]}, 4),
]


@pytest.mark.parametrize(("window", "groups"), GEOMETRIES)
@pytest.mark.parametrize("biased", [True, False])
def test_convolution(open_page: Open, window: dict[str, Any], groups: int, biased: bool) -> None:
    page = open_page("odd")
    rng = np.random.default_rng(5)
    x, w = rng.normal(size=(2, 4, 6, 7)), rng.normal(size=(4, 4 // groups, *window["kernel"]))
    b = rng.normal(size=4) if biased else None
    z = conv(x, w, b, window, groups)
    dz = rng.normal(size=z.shape)
    expected = {
        "z": z,
        "dx": gradient_of(lambda x: conv(x, w, None, window, groups), x, dz),
        "dw": gradient_of(lambda w: conv(x, w, None, window, groups), w, dz),
        "db": dz.sum(axis=(0, 2, 3)),
    }
    arrays = {"x": packed(x), "w": packed(w), "b": packed(b), "dz": packed(dz)}
    for role, array in expected.items():
        indices = [list(place) for place in np.ndindex(array.shape)]
        found = page.js(RUN, "Conv2d", role, arrays, {"window": window, "groups": groups}, indices)
        np.testing.assert_allclose([one[0] for one in found], array.ravel(), rtol=1e-12, atol=1e-12)
        assert all(one[3] == one[4] for one in found)


POOLS = [
    {"kernel": [2, 2], "stride": [2, 2], "padding": [[0, 0], [0, 0]], "dilation": [1, 1]},
    {"kernel": [3, 2], "stride": [2, 1], "padding": [[1, 1], [1, 1]], "dilation": [1, 1]},
    {"kernel": [2, 3], "stride": [1, 2], "padding": [[0, 1], [1, 0]], "dilation": [2, 1]},
]


@pytest.mark.parametrize("window", POOLS)
def test_pooling(open_page: Open, window: dict[str, Any]) -> None:
    page = open_page("odd")
    rng = np.random.default_rng(6)
    x = rng.integers(-3, 4, size=(2, 2, 6, 7)).astype(float)  # with ties
    padded = np.pad(x, ((0, 0), (0, 0), *window["padding"]), constant_values=-np.inf)
    places = windows(x.shape, window)
    patches = padded[:, :, places[..., 0], places[..., 1]]
    flat = patches.reshape(*patches.shape[:4], -1)
    largest, winners = flat.max(-1), flat.argmax(-1)
    dz = rng.normal(size=largest.shape)
    dx, shared = np.zeros(padded.shape), np.zeros(padded.shape)
    for n, c, p, q in np.ndindex(largest.shape):
        h, v = places[p, q].reshape(-1, 2)[winners[n, c, p, q]]
        dx[n, c, h, v] += dz[n, c, p, q]
        for h, v in places[p, q].reshape(-1, 2):
            shared[n, c, h, v] += dz[n, c, p, q] / 5
    inner = np.s_[:, :, window["padding"][0][0] :, window["padding"][1][0] :]
    height, width = x.shape[2:]
    arrays = {"x": packed(x), "dz": packed(dz)}
    mean = np.where(np.isfinite(flat), flat, 0).sum(-1) / 5
    for op, role, array in (
        ("MaxPool2d", "z", largest), ("MaxPool2d", "dx", dx[inner][:, :, :height, :width]),
        ("AvgPool2d", "z", mean), ("AvgPool2d", "dx", shared[inner][:, :, :height, :width]),
    ):  # fmt: skip
        indices = [list(place) for place in np.ndindex(array.shape)]
        found = page.js(RUN, op, role, arrays, {"window": window, "divisor": 5}, indices)
        np.testing.assert_allclose([one[0] for one in found], array.ravel(), rtol=1e-12, atol=1e-12)


def test_a_mean_with_a_divisor_for_each_place(open_page: Open) -> None:
    page = open_page("odd")
    window = {"kernel": [2, 2], "stride": [2, 2], "padding": [[0, 0], [0, 0]], "dilation": [1, 1]}
    x = np.arange(16.0).reshape(1, 1, 4, 4)
    found = page.js(RUN, "AvgPool2d", "z", {"x": packed(x)}, {"window": window, "divisor": [[1, 2], [4, 8]]},
                    [[0, 0, p, q] for p in range(2) for q in range(2)])  # fmt: skip
    sums = x.reshape(2, 2, 2, 2).sum(axis=(1, 3))
    np.testing.assert_array_equal([one[0] for one in found], (sums / [[1, 2], [4, 8]]).ravel())


def test_nan_wins_a_pool_and_the_first_of_equals(open_page: Open) -> None:
    page = open_page("odd")
    window = {"kernel": [1, 3], "stride": [1, 3], "padding": [[0, 0], [0, 0]], "dilation": [1, 1]}
    run = RUN.replace("s.total,", "Number.isNaN(s.total) ? 'NaN' : s.total, s.terms.findIndex((t) => t.won),")
    x = np.array([[[[2.0, 2.0, 1.0, 1.0, np.nan, 5.0]]]])
    data = {"shape": [1, 1, 1, 6], "data": [None if np.isnan(v) else v for v in x.ravel()]}
    found = page.js(run, "MaxPool2d", "z", {"x": data}, {"window": window}, [[0, 0, 0, 0], [0, 0, 0, 1]])
    assert [one[:2] for one in found] == [[2, 0], ["NaN", 1]]


def test_linear(open_page: Open) -> None:
    page = open_page("odd")
    rng = np.random.default_rng(7)
    x, w, b, dz = (rng.normal(size=shape) for shape in ((2, 3, 70), (5, 70), (5,), (2, 3, 5)))
    expected = {
        "z": x @ w.T + b, "dx": dz @ w, "dw": np.einsum("abo,abk->ok", dz, x), "db": dz.sum((0, 1)),
    }  # fmt: skip
    arrays = {"x": packed(x), "w": packed(w), "b": packed(b), "dz": packed(dz)}
    for role, array in expected.items():
        indices = [list(place) for place in np.ndindex(array.shape)]
        found = page.js(RUN, "Linear", role, arrays, {}, indices)
        np.testing.assert_allclose([one[0] for one in found], array.ravel(), rtol=1e-12, atol=1e-12)


def test_a_missing_number_leaves_no_total(open_page: Open) -> None:
    page = open_page("odd")
    run = RUN.replace(
        "block: shape.map((n) => [0, n])", "block: shape.map((n, axis) => [0, axis ? n : Math.min(n, 1)])"
    )
    x = np.ones((2, 3))
    found = page.js(run, "Linear", "z", {"x": packed(x), "w": packed(np.ones((1, 3))), "b": None}, {}, [[0, 0], [1, 0]])
    assert found[0][0] == 3 and found[1][0] is None


# On the page: every value that an operation computed by a sum, in the real pass.

SHOWN = """return {total: document.querySelector('.sum .total b')?.innerText ?? null,
  said: document.querySelector('.sum .total')?.innerText ?? '',
  exact: document.querySelector('.sum .total b')?.title, head: document.querySelector('.sum-head')?.innerText ?? null,
  parts: [...document.querySelectorAll('.part')].map((p) => p.lastChild.textContent),
  terms: [...document.querySelectorAll('.term')].map((t) =>
    [...t.querySelectorAll('.n')].map((n) => n.title.split(': ').at(-1))),
  start: document.querySelector('.sum .total .n, .terms > .n')?.title.split(': ').at(-1) ?? null,
  lit: document.getElementById('partner')?.dataset.lit ?? null}"""
ROLES = {"Conv2d": ("dx", "dw", "db"), "MaxPool2d": ("dx",), "AvgPool2d": ("dx",), "Linear": ("dx", "dw", "db")}


def spellable(tape: dict[str, Any]) -> list[tuple[int, int, dict[str, Any], str]]:
    """(step, value, node, role) of everything that the page can spell."""
    found = []
    for i, step in enumerate(tape["steps"]):
        node = tape["nodes"][step["node"]]
        if step["returned"] is None or node["op"] not in ROLES:
            continue
        roles = ("z",) if step["phase"] == "forward" else ROLES[node["op"]]
        found += [(i, held, node, role) for held, role in zip(step["returned"], roles) if held is not None]
    return found


@pytest.mark.parametrize("name", ["small", "lecture"])
def test_the_sum_on_the_page_is_the_recorded_number(open_page: Open, tape_of: TapeOf, name: str) -> None:
    page, tape = open_page(name), tape_of(name)
    rng = np.random.default_rng(1)
    cases = spellable(tape)
    assert {(node["op"], role) for _, _, node, role in cases} >= {
        ("Conv2d", "dx"),
        ("Conv2d", "dw"),
        ("MaxPool2d", "dx"),
    }
    for step, held, node, _ in cases:
        array = numbers(tape, held)
        page.go(step)
        page.click(f'#inspector .chip[data-held="{held}"]')
        last = array.shape[-2:] if array.ndim > 1 else (1, array.shape[-1])
        rows, columns = last
        if columns > 128:
            columns = next(k for k in range(int(np.ceil(np.sqrt(columns))), 200) if array.shape[-1] % k == 0)
            rows = array.shape[-1] // columns
        row, column = int(rng.integers(rows)), int(rng.integers(columns))
        page.pick(row, column, rows, columns)
        shown = page.js(SHOWN)
        index = tuple(int(k) for k in shown["head"].split("[")[1].split("]")[0].split(","))
        recorded = float(array[index])
        terms = [[parsed(factor) for factor in term] for term in shown["terms"]]
        size = sum(abs(float(np.prod(term))) for term in terms) + abs(recorded)
        assert parsed(shown["exact"]) == pytest.approx(recorded, abs=2e-5 * size + 1e-12), (node["op"], index)
        assert is_rounding(shown["total"], parsed(shown["exact"]))
        assert "the same" in shown["said"] and "✓" in shown["said"]
        if shown["parts"]:
            start = parsed(shown["start"]) if shown["start"] and "bias" in shown["said"] else 0.0
            total = sum(parsed(part) for part in shown["parts"]) + start
            slack = sum(abs(parsed(part)) for part in shown["parts"]) * 1e-3
            assert total == pytest.approx(parsed(shown["exact"]), abs=slack + 1e-9)
    assert page.errors() == []


def test_the_window_is_lit_in_the_input(open_page: Open, tape_of: TapeOf) -> None:
    page, tape = open_page("lecture"), tape_of("lecture")
    page.go(1)  # z of the first convolution: 5 by 5 taps, padding 3
    page.pick(0, 15, 30, 30)
    expected = {f"{h},{v}" for h in range(-3, 2) for v in range(12, 17) if h >= 0}
    assert set(page.js(SHOWN)["lit"].split()) == expected
    assert "15 in the padding count 0" in page.text(".sum")
    x = numbers(tape, tape["nodes"][0]["inputs"][0]["value"])
    w = numbers(tape, tape["nodes"][0]["inputs"][1]["value"])
    factors = [[parsed(f) for f in term] for term in page.js(SHOWN)["terms"]]
    np.testing.assert_array_equal([f[0] for f in factors], w[0, 0, 3:, :].ravel())
    np.testing.assert_array_equal([f[1] for f in factors], x[0, 0, 0:2, 12:17].ravel())


def test_a_gradient_lights_the_outputs_it_came_from(open_page: Open, tape_of: TapeOf) -> None:
    page, tape = open_page("lecture"), tape_of("lecture")
    page.go(len(tape["steps"]) - 1)
    page.pick(10, 20, 28, 28)  # dx[h, v] comes from p = h - i + 3
    assert set(page.js(SHOWN)["lit"].split()) == {f"{p},{q}" for p in range(9, 14) for q in range(19, 24)}


def test_a_sum_that_differs_is_called_so(open_page: Open, tape_of: TapeOf) -> None:
    page, tape = open_page("broken"), tape_of("broken")
    wrong = next(check for check in tape["checks"] if check["verdict"]["state"] == "MISMATCH")
    step = max(i for i, s in enumerate(tape["steps"]) if s["node"] == wrong["node"] and s["phase"] == "backward")
    page.go(step)
    held = tape["steps"][step]["returned"][wrong["input"]]
    page.click(f'#inspector .chip[data-held="{held}"]')
    plane = numbers(tape, held)[0, 0]
    row, column = np.unravel_index(np.abs(plane).argmax(), plane.shape)
    page.pick(int(row), int(column), *plane.shape)
    assert "not the same" in page.js(SHOWN)["said"]
