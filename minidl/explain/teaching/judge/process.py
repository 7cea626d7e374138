"""A process of its own for what a student wrote: with a time limit, a memory limit, and no keyboard."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import IO

from ....errors import UnsupportedError
from . import runner
from .runner import Call, Found, Problem

SECONDS = 10.0
MEMORY = 1 << 30  # bytes
SHOWN = 4000  # bytes of what was printed
STARTING = 60.0  # seconds that importing NumPy may take on a slow disk
WAIT = 2.0  # seconds for a killed process's output


@dataclass
class Ran:
    """What the process found, and what it printed."""

    found: Found
    printed: str


def run_apart(path: str, calls: Sequence[Call], seconds: float = SECONDS, memory: int = MEMORY) -> Ran:
    """Make the calls on the functions of the file `path` in a process of its own, for at most that many seconds.

    UnsupportedError where no process or thread can start, as in a browser.
    """
    with tempfile.TemporaryDirectory(prefix="minidl-judge-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        runner.save_calls(folder, calls)
        command = [sys.executable, os.fspath(Path(runner.__file__)), name, path, str(memory)]
        process, heard = _started(command)
        try:
            code = _wait(process, folder / runner.PROGRESS, seconds)
        finally:
            _kill(process)
        heard.join(WAIT)
        return Ran(_found(folder, code, seconds), heard.text())


def _started(command: list[str]) -> tuple[subprocess.Popen[bytes], _Listener]:
    """The process, and what listens to it."""
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True, env={**os.environ, "PYTHONIOENCODING": "utf-8:replace", **_one_thread()},
        )  # fmt: skip
        assert process.stdout is not None
        try:
            return process, _Listener(process.stdout)
        except RuntimeError:
            _kill(process)
            raise
    except (OSError, RuntimeError) as error:
        raise UnsupportedError(
            f"judge: a file is judged in a process of its own, which cannot be started here ({error}); "
            "in a notebook, @minidl.judge(...) above the function needs none"
        ) from error


def _wait(process: subprocess.Popen[bytes], started: Path, seconds: float) -> int | None:
    """The exit code; None after that many seconds, which begin when Python and NumPy are there."""
    latest = time.monotonic() + STARTING
    while process.poll() is None and not started.exists() and time.monotonic() < latest:
        time.sleep(0.01)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None


def _one_thread() -> dict[str, str]:
    """BLAS with one thread: its buffers would count as the student's memory."""
    return dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the process and, where there are groups of processes, all that it started."""
    if hasattr(os, "killpg"):
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def _found(folder: Path, code: int | None, seconds: float) -> Found:
    """What the process wrote, or what can be said of one that wrote nothing."""
    if code == 0 and (folder / runner.FOUND).exists():
        return runner.read_found(folder)
    number = _progress(folder)
    if code is None:
        return Found(problem=Problem("time", {"seconds": seconds, "call": number}))
    return Found(problem=Problem("died", {"code": code, "call": number}))


def _progress(folder: Path) -> int | None:
    """The call that was being made; None if the file was still being loaded."""
    try:
        return int((folder / runner.PROGRESS).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


class _Listener(Thread):
    """Reads what the process prints, and keeps the beginning."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self.stream, self.kept, self.more = stream, b"", False
        self.start()

    def run(self) -> None:
        with suppress(OSError, ValueError):
            while part := self.stream.read1(1 << 16):  # type: ignore[attr-defined]
                room = SHOWN - len(self.kept)
                self.more = self.more or len(part) > room
                self.kept += part[:room]
            self.stream.close()

    def text(self) -> str:
        """What was printed, shortened."""
        return self.kept.decode("utf-8", "replace") + ("\n..." if self.more else "")
