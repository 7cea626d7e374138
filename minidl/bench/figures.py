"""The plots of each suite."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from ..training.drawing import Axes, Figure, save
from . import report
from .suites.scaling import BASE


def draw(found: dict[str, Any], path: str | os.PathLike[str]) -> None:
    """Draw what `session.measure` found as PNG. Raises `OutputError`."""
    figure = FIGURES[found["suite"]](found["found"])
    machine = found["machine"]
    measured = f"{machine['cpu']}, {machine['threads']} threads; {found['date']}"
    figure.supxlabel("\n".join([measured, *report.warnings(found)]), size=7, color="0.4")
    save(figure, path, dpi=120)


def lecture(rows: Sequence[dict[str, Any]]) -> Figure:
    """Each work's time per step by contestant, side by side, as shares of the slowest; of one alone, in ms."""
    names = list(dict.fromkeys(name for row in rows for name in row["contestants"]))
    return _times_alone(rows, names[0]) if len(names) == 1 else _times_compared(rows, names)


def _times_alone(rows: Sequence[dict[str, Any]], name: str) -> Figure:
    """A point for each work on one axis of time: a share of the slowest would always be 1."""
    figure = Figure(figsize=(9, 0.45 * len(rows) + 1.5), layout="constrained")
    axis = figure.subplots()
    for i, row in enumerate(rows):
        seconds = row["contestants"][name]["seconds"]
        axis.plot([1e3 * seconds["low"], 1e3 * seconds["high"]], [i, i], color="C0", alpha=0.4, linewidth=4)
        axis.plot(1e3 * seconds["median"], i, "o", color="C0")
        axis.annotate(f"{1e3 * seconds['median']:.3g} ms", (1e3 * seconds["median"], i), (12, 0), va="center", size=8,
                      textcoords="offset points")  # fmt: skip
    axis.set_yticks(range(len(rows)), [row["title"] for row in rows])
    axis.set(xscale="log", xlabel="ms per step (log scale); the bar: half of all rounds", title=name)
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.margins(x=0.15)
    axis.set_ylim(len(rows) - 0.5, -0.5)
    axis.grid(axis="x", alpha=0.3)
    return figure


def _times_compared(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> Figure:
    """A bar for each contestant in each work."""
    figure = Figure(figsize=(9, 0.75 * len(rows) + 1.5), layout="constrained")
    axis = figure.subplots()
    height = 0.8 / len(names)
    for k, name in enumerate(names):
        axis.bar(0, 0, color=f"C{k}", label=name)  # for the legend: not every contestant is in every row
        for i, row in enumerate(rows):
            if name not in row["contestants"]:
                continue
            slowest = max(f["seconds"]["median"] for f in row["contestants"].values())
            seconds = row["contestants"][name]["seconds"]["median"]
            axis.barh(i + k * height, seconds / slowest, height, color=f"C{k}")
            axis.text(seconds / slowest, i + k * height, f" {1e3 * seconds:.3g} ms", va="center", size=7)
    axis.set_yticks([i + 0.4 - height / 2 for i in range(len(rows))], [row["title"] for row in rows])
    axis.invert_yaxis()
    axis.set(xlim=(0, 1.15), xlabel="time of a step, by the slowest")
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, 1.0 + 0.9 / (len(rows) + 2)), ncols=len(names), frameon=False)
    return figure


def ops(rows: Sequence[dict[str, Any]]) -> Figure:
    """The ratio of each operation at each size, sorted by the largest size's; without an opponent, the times."""
    sizes = list(dict.fromkeys(row["size"] for row in rows))
    values = {(row["name"], row["size"]): _ratio_or_time(row) for row in rows}
    names = list(dict.fromkeys(row["name"] for row in rows))
    names.sort(key=lambda name: values[name, sizes[-1]])
    figure = Figure(figsize=(7, 0.16 * len(names) + 1.5), layout="constrained")
    axis = figure.subplots()
    for size in sizes:
        axis.plot([values[name, size] for name in names], range(len(names)), "o", markersize=3, label=size)
    against = any(row["ratio"] for row in rows)
    for line in (1, 3) if against else ():
        axis.axvline(line, color="0.6", linewidth=0.8, linestyle="-" if line == 1 else "--")
    axis.set_yticks(range(len(names)), names, size=6)
    axis.set(
        xscale="log",
        xlabel="minidl's time by PyTorch's best (log scale)" if against else "seconds (log scale)",
        ylim=(-1, len(names)),
    )
    axis.legend()
    return figure


def _ratio_or_time(row: dict[str, Any]) -> float:
    if row["ratio"]:
        return next(iter(row["ratio"].values()))["median"]
    return row["contestants"][next(iter(row["contestants"]))]["seconds"]["median"]


def scaling(found: dict[str, Any]) -> Figure:
    """Images per second over the batch; a convolution's time over each of its sizes, beside its arithmetic."""
    changed = list(dict.fromkeys(row["changed"] for row in found["convolution"]))
    figure = Figure(figsize=(14, 8), layout="constrained")
    axes = figure.subplots(2, 3)
    _images_a_second(axes[0, 0], found["batches"])
    for axis, name in zip([axes[0, 1], axes[0, 2], axes[1, 0], axes[1, 1]], changed):
        _cost(axis, [row for row in found["convolution"] if row["changed"] == name], name)
    _rates(axes[1, 2], found["convolution"])
    return figure


