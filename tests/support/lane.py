"""A command in the lane (`tests/cupy_on_cpu`), for a test that is not in it itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cupy_on_cpu.build import LaneUnavailable, check_requirements

ROOT = Path(__file__).resolve().parents[2]


def required(check: Callable[[], object] = check_requirements) -> None:
    """Skip the test, with the reason, where `check` finds that the lane cannot run; in CI, where it must, fail it."""
    try:
        check()
    except LaneUnavailable as reason:
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(f"the lane must run in CI: {reason}")
        pytest.skip(str(reason))


def in_lane(*command: str, **environment: str) -> subprocess.CompletedProcess:
    """Run a command under the launcher, from the repository's root: `in_lane("python", "-c", code, CI="true")`."""
    required()
    outside = {name: value for name, value in os.environ.items() if name != "CUPY_ON_CPU_BUILD"}
    return subprocess.run(
        [sys.executable, "-m", "tests.cupy_on_cpu", *command],
        cwd=ROOT, env=outside | environment, capture_output=True, text=True,
    )  # fmt: skip
