"""Where the lane cannot run: a skip with the reason, but a failure in CI."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cupy_on_cpu.build import LaneUnavailable, check_requirements

# without the emulated device in this process there is nothing to collect there: test_inside.py starts one that has it
collect_ignore_glob = [] if "CUPY_ON_CPU_BUILD" in os.environ else ["inside/*"]
ROOT = Path(__file__).resolve().parent.parent.parent
Run = Callable[..., subprocess.CompletedProcess]


@pytest.fixture(autouse=True, scope="session")
def lane_available() -> None:
    try:
        check_requirements()
    except LaneUnavailable as reason:
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(f"the lane must run in CI: {reason}")
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def run_in_lane() -> Run:
    """Run a command under the launcher, from the repository's root: `run_in_lane("python", "-c", code, CI="true")`."""

    def run(*command: str, **environment: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "tests.cupy_on_cpu", *command],
            cwd=ROOT,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
        )

    return run


@pytest.fixture(scope="session")
def python_in_lane(run_in_lane: Run) -> Run:
    """Run a piece of Python in a process with the emulated device; `cp` and `np` are there."""

    def run(code: str, **environment: str) -> subprocess.CompletedProcess:
        return run_in_lane("python", "-c", f"import cupy as cp, numpy as np\n{code}", **environment)

    return run
