"""A parent that watches over the process that does the work: killed by a signal, a process can say nothing itself.

If either of the two is killed, the other one says which rank it was. mpiexec then kills the parents of all other ranks,
whose children see that too; so each notes when it saw what, and only the first one speaks.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
import time
import warnings
from contextlib import suppress
from pathlib import Path

from .console import complain
from .exit_codes import FAILED

LONG_GONE = 600.0  # seconds
ONE_KEY = 1.0  # seconds: mpiexec passes one Ctrl-C on more than once, and a second one would not wait for the step
PAUSE = 0.5  # seconds in which whoever saw an end before us has noted it


class Notes:
    """What the processes of this job on this machine have seen: a file for each that has, with the time.

    The folder stays, as another process may look late; the next job removes those of jobs long gone.
    """

    def __init__(self) -> None:
        name = f"minidl-{os.getuid() if hasattr(os, 'getuid') else 0}"
        place = Path(tempfile.gettempdir())
        self.folder = place / f"{name}-{os.getppid()}"  # the launcher is the same for all
        self.began = time.monotonic_ns()
        for old in place.glob(f"{name}-*"):
            with suppress(OSError):
                if time.time() - old.stat().st_mtime > LONG_GONE:
                    shutil.rmtree(old, ignore_errors=True)

    def note(self, rank: int) -> None:
        """Note that this process has seen an end now."""
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, exist_ok=True)
            (self.folder / f"{time.monotonic_ns():020}-{rank}").touch()

    def first(self) -> int | None:
        """The rank of the first note of this job; None if nothing could be noted."""
        with suppress(OSError, ValueError):
            found = [tuple(map(int, path.name.split("-"))) for path in self.folder.iterdir()]
            return min(note for note in found if note[0] >= self.began)[1]
        return None


def watch_over(rank: int, notes: Notes) -> int | None:
    """None in a child, which does the work; in this process its exit code, when it has ended."""
    watched, ours = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of BLAS's threads, which wait for work and hold no lock
        child = os.fork()
    if child == 0:
        os.close(ours)
        os.setpgid(0, 0)  # mpiexec kills by group, and would not let this process speak
        voice = os.dup(2)  # before anybody silences it
        threading.Thread(target=_end_with_parent, args=(watched, rank, notes, voice), daemon=True).start()
        return None
    os.close(watched)
    passed_on: dict[int, float] = {}  # each signal, and when it last came

    def pass_on(number: int, frame: object) -> None:
        before, passed_on[number] = passed_on.get(number), time.monotonic()
        if number != signal.SIGINT or before is None or passed_on[number] - before > ONE_KEY:
            os.kill(child, number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, pass_on)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        ended_by = signal.Signals(os.WTERMSIG(status))
        notes.note(rank)
        if ended_by in passed_on:  # perhaps by mpiexec, because of another process
            time.sleep(PAUSE)
        if notes.first() in (None, rank):
            complain(
                f"rank {rank}: the process was ended by {ended_by.name}, and all others with it; go on with --resume"
            )
        return FAILED
    return os.waitstatus_to_exitcode(status)


def _end_with_parent(pipe: int, rank: int, notes: Notes, voice: int) -> None:
    """End this process when the one that watches over it is gone."""
    os.read(pipe, 1)  # returns at the end of the pipe, whose other side only that process holds
    notes.note(rank)
    time.sleep(PAUSE)
    if notes.first() in (None, rank):
        os.dup2(voice, 2)
        complain(f"rank {rank}: the process was ended from outside, and all others with it; go on with --resume")
    os._exit(FAILED)
