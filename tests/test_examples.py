"""The examples and the README do what they say, on the bundled sample and without a network."""

from __future__ import annotations

import doctest
import importlib.util
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import minidl
from minidl.data import write_image
from minidl.models.networks import Lecture

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


def same_weights(ours, theirs):
    """Give PyTorch's module the weights of minidl's."""
    theirs.load_state_dict({name: torch.tensor(p.numpy()) for name, p in ours.state_dict().items()})


@cache
def parts_of_the_example():
    spec = importlib.util.spec_from_file_location("second_derivatives", ROOT / "examples" / "second_derivatives.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class TestSecondDerivatives:
    """Each part of the example, in both libraries, from the same weights."""

    def test_it_runs(self, tmp_path):
        printed = run("second_derivatives.py", tmp_path)
        assert "Newton's method: [1.0, 1.0]" in printed, printed
        x, y = [float(c) for c in re.search(r"L-BFGS: +\[(.*), (.*)\]", printed).groups()]
        assert abs(x - 1) < 0.05 and abs(y - 1) < 0.1, printed
        first, last = [float(x) for x in re.findall(r"step \d+: (\d+\.\d+)", printed)]
        assert last < 0.2 * first, printed
        before, after = [float(x) for x in re.findall(r"(\d+\.\d+) from", printed)]
        assert after < before, printed

    def test_newton_lbfgs_and_descent(self):
        example = parts_of_the_example()
        for method, steps in ((example.newton, 5), (example.lbfgs, 20), (example.descent, 5)):
            found = [method(library, [-1.2, 1.0], steps=steps).detach().numpy() for library in (minidl, torch)]
            np.testing.assert_allclose(*found, rtol=1e-7 if method is example.lbfgs else 1e-9)

    def test_the_gradient_penalty(self):
        def critic(lib):
            nn = lib.nn
            return nn.Sequential(nn.Conv2d(1, 4, 3), nn.LeakyReLU(0.2), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(36, 1))

        ours, theirs = critic(minidl), critic(torch)
        same_weights(ours, theirs)
        found, rng = [], np.random.default_rng(0)
        arrays = [rng.random(shape).astype(np.float32) for shape in [(5, 1, 8, 8)] * 2 + [(5, 1, 1, 1)]]
        for lib, model in ((minidl, ours), (torch, theirs)):
            penalty = parts_of_the_example().gradient_penalty(lib, model, *map(lib.tensor, arrays))
            penalty.backward()
            gradients = [p.grad.numpy() if p.grad is not None else np.zeros(p.shape) for p in model.parameters()]
            found.append([penalty.detach().numpy(), *gradients])  # of biases there is none, or 0
        for x, t in zip(*found, strict=True):
            np.testing.assert_allclose(x, t, rtol=1e-6, atol=1e-6)

    def test_the_steepest_curvature_of_the_lectures_cnn(self):
        ours, found = Lecture(), []
        theirs = torch.nn.Sequential(
            torch.nn.Conv2d(1, 10, 5, padding=3), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
            torch.nn.Conv2d(10, 20, 5, padding=3), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
            torch.nn.Flatten(), torch.nn.Linear(1280, 10),
        )  # fmt: skip
        for p, q in zip(theirs.parameters(), ours.parameters()):
            p.data = torch.tensor(q.detach().numpy())
        x = np.random.default_rng(0).random((4, 1, 28, 28))
        for lib, model in ((minidl, ours.double()), (torch, theirs.double())):
            loss = lib.nn.functional.cross_entropy(model(lib.tensor(x)), lib.tensor([0, 1, 2, 3]))
            found.append(parts_of_the_example().steepest_curvature(lib, list(model.parameters()), loss, steps=3).item())
        np.testing.assert_allclose(*found, rtol=1e-9)

    def test_maml(self):
        found = []
        for lib in (minidl, torch):
            rng = np.random.default_rng(0)
            weights = [lib.tensor(rng.normal(0, 0.5, s), requires_grad=True) for s in [(1, 8), (8,), (8, 1), (1,)]]
            loss = parts_of_the_example().maml(lib, weights, parts_of_the_example().sines(lib, rng, 3))
            loss.backward()
            found.append([loss.detach().numpy(), *(w.grad.numpy() for w in weights)])
        for x, t in zip(*found, strict=True):
            np.testing.assert_allclose(x, t, rtol=1e-9, atol=1e-12)


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
