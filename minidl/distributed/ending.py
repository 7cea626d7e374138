"""How an error in one process ends all: the others would wait for it forever."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

PATIENCE = 2.0  # seconds in which what went wrong on all processes has gone wrong on the slowest
NAP = 0.02


def all_failed(group: Any) -> bool:
    """Whether every process of the group comes here, within a few seconds, because of an error.

    If so, each may end by itself, and rank 0 alone should say why. If not, this one is to speak, and then to `abort`.
    """
    everyone, began = group.failures.Ibarrier(), time.monotonic()
    patience = PATIENCE + min(0.5 * group.rank, 1.5 * PATIENCE)  # if a few fail, the lowest speaks, and ends the rest
    while not everyone.Test():
        if time.monotonic() - began > patience:
            return False
        time.sleep(NAP)
    return True


def abort(group: Any, code: int) -> None:
    """End every process of the group; mpiexec reports a failure. Does not return."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # MPI's own words about it say less
    group.comm.Abort(code)


def end_all_if_one_fails(group: Any) -> Callable[[], None]:
    """See to it that an error which nobody catches ends every process; returns what undoes it."""
    before = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        everywhere = all_failed(group)
        if not everywhere or group.rank == 0:
            text = "".join(traceback.format_exception(kind, error, trace)).rstrip()
            where = f"all {group.size} processes" if everywhere else f"rank {group.rank} of {group.size}"
            print(f"{text} (on {where})", file=sys.stderr)
        if not everywhere:
            abort(group, 1)

    if group.size > 1:
        sys.excepthook = hook

    def undo() -> None:
        if sys.excepthook is hook:
            sys.excepthook = before

    return undo