def _images_a_second(axis: Axes, rows: Sequence[dict[str, Any]]) -> None:
    for threads in dict.fromkeys(row["threads"] for row in rows):
        chosen = [row for row in rows if row["threads"] == threads]
        for k, name in enumerate(chosen[0]["images_per_second"]):
            axis.plot(
                [row["batch"] for row in chosen], [row["images_per_second"][name] for row in chosen], color=f"C{k}",
                linestyle="--" if threads == 1 else "-", marker=".", label=f"{name}, {threads} threads",
            )  # fmt: skip
    axis.set(xlabel="batch", ylabel="images per second", title="training the lecture's CNN")
    axis.set_xscale("log", base=2)
    axis.set_yscale("log")
    axis.legend(fontsize=7)
    axis.grid(alpha=0.3)


def _cost(axis: Axes, rows: Sequence[dict[str, Any]], name: str) -> None:
    sizes = [row[name] for row in rows]
    for k, contestant in enumerate(rows[0]["contestants"]):
        axis.plot(
            sizes, [row["contestants"][contestant]["seconds"]["median"] for row in rows], f"C{k}.-", label=contestant
        )
    rate = max(max(row["gflops"].values()) for row in rows) * 1e9
    axis.plot(sizes, [row["flops"] / rate for row in rows], ":", color="0.5", label="arithmetic at the best rate")
    others = ", ".join(f"{key} {value}" for key, value in BASE.items() if key != name)
    axis.set(xlabel=name, ylabel="seconds")
    axis.set_title(f"one convolution over its {name} ({others})", size=9)
    axis.set_xscale("log", base=2)
    axis.set_yscale("log")
    axis.legend(fontsize=7)
    axis.grid(alpha=0.3)


def _rates(axis: Axes, rows: Sequence[dict[str, Any]]) -> None:
    for k, contestant in enumerate(rows[0]["gflops"]):
        axis.plot(
            [row["flops"] / 1e6 for row in rows],
            [row["gflops"][contestant] for row in rows],
            f"C{k}o",
            label=contestant,
        )
    axis.set(xlabel="MFLOP", ylabel="GFLOP/s", title="rate against the arithmetic", xscale="log")
    axis.legend(fontsize=7)
    axis.grid(alpha=0.3)


def epoch(found: dict[str, Any]) -> Figure:
    """Seconds of an epoch: a bar for the median, a point for each epoch measured."""
    figure = Figure(figsize=(7, 3), layout="constrained")
    axis = figure.subplots()
    names = list(found["contestants"])
    axis.barh(
        names,
        [found["contestants"][name]["seconds"]["median"] for name in names],
        color="tab:blue",
        alpha=0.4,
        height=0.5,
    )
    for i, name in enumerate(names):
        each = found["contestants"][name]["seconds"]["all"]
        axis.plot(each, [i] * len(each), "o", color="tab:blue", markersize=4)
        axis.text(
            0, i, f"  median of {len(each)}: {found['contestants'][name]['seconds']['median']:.3g} s", va="center"
        )
    axis.set_ylim(-0.6, len(names) - 0.4)
    axis.invert_yaxis()
    axis.set(xlabel="seconds", title=f"one epoch of {found['images']:,} images, batch {found['batch']}")
    return figure


def to98(found: dict[str, Any]) -> Figure:
    """The test accuracy over the seconds of training: a line for each seed, a mark where the bar was reached."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axis = figure.subplots()
    for k, (name, one) in enumerate(found["contestants"].items()):
        for points in one["points"]:
            axis.plot([p[1] for p in points], [100 * p[2] for p in points], color=f"C{k}", alpha=0.5, linewidth=1)
            axis.plot(points[-1][1], 100 * points[-1][2], "o", color=f"C{k}", markersize=4)
        label = f"{name}: median of {len(one['points'])}, {one['seconds']['median']:.3g} s"
        axis.axvline(one["seconds"]["median"], color=f"C{k}", linestyle="--", linewidth=1, label=label)
    axis.axhline(100 * found["bar"], color="0.6", linewidth=0.8)
    lowest = min(100 * points[-1][2] for one in found["contestants"].values() for points in one["points"])
    axis.set(xlabel="seconds of training", ylabel="test images told right (%)", xlim=(0, None), ylim=(lowest - 8, None))
    axis.set_title(f"to {found['bar']:.0%} on {found['images']:,} images, batch {found['batch']}")
    axis.legend(loc="lower right", fontsize=8)
    axis.grid(alpha=0.3)
    return figure


def cpu_gpu(found: dict[str, Any]) -> Figure:
    """A step's time on both over the batch, and the crossover."""
    figure = Figure(figsize=(7, 5), layout="constrained")
    axis = figure.subplots()
    batches = [row["batch"] for row in found["rows"]]
    for name in found["rows"][0]["contestants"]:
        axis.plot(batches, [row["contestants"][name]["seconds"]["median"] for row in found["rows"]], ".-", label=name)
    if found["crossover"] is not None:
        axis.axvline(
            found["crossover"], color="0.6", linestyle="--", label=f"crossover: batch {found['crossover']:.0f}"
        )
    axis.set(xlabel="batch", ylabel="seconds per step", title="the lecture's CNN, CPU and GPU")
    axis.set_xscale("log", base=2)
    axis.set_yscale("log")
    axis.legend()
    axis.grid(alpha=0.3)
    return figure


FIGURES: dict[str, Callable[[Any], Figure]] = {
    "lecture": lecture,
    "sequence": lecture,
    "ops": ops,
    "scaling": scaling,
    "epoch": epoch,
    "to98": to98,
    "cpu-gpu": cpu_gpu,
}
