"""Nothing is lost: a training killed at any file-system call can be resumed or started anew, and of two one wins.

The counts here are small; `python -m tests.support.kills` runs all of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="made with fork")]


def judged(tmp_path: Path, what: str, *numbers: int) -> Any:
    arguments = [what, str(tmp_path / "data"), str(tmp_path / "runs"), *map(str, numbers)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.kills", *arguments],
        capture_output=True, text=True, timeout=300, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_killed_at_a_file_system_call(tmp_path: Path) -> None:
    found = judged(tmp_path, "kills", 2, 12)
    assert found["wrong"] == []
    assert found["kills"] >= 10


def test_two_trainings_in_one_folder(tmp_path: Path) -> None:
    assert judged(tmp_path, "pairs", 4) == {"rounds": 4, "wrong": []}


def test_two_checkpoints_of_one_name(tmp_path: Path) -> None:
    assert judged(tmp_path, "saves", 20) == {"rounds": 20, "wrong": []}
