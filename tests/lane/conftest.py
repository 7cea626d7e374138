"""Where the lane cannot run: a skip with the reason, but a failure in CI."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable

import pytest

from tests.support.lane import in_lane, required

# without the emulated device in this process there is nothing to collect there: test_inside.py starts one that has it
collect_ignore_glob = [] if "CUPY_ON_CPU_BUILD" in os.environ else ["inside/*"]
Run = Callable[..., subprocess.CompletedProcess]


@pytest.fixture(autouse=True, scope="session")
def lane_available() -> None:
    required()


@pytest.fixture(scope="session")
def run_in_lane() -> Run:
    """Run a command under the launcher: see `in_lane`."""
    return in_lane


@pytest.fixture(scope="session")
def python_in_lane(run_in_lane: Run) -> Run:
    """Run a piece of Python in a process with the emulated device; `cp` and `np` are there."""

    def run(code: str, **environment: str) -> subprocess.CompletedProcess:
        return run_in_lane("python", "-c", f"import cupy as cp, numpy as np\n{code}", **environment)

    return run
