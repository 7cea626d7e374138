"""The tables of each suite: rows of text, the first of them the headings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Table = list[list[str]]
BUSY = 0.05  # the share of the cores that others may take
MET = {True: "yes", False: "NO", None: "too few rounds to say"}


def heading(found: dict[str, Any]) -> list[str]:
    """The machine it was measured on, in a few lines."""
    machine = found["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    lines = [
        f"{machine['cpu']}, {machine['cores']} cores; {machine['threads']} threads each; {machine['system']}",
        f"Python {machine['python']}, {versions}; NumPy's BLAS: {_blas(machine)}",
        f"{found['date']}, {found['took']:.0f} s{_others(found.get('others'))}",
    ]
    if found["suite"] == "cpu-gpu":
        lines.append(f"GPU: {found['found']['rows'][0]['device']['name']}; {_crossover(found['found']['crossover'])}")
    return lines + warnings(found)


def warnings(found: dict[str, Any]) -> list[str]:
    """Why the figures should not be reported, if so."""
    lines = []
    if (found.get("others") or 0) > BUSY:
        lines.append("others kept the cores busy meanwhile: the times are not to be trusted")
    if found["quick"]:
        lines.append("quick: too few and too short rounds to report")
    return lines


def _blas(machine: dict[str, Any]) -> str:
    """Which BLAS, how quick it was, and what held the libraries back."""
    rate = f", {machine['gflops']:.0f} GFLOP/s" if "gflops" in machine else ""
    held = " ".join(f"{name}={value}" for name, value in machine.get("held", {}).items())
    return (", ".join(machine["blas"]) or "unknown") + rate + (f"; {held}" if held else "")


def _others(share: float | None) -> str:
    return "" if share is None else f"; other programs took {share:.1%} of the cores"


def _crossover(batch: float | None) -> str:
    return "the CPU is faster at every batch" if batch is None else f"the GPU is faster from batch {batch:.0f} on"


def tables(found: dict[str, Any]) -> dict[str, Table]:
    """The tables of what `session.measure` found, by title; without empty columns."""
    return {title: _filled(table) for title, table in TABLES[found["suite"]](found["found"]).items()}


def _filled(table: Table) -> Table:
    columns = [i for i in range(len(table[0])) if len(table) == 1 or any(row[i] for row in table[1:])]
    return [[row[i] for i in columns] for row in table]


def lecture(rows: Sequence[dict[str, Any]]) -> dict[str, Table]:
    """The ratios against the bars; where the time goes; memory."""
    ratios: Table = [
        ["work", "contestant", "ms per step", "images/s", "opponent", "ms", "ratio", "quartiles", "bar", "met"]
    ]
    phases: Table = [["work", "contestant", "data", "forward", "backward", "update", "step (ms)", "quartiles"]]
    memory: Table = [["work", "contestant", "peak MB", "before the work MB", "kept per image (B)", "must be kept (B)"]]
    for row in rows:
        for name, found in row["contestants"].items():
            seconds, kept = found["seconds"], found.get("kept")
            parts = [_ms(found["phases"].get(phase)) for phase in ("data", "forward", "backward", "update")]
            phases.append([row["title"], name, *parts, _ms(seconds["median"]), _between(seconds, 1e3)])
            memory.append(
                [row["title"], name, _mb(found["memory"]["peak"]), _mb(found["memory"]["at_start"]),
                 "" if kept is None else f"{kept:,.0f}", f"{row['must_keep']:,}" if row["must_keep"] else ""]
            )  # fmt: skip
            if not name.startswith("minidl"):
                continue
            line = [row["title"], name, _ms(seconds["median"]), f"{found['images_per_second']:,.0f}"]
            if row["opponent"]:
                r = row["ratio"][name]
                line += [row["opponent"], _ms(row["contestants"][row["opponent"]]["seconds"]["median"])]
                line += [f"{r['median']:.2f}", _between(r), f"{row['bar']:.1f}", MET[row["met"][name]]]
            ratios.append(line + [""] * (len(ratios[0]) - len(line)))
    return {"ratios": ratios, "phases": phases, "memory": memory}


def ops(rows: Sequence[dict[str, Any]]) -> dict[str, Table]:
    """The time and ratio of each operation at each size; and those above the limit, with the reason."""
    times: Table = [["operation", "contestant", "size", "µs", "opponent", "µs", "ratio", "quartiles"]]
    slow: Table = [["operation", "size", "inputs", "ratio", "reason"]]
    for row in rows:
        theirs = row["contestants"].get(row["opponent"] or "")
        for name, found in row["contestants"].items():
            if not name.startswith("minidl"):
                continue
            line = [row["name"], name, row["size"], f"{1e6 * found['seconds']['median']:,.1f}"]
            if theirs is not None:
                r = row["ratio"][name]
                line += [
                    row["opponent"],
                    f"{1e6 * theirs['seconds']['median']:,.1f}",
                    f"{r['median']:.2f}",
                    _between(r),
                ]
                if row["too_slow"]:
                    reason = row["reason"] or "none known"
                    slow.append([row["name"], row["size"], row["shapes"], f"{r['median']:.2f}", reason])
            times.append(line + [""] * (len(times[0]) - len(line)))
    return {"times": times, "slow": slow}


def scaling(found: dict[str, Any]) -> dict[str, Table]:
    """Images per second over batch and threads; a convolution's time against its arithmetic."""
    batches = _by_contestant(found["batches"], ["batch", "threads"], "images_per_second", "{:,.0f}")
    sizes = _by_contestant(
        found["convolution"], ["changed", "batch", "side", "channels", "kernel", "flops"], "gflops", "{:,.1f}"
    )
    return {"images per second": batches, "convolution, GFLOP/s": sizes}


