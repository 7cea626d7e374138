"""Kills one of several processes that train together, at random moments, and looks at what is left.

    python -m tests.distributed.kills ROUNDS [SEED]

Each round is a real `mpiexec -n 3 minidl train` with a checkpoint every few steps. It must end within 10 seconds, say
one error that names the rank, and leave a checkpoint that two processes can resume. Prints what it found as JSON.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from minidl.tensors import saving as checkpoint
from tests.support.kills import small_data, train
from tests.support.runs import WITHOUT_FIGURES

from .launch import finish, run, start

PROCESSES = 3
MOST = 10.0  # seconds from the kill to the end of all


def ranks(launcher: int) -> dict[int, list[int]]:
    """By rank, the processes of a job: the one that mpiexec started, and its child that works."""
    parents, found = {}, {}
    for entry in Path("/proc").iterdir():
        try:
            parents[int(entry.name)] = int(re.sub(r".*\)", "", (entry / "stat").read_text()).split()[1])
        except (OSError, ValueError):
            continue
    for number in sorted(parents):
        above = number
        while above in parents and above != launcher:
            above = parents[above]
        if above == launcher and (rank := _rank_of(number)) is not None:
            found.setdefault(rank, []).append(number)
    return {rank: sorted(numbers, key=lambda n: parents[n] in numbers) for rank, numbers in found.items()}


def _rank_of(number: int) -> int | None:
    try:
        words = Path(f"/proc/{number}/environ").read_bytes().split(b"\0")
    except OSError:
        return None
    return next((int(word[9:]) for word in words if word.startswith(b"PMI_RANK=")), None)


def one(folder: Path, dice: random.Random, resume: bool) -> dict[str, Any]:
    """One kill; `wrong`: what was not as it must be."""
    out = folder / f"run-{dice.getrandbits(32)}"
    words = ["-c", WITHOUT_FIGURES, *train(folder / "data", out, "--epochs", "100000", "--val-split", "0")]
    job = start(PROCESSES, words)
    began = time.monotonic()
    while not (out / "model.npz").exists() and job.poll() is None and time.monotonic() - began < 60:
        time.sleep(0.02)
    time.sleep(dice.random() * 1.5)
    victim, which = dice.randrange(PROCESSES), dice.choice([-1, -1, 0])  # its worker, or who watches over it
    os.kill(ranks(job.pid)[victim][which], signal.SIGKILL)
    killed = time.monotonic()
    done = finish(job, 60)
    found: dict[str, Any] = {"rank": victim, "worker": which == -1, "seconds": round(time.monotonic() - killed, 2)}
    errors = re.findall(r"minidl: error: rank (\d+): ", done.stderr)
    try:
        step = checkpoint.load(out / "model.npz")["step"]
    except Exception as error:
        step = error
    found["wrong"] = [
        what
        for what, is_so in (
            (f"it took {found['seconds']} s", found["seconds"] > MOST),
            ("exit code 0", done.returncode == 0),
            (f"errors of ranks {errors}: {done.stderr}", errors != [str(victim)]),
            (f"the checkpoint: {step}", not isinstance(step, int)),
            ("a traceback", "Traceback" in done.stderr),
        )
        if is_so
    ]
    if resume and not found["wrong"]:
        again = run(2, "-c", WITHOUT_FIGURES, "train", "--resume", "--out", out, "--epochs", step // 3 + 2, "--quiet")
        if again.returncode != 0 or json.loads((out / "metrics.json").read_text())["finished"] is not True:
            found["wrong"].append(f"it cannot be resumed: {again.stderr}")
    return found


def kills(rounds: int, seed: int = 0) -> list[dict[str, Any]]:
    """That many rounds; every fourth is resumed by another number of processes."""
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        small_data(Path(folder) / "data")
        found = []
        for number in range(rounds):
            found.append(one(Path(folder), dice, number % 4 == 0))
            print(json.dumps(found[-1]), file=sys.stderr, flush=True)
        return found


if __name__ == "__main__":
    everything = kills(*map(int, sys.argv[1:]))
    wrong = [round for round in everything if round["wrong"]]
    print(json.dumps({"rounds": len(everything), "slowest": max(r["seconds"] for r in everything), "wrong": wrong}))
    sys.exit(bool(wrong))
