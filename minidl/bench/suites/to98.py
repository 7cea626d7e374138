"""Seconds of training until 98 % of MNIST's test images are told right: one recipe in both libraries, seed by seed."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from ...backend import to_host
from ..contestant import contestants, opponents
from ..errors import BenchmarkError
from ..rounds import PAUSE, best, ratio, spread
from . import Options

BATCH, LR = 100, 0.02
BAR, SEEDS, EVERY, MOST_EPOCHS = 0.98, 5, 50, 5  # a test after every 50 steps
QUICK_BAR, QUICK_SEEDS, QUICK_EVERY = 0.8, 2, 10
WHOLE = 60_000  # images


def run(options: Options) -> dict[str, Any]:
    """All contestants, in turns, from the same weights and with the same batches for each seed."""
    bar, seeds, every = (QUICK_BAR, QUICK_SEEDS, QUICK_EVERY) if options.quick else (BAR, SEEDS, EVERY)
    arrays, origin = _data(options)
    images = len(arrays["train-labels"])
    with tempfile.TemporaryDirectory() as folder:
        for name, array in arrays.items():
            np.save(Path(folder) / f"{name}.npy", array)
        with contestants([*options.ours(), *opponents(options.against, options.threads)]) as everybody:
            runs: dict[str, list[dict[str, Any]]] = {contestant.name: [] for contestant in everybody}
            for contestant in everybody:
                contestant.ask("load_chase", folder=folder, batch=BATCH, lr=LR)
            for seed in range(seeds):
                for contestant in everybody:
                    time.sleep(PAUSE)
                    one = contestant.ask(
                        "chase", seed=seed, bar=bar, every=every, most_steps=MOST_EPOCHS * images // BATCH
                    )
                    runs[contestant.name].append(_reached(contestant.name, one, seed, bar))
                options.tell(_in_words(seed, runs))
    found = {name: _summary(done) for name, done in runs.items()}
    opponent = best(found)
    ours = [name for name in found if name.startswith("minidl")]
    return {
        "bar": bar, "images": images, "batch": BATCH, "lr": LR, "every": every, "data": origin, "contestants": found,
        "opponent": opponent,
        "ratio": {name: ratio(found[name], found[opponent]) for name in ours} if opponent is not None else {},
    }  # fmt: skip


def _data(options: Options) -> tuple[dict[str, np.ndarray], str]:
    """Images and labels of both sets. `BenchmarkError` where the bar needs the whole of MNIST, and it is not here."""
    from ...data.datasets import MNIST
    from ...training.data import open_dataset
    from ...training.options import Options as TrainingOptions

    if options.quick and options.data is None:
        sets: list[Any] = [MNIST(train=train, sample=True) for train in (True, False)]
    else:
        sets = [open_dataset(TrainingOptions(data=options.data), train=train) for train in (True, False)]
    if not options.quick and len(sets[0]) < WHOLE:
        raise BenchmarkError(
            f"98 % is a bar for the whole of MNIST, {WHOLE:,} training images, and here are {len(sets[0]):,}; name the "
            "folder of its files by --data, or see that it works by --quick"
        )
    arrays = {}
    for name, one in zip(("train", "test"), sets):
        arrays[f"{name}-images"], arrays[f"{name}-labels"] = to_host(one.data._array), to_host(one.targets._array)
    return arrays, str(getattr(sets[0], "origin", "root"))


def _reached(name: str, one: dict[str, Any], seed: int, bar: float) -> dict[str, Any]:
    if not one["reached"]:
        raise BenchmarkError(
            f"{name} has not reached {bar:.0%} with seed {seed}: it is at {one['points'][-1][2]:.2%} after "
            f"{one['steps']} steps; no time is given"
        )
    return one


def _in_words(seed: int, runs: dict[str, list[dict[str, Any]]]) -> str:
    last = {name: done[-1] for name, done in runs.items()}
    return f"seed {seed}: " + ", ".join(
        f"{name} {one['seconds']:.2f} s, {one['steps']} steps" for name, one in last.items()
    )


def _summary(done: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "seconds": spread([one["seconds"] for one in done]),
        "testing": spread([one["testing"] for one in done]),
        "steps": spread([one["steps"] for one in done]),
        "points": [one["points"] for one in done],
    }
