"""The examples and the README do what they say, on the bundled sample and without a network."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from minidl.data import write_image

ROOT = Path(__file__).parent.parent
NOWHERE = {"https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}


def started(name: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """An example run in `folder`, to its end, with an empty cache."""
    return subprocess.run(
        [sys.executable, str(ROOT / "examples" / name), *arguments], cwd=folder, timeout=300,
        capture_output=True, encoding="utf-8",
        env={**os.environ, **NOWHERE, "MINIDL_DATA": str(folder / "cache"), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def run(name: str, folder: Path, *arguments: str) -> str:
    """The output of an example that ends well."""
    found = started(name, folder, *arguments)
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
@pytest.mark.parametrize("model", ["gpt", "charlstm"])
def test_gpt_on_text(model, tmp_path):
    printed = run("gpt_on_text.py", tmp_path, "--model", model, "--steps", "120", "--write", "40")
    losses = [float(loss) for loss in re.findall(r"loss (\d\.\d+)", printed)]
    assert losses[-1] < 0.7 * losses[0], printed
    assert "\nThe Zen " in printed
    (tmp_path / "short.txt").write_text("short")
    found = started("gpt_on_text.py", tmp_path, "--text", "short.txt")
    assert found.returncode == 1 and "short.txt: has 5 characters" in found.stderr


@pytest.mark.slow
def test_train_your_own(tmp_path):
    printed = run("train_your_own.py", tmp_path)
    assert "400 pictures of 10 classes: 320 to train, 80 to test" in printed
    losses = [float(loss) for loss in re.findall(r"loss (\d\.\d+)", printed)]
    assert losses[-1] < 0.5 * losses[0], printed
    accuracies = [float(percent) for percent in re.findall(r"accuracy (\d+\.\d)%", printed)]
    assert accuracies[2] > 60, "the accuracy lags behind the loss"


@pytest.mark.slow
def test_train_your_own_says_what_pictures_it_needs(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "few" / "cat").mkdir(parents=True)
    for number in range(3):
        cv2.imwrite(str(tmp_path / "few" / "cat" / f"{number}.png"), np.zeros((9, 9, 3), np.uint8))
    for folder, message in (
        ("none", "none: there is no such folder; needed: FOLDER/cat/1.jpg"),
        ("empty", "empty: has 0 pictures in 0 classes"),
        ("few", "few: has 3 pictures in 1 classes, but at least 2 classes and 32 pictures to train on"),
    ):
        found = started("train_your_own.py", tmp_path, "--images", folder)
        assert found.returncode == 1
        assert found.stdout == ""
        assert message in found.stderr
        assert found.stderr.count("\n") == 1, found.stderr


@pytest.mark.slow
def test_train_your_own_takes_every_kind_of_picture_and_nothing_else(tmp_path):
    random = np.random.default_rng(0)
    for name, light in (("밤", 60), ("day", 200)):
        (tmp_path / "own" / name).mkdir(parents=True)
        (tmp_path / "own" / name / "notes.txt").write_text("no picture")
        for number in range(22):
            image = np.clip(random.normal(light, 20, (30, 40, 3)), 0, 255).astype(np.uint8)
            write_image(tmp_path / "own" / name / f"{number}.{('png', 'JPG', 'bmp', 'gif')[number % 4]}", image)
    printed = run("train_your_own.py", tmp_path, "--images", "own", "--epochs", "2")
    assert "44 pictures of 2 classes: 36 to train, 8 to test" in printed
    for number in range(22):
        (tmp_path / "own" / "day" / f"{number}.png").write_text("damaged")
    found = started("train_your_own.py", tmp_path, "--images", "own", "--epochs", "1")
    assert found.returncode == 1
    assert re.fullmatch(r"own.day.\d+\.png: is not an image that OpenCV can decode .*\n", found.stderr)


def test_the_readmes_examples():
    found = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert found.attempted > 10
    assert found.failed == 0


def test_the_readmes_files_exist():
    for page in ("README.md", "CONTRIBUTING.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", (ROOT / page).read_text(encoding="utf-8")):
            assert (ROOT / target).exists(), f"{page} links to {target}, which is not there"
