"""The process of one contestant: it reads requests from stdin, one JSON object per line, and answers each on stdout.

A request is {"do": METHOD, ...arguments}; an answer {"done": RESULT} or {"error": TEXT}. Whatever a library prints goes
to stderr. The contestant is the first argument, as JSON.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from typing import Any

from .library import Entry, Library
from .memory import peak_memory

WARM_UP_STEPS = 3
MOST_STEPS = 20_000


class Worker:
    """The methods that a contestant can be asked for; they take and return JSON values."""

    def __init__(self, entry: Entry) -> None:
        self.library = Library(entry)
        self.memory_at_start = peak_memory()
        self.timed: Any = None

    def prepare_work(self, name: str, batch: int | None = None, seed: int = 0) -> None:
        """Make a work's network and data; rounds are then of its steps."""
        from .training import Training
        from .works import WORKS

        work = WORKS[name]
        self.timed = Training(self.library, work, batch or work.batch, seed)

    def prepare_op(self, name: str, size: int) -> None:
        """Make the inputs of an operation; rounds are then of its forward and backward."""
        from .op_timing import Operation
        from .ops import CASES

        self.timed = Operation(self.library, CASES[name], size)

    def prepare_conv(self, batch: int, side: int, channels: int, kernel: int) -> None:
        """Make one convolution, as many channels out as in; rounds are then of its forward and backward."""
        from .op_timing import convolution

        self.timed = convolution(self.library, batch, side, channels, kernel)

    def results(self, count: int) -> list[float]:
        """What the next `count` steps compute, for comparison with another contestant's."""
        return self.timed.results(count)

    def first_step(self) -> float:
        """Seconds of the very first step, including everything made, planned or compiled in it."""
        began = time.perf_counter()
        self.timed.times(0)
        self.library.synchronize()
        return time.perf_counter() - began

    def warm_up(self, seconds: float) -> int:
        """Run for `seconds` or a few steps, whichever is longer; returns how many steps take `seconds`."""
        steps, began = 0, time.perf_counter()
        while steps < WARM_UP_STEPS or time.perf_counter() - began < seconds:
            self.timed.times(0)
            steps += 1
        each = sum(self.timed.times(2).values())
        return max(1, min(MOST_STEPS, round(seconds / max(each, 1e-9))))

    def round(self, steps: int) -> dict[str, float]:
        """Seconds per step, by phase."""
        return self.timed.times(steps)

    def kept(self) -> int:
        """Bytes kept between forward and backward."""
        return self.timed.kept()

    def memory(self) -> dict[str, int]:
        """The highest memory of this process so far, and before any work was made."""
        return {"peak": peak_memory(), "at_start": self.memory_at_start}

    def load_images(self, folder: str, batch: int, lr: float) -> int:
        """Load the images in `folder` into memory, for `epoch`; returns their number."""
        from .epoch_loop import EpochLoop

        self.timed = EpochLoop(self.library, folder, batch, lr)
        return len(self.timed)

    def epoch(self, seed: int) -> dict[str, float]:
        """Train a new network for one epoch."""
        return self.timed.epoch(seed)

    def load_chase(self, folder: str, batch: int, lr: float) -> int:
        """Load the images in `folder` into memory, for `chase`; returns the number of those to train on."""
        from .chase import Chase

        self.timed = Chase(self.library, folder, batch, lr)
        return len(self.timed.labels)

    def chase(self, seed: int, bar: float, every: int, most_steps: int) -> dict[str, Any]:
        """Train a new network until it is good enough."""
        return self.timed.run(seed, bar, every, most_steps)

    def device(self) -> dict[str, Any]:
        """What a GPU contestant reports: its name, its memory pool and its uploads."""
        from .device import describe

        return describe(self.timed)

    def launches(self) -> int:
        """The number of kernels that a step launches."""
        from .device import launches_of_a_step

        return launches_of_a_step(self.timed)


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this process ends it
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = Worker(Entry(**json.loads(sys.argv[1])))
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"done": getattr(worker, request.pop("do"))(**request)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
