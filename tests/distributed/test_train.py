"""`mpiexec -n N minidl train`: one run folder, the weights of one process, one error, and nothing lost."""

from __future__ import annotations

import importlib
import json
import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minidl.tensors import saving as checkpoint
from tests.support.runs import WITHOUT_FIGURES, minidl_command, write_data

from .launch import finish, needs_mpi, run, start

pytestmark = [
    needs_mpi, pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="processes are watched over by fork"),
]  # fmt: skip

MODELS = """
import os, time
import minidl
from minidl import nn
from minidl.nn import functional as F


def rank():
    return minidl.distributed.get_rank() if minidl.distributed.is_initialized() else 0


class Normed(nn.Module):
    calls = 0

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 5, stride=3)
        self.norm = nn.BatchNorm2d(4)
        self.fc = nn.Linear(4 * 8 * 8, 10)

    def forward(self, x):
        Normed.calls += self.training
        if self.training and Normed.calls == 3 and rank() == int(os.environ.get("FAILS_ON", -1)):
            raise KeyError("lost")
        if self.training and Normed.calls == 3 and rank() == int(os.environ.get("WRONG_ON", -1)):
            x = x * float("inf")
        if "SLOW" in os.environ and self.training:
            time.sleep(0.2)  # an epoch of 5 steps leaves a second to act in
        return self.fc(F.relu(self.norm(self.conv(x))).flatten(1))


class Plain(Normed):
    def __init__(self):
        super().__init__()
        self.norm = nn.Identity()


class Dropped(Plain):
    def __init__(self):
        super().__init__()
        self.norm = nn.Dropout(0.3)
"""
# 203 images in batches of 50: the last one has 3, so that one of four processes gets none of them.
OPTIONS = ("--limit", 203, "--val-split", 0, "--batch-size", 50, "--seed", 3, "--schedule", "constant", "--lr", 0.05)


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_data(tmp_path_factory.mktemp("digits"), 300, 120)
    (folder / "models.py").write_text(MODELS)
    return folder


def words(digits: Path, out: Path, *more: object, model: str = "Normed", epochs: int = 2) -> tuple[object, ...]:
    return (
        "train", "--model", f"{digits / 'models.py'}:{model}", "--data", digits, "--epochs", epochs, "--out", out,
        *OPTIONS, *more,
    )  # fmt: skip


def mpi(processes: int, *arguments: object, **env: str) -> Any:
    return run(processes, "-c", WITHOUT_FIGURES, *arguments, **env)


def weights(out: Path) -> dict[str, np.ndarray]:
    return {name: tensor.numpy() for name, tensor in checkpoint.load(out / "model.npz")["model"].items()}


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    assert one.keys() == other.keys()
    for name, array in one.items():
        np.testing.assert_allclose(other[name], array, rtol=1e-3, atol=3e-6, err_msg=name)


def bits(found: dict[str, np.ndarray]) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in found.items()}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, digits: Path) -> Path:
    out = tmp_path_factory.mktemp("alone") / "run"
    done = minidl_command(*words(digits, out), MINIDL_NUM_THREADS="1")
    assert done.returncode == 0, done.stderr
    return out


def test_four_processes_reach_the_weights_of_one(tmp_path: Path, digits: Path, alone: Path) -> None:
    out = tmp_path / "run"
    done = mpi(4, *words(digits, out))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("test accuracy") == done.stdout.count("run folder") == 1
    assert len(re.findall("epoch 1/2", done.stderr)) == 1
    same(weights(alone), weights(out))
    one, four = (json.loads((folder / "metrics.json").read_text()) for folder in (alone, out))
    for record, other in zip(one["history"], four["history"]):
        assert record["train_accuracy"] == other["train_accuracy"]
        np.testing.assert_allclose(record["train_loss"], other["train_loss"], rtol=1e-5)
    assert one["test_accuracy"] == pytest.approx(four["test_accuracy"], abs=0.02)
    assert json.loads((out / "config.json").read_text())["machine"]["processes"] == 4
    again = tmp_path / "again"
    assert mpi(4, *words(digits, again)).returncode == 0
    assert bits(weights(out)) == bits(weights(again)), "bit for bit from run to run"


def test_ctrl_c_then_resumed_by_another_number_of_processes(tmp_path: Path, digits: Path, alone: Path) -> None:
    out = tmp_path / "run"
    job = start(3, ["-c", WITHOUT_FIGURES, *words(digits, out)], SLOW="1")
    deadline = time.monotonic() + 60
    while not (out / "model.npz").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.5)  # the first checkpoint is written before the first step; before that, Ctrl-C ends all at once
    job.send_signal(signal.SIGINT)  # mpiexec passes it on
    stopped = finish(job)
    assert stopped.stderr.count("stopped after step") == 1, stopped.stderr
    assert stopped.returncode == 130
    assert checkpoint.load(out / "model.npz")["step"] < 10
    done = mpi(2, "train", "--resume", "--out", out)
    assert done.returncode == 0, done.stderr
    same(weights(alone), weights(out))
    assert json.loads((out / "config.json").read_text())["resumed"][0]["machine"]["processes"] == 2


def test_dropout_is_the_same_again_and_another_one_on_each_process(tmp_path: Path, digits: Path) -> None:
    found = []
    for name in ("one", "other"):
        done = mpi(2, *words(digits, tmp_path / name, "--augment", model="Dropped"))
        assert done.returncode == 0, done.stderr
        found.append(bits(weights(tmp_path / name)))
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("model", "env", "more", "says"),
    [
        ("Normed", {"FAILS_ON": "1"}, (), r"error: rank 1: .*models.py, line \d+: KeyError: 'lost'$"),
        ("Plain", {"WRONG_ON": "1"}, (), r"error: the loss became nan at step 3 on rank 1 \(epoch 1, batch 3\)"),
        ("Plain", {}, ("--batch-size", 1), r"--batch-size 1 is less than one image for each of the 2 processes"),
        ("Plain", {}, ("--batch-sice", 1), r"unrecognized arguments: --batch-sice"),
    ],
)
def test_one_error_ends_all(
    tmp_path: Path, digits: Path, model: str, env: dict[str, str], more: tuple[object, ...], says: str
) -> None:
    out = tmp_path / "run"
    job = start(2, ["-c", WITHOUT_FIGURES, *words(digits, out, *more, model=model)], **env)
    done = finish(job, 60)
    assert done.returncode != 0
    assert re.search(says, done.stderr, re.MULTILINE), done.stderr
    assert done.stderr.count("error: ") == 1, done.stderr
    if not more:
        assert checkpoint.load(out / "model.npz")["step"] == 0, "the checkpoint is whole"


def test_killed_at_random_moments() -> None:
    from .kills import kills

    assert [found["wrong"] for found in kills(4, seed=int.from_bytes(os.urandom(2), "big"))] == [[]] * 4


def test_alone_it_asks_for_no_mpi(monkeypatch: pytest.MonkeyPatch) -> None:
    together = importlib.import_module("minidl.cli.together")  # whose name the package gives to a function of it
    for name in (*together.RANKS, *together.SIZES):
        monkeypatch.delenv(name, raising=False)
    assert not together.started_by_mpi()
    monkeypatch.setenv("PMI_SIZE", "1")
    assert not together.started_by_mpi()
    monkeypatch.setenv("PMI_SIZE", "2")
    assert together.started_by_mpi()
