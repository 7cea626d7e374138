"""Where a step's time goes, by operation and by function: `python benchmarks/profile_step.py lecture-100`.

    python benchmarks/profile_step.py lenet-128 --threads 2          # by operation, with a second thread
    python benchmarks/profile_step.py --op "conv2d 3x3" --size 2

The times of operations are medians over the steps, in the order in which they ran. Only functions in the
calling thread are seen; with one thread, the default, that is all of the work.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import sys
import time
from collections import defaultdict
from statistics import median
from typing import Any

from threadpoolctl import threadpool_limits

from minidl.bench.library import Entry, HostClock, Library
from minidl.bench.op_timing import Operation
from minidl.bench.ops import CASES
from minidl.bench.training import Training
from minidl.bench.works import WORKS
from minidl.cli.console import table
from minidl.engine import backward as engine
from minidl.engine.function import Function


def main() -> None:
    parser = argparse.ArgumentParser(description="Profile steps of a network, or of an operation.")
    parser.add_argument("work", nargs="?", choices=tuple(WORKS), help="(default: lecture-100)")
    parser.add_argument("--op", metavar="NAME", help="an operation instead of a network, as benchmarks/OPS.md names it")
    parser.add_argument("--size", type=int, choices=(0, 1, 2), default=1, help="of the operation (default: 1)")
    parser.add_argument("--threads", type=int, default=1, help="(default: 1)")
    parser.add_argument("--steps", type=int, default=50, help="(default: 50)")
    parser.add_argument("--lines", type=int, default=25, help="functions shown (default: 25)")
    arguments = parser.parse_args()
    if arguments.work and arguments.op:
        parser.error(f"name a work or --op, not both: {arguments.work}, {arguments.op}")
    if arguments.op is not None and arguments.op not in CASES:
        parser.error(f"there is no operation {arguments.op!r}; benchmarks/OPS.md has them all")
    if min(arguments.threads, arguments.steps) < 1:
        parser.error("--threads and --steps must be at least 1")
    library = Library(Entry("minidl", arguments.threads))
    with threadpool_limits(arguments.threads):
        if arguments.op:
            by_function(Operation(library, CASES[arguments.op], arguments.size), arguments.steps, arguments.lines)
        else:
            work = WORKS[arguments.work or "lecture-100"]
            training = Training(library, work, work.batch)
            print(table(by_operation(training, arguments.steps), right=[1, 2]))
            by_function(training, arguments.steps, arguments.lines)


def by_operation(training: Training, steps: int) -> list[list[str]]:
    """The median time of each operation of a step, forward and then backward, and what is left of the step."""
    times: dict[tuple[str, int], list[float]] = defaultdict(list)
    counts: dict[str, int] = {}
    wholes = []

    def timed(function: Any, name: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            began = time.perf_counter()
            result = function(*arguments, **options)
            key = name(*arguments)
            counts[key] = counts.get(key, 0) + 1
            times[key, counts[key]].append(time.perf_counter() - began)
            return result

        return call

    apply, chain_rule = vars(Function)["apply"], engine._chain_rule
    training.times(steps)
    try:
        timed_apply = timed(apply.__func__, lambda function, *_: function.__name__)
        Function.apply = classmethod(timed_apply)  # type: ignore[assignment]
        engine._chain_rule = timed(chain_rule, lambda node, *_: f"{type(node).__name__}, backward")
        for _ in range(steps):
            counts.clear()
            began = time.perf_counter()
            training.step(HostClock())
            wholes.append(time.perf_counter() - began)
    finally:
        Function.apply, engine._chain_rule = apply, chain_rule
    whole, parts = median(wholes), {key: median(found) for key, found in times.items()}
    rows = [[name, f"{1e6 * part:.0f}", f"{part / whole:.1%}"] for (name, _), part in parts.items()]
    rest = whole - sum(parts.values())
    return [
        ["operation", "µs", "of the step"],
        *rows,
        ["the rest: layers, graph, update", f"{1e6 * rest:.0f}", f"{rest / whole:.1%}"],
        ["the step", f"{1e6 * whole:.0f}", ""],
    ]


def by_function(timed: Training | Operation, steps: int, lines: int) -> None:
    """Print the functions that take longest by themselves."""
    profile = cProfile.Profile()
    timed.times(3)
    profile.enable()
    timed.times(steps)
    profile.disable()
    pstats.Stats(profile).strip_dirs().sort_stats("tottime").print_stats(lines)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("interrupted")
