"""The networks of the tables of bars: one training step, or one forward pass, against PyTorch's best."""

from __future__ import annotations

from typing import Any

from ..contestant import Contestant, contestants, opponents
from ..rounds import agree, best, ratio, summarise, take_turns
from ..works import WORKS, Work
from . import Options

COMPARED_STEPS = 5
TOLERANCE = 1e-3  # of float32 losses after a few steps


def run(options: Options) -> list[dict[str, Any]]:
    """A row for each work of the lecture's kind."""
    return rows_of("lecture", options)


def rows_of(suite: str, options: Options) -> list[dict[str, Any]]:
    """A row for each work of a suite."""
    rows = []
    for work in WORKS.values():
        if work.suite != suite or (options.only and work.name not in options.only):
            continue
        rows.append(measure(work, options))
        options.tell(in_words(rows[-1]))
    return rows


def measure(work: Work, options: Options) -> dict[str, Any]:
    """One row: all contestants' times, memory, and the ratio to the best opponent in each round."""
    entries = [*options.ours(), *opponents(options.against, options.threads, work.has_images)]
    with contestants(entries) as everybody:
        for contestant in everybody:
            contestant.ask("prepare_work", name=work.name)
        difference = agree(everybody, COMPARED_STEPS, TOLERANCE)
        times = take_turns(everybody, options.plan())
        found = {contestant.name: _found(contestant, work, times[contestant.name]) for contestant in everybody}
    opponent = best(found)
    ratios = {
        name: ratio(found[name], found[opponent])
        for name in found
        if opponent is not None and name.startswith("minidl")
    }
    met = {name: None if options.quick else r["median"] <= work.bar for name, r in ratios.items()}
    return {
        "name": work.name, "title": work.title, "batch": work.batch, "bar": work.bar, "aim": work.aim,
        "must_keep": work.must_keep, "difference": difference, "contestants": found,
        "opponent": opponent, "ratio": ratios, "met": met,
    }  # fmt: skip


def _found(contestant: Contestant, work: Work, rounds: list[dict[str, float]]) -> dict[str, Any]:
    found = summarise(rounds) | {"memory": contestant.ask("memory")}
    found["images_per_second"] = work.batch / found["seconds"]["median"]
    if not work.inference:
        found["kept"] = _bytes_an_image(contestant, work)
    return found


def _bytes_an_image(contestant: Contestant, work: Work) -> float:
    """The slope over the batch of the bytes kept between forward and backward."""
    contestant.ask("prepare_work", name=work.name, batch=2 * work.batch)
    twice = contestant.ask("kept")
    contestant.ask("prepare_work", name=work.name)
    return (twice - contestant.ask("kept")) / work.batch


def in_words(row: dict[str, Any]) -> str:
    """A progress line."""
    if not row["ratio"]:
        return ", ".join(
            f"{row['title']}: {name} {1e3 * found['seconds']['median']:.3g} ms"
            for name, found in row["contestants"].items()
        )
    return "; ".join(
        f"{row['title']}: {name} takes {r['median']:.2f} of {row['opponent']} (bar {row['bar']:.1f})"
        for name, r in row["ratio"].items()
    )
