"""Lessons as teachers write them: under `minidl.as_torch` they print PyTorch's losses, from the same weights."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(__file__).parent / "scripts"
NAMES = sorted(path.stem for path in SCRIPTS.glob("*.py"))
NUMBER = re.compile(r"-?\d+\.\d*(?:e[-+]?\d+)?|-?\d+e[-+]?\d+|\bnan\b|-?\binf\b")  # 1. is 1.0000, exactly


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What every script prints here: one process for all."""
    folder = tmp_path_factory.mktemp("lessons")
    environment = {**os.environ, "MINIDL_DATA": str(folder), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.lessons.running", str(folder / "out.json")]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "out.json").read_text())


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What every script prints under PyTorch: one process for all, as drawing from NumPy changes PyTorch for good."""
    folder = tmp_path_factory.mktemp("lessons")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.lessons.running", "--pytorch", str(folder / "out.json")]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "out.json").read_text())


def test_there_are_enough():
    assert len(NAMES) >= 40


@pytest.mark.parametrize("name", NAMES)
def test_lesson(name: str, ours: Any, theirs: Any) -> None:
    assert theirs[name]["error"] is None, theirs[name]["error"]
    assert ours[name]["error"] is None, ours[name]["error"]
    found, expected = ours[name]["out"], theirs[name]["out"]
    assert NUMBER.sub("#", found).split() == NUMBER.sub("#", expected).split()
    numbers = [np.array(NUMBER.findall(text), float) for text in (found, expected)]
    assert len(numbers[1]), "the lesson prints its losses"
    np.testing.assert_allclose(*numbers, rtol=2e-3, atol=2e-4)
