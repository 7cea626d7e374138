"""Worksheets: small numbers, right answers, another exercise for another seed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minidl.cli import main
from minidl.explain.teaching.worksheet import LARGEST, RECIPES, worksheet

Numbers = dict[str, np.ndarray]


def parts(seed: int) -> tuple[Numbers, Numbers]:
    """What is given, and the answers."""
    sheet = worksheet(seed)
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


BY_HAND: list[Callable[[Numbers], Numbers]] = [layer, convolution, pooling, shared]


@pytest.mark.parametrize("seed", range(24))
def test_the_answer_key_is_right(seed: int) -> None:
    given, answers = parts(seed)
    expected = BY_HAND[seed % len(RECIPES)](given)
    assert answers.keys() == expected.keys()
    for name, wanted in expected.items():
        np.testing.assert_array_equal(answers[name], wanted, err_msg=name)


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
    assert "wrote sheet.html" in capsys.readouterr().err
