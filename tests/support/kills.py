"""Kills a training at each of its file-system calls in turn, and lets two trainings meet: in forks of one process.

    python -m tests.support.kills kills DATA FOLDER FIRST STEP    every STEP-th call from FIRST on
    python -m tests.support.kills pairs DATA FOLDER ROUNDS        two trainings, one folder
    python -m tests.support.kills saves DATA FOLDER ROUNDS        two checkpoints, one name

prints what it found as JSON. Each training is real: its own process, the whole command.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import minidl
from minidl.cli import main
from minidl.data.idx import write_idx
from minidl.tensors import saving as checkpoint
from minidl.training import plots

CALLS = ("open", "replace", "rename", "unlink", "mkdir", "rmdir", "fsync", "fchmod", "fchown", "ftruncate", "write")
KILLED = 137
MODEL = "from minidl import nn\n\n\ndef make():\n    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))\n"


def small_data(folder: Path) -> Path:
    """60 images to train on, 20 to test on, and a small model: a training takes a moment."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    for split, size in (("train", 60), ("t10k", 20)):
        write_idx(folder / f"{split}-images-idx3-ubyte", random.integers(0, 256, (size, 28, 28)).astype(np.uint8))
        write_idx(folder / f"{split}-labels-idx1-ubyte", (np.arange(size) % 10).astype(np.uint8))
    (folder / "small.py").write_text(MODEL)
    return folder


def train(data: Path, out: Path, *more: str) -> list[str]:
    """The arguments of a short training."""
    return [
        "train", "--model", f"{data / 'small.py'}:make", "--data", str(data), "--epochs", "1", "--batch-size", "20",
        "--schedule", "constant", "--quiet", "--out", str(out), *more,
    ]  # fmt: skip


def forked(function: Callable[[], int]) -> int:
    """Start `function` in its own process; returns the process's number."""
    child = os.fork()
    if child:
        return child
    code = 99
    try:
        code = function()
    finally:
        os._exit(code)


