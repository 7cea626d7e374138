"""Worksheets: small numbers, right answers, another exercise for another seed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minidl.cli import main
from minidl.errors import ArgumentError
from minidl.explain.teaching.worksheet import LARGEST, RECIPES, worksheet
from minidl.explain.views.page import render_worksheet

Numbers = dict[str, np.ndarray]


def parts(seed: int, level: int = 1) -> tuple[Numbers, Numbers]:
    """What is given, and the answers."""
    sheet = worksheet(seed, level)
    given = {one["name"]: np.array(one["values"], float) for one in sheet["given"]}
    return given, {one["name"]: np.array(one["values"], float) for one in sheet["questions"]}


def layer(g: Numbers) -> Numbers:
    z = g["x"] @ g["W"] + g["b"]
    h = np.maximum(z, 0)
    dh = 2 * (h - g["t"]) / 2
    dz = dh * (z > 0)
    loss = ((h - g["t"]) ** 2).mean()
    return {"z": z, "h": h, "L": loss, "dh": dh, "dz": dz, "dW": g["x"].T @ dz, "db": dz[0], "dx": dz @ g["W"].T}


def convolution(g: Numbers) -> Numbers:
    z, dw, dx = np.zeros((2, 2)), np.zeros((2, 2)), np.zeros((3, 3))
    for p in range(2):
        for q in range(2):
            z[p, q] = (g["x"][p : p + 2, q : q + 2] * g["w"]).sum()
    h = np.maximum(z, 0)
    dz = g["t"] * (z > 0)
    for p in range(2):
        for q in range(2):
            dw += g["x"][p : p + 2, q : q + 2] * dz[p, q]
            dx[p : p + 2, q : q + 2] += g["w"] * dz[p, q]
    return {"z": z, "h": h, "L": (g["t"] * h).sum(), "dh": g["t"], "dz": dz, "dw": dw, "dx": dx}


def pooling(g: Numbers) -> Numbers:
    p, dx = np.zeros((2, 2)), np.zeros((4, 4))
    for i in range(2):
        for j in range(2):
            p[i, j] = g["x"][2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max()
    y = p * g["w"]
    dy = 2 * (y - g["t"])
    dp = dy * g["w"]
    for i in range(2):
        for j in range(2):
            window = g["x"][2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            dx[2 * i : 2 * i + 2, 2 * j : 2 * j + 2] = np.where(window == p[i, j], dp[i, j], 0)
    return {"p": p, "y": y, "L": ((y - g["t"]) ** 2).sum(), "dy": dy, "dw": dy * p, "dp": dp, "dx": dx}


def shared(g: Numbers) -> Numbers:
    s = g["a"] * g["b"]
    u = s + g["a"]
    du = 2 * (u - g["t"])
    return {
        "s": s,
        "u": u,
        "L": ((u - g["t"]) ** 2).sum(),
        "du": du,
        "ds": du,
        "db": du * g["a"],
        "da": du * g["b"] + du,
    }


def product(g: Numbers) -> Numbers:
    z = np.einsum("ik,kj->ij", g["x"], g["y"])
    dx = np.einsum("ij,kj->ik", g["t"], g["y"])
    return {"z": z, "L": (g["t"] * z).sum(), "dz": g["t"], "dx": dx, "dy": np.einsum("ik,ij->kj", g["x"], g["t"])}


def convolution_3x3(g: Numbers) -> Numbers:
    z, dw, dx = np.zeros((2, 2)), np.zeros((3, 3)), np.zeros((4, 4))
    for p, q in np.ndindex(2, 2):
        z[p, q] = (g["x"][p : p + 3, q : q + 3] * g["w"]).sum()
        dw += g["x"][p : p + 3, q : q + 3] * g["t"][p, q]
        dx[p : p + 3, q : q + 3] += g["w"] * g["t"][p, q]
    return {"z": z, "L": (g["t"] * z).sum(), "dz": g["t"], "dw": dw, "dx": dx}


def classifier(g: Numbers) -> Numbers:
    e, t = g["exp(x)"], g["t"].astype(int)
    p = e / e.sum(axis=1, keepdims=True)
    dx = p.copy()
    dx[[0, 1], t] -= 1
    dx /= 2
    return {"s": e.sum(axis=1), "p": p, "L": -np.log(p[[0, 1], t]).mean(), "dx": dx, "dW": g["h"].T @ dx}


def two_layers(g: Numbers) -> Numbers:
    a = g["x"] @ g["W1"] + g["b1"]
    h = np.maximum(a, 0)
    y = h @ g["W2"] + g["b2"]
    dy = 2 * (y - g["t"])
    dh = dy @ g["W2"].T
    da = dh * (a > 0)
    return {
        "a": a, "h": h, "y": y, "L": ((y - g["t"]) ** 2).sum(), "dy": dy, "dW2": h.T @ dy, "db2": dy[0], "dh": dh,
        "da": da, "dW1": g["x"].T @ da, "db1": da[0], "dx": da @ g["W1"].T,
    }  # fmt: skip


HARDER = {2: [product, layer, pooling, shared], 3: [convolution_3x3, classifier], 4: [two_layers]}

BY_HAND: list[Callable[[Numbers], Numbers]] = [layer, convolution, pooling, shared]


@pytest.mark.parametrize("seed", range(24))
def test_the_answer_key_is_right(seed: int) -> None:
    given, answers = parts(seed)
    expected = BY_HAND[seed % len(RECIPES)](given)
    assert answers.keys() == expected.keys()
    for name, wanted in expected.items():
        np.testing.assert_array_equal(answers[name], wanted, err_msg=name)


@pytest.mark.parametrize(
    ("level", "seed"), [(2, 0), (2, 1), (2, 3), (2, 4), *((3, s) for s in range(8)), (4, 0), (4, 1)]
)
def test_the_answer_key_of_the_higher_levels_is_right(level: int, seed: int) -> None:
    given, answers = parts(seed, level)
    expected = HARDER[level][seed % len(HARDER[level])](given)
    assert answers.keys() == expected.keys()
    for name, wanted in expected.items():
        np.testing.assert_allclose(answers[name], wanted, rtol=0, atol=6e-5 if name == "L" else 1e-12, err_msg=name)
        if name != "L":
            np.testing.assert_allclose(1000 * answers[name], np.round(1000 * answers[name]), rtol=0, atol=1e-9)


def test_from_level_2_on_the_derivative_itself_is_asked_for() -> None:
    words = {"en": ("Write the derivative first", "Sheet 0, level 2"), "ko": ("먼저 도함수를", "활동지 0, 2단계")}
    sheet = worksheet(0, 2)
    assert [one["asked"] for one in sheet["questions"]] == [one["phase"] == "backward" for one in sheet["questions"]]
    assert not any(one["asked"] for one in worksheet(0)["questions"])
    for lang, said in words.items():
        page = render_worksheet(sheet, lang)
        questions, key = page.split('<section class="sheet key"')
        assert all(word in questions for word in said)
        assert questions.count('class="formula-line"') == 3 and "formula-line" not in key.split("</style>")[-1]
        formula = next(one["formula"] for one in sheet["questions"] if one["name"] == "dx")
        assert formula in key and formula not in questions
        plain = render_worksheet(worksheet(0), lang).split("</style>")[1]
        assert "formula-line" not in plain and said[0] not in plain
    assert "<mi>h</mi>" in render_worksheet(worksheet(1, 3)).split("Forward")[0].split("</style>")[1], (
        "x = h W is given"
    )


def test_levels_differ_and_unknown_ones_are_refused() -> None:
    assert worksheet(1, 2)["given"] != worksheet(1)["given"]
    assert worksheet(0, 4) == worksheet(0, 4) != worksheet(1, 4)
    for wrong in (0, 5, "2"):
        with pytest.raises(ArgumentError, match="level must be one of 1, 2, 3, 4"):
            worksheet(0, wrong)  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_the_numbers_are_small_and_whole_or_halves(seed: int) -> None:
    given, answers = parts(seed)
    for numbers in given.values():
        np.testing.assert_array_equal(numbers, np.round(numbers))
        assert np.abs(numbers).max() <= 9
    for name, numbers in answers.items():
        np.testing.assert_array_equal(2 * numbers, np.round(2 * numbers))
        assert np.abs(numbers).max() <= LARGEST
        assert name == "L" or np.count_nonzero(numbers), f"{name} is all 0: nothing to learn"


@pytest.mark.slow
def test_seeds_give_the_same_sheet_again_and_each_another_one() -> None:
    assert worksheet(7) == worksheet(7)
    sheets = {json.dumps({**worksheet(seed), "seed": 0}) for seed in range(60)}
    assert len(sheets) == 60


def test_each_question_has_its_formula_and_the_whole_is_json() -> None:
    for seed in range(4):
        sheet = worksheet(seed)
        assert json.loads(json.dumps(sheet, allow_nan=False)) == sheet
        phases = [one["phase"] for one in sheet["questions"]]
        assert phases == sorted(phases, reverse=True)
        for one in sheet["questions"]:
            assert one["plain"].startswith(one["name"])
            assert one["formula"].startswith("<math")


def test_the_command_writes_the_sheet_and_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["explain", "--worksheet", "5", "-o", "sheet.html", "--lang", "ko"]) == 0
    page = Path("sheet.html").read_text(encoding="utf-8")
    assert 'lang="ko"' in page
    assert "정답" in page
    assert "sheet.html 파일을 썼어요" in capsys.readouterr().err


def test_the_command_takes_a_level(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["explain", "--worksheet", "1", "--level", "3"]) == 0
    assert "level 3" in Path("worksheet.html").read_text(encoding="utf-8")
    assert main(["explain", "--level", "3"]) == 2
    assert "--level is that of a --worksheet" in capsys.readouterr().err
