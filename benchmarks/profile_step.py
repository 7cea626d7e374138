"""Where the time of a step goes, by function: `python benchmarks/profile_step.py lecture-100`.

    python benchmarks/profile_step.py --op "conv2d 3x3" --size 2

Only the calling thread is seen; with one thread, the default, all of the work is in it.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats

from threadpoolctl import threadpool_limits

from minidl.bench.library import Entry, Library
from minidl.bench.op_timing import Operation
from minidl.bench.ops import CASES
from minidl.bench.training import Training
from minidl.bench.works import WORKS


def main() -> None:
    parser = argparse.ArgumentParser(description="Profile steps of a work, or of an operation.")
    parser.add_argument("work", nargs="?", choices=tuple(WORKS), default="lecture-100")
    parser.add_argument("--op", choices=tuple(CASES), help="an operation in place of a work")
    parser.add_argument("--size", type=int, choices=(0, 1, 2), default=1, help="of the operation (default: 1)")
    parser.add_argument("--threads", type=int, default=1, help="(default: 1)")
    parser.add_argument("--steps", type=int, default=50, help="(default: 50)")
    parser.add_argument("--lines", type=int, default=25, help="functions shown (default: 25)")
    arguments = parser.parse_args()
    library = Library(Entry("minidl", arguments.threads))
    timed: Training | Operation
    if arguments.op:
        timed = Operation(library, CASES[arguments.op], arguments.size)
    else:
        timed = Training(library, WORKS[arguments.work], WORKS[arguments.work].batch)
    profile = cProfile.Profile()
    with threadpool_limits(arguments.threads):
        timed.times(3)
        profile.enable()
        timed.times(arguments.steps)
        profile.disable()
    pstats.Stats(profile).strip_dirs().sort_stats("tottime").print_stats(arguments.lines)


if __name__ == "__main__":
    main()