def ended(child: int) -> int:
    """The exit code of that process."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def command(words: list[str], told: Path) -> int:
    """Run the command, its output going to the file `told`."""
    with open(told, "w") as stream, contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        return main(words)


def killed_at(number: int, words: list[str], told: Path) -> int:
    """The command, killed just before file-system call `number`, or in the middle of that write."""
    count = [0]

    def now() -> bool:
        count[0] += 1
        return count[0] == number

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*arguments: Any, **options: Any) -> Any:
            if now():
                os._exit(KILLED)
            return call(*arguments, **options)

        return counting

    class Torn(io.FileIO):
        def write(self, data: Any) -> int:
            if now():
                super().write(bytes(data)[: len(data) // 2])
                os._exit(KILLED)
            return super().write(data) or 0

    for name in CALLS:
        setattr(os, name, counted(getattr(os, name)))
    os.fdopen = lambda handle, mode, *rest, **options: io.BufferedWriter(Torn(handle, mode))  # type: ignore[assignment]
    return command(words, told)


def kills(data: Path, folder: Path, first: int, step: int) -> dict[str, Any]:
    """Kill a new training at each call, resume it or start anew; do the same to the resumed training."""
    found: dict[str, Any] = {"kills": 0, "wrong": []}
    told = folder / "told"
    for kind in ("start", "resume"):
        number, killed = first, True
        while killed:
            killed, problem = one_kill(kind, number, data, folder / f"{kind}-{number}", told)
            found["kills"] += killed
            if problem:
                found["wrong"].append(f"{kind} {number}: {problem}")
            number += step
    return found


def one_kill(kind: str, number: int, data: Path, out: Path, told: Path) -> tuple[bool, str]:
    """Whether the training makes that many calls, and what is wrong after the kill."""
    words = train(data, out)
    if kind == "resume":
        assert ended(forked(lambda: command(words, told))) == 0, told.read_text()
        words = ["train", "--resume", "--out", str(out), "--epochs", "4", "--quiet"]
    code = ended(forked(lambda: killed_at(number, words, told)))
    if code == KILLED:
        return True, after_kill(data, out, told)
    return False, f"not killed, exit code {code}: {told.read_text()}" if code else ""


def after_kill(data: Path, out: Path, told: Path) -> str:
    """What is wrong with the folder after the kill: a torn file, or no way on. Empty if nothing."""
    for path in out.glob("*.json") if out.exists() else ():
        json.loads(path.read_text())
    if (out / "model.npz").exists():
        checkpoint.load(out / "model.npz")
        words = ["train", "--resume", "--out", str(out), "--quiet"]
    else:
        words = train(data, out)
    if code := ended(forked(lambda: command(words, told))):
        return f"{' '.join(words)}: exit code {code}: {told.read_text()}"
    left = sorted(path.name for path in out.iterdir() if path.name.startswith("."))
    named = [name for name in left if not name.endswith(".png.tmp")]
    return f"left behind: {named}" if any(".npz" in name or "lock" in name for name in named) else ""


def pairs(data: Path, folder: Path, rounds: int) -> dict[str, Any]:
    """Two trainings with different seeds into one folder, at about the same time."""
    random = np.random.default_rng(0)
    weights = []
    for seed in (0, 1):
        ended(seeded(data, folder / f"alone{seed}", seed, folder / "told", 0))
        weights.append(digest(folder / f"alone{seed}"))
    problems = [one_pair(data, folder, number, float(random.uniform(0, 0.1)), weights) for number in range(rounds)]
    return {"rounds": rounds, "wrong": [f"{i}: {problem}" for i, problem in enumerate(problems) if problem]}


def seeded(data: Path, out: Path, seed: int, told: Path, delay: float) -> int:
    """Start a training of that seed, a little later."""

    def begin() -> int:
        time.sleep(delay)
        return command(train(data, out, "--seed", str(seed)), told)

    return forked(begin)


def one_pair(data: Path, folder: Path, number: int, delay: float, weights: list[int]) -> str:
    """What is wrong after the two trainings: one must have won, and the other must have been refused."""
    out, told = folder / f"pair-{number}", [folder / f"told{seed}" for seed in (0, 1)]
    codes = [ended(child) for child in [seeded(data, out, seed, told[seed], delay * seed) for seed in (0, 1)]]
    said = [path.read_text() for path in told]
    if sorted(codes) != [0, 2]:
        return f"exit codes {codes}: {said}"
    winner = codes.index(0)
    config, metrics = (json.loads((out / f"{name}.json").read_text()) for name in ("config", "metrics"))
    if (config["seed"], metrics["seed"], digest(out)) != (winner, winner, weights[winner]):
        return f"mixed: {config['seed']}, {metrics['seed']}, won by {winner}"
    known = any(words in said[1 - winner] for words in ("another training", "holds a run"))
    return "" if known else said[1 - winner]


def digest(out: Path) -> int:
    state = checkpoint.load(out / "model.npz", only="model")["model"]
    return zlib.crc32(b"".join(np.ascontiguousarray(value.numpy()).tobytes() for value in state.values()))


def saves(data: Path, folder: Path, rounds: int) -> dict[str, Any]:
    """Two processes that save to one name, over and over: what is there is always one of theirs."""
    found: dict[str, Any] = {"rounds": 0, "wrong": []}
    path = folder / "model.npz"

    def save(value: float) -> int:
        checkpoint.save({"a": minidl.full((20_000,), value), "b": minidl.full((20_000,), value)}, path)
        return 0

    for number in range(rounds):
        children = [forked(lambda value=value: save(value)) for value in (1.0, 2.0)]
        codes = [ended(child) for child in children]
        state = checkpoint.load(path)
        values = {float(x) for name in ("a", "b") for x in np.unique(state[name].numpy())}
        found["rounds"] += 1
        if codes != [0, 0] or len(values) != 1 or os.listdir(folder) != ["model.npz"]:
            found["wrong"].append(f"{number}: {codes} {values} {os.listdir(folder)}")
    return found


def draw_little() -> None:
    """Empty figures: they are written as usual, and drawing takes no time."""
    for name in ("curves", "confusion", "mistakes", "filters"):
        setattr(plots, name, lambda *arguments: Figure(figsize=(0.1, 0.1)))
    Figure(figsize=(0.1, 0.1)).savefig(io.BytesIO())


if __name__ == "__main__":
    draw_little()
    what, data, folder, *numbers = sys.argv[1:]
    small_data(Path(data))
    Path(folder).mkdir(parents=True, exist_ok=True)
    print(
        json.dumps({"kills": kills, "pairs": pairs, "saves": saves}[what](Path(data), Path(folder), *map(int, numbers)))
    )
