"""One call of `minidl bench`: the checked request and its results."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from ..backend import DEFAULT, backend_named, get_backend
from ..backend.numpy.threads import available_cores
from ..training.options import OptionError
from . import device, machine
from .contestant import opponents
from .ops import CASES
from .suites import Options, cpu_gpu, epoch, lecture, ops, scaling, sequence, to98
from .works import WORKS

SUITES: dict[str, Callable[[Options], Any]] = {
    "lecture": lecture.run,
    "sequence": sequence.run,
    "ops": ops.run,
    "scaling": scaling.run,
    "epoch": epoch.run,
    "to98": to98.run,
    "cpu-gpu": cpu_gpu.run,
}
ROWS = {  # titles
    **{suite: {w.name: w.title for w in WORKS.values() if w.suite == suite} for suite in ("lecture", "sequence")},
    "ops": {name: name for name in CASES},
}


@dataclass(frozen=True)
class Request:
    """A suite and its options; `checked` makes one or raises."""

    suite: str
    options: Options

    @classmethod
    def checked(
        cls,
        suite: str = "lecture",
        against: str | None = None,
        backends: Sequence[str] | None = None,
        threads: int | None = None,
        only: Sequence[str] = (),
        data: str | None = None,
        quick: bool = False,
        tell: Callable[[str], None] = lambda line: None,
    ) -> Request:
        """Raises `OptionError` for options that make no sense, `BackendError` for a GPU that cannot be used, and
        `BenchmarkError` for one that must not be timed, or for PyTorch that is not installed."""
        if suite not in SUITES:
            raise OptionError(f"there is no suite {suite!r}; use one of {', '.join(SUITES)}")
        if threads is not None and threads < 1:
            raise OptionError(f"--threads must be at least 1, got {threads}")
        if threads is not None and threads > available_cores():
            raise OptionError(
                f"--threads {threads}: this process has {available_cores()} cores; more threads than cores would only "
                "measure how they wait for each other"
            )
        gpu = str(backend_named("cuda"))
        names = tuple(backends or ((DEFAULT, gpu) if suite == "cpu-gpu" else (DEFAULT,)))
        if suite == "cpu-gpu" and (len(names) != 2 or DEFAULT not in names or names[0] == names[1]):
            raise OptionError(
                f"--suite cpu-gpu compares {DEFAULT} with {gpu} or another library of a GPU; leave --backend out, or "
                "name both"
            )
        if suite == "cpu-gpu" and against:
            raise OptionError("--suite cpu-gpu compares minidl with itself; leave --against out")
        if suite == "epoch" and names != (DEFAULT,):
            raise OptionError("--suite epoch runs on the CPU; leave --backend out")
        if data is not None and suite not in ("epoch", "to98"):
            raise OptionError(f"--data is for --suite epoch and to98; {suite} draws its images")
        rows = tuple([_row(suite, name) for name in only])
        for name in names:
            device.require_real(get_backend(name))
        threads = threads or available_cores()
        opponents(against, threads)
        options = Options(against, names, threads, quick, data, rows, tell)
        return cls(suite, options)


def _row(suite: str, wanted: str) -> str:
    """The name of the row with this name, or this title in the tables."""
    for name, title in ROWS.get(suite, {}).items():
        if wanted in (name, title):
            return name
    near = get_close_matches(wanted, ROWS.get(suite, ()), 1, 0.7)
    known = f"; it has {'; '.join(ROWS[suite])}" if suite in ROWS else "s to choose from"
    hint = f"; did you mean {near[0]!r}?" if near else known
    raise OptionError(f"--only {wanted!r}: the suite {suite} has no such row{hint}")


def measure(request: Request) -> dict[str, Any]:
    """All that was measured, and the machine, as JSON values."""
    began, others = time.time(), machine.Others()
    found = SUITES[request.suite](request.options)
    return {
        "suite": request.suite,
        "machine": machine.describe(request.options.threads),
        "against": request.options.against,
        "backends": list(request.options.backends),
        "quick": request.options.quick,
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(began)),
        "found": found,
        "took": time.time() - began,
        "others": others.share(),
    }
