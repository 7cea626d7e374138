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

PATIENCE = 1.0  # seconds that the others give rank 0 to say what went wrong on all of them


def end_all(group: Any, say: Callable[[], int]) -> None:
    """Call `say`, and end every process of the group with the code that it returns. Does not return.

    What goes wrong on all processes is said once: the lowest rank speaks first, and ends the others meanwhile.
    """
    if group.rank:
        time.sleep(min(PATIENCE + 0.1 * group.rank, 5 * PATIENCE))
    code = say()
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
        def say() -> int:
            text = "".join(traceback.format_exception(kind, error, trace))
            print(f"{text.rstrip()} (rank {group.rank} of {group.size})", file=sys.stderr)
            return 1

        end_all(group, say)

    if group.size > 1:
        sys.excepthook = hook

    def undo() -> None:
        if sys.excepthook is hook:
            sys.excepthook = before

    return undo
