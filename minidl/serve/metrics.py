"""Counts for Prometheus, in its text format."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from itertools import accumulate

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SIZES = (1, 2, 4, 8, 16, 32, 64)


class Histogram:
    """How many values are at most each bound."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds, self.counts, self.sum = bounds, [0] * (len(bounds) + 1), 0.0

    def add(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def lines(self, name: str) -> list[str]:
        """Its lines."""
        bounds = [*(f"{bound:g}" for bound in self.bounds), "+Inf"]
        found = [f'{name}_bucket{{le="{bound}"}} {count}' for bound, count in zip(bounds, accumulate(self.counts))]
        return [*found, f"{name}_sum {self.sum:.6g}", f"{name}_count {sum(self.counts)}"]


class Metrics:
    """What the server has done so far; used by its one event loop only."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, str, int]] = Counter()
        self.answers: Counter[str] = Counter()
        self.in_flight = 0
        self.seconds, self.batches = Histogram(SECONDS), Histogram(SIZES)

    def text(self) -> str:
        """All of it."""
        lines = ["# HELP minidl_requests_total Requests answered.", "# TYPE minidl_requests_total counter"]
        for (method, path, status), count in sorted(self.requests.items()):
            lines.append(f'minidl_requests_total{{method="{method}",path="{path}",status="{status}"}} {count}')
        lines += ["# HELP minidl_images_total Images read, by what came of it.", "# TYPE minidl_images_total counter"]
        lines += [f'minidl_images_total{{state="{state}"}} {count}' for state, count in sorted(self.answers.items())]
        lines += ["# HELP minidl_in_flight Requests being worked on.", "# TYPE minidl_in_flight gauge"]
        lines.append(f"minidl_in_flight {self.in_flight}")
        for name, what, histogram in (
            ("minidl_request_seconds", "From the first byte of a request to the last of its answer.", self.seconds),
            ("minidl_batch_size", "Images in one pass of the network.", self.batches),
        ):
            lines += [f"# HELP {name} {what}", f"# TYPE {name} histogram", *histogram.lines(name)]
        return "\n".join(lines) + "\n"
