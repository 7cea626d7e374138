"""Every operation, forward and backward, at three sizes, against PyTorch's best."""

from __future__ import annotations

from typing import Any

from ..contestant import Contestant, contestants, opponents
from ..ops import CASES, REASONS, Case
from ..rounds import agree, best, ratio, summarise, take_turns
from . import Options

SIZES = ("small", "medium", "large")
TOLERANCE = 1e-3
SLOWEST = 3.0


def run(options: Options) -> list[dict[str, Any]]:
    """A row for each operation and size."""
    rows = []
    with contestants([*options.ours(), *opponents(options.against, options.threads)]) as everybody:
        in_one_layout = [c for c in everybody if c.entry.layout == "NCHW"]
        for case in CASES.values():
            if options.only and case.name not in options.only:
                continue
            for size, size_name in enumerate(SIZES):
                rows.append(measure(case, size, everybody if case.images else in_one_layout, options))
                rows[-1]["size"] = size_name
                options.tell(in_words(rows[-1]))
    return rows


def measure(case: Case, size: int, everybody: list[Contestant], options: Options) -> dict[str, Any]:
    """One row."""
    for contestant in everybody:
        contestant.ask("prepare_op", name=case.name, size=size)
    difference = agree(everybody, 1, TOLERANCE)
    times = take_turns(everybody, options.plan(rounds=5, seconds=0.02))
    found = {name: summarise(rounds) for name, rounds in times.items()}
    opponent = best(found)
    ratios = {
        name: ratio(found[name], found[opponent])
        for name in found
        if opponent is not None and name.startswith("minidl")
    }
    return {
        "name": case.name, "shapes": case.shown(size), "difference": difference, "contestants": found,
        "opponent": opponent, "ratio": ratios, "reason": REASONS.get(case.name),
        "too_slow": any(r["median"] > SLOWEST for r in ratios.values()),
    }  # fmt: skip


def in_words(row: dict[str, Any]) -> str:
    """A progress line."""
    shown = ", ".join(f"{name} {1e6 * f['seconds']['median']:.4g} µs" for name, f in row["contestants"].items())
    return f"{row['name']} ({row['shapes']}): {shown}" + "".join(
        f", ratio {r['median']:.2f}" for r in row["ratio"].values()
    )
