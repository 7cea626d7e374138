"""Every verb speaks on every console: a Korean or Western Windows, an old Unix, a pipe."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from minidl import cli
from minidl.cli.console import IN_ASCII, in_ascii

CONSOLES = ("cp949", "cp1252", "latin-1", "ascii")
VERBS = [verb.__name__.rpartition(".")[2] for verb in cli.VERBS]


def on(console: str, *words: str | Path) -> tuple[str, str]:
    """What `minidl` prints on that console on both streams, decoded as the console does."""
    environment = os.environ | {"PYTHONIOENCODING": console}
    done = subprocess.run([sys.executable, "-m", "minidl", *map(str, words)], env=environment, capture_output=True)
    out, err = done.stdout.decode(console), done.stderr.decode(console)
    assert done.returncode == 0, err
    assert "Traceback" not in err
    return out.replace(os.linesep, "\n"), err


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("console", CONSOLES)
def test_a_pass_is_told(console: str, lang: str) -> None:
    told, expected = (on(name, "explain", "--text", "--lang", lang, "--no-torch")[0] for name in (console, "utf-8"))
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
@pytest.mark.parametrize("words", [[], *([verb] for verb in VERBS)], ids=lambda words: "".join(words) or "minidl")
def test_help(console: str, words: list[str]) -> None:
    assert "usage: minidl" in on(console, *words, "--help")[0]


@pytest.mark.slow
@pytest.mark.parametrize("console", CONSOLES)
def test_every_verb(console: str, tmp_path: Path, digits: Path) -> None:
    folder, names = tmp_path / "läuft-실행", ["--batch-size", "50"]
    assert on(console, "train", "--data", digits, "--model", "mlp", "--epochs", "1", *names, "--out", folder)[1]
    found = json.loads(on(console, "test", folder, "--json")[0])
    assert Path(found["run"]) == folder, "JSON is exact everywhere"
    on(console, "test", folder)
    on(console, "summary")
    on(console, "gradcheck", "--no-torch")
    on(console, "explain", "--break", "list")
    on(console, "doctor")


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
