"""The examples and the README do what they say, on the bundled sample and without a network."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NOWHERE = {"https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}


def run(name: str, folder: Path, *arguments: str) -> str:
    """What an example prints, run in `folder` with an empty cache."""
    found = subprocess.run(
        [sys.executable, str(ROOT / "examples" / name), *arguments], cwd=folder, timeout=300,
        capture_output=True, encoding="utf-8",
        env={**os.environ, **NOWHERE, "MINIDL_DATA": str(folder / "cache"), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    return found.stdout


@pytest.mark.parametrize("file", sorted((ROOT / "examples").glob("*.py")), ids=lambda file: file.name)
def test_an_example_says_at_its_top_what_it_teaches(file):
    assert "Teaches:" in file.read_text(encoding="utf-8").split('"""')[1]


def test_every_example_is_run_here():
    mine = Path(__file__).read_text(encoding="utf-8")
    assert all(f'run("{file.name}"' in mine for file in (ROOT / "examples").glob("*.py"))


def test_backprop_by_hand_equals_the_engine(tmp_path):
    printed = run("backprop_by_hand.py", tmp_path)
    assert re.search(r"step 20: loss (\d\.\d+) by hand, \1 by the engine", printed), printed


@pytest.mark.slow
def test_the_lecture_on_mnist(tmp_path):
    printed = run("mnist_lecture.py", tmp_path, "--epochs", "1")
    assert float(printed.split("Accuracy:")[1]) > 0.8, printed


@pytest.mark.slow
def test_train_your_own(tmp_path):
    printed = run("train_your_own.py", tmp_path)
    assert "400 pictures of 10 classes: 320 to train, 80 to test" in printed
    losses = [float(loss) for loss in re.findall(r"loss (\d\.\d+)", printed)]
    assert losses[-1] < 0.5 * losses[0], printed


def test_the_readmes_examples():
    found = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert found.attempted > 10
    assert found.failed == 0


def test_the_readmes_files_exist():
    for page in ("README.md", "CONTRIBUTING.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", (ROOT / page).read_text(encoding="utf-8")):
            assert (ROOT / target).exists(), f"{page} links to {target}, which is not there"
