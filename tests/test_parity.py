"""Training: the lecture's CNN follows PyTorch's, and the lecture's listing runs as printed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import minidl
from minidl.data.datasets import MNIST
from tests.support.compare import to_numpy

STEPS = 100
LISTING = Path(__file__).parent / "listings" / "lecture.txt"


def lecture_cnn(library):
    """The lecture's CNN, in either library."""
    nn = library.nn
    return nn.Sequential(
        nn.Conv2d(1, 10, kernel_size=5, stride=1, padding=3), nn.ReLU(), nn.MaxPool2d(2, 2),
        nn.Conv2d(10, 20, kernel_size=5, stride=1, padding=3), nn.ReLU(), nn.MaxPool2d(2, 2),
        nn.Flatten(), nn.Linear(8 * 8 * 20, 10),
    )  # fmt: skip


def losses(library, weights, batches, dtype):
    """The loss of each step of SGD with momentum from those weights, and the weights at the end."""
    model = lecture_cnn(library)
    model.to(getattr(library, dtype))
    model.load_state_dict({name: library.tensor(w.astype(dtype)) for name, w in weights.items()})
    optimizer = library.optim.SGD(model.parameters(), lr=0.1, momentum=0.5)
    found = []
    for images, labels in batches:
        optimizer.zero_grad()
        loss = library.nn.functional.cross_entropy(model(library.tensor(images.astype(dtype))), library.tensor(labels))
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return np.array(found), {name: to_numpy(w) for name, w in model.state_dict().items()}


@pytest.fixture(scope="module")
def start():
    """PyTorch's initial weights, and 100 batches of real digits."""
    torch.manual_seed(0)
    weights = {name: w.numpy() for name, w in lecture_cnn(torch).state_dict().items()}
    digits = MNIST(None, train=True)
    images = digits.data.numpy()[: 50 * STEPS].reshape(STEPS, 50, 1, 28, 28) / 255
    labels = digits.targets.numpy()[: 50 * STEPS].reshape(STEPS, 50).astype(np.int64)
    return weights, list(zip(images, labels))


@pytest.mark.slow
def test_the_lectures_cnn_follows_pytorch_in_float64(start):
    ours, our_weights = losses(minidl, *start, "float64")
    theirs, their_weights = losses(torch, *start, "float64")
    assert theirs[-10:].mean() < 0.5 * theirs[0], "the comparison is of a network that learns"
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)
    for name, w in their_weights.items():
        np.testing.assert_allclose(our_weights[name], w, atol=1e-9 * np.abs(w).max(), err_msg=name)


@pytest.mark.slow
def test_the_lectures_cnn_follows_pytorch_to_float32_rounding(start):
    """Training magnifies every rounding error; so ours may stray from the exact run as far as PyTorch's own does.

    How far that is depends on the order of sums, which decides near ties in a pool: PyTorch runs several times, with
    the images of each batch in another order, which changes nothing but the rounding.
    """
    weights, batches = start
    ours, theirs = losses(minidl, *start, "float32")[0], losses(torch, *start, "float32")[0]
    exact = losses(torch, *start, "float64")[0]
    orders = [np.random.default_rng(seed).permutation(len(batches[0][1])) for seed in range(4)]
    reordered = [losses(torch, weights, [(x[i], y[i]) for x, y in batches], "float32")[0] for i in orders]
    np.testing.assert_allclose(ours[:10], theirs[:10], rtol=1e-5)
    strayed = np.abs(np.array([theirs, *reordered]) - exact).max(axis=0)
    rounding = np.maximum.accumulate(strayed)  # PyTorch's own, up to each step
    assert (np.abs(ours - exact) <= 5 * rounding + 1e-5).all(), np.abs(ours - exact) / (rounding + 1e-9)


@pytest.mark.slow
def test_the_lectures_listing_runs_as_printed(tmp_path):
    """One epoch of it, without a network: on the bundled sample."""
    printed = LISTING.read_text(encoding="utf-8")
    assert printed.count("training_epochs = 15") == 1
    script = tmp_path / "lecture.py"
    script.write_text(printed.replace("training_epochs = 15", "training_epochs = 1"), encoding="utf-8")
    nowhere = {"https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9", "PYTHONIOENCODING": "utf-8"}
    root = str(LISTING.parents[2])
    run = subprocess.run(
        [sys.executable, str(script)], capture_output=True, encoding="utf-8", cwd=tmp_path, timeout=300,
        env={**os.environ, **nowhere, "MINIDL_DATA": str(tmp_path / "cache"), "PYTHONPATH": root},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "총 배치의 수 : 100" in run.stdout
    assert re.search(r"\[Epoch:    1\] cost = 0\.\d{6,}", run.stdout), run.stdout
    accuracy = float(run.stdout.split("Accuracy:")[1])
    assert accuracy > 0.8, run.stdout  # it trains on 0 ... 1 and tests on 0 ... 255, as the lecture does
    assert "bundled sample" in run.stderr
