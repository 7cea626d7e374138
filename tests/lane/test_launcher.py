"""The launcher: how it finds commands, and what it says where it cannot run."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.lane import ROOT


def test_console_script_beside_the_interpreter(run_in_lane):
    done = run_in_lane("pytest", "--version", PATH="/usr/bin:/bin")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("pytest")


def test_exit_code_is_the_commands_own(run_in_lane):
    assert run_in_lane("python", "-c", "raise SystemExit(3)").returncode == 3


def test_children_get_the_device_too(python_in_lane):
    child = "import cupy; print(cupy.cuda.runtime.getDeviceProperties(0)['name'].decode())"
    done = python_in_lane(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], check=True)")
    assert done.stdout.strip() == "EMULATED-HOST"


def test_unknown_command(run_in_lane):
    done = run_in_lane("no-such-command")
    assert done.returncode == 127
    assert "no-such-command" in done.stderr


@pytest.mark.parametrize(("ci", "code", "word"), [("", 77, "SKIPPED"), ("true", 1, "FAILED")])
def test_without_a_compiler(run_in_lane, tmp_path, ci, code, word):
    done = run_in_lane("python", "-c", "", PATH=str(tmp_path), CI=ci)
    assert done.returncode == code
    assert f"{word}: no g++ on the PATH" in done.stderr


@pytest.mark.parametrize(("ci", "code", "word"), [("", 77, "SKIPPED"), ("true", 1, "FAILED")])
def test_without_the_wheel(tmp_path, ci, code, word):
    """A Python that sees no installed packages at all."""
    done = subprocess.run(
        [sys.executable, "-S", "-m", "tests.cupy_on_cpu", "python"],
        cwd=ROOT, env={**os.environ, "CI": ci, "PYTHONPATH": ""}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == code
    assert f"{word}: cupy-cuda12x is not installed" in done.stderr
    assert "pip install cupy-cuda12x==14.2.0" in done.stderr


def test_on_another_system():
    """Windows has no `fcntl`: the reason must come before it is missed."""
    code = (
        "import sys; sys.modules['fcntl'] = None\n"
        "from tests.cupy_on_cpu import build\n"
        "sys.platform = 'win32'\n"
        "build.check_requirements()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert "LaneUnavailable: the lane replaces Linux libraries; this is win32" in done.stderr


def test_outside_the_launcher_there_is_no_device():
    env = {k: v for k, v in os.environ.items() if k not in ("CUPY_ON_CPU_BUILD", "PYTHONPATH")}
    code = "import warnings; warnings.simplefilter('ignore'); import cupy; print(cupy.cuda.is_available())"
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert "EMULATED-HOST" not in done.stdout
    assert done.stdout.strip() in ("False", "True") or done.returncode != 0


def test_cold_cache_builds_by_itself(python_in_lane, tmp_path):
    code = "print((cp.arange(4.0) * 2).sum().item())"
    for _ in range(2):
        done = python_in_lane(code, CUPY_ON_CPU_CACHE=str(tmp_path))
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == "12.0"
    assert not list(tmp_path.rglob("*.tmp"))
