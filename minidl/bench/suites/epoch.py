"""An epoch of `minidl train`, data loading included, against the same loop in PyTorch with its tensors in memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from ...backend import DEFAULT, to_host
from ..contestant import THREAD_VARIABLES, contestants, opponents
from ..errors import BenchmarkError
from ..memory import peak_memory_of
from ..rounds import PAUSE, best, ratio, spread
from . import Options

BATCH = 100
LR = 0.02
ROUNDS = 5
QUICK_IMAGES = 5_000
MEMORY_SECONDS = 0.1  # between two looks at the memory of a run
TOLERANCE = 0.25  # of the mean training loss: weights and order are each library's own
OURS = "minidl train"


def run(options: Options) -> dict[str, Any]:
    """All contestants' epochs, measured in turns."""
    images, labels, origin = _images(options)
    rounds: dict[str, list[dict[str, float]]] = {OURS: []}
    with tempfile.TemporaryDirectory() as folder, contestants(opponents(options.against, options.threads)) as others:
        np.save(Path(folder) / "images.npy", images)
        np.save(Path(folder) / "labels.npy", labels)
        for other in others:
            other.ask("load_images", folder=folder, batch=BATCH, lr=LR)
            rounds[other.name] = []
        for number in range(1 if options.quick else ROUNDS):
            time.sleep(PAUSE)
            rounds[OURS].append(train(options, len(images), Path(folder) / f"run-{number}", seed=number))
            for other in others:
                time.sleep(PAUSE)
                rounds[other.name].append(other.ask("epoch", seed=number))
            options.tell(", ".join(f"{name} {done[-1]['seconds']:.2f} s" for name, done in rounds.items()))
    found = {name: _summary(done) for name, done in rounds.items()}
    opponent = best(found)
    if opponent is not None:
        _check_learning(found)
    return {
        "images": len(images), "batch": BATCH, "data": origin, "contestants": found, "opponent": opponent,
        "ratio": None if opponent is None else ratio(found[OURS], found[opponent]),
    }  # fmt: skip


def train(options: Options, images: int, folder: Path, seed: int) -> dict[str, float]:
    """One epoch of the command in its own process; the seconds are those that it reports for the epoch."""
    command = [sys.executable, "-m", "minidl", "train", "--epochs", "1", "--batch-size", str(BATCH), "--lr", str(LR)]
    command += ["--schedule", "constant", "--val-split", "0", "--limit", str(images), "--seed", str(seed)]
    command += ["--backend", DEFAULT, "--out", str(folder), "--quiet"] + (
        ["--data", options.data] if options.data else []
    )
    environment = os.environ | dict.fromkeys(THREAD_VARIABLES, str(options.threads))
    with (
        tempfile.TemporaryFile() as errors_file,
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors_file, env=environment) as process,
    ):
        memory = 0  # getrusage's would not do: a process inherits it from its parent
        while process.poll() is None:
            memory = max(memory, peak_memory_of(process.pid) or 0)
            time.sleep(MEMORY_SECONDS)
        errors_file.seek(0)
        errors = errors_file.read().decode()
    if process.returncode != 0:
        raise BenchmarkError(f"minidl train ended with code {process.returncode}: {errors}")
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    record = metrics["history"][0]
    return {
        "seconds": record["seconds"], "loss": record["train_loss"], "accuracy": record["train_accuracy"],
        "memory": memory,
    }  # fmt: skip


def _images(options: Options) -> tuple[np.ndarray, np.ndarray, str]:
    """The training images as `minidl train` would find them, for the opponents to keep in memory."""
    from ...training.data import open_dataset
    from ...training.options import Options as TrainingOptions

    found = open_dataset(TrainingOptions(data=options.data), train=True)
    count = QUICK_IMAGES if options.quick else len(found)
    arrays = [to_host(t._array)[:count] for t in (found.data, found.targets)]
    return arrays[0], arrays[1], str(getattr(found, "origin", "root"))


def _summary(rounds: list[dict[str, float]]) -> dict[str, Any]:
    return {
        "seconds": spread([one["seconds"] for one in rounds]),
        "loss": sum(one["loss"] for one in rounds) / len(rounds),
        "accuracy": sum(one["accuracy"] for one in rounds) / len(rounds),
        "memory": max(one["memory"] for one in rounds),
    }


def _check_learning(found: dict[str, Any]) -> None:
    """Raise `BenchmarkError` unless all learn the same, in the mean of their epochs, each from fresh weights."""
    ours = found[OURS]["loss"]
    for name, one in found.items():
        if not abs(one["loss"] - ours) <= TOLERANCE * ours:
            raise BenchmarkError(
                f"{OURS} and {name} do not learn the same: mean training loss {ours:.4f} against {one['loss']:.4f}; "
                "no ratio is given"
            )
