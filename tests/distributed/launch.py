"""Starting several processes by mpiexec, with a watchdog: none of them may wait forever."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE = 240  # seconds; what takes longer is taken for a deadlock


def mpiexec() -> str | None:
    """The mpiexec beside this Python, else the one on the path."""
    return shutil.which("mpiexec", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))


needs_mpi = pytest.mark.skipif(
    "CI" not in os.environ and (find_spec("mpi4py") is None or mpiexec() is None),  # in CI they must run
    reason="needs mpi4py and mpiexec: pip install 'minidl[mpi]' (CI's own step has them)",
)


def start(processes: int, words: Sequence[object], **env: str) -> subprocess.Popen[str]:
    """That many processes of `python WORDS`, in a session of their own; stdout and stderr are pipes."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PMI_", "OMPI_", "PMIX_"))}
    return subprocess.Popen(
        [str(mpiexec()), "-n", str(processes), sys.executable, *map(str, words)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, cwd=ROOT,
        env={**clean, "NO_COLOR": "1", "OPENBLAS_NUM_THREADS": "1", "MINIDL_NUM_THREADS": "1", **env},
    )  # fmt: skip


def finish(started: subprocess.Popen[str], patience: float = PATIENCE) -> Any:
    """Wait for their end: stdout, stderr, return code. A deadlock is ended, and fails the test."""
    try:
        out, err = started.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        started.terminate()  # mpiexec then ends them; they are no children of this process
        out, err = started.communicate()
        pytest.fail(f"the processes did not end within {patience} s: a deadlock?\n{out}\n{err}")
    return subprocess.CompletedProcess(started.args, started.returncode, out, err)


def run(processes: int, *words: object, patience: float = PATIENCE, **env: str) -> Any:
    """`start`, then `finish`."""
    return finish(start(processes, words, **env), patience)
