"""Judging from beginning to end: a student's file in a process of its own, or functions in this one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import runner
from .exercise import Exercise
from .process import SECONDS, run_apart
from .verdict import Verdict, calls_of, verdict


@dataclass(frozen=True)
class Judged:
    """The verdict, what the student's code printed, and how long it took."""

    verdict: Verdict
    printed: str
    seconds: float


def judge_file(exercise: Exercise, path: str, seconds: float = SECONDS) -> Judged:
    """Judge a file with the function `backward`, and `forward` if it has one, in a process of its own."""
    start = time.perf_counter()
    ran = run_apart(path, calls_of(exercise), seconds)
    took = time.perf_counter() - start
    return Judged(verdict(exercise, ran.found), ran.printed, took)


def judge_functions(
    exercise: Exercise, backward: Callable[..., Any], forward: Callable[..., Any] | None = None
) -> Verdict:
    """Judge functions in this process: nothing limits them here but Ctrl-C."""
    names = {"backward": backward, "forward": forward}
    path = getattr(getattr(backward, "__code__", None), "co_filename", "")
    return verdict(exercise, runner.run(names, calls_of(exercise), path))
