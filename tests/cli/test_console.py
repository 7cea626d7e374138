"""Every verb speaks on every console: a Korean or Western Windows, an old Unix, a pipe."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from minidl import cli
from minidl.cli.console import IN_ASCII, in_ascii

CONSOLES = ("cp949", "cp1252", "latin-1", "ascii")
VERBS = [verb.__name__.rpartition(".")[2] for verb in cli.VERBS]


# One process for several commands: the console is the process's, and to start one takes longer than most verbs. No
# figures, and two elements of each gradient judged: neither speaks.
COMMANDS = """
import json, sys
from minidl.cli import main
from minidl.explain.checks import verify
from minidl.training import job
job.Job.draw = lambda self: None
verify.sample_size = lambda *sizes: 2
for words in json.loads(sys.argv[1]):
    try:
        code = main(words)
    except SystemExit as end:
        code = end.code
    if code:
        sys.exit(f"{words}: exit code {code}")
    print("\\f", flush=True)
"""


def on(console: str, *commands: list[str]) -> tuple[list[str], str]:
    """What each of the commands prints to stdout on that console, and all that they print to stderr, decoded."""
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS, json.dumps(commands)],
        env=os.environ | {"PYTHONIOENCODING": console}, capture_output=True,
    )  # fmt: skip
    out, err = done.stdout.decode(console), done.stderr.decode(console)
    assert done.returncode == 0, err
    assert "Traceback" not in err
    told = out.replace(os.linesep, "\n").split("\f\n")
    assert told.pop() == ""
    assert len(told) == len(commands)
    return told, err


@cache
def a_pass(console: str) -> list[str]:
    """The text of one pass on that console, in English and in Korean."""
    return on(console, *(["explain", "--text", "--lang", lang, "--no-torch"] for lang in ("en", "ko")))[0]


@pytest.mark.slow
@pytest.mark.parametrize("console", CONSOLES)
def test_a_pass_is_told(console: str) -> None:
    for lang, told, expected in zip(("en", "ko"), a_pass(console), a_pass("utf-8")):
        assert told.count("\n") == expected.count("\n")
        if console == "ascii":
            assert "->" in told
            assert "sum" in told
        if console == "cp949":
            signs = {sign for sign in expected if sign not in "ᵀ…"}
            assert signs <= set(told), "what this console has is kept"
        if lang == "en":
            assert "?" not in told.replace("?", "", expected.count("?"))


@pytest.mark.slow
@pytest.mark.parametrize("console", ["cp949", "ascii"])
def test_help(console: str) -> None:
    commands = [["--help"], *([verb, "--help"] for verb in VERBS)]
    for words, told in zip(commands, on(console, *commands)[0]):
        assert "usage: minidl" in told, words


@pytest.mark.slow
@pytest.mark.parametrize("console", CONSOLES)
def test_every_verb(console: str, tmp_path: Path, digits: Path) -> None:
    folder = tmp_path / "läuft-실행"
    train = ["train", "--data", str(digits), "--model", "mlp", "--epochs", "1", "--batch-size", "50"]
    assert on(console, [*train, "--out", str(folder)])[1]
    told, _ = on(
        console, ["test", str(folder), "--json"], ["test", str(folder)], ["summary"], ["gradcheck", "--no-torch"],
        ["explain", "--break", "list"], ["doctor"],
    )  # fmt: skip
    assert Path(json.loads(told[0])["run"]) == folder, "JSON is exact everywhere"


@pytest.mark.parametrize("console", CONSOLES)
def test_an_error_names_a_file_that_the_console_cannot_write(console: str) -> None:
    environment = os.environ | {"PYTHONIOENCODING": console}
    done = subprocess.run(
        [sys.executable, "-m", "minidl", "test", "실행→é"], env=environment, capture_output=True
    )  # fmt: skip
    err = done.stderr.decode(console)
    assert done.returncode == 4
    assert err.count("\n") == 1
    assert ("실행→" in err) == (console == "cp949")


def test_what_stands_for_a_sign_is_ascii_itself() -> None:
    for sign in [*IN_ASCII, *"αβγδεζηθλμσφ∂∑∏é한\udc80½"]:
        assert in_ascii(sign).isascii()
        assert in_ascii(sign)
