"""`minidl judge` and `minidl.judge`: what a student sees, in both languages."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minidl
from minidl.cli import main
from minidl.explain.teaching.judge import report, words
from minidl.explain.teaching.judge.exercises import NAMES, UnknownExerciseError, find
from minidl.explain.teaching.judge.layout import width
from minidl.explain.teaching.judge.session import judge_functions

from .wrong_answers import WRONG

Command = Callable[..., tuple[int, str, str]]
RELU = "def backward(dz, x):\n    return dz * (x > 0)\n"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run the command in an empty folder: its exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    for name in ("MINIDL_LANG", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_US.UTF-8")

    def call(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        try:
            code = main(["judge", *arguments])
        except SystemExit as exit:
            code = int(exit.code or 0)
        return (code, *capfd.readouterr())

    return call


def test_the_list_is_in_order(run: Command) -> None:
    code, out, _ = run("list")
    assert code == 0 and [line.split()[1] for line in out.splitlines()] == list(NAMES) and len(NAMES) == 16


def test_an_exercise_is_shown(run: Command) -> None:
    code, out, _ = run("conv2d")
    assert code == 0
    for part in ("conv2d (13 of 16)", "backward(dz, x, w, b, stride, padding)", "dx = ∂L/∂x", "def forward", "--stub"):
        assert part in out
    assert "Hint" not in run("conv2d")[1].replace("Hints:", "")


def test_from_the_stub_to_a_right_answer(run: Command, tmp_path: Path) -> None:
    assert run("relu", "--stub")[0] == 0
    code, out, err = run("relu", "--file", "relu.py")
    assert code == 1 and "Nothing is written there yet" in out and "your own code, on your own machine" in err
    path = tmp_path / "relu.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub("raise NotImplementedError.*", "return dz * (x > 0)", text), encoding="utf-8")
    code, out, _ = run("relu", "--file", "relu.py", "--class", "scores.csv", "--name", "=Ann")
    assert code == 0 and out.startswith("relu: right.")
    assert ",'=Ann,relu,right,," in (tmp_path / "scores.csv").read_text(encoding="utf-8-sig")
    code, _, err = run("relu", "--stub")
    assert code == 2 and "relu.py is there already" in err


def test_a_wrong_answer_is_told_and_kept(run: Command, tmp_path: Path) -> None:
    (tmp_path / "kim.py").write_text("def backward(dz, x):\n    return dz * (dz > 0)\n", encoding="utf-8")
    code, out, _ = run("relu", "--file", "kim.py", "--class", "scores.csv", "--hint")
    assert code == 1
    assert re.search(r"dx\[\d, \d\] is \S+; it should be \S+\.", out)
    assert "Likely cause (dx): the mask is that of dz" in out and "Hint 1 of 2:" in out
    assert ",kim,relu,wrong,mask_of_dz," in (tmp_path / "scores.csv").read_text(encoding="utf-8-sig")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["conv"], "did you mean conv2d?"),
        (["relu", "--file", "none.py"], "--file none.py: No such file"),
        (["relu", "--file", "."], "--file .: it is a folder"),
        (["relu", "--class", "a.csv"], "--class needs --file"),
        (["relu", "--name", "a"], "--name needs --class"),
        (["relu", "--both"], "--both needs --stub"),
        (["relu", "-o", "a.py"], "--output needs --stub"),
        (["relu", "--seconds", "3"], "--seconds needs --file"),
        (["relu", "--file", "relu.py", "--seconds", "0"], "--seconds must be more than 0"),
        (["relu", "--file", "relu.py", "--stub"], "give one of them"),
        (["relu", "--file", "relu.py", "--class", "none/a.csv"], "name a file in a folder that exists"),
        (["list", "--hint"], "list takes no --hint"),
        (["relu", "--hint", "3"], "invalid choice"),
    ],
)
def test_wrong_usage(run: Command, tmp_path: Path, arguments: list[str], error: str) -> None:
    (tmp_path / "relu.py").write_text(RELU, encoding="utf-8")
    code, _, err = run(*arguments)
    assert code == 2 and error in err


def test_the_language_is_chosen_by_option_variable_and_locale(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "of 16" in run("add")[1]
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")
    assert "16개 중 1번" in run("add")[1]
    monkeypatch.setenv("MINIDL_LANG", "en")
    assert "of 16" in run("add")[1]
    assert "16개 중 1번" in run("add", "--lang", "ko")[1]
    monkeypatch.setenv("MINIDL_LANG", "fr")
    code, _, err = run("add")
    assert code == 2 and "MINIDL_LANG must be one of en, ko; got 'fr'" in err


def holes(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_say_everything() -> None:
    for table in (words.SAYS, words.PROBLEMS, words.CAUSES):
        for key, says in table.items():
            assert set(says) == {"en", "ko"} and all(says.values()), key
            assert holes(says["ko"]) <= holes(says["en"]), key
            assert re.search("[가-힣]", says["ko"]) and not re.search("[가-힣]", says["en"]), key
    for name in NAMES:
        exercise = find(name)
        texts = [exercise.title, exercise.says, *exercise.hints, *(case.says for case in exercise.cases)]
        texts += [mistake.says for mistake in exercise.mistakes.values()]
        for says in texts:
            assert set(says) == {"en", "ko"} and all(says.values())
            assert not re.search("[가-힣]", says["en"])
        for says in texts[1:3]:
            assert re.search("[가-힣]", says["ko"])
        assert not any(says["ko"].endswith(".") for says in (m.says for m in exercise.mistakes.values()))


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_every_report_fits_a_narrow_terminal(lang: str) -> None:
    for name in NAMES:
        for _, _, code in WRONG[name][:3]:
            names: dict[str, Any] = {"np": np}
            exec(code, names)
            text = report.report(judge_functions(find(name), names["backward"]), lang, 60)
            assert max(map(width, text.splitlines())) <= 60, text
        assert max(map(width, report.hint(find(name), 2, lang, 60).splitlines())) <= 60
    assert max(map(width, report.listing(lang, 60).splitlines())) <= 60


def test_in_a_notebook(capsys: pytest.CaptureFixture[str]) -> None:
    @minidl.judge("relu", lang="en")
    def backward(dz: Any, x: Any) -> Any:
        return dz * (x > 0)

    assert capsys.readouterr().out.startswith("relu: right.")
    assert backward(np.ones(1), np.ones(1)) == 1, "the function stays what it is"
    exercise = minidl.judge("relu", lang="ko")
    assert exercise.check(lambda dz, x: dz * (x > 0))
    assert not exercise.check(lambda dz, x: dz)
    assert exercise.check(lambda dz, x: dz * (x > 0), forward=lambda x: x).wrong["z"]
    exercise(lambda dz, x: dz)
    assert "아직 틀렸습니다" in capsys.readouterr().out
    exercise.hint(2)
    assert capsys.readouterr().out.startswith("힌트 2/2: ")
    assert "relu (16개 중 4번)" in repr(exercise) and "def backward(dz, x):" in exercise.stub()
    with pytest.raises(UnknownExerciseError):
        minidl.judge("nothing")
