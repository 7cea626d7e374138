"""The other end of a contestant's pipe: start its process, ask it, end it."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .errors import BenchmarkError
from .library import CHANNELS_LAST, Entry

PACKAGE = Path(__file__).parents[1]
# The opponent's process must load nothing of minidl's engine: it gets the package as a bare name with a folder.
BARE_PACKAGE = """
import runpy, sys, types
package = types.ModuleType("minidl"); package.__path__ = [{folder!r}]; sys.modules["minidl"] = package
sys.argv = ["worker", {entry!r}]
runpy.run_module("minidl.bench.worker", run_name="__main__")
"""
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "MINIDL_NUM_THREADS")


class Contestant:
    """A process that answers `ask(method, ...)`; used as a context, which ends it."""

    def __init__(self, entry: Entry) -> None:
        self.entry, self.name = entry, entry.name
        text = json.dumps(asdict(entry))
        if entry.library == "minidl":
            command = [sys.executable, "-m", "minidl.bench.worker", text]
        else:
            command = [sys.executable, "-c", BARE_PACKAGE.format(folder=str(PACKAGE), entry=text)]
        environment = os.environ | dict.fromkeys(THREAD_VARIABLES, str(entry.threads))
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def ask(self, do: str, **arguments: Any) -> Any:
        """Call a method of the worker and wait for its answer. Raises `BenchmarkError` if it fails or has ended."""
        assert self.process.stdin is not None and self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise BenchmarkError(f"{self.name}: its process ended with code {self.process.wait()} when asked to {do}")
        answer = json.loads(line)
        if "error" in answer:
            raise BenchmarkError(f"{self.name}: {do} failed: {answer['error']}")
        return answer["done"]

    def __enter__(self) -> Contestant:
        return self

    def __exit__(self, *exception: object) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        with suppress(BrokenPipeError):  # it has ended by itself
            self.process.stdin.close()
        if exception[0] is KeyboardInterrupt:
            self.process.kill()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


@contextmanager
def contestants(entries: Sequence[Entry]) -> Iterator[list[Contestant]]:
    """All of them running, ended together."""
    with ExitStack() as stack:
        yield [stack.enter_context(Contestant(entry)) for entry in entries]


def opponents(against: str | None, threads: int, images: bool = True) -> list[Entry]:
    """PyTorch in both memory orders of images, if it was asked for; `images`: whether the order matters.

    Raises `BenchmarkError` if it is not installed.
    """
    if against is None:
        return []
    if importlib.util.find_spec("torch") is None:
        raise BenchmarkError(
            "--against torch needs PyTorch; install it with pip install torch --index-url "
            "https://download.pytorch.org/whl/cpu, or leave the option out"
        )
    entries = [Entry("torch", threads)]
    return [*entries, Entry("torch", threads, layout=CHANNELS_LAST)] if images else entries
