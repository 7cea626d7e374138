"""One run of Sphinx in a process of its own: what it warns of is an error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent


class BuildError(Exception):
    """The site could not be built: its message says why."""


def start(builder: str, source: Path, out: Path, trees: Path, language: str) -> subprocess.Popen[str]:
    """Start Sphinx on the folder `source`; `finish` waits for it."""
    strict = ["-W", "--keep-going"] if builder == "html" else ["-Q"]  # for the others the made pages are not there
    command = [sys.executable, "-m", "sphinx", "-q", *strict, "-b", builder, "-c", str(HERE)]
    command += ["-d", f"{trees}-{builder}-{language}", "-D", f"language={language}", str(source), str(out)]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": path}, encoding="utf-8",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def finish(started: subprocess.Popen[str], what: str) -> None:
    """Wait for it; `BuildError` with what Sphinx said if it failed."""
    said, _ = started.communicate()
    if started.returncode:
        raise BuildError(f"{what}: Sphinx ended with {started.returncode}\n{said}")
