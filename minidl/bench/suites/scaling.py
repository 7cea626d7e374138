"""How the cost grows: images per second over the batch and the threads, and one convolution over all its sizes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..contestant import contestants, opponents
from ..library import Entry
from ..rounds import summarise, take_turns
from . import Options

WORK = "lecture-100"
BATCHES = tuple(2**power for power in range(12))  # 1 ... 2048
BASE = {"batch": 32, "side": 28, "channels": 16, "kernel": 3}
GRID = {
    "batch": (1, 4, 16, 64, 256),
    "side": (7, 14, 28, 56, 112),
    "channels": (4, 8, 16, 32, 64),
    "kernel": (1, 3, 5, 7, 9),
}


def run(options: Options) -> dict[str, Any]:
    """The rows of both tables."""
    return {"batches": over_batches(options), "convolution": over_sizes(options)}


def over_batches(options: Options) -> list[dict[str, Any]]:
    """A training step of the lecture's CNN: a row for each batch and number of threads."""
    rows = []
    for threads in sorted({1, options.threads}):
        ours: list[Entry] = [replace(entry, threads=threads) for entry in options.ours()]
        with contestants([*ours, *opponents(options.against, threads)]) as everybody:
            for batch in BATCHES[::4] if options.quick else BATCHES:
                for contestant in everybody:
                    contestant.ask("prepare_work", name=WORK, batch=batch)
                times = take_turns(everybody, options.plan(rounds=5, seconds=0.15))
                found = {name: summarise(rounds) for name, rounds in times.items()}
                rates = {name: batch / f["seconds"]["median"] for name, f in found.items()}
                rows.append({"batch": batch, "threads": threads, "contestants": found, "images_per_second": rates})
                shown = ", ".join(f"{name} {rate:,.0f}" for name, rate in rates.items())
                options.tell(f"batch {batch}, {threads} thread{'s' * (threads > 1)}: images per second: {shown}")
    return rows


def over_sizes(options: Options) -> list[dict[str, Any]]:
    """One convolution, forward and backward, one size changed at a time: its time and its arithmetic."""
    rows = []
    with contestants([*options.ours(), *opponents(options.against, options.threads)]) as everybody:
        for changed, values in GRID.items():
            for value in values[:3] if options.quick else values:
                sizes = BASE | {changed: value}
                for contestant in everybody:
                    contestant.ask("prepare_conv", **sizes)
                times = take_turns(everybody, options.plan(rounds=5, seconds=0.05))
                found = {name: summarise(rounds) for name, rounds in times.items()}
                flops = arithmetic(**sizes)
                rates = {name: flops / f["seconds"]["median"] / 1e9 for name, f in found.items()}
                rows.append({"changed": changed, **sizes, "flops": flops, "contestants": found, "gflops": rates})
                shown = ", ".join(f"{name} {rate:.1f}" for name, rate in rates.items())
                options.tell(f"convolution, {changed} {value}: {flops / 1e6:,.1f} MFLOP; GFLOP/s: {shown}")
    return rows


def arithmetic(batch: int, side: int, channels: int, kernel: int) -> int:
    """Additions and multiplications of a convolution that keeps its image's size: forward and two gradients.

    >>> arithmetic(batch=1, side=2, channels=1, kernel=1)
    24
    """
    return 3 * 2 * batch * side * side * channels * channels * kernel * kernel
