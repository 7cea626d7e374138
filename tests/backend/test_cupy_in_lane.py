"""Without a GPU: what asking for it says, and the tests of the CuPy backend in a process that has an imitated one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import minidl
from minidl.errors import BackendError

ROOT = Path(__file__).resolve().parent.parent.parent
LANE_SKIPPED = 77

pytestmark = pytest.mark.skipif(minidl.cuda.is_available(), reason="a GPU is here, so the tests run on it directly")


def run(*command: str) -> subprocess.CompletedProcess:
    environment = {name: value for name, value in os.environ.items() if name != "CUPY_ON_CPU_BUILD"}
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900
    )


def test_asking_for_it_is_an_error_that_says_why():
    assert minidl.cuda.device_count() == 0
    for ask in (
        lambda: minidl.use_backend("cupy"),
        lambda: minidl.ones(2, device="cuda"),
        lambda: minidl.ones(2).cuda(),
        lambda: minidl.ones(2).to("cupy"),
        minidl.cuda.synchronize,
    ):
        with pytest.raises(BackendError, match=r"'cupy' cannot be used: .*(install|nvidia-smi|use )"):
            ask()


def test_the_command_says_it_in_one_line(tmp_path):
    done = run("minidl", "train", "--backend", "cupy", "--limit", "2000", "--epochs", "1", "--out", str(tmp_path / "r"))
    assert done.returncode == 3
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert "the backend 'cupy' cannot be used" in done.stderr
    assert not (tmp_path / "r").exists()


def test_a_train_command_in_the_lane(tmp_path):
    """`minidl train --backend cupy` as a process: a short run, its metrics named after the backend."""
    done = run(
        "tests.cupy_on_cpu", "minidl", "train", "--backend", "cupy", "--limit", "200", "--epochs", "1", "--seed", "0",
        "--quiet", "--json", "--out", str(tmp_path / "run"),
    )  # fmt: skip
    skip_without_lane(done)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["backend"] == "cupy"


def test_the_tests_of_the_backend_in_the_lane():
    done = run(
        "tests.cupy_on_cpu", "pytest", "-p", "no:cacheprovider", "-rs",
        "tests/backend/test_cupy_backend.py", "tests/backend/test_cupy_kernels.py",
    )  # fmt: skip
    skip_without_lane(done)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout


def skip_without_lane(done: subprocess.CompletedProcess) -> None:
    if done.returncode == LANE_SKIPPED:
        pytest.skip(done.stderr.strip())
