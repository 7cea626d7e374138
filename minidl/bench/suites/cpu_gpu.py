"""The lecture's CNN on the CPU and on the GPU, batch by batch, and where the GPU overtakes."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log
from typing import Any

from ..contestant import Contestant, contestants
from ..errors import BenchmarkError
from ..library import Entry
from ..rounds import agree, ratio, summarise, take_turns
from . import Options
from .lecture import COMPARED_STEPS, TOLERANCE
from .scaling import BATCHES, WORK


def run(options: Options) -> dict[str, Any]:
    """A row for each batch, and the crossover."""
    rows = []
    with contestants(options.ours()) as everybody:
        gpu = next(contestant for contestant in everybody if contestant.entry.backend)
        for batch in BATCHES[::4] if options.quick else BATCHES:
            for contestant in everybody:
                contestant.ask("prepare_work", name=WORK, batch=batch)
            first = gpu.ask("first_step")
            everybody[0].ask("first_step")  # so that both have made the same number of steps
            difference = agree(everybody, COMPARED_STEPS, TOLERANCE)
            times = take_turns(everybody, options.plan(rounds=7, seconds=0.2))
            found = {name: summarise(rounds) for name, rounds in times.items()}
            rows.append({
                "batch": batch, "contestants": found, "first_step": first, "difference": difference,
                "ratio": ratio(found["minidl"], found[gpu.name]), "device": gpu.ask("device"),
                "launches": launches(gpu.entry, batch),
            })  # fmt: skip
            options.tell(f"batch {batch}: the CPU takes {rows[-1]['ratio']['median']:.2f} times as long as the GPU")
    return {
        "rows": rows,
        "crossover": crossover([row["batch"] for row in rows], [row["ratio"]["median"] for row in rows]),
    }


def launches(entry: Entry, batch: int) -> int | str:
    """Kernels per step, or why they were not counted; in its own process: a profiler slows down what it watches."""
    with Contestant(entry) as counting:
        try:
            counting.ask("prepare_work", name=WORK, batch=batch)
            return int(counting.ask("launches"))
        except BenchmarkError as error:
            return f"not counted ({error})"


def crossover(batches: Sequence[int], ratios: Sequence[float]) -> float | None:
    """The batch from which on the GPU is faster, interpolated between the measured ones; None if it never is.

    `ratios` are the CPU's time divided by the GPU's.

    >>> crossover([1, 4, 16], [0.25, 0.5, 2.0])
    8.0
    >>> crossover([1, 4], [1.5, 3.0]), crossover([1, 4], [0.2, 0.3])
    (1.0, None)
    """
    if ratios[-1] <= 1:
        return None
    slower = [i for i, value in enumerate(ratios) if value <= 1]
    if not slower:
        return float(batches[0])
    i = slower[-1]
    share = -log(ratios[i]) / (log(ratios[i + 1]) - log(ratios[i]))
    return round(exp(log(batches[i]) + share * (log(batches[i + 1]) - log(batches[i]))), 6)
