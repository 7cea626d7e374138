"""NVIDIA's own compiler takes every kernel that the lane has seen; it does not take one that only g++ would."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time

import pytest

from tests.cupy_on_cpu import nvrtc_check
from tests.cupy_on_cpu.build import cache_folder
from tests.support.lane import ROOT, required

STARTED = time.time()


@pytest.fixture(autouse=True)
def wheels_installed() -> None:
    required(nvrtc_check.check_wheels)


def check(*arguments: str) -> subprocess.CompletedProcess:
    """In a process of its own, without the stand-in driver."""
    env = {k: v for k, v in os.environ.items() if k not in ("CUPY_ON_CPU_BUILD", "PYTHONPATH")}
    command = [sys.executable, "-m", "tests.cupy_on_cpu.nvrtc_check", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)


def test_every_handwritten_kernel(run_in_lane):
    """Their own tests use each of them; and every kernel used since these tests began compiles for three cards."""
    done = run_in_lane("pytest", "-p", "no:cacheprovider", "tests/backend/test_cupy_kernels.py")
    assert done.returncode == 0, done.stdout + done.stderr
    done = check("--used-within", str((time.time() - STARTED) / 60 + 0.01))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sm_75, sm_80, sm_90" in done.stdout
    assert "0 failed" in done.stdout
    used = [path for path in (cache_folder() / "kernels").glob("*.json") if path.stat().st_mtime >= STARTED]
    sources = "\n".join(json.loads(path.read_text())["source"] for path in used)
    named = re.findall(r'"(minidl_\w+)"', (ROOT / "minidl/backend/cupy/kernels.py").read_text())
    assert len(named) >= 5
    assert [name for name in named if not re.search(rf"\b{name}\b", sources)] == []


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