def _by_contestant(rows: Sequence[dict[str, Any]], keys: list[str], value: str, form: str) -> Table:
    names = list(dict.fromkeys(name for row in rows for name in row[value]))
    table = [[*keys, *names]]
    for row in rows:
        cells = [form.format(row[value][name]) if name in row[value] else "" for name in names]
        table.append([f"{row[key]:,}" if isinstance(row[key], int) else str(row[key]) for key in keys] + cells)
    return table


def epoch(found: dict[str, Any]) -> dict[str, Table]:
    """Seconds of an epoch, and how well it was learned."""
    table: Table = [
        ["contestant", "images", "seconds", "quartiles", "images/s", "opponent", "ratio", "quartiles", "training loss",
         "accuracy", "peak MB"]
    ]  # fmt: skip
    for name, one in found["contestants"].items():
        r = found["ratio"] if name == "minidl train" else None
        ratio = [found["opponent"], f"{r['median']:.2f}", _between(r)] if r else ["", "", ""]
        table.append([
            name, f"{found['images']:,}", f"{one['seconds']['median']:.2f}", _between(one["seconds"]),
            f"{found['images'] / one['seconds']['median']:,.0f}", *ratio,
            f"{one['loss']:.4f}", f"{one['accuracy']:.2%}", _mb(one["memory"]),
        ])  # fmt: skip
    return {f"one epoch of {found['images']:,} images, batch {found['batch']}": table}


def to98(found: dict[str, Any]) -> dict[str, Table]:
    """Seconds and steps until the bar was reached."""
    table: Table = [
        ["contestant", "seeds", "seconds", "quartiles", "steps", "ms per step", "tests (s)", "opponent", "ratio",
         "quartiles"]
    ]  # fmt: skip
    for name, one in found["contestants"].items():
        each = [seconds / steps for seconds, steps in zip(one["seconds"]["all"], one["steps"]["all"])]
        r = found["ratio"].get(name)
        table.append([
            name, str(len(each)), f"{one['seconds']['median']:.2f}", _between(one["seconds"]),
            f"{one['steps']['median']:.0f}", _ms(sorted(each)[len(each) // 2]), f"{one['testing']['median']:.2f}",
            *([found["opponent"], f"{r['median']:.2f}", _between(r)] if r else ["", "", ""]),
        ])  # fmt: skip
    title = f"{found['bar']:.0%} of the test images, from {found['images']:,}, batch {found['batch']}, lr {found['lr']}"
    return {title: table}


def cpu_gpu(found: dict[str, Any]) -> dict[str, Table]:
    """CPU against GPU over the batch; what the GPU did."""
    steps: Table = [["batch", "CPU ms per step", "GPU ms per step", "ratio", "quartiles", "upload ms", "first step s"]]
    device: Table = [["batch", "pool MB", "launches per step"]]
    for row in found["rows"]:
        cpu, gpu = [row["contestants"][name] for name in sorted(row["contestants"])]  # "minidl" comes first
        steps.append([
            str(row["batch"]), _ms(cpu["seconds"]["median"]), _ms(gpu["seconds"]["median"]),
            f"{row['ratio']['median']:.2f}", _between(row["ratio"]), _ms(row["device"]["upload"]),
            f"{row['first_step']:.2f}",
        ])  # fmt: skip
        device.append([str(row["batch"]), _mb(row["device"]["pool"]), str(row["launches"])])
    return {"steps": steps, "device": device}


def markdown(table: Table) -> str:
    """A table for a README; numbers are aligned to the right.

    >>> print(markdown([["op", "ratio"], ["add", "1.2"]]))
    | op | ratio |
    | --- | ---: |
    | add | 1.2 |
    """
    right = numeric(table)
    lines = [table[0], ["---:" if i in right else "---" for i in range(len(table[0]))], *table[1:]]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def numeric(table: Table) -> list[int]:
    """The columns that begin with a digit in every filled row."""
    found = []
    for i in range(len(table[0])):
        cells = [row[i] for row in table[1:] if row[i]]
        if cells and all(cell.lstrip("-")[0].isdigit() for cell in cells) and " " not in table[0][i][:2]:
            found.append(i)
    return found


def _ms(seconds: float | None) -> str:
    return "" if seconds is None else f"{1e3 * seconds:.3f}" if seconds < 1e-2 else f"{1e3 * seconds:.2f}"


def _mb(count: float) -> str:
    return f"{count / 1e6:,.0f}"


def _between(values: dict[str, Any], unit: float = 1.0) -> str:
    return f"{unit * values['low']:.3g} to {unit * values['high']:.3g}"


TABLES: dict[str, Callable[[Any], dict[str, Table]]] = {
    "lecture": lecture,
    "sequence": lecture,
    "ops": ops,
    "scaling": scaling,
    "epoch": epoch,
    "to98": to98,
    "cpu-gpu": cpu_gpu,
}
