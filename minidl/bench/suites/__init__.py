"""The suites: each module has `run(options)`, which gives the suite's rows as plain dictionaries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ...backend import DEFAULT
from ..library import Entry
from ..rounds import Plan

Rows = dict[str, Any]


@dataclass(frozen=True)
class Options:
    """The options of a suite.

    Attributes:
        against: "torch" or None.
        backends: minidl's array libraries that take part.
        quick: fewer rounds and smaller grids: to see that it works, not for reporting.
        data: the folder of MNIST's files, for the epoch; None: the cache, else the bundled sample.
        tell: called with a line for each row that is done.
    """

    against: str | None = None
    backends: tuple[str, ...] = (DEFAULT,)
    threads: int = 1
    quick: bool = False
    data: str | None = None
    only: tuple[str, ...] = ()
    tell: Callable[[str], None] = field(default=lambda line: None)

    def ours(self) -> list[Entry]:
        """minidl's own entries."""
        return [Entry("minidl", self.threads, "" if name == DEFAULT else name) for name in self.backends]

    def plan(self, rounds: int = 15, seconds: float = 0.25) -> Plan:
        """How long to measure."""
        return Plan(3, seconds / 10) if self.quick else Plan(rounds, seconds)
