"""NVIDIA's own compiler takes every kernel that the lane has seen; it does not take one that only g++ would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

from tests.cupy_on_cpu import nvrtc_check
from tests.cupy_on_cpu.build import LaneUnavailable
from tests.lane.conftest import ROOT

STARTED = time.time()


@pytest.fixture(autouse=True)
def wheels_installed() -> None:
    try:
        nvrtc_check.check_wheels()
    except LaneUnavailable as reason:
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(f"the compile must run in CI: {reason}")
        pytest.skip(str(reason))


def check(*arguments: str) -> subprocess.CompletedProcess:
    """In a process of its own, without the stand-in driver."""
    env = {k: v for k, v in os.environ.items() if k not in ("CUPY_ON_CPU_BUILD", "PYTHONPATH")}
    command = [sys.executable, "-m", "tests.cupy_on_cpu.nvrtc_check", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)


def test_kernels_of_the_lanes_own_tests(python_in_lane):
    """Every kernel used since these tests began, for three architectures; at least the two of this test are there."""
    code = "x = cp.arange(6, dtype=np.float32); cp.exp(x).sum(); print('ran')"
    assert python_in_lane(code).stdout.strip() == "ran"
    done = check("--used-within", str((time.time() - STARTED) / 60 + 0.01))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sm_75, sm_80, sm_90" in done.stdout
    assert "0 failed" in done.stdout


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("std::vector<float> v;", "std"),  # the host has it, the device has not
        ("int i = x;", "cannot be used to initialize"),  # g++ only warns, as it is told to be permissive
    ],
)
def test_kernel_that_only_the_host_would_take(tmp_path, body, complaint):
    source = f'extern "C" __global__ void k(float* x) {{ {body} }}'
    (tmp_path / "k.json").write_text(json.dumps({"source": source, "options": [], "name_expressions": []}))
    done = check("--folder", str(tmp_path))
    assert done.returncode == 1
    assert "3 failed" in done.stdout
    assert complaint in done.stdout


def test_nothing_recorded_is_no_success(tmp_path):
    done = check("--folder", str(tmp_path))
    assert done.returncode == 1
    assert "nothing was recorded" in done.stderr
