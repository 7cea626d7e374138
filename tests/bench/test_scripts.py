"""The scripts in benchmarks/ do what their headings say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def script(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(BENCHMARKS / name), *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_a_step_by_operation_and_by_function() -> None:
    done = script("profile_step.py", "tiny-4", "--steps", "5", "--lines", "3")
    assert done.returncode == 0, done.stderr
    lines = [line.rsplit(maxsplit=2) for line in done.stdout.splitlines()]
    assert lines[0][0].startswith("operation")
    names = [line[0].strip() for line in lines[1:] if line]
    forward = names.index("Linear, backward")
    assert names[:forward].count("Linear") == 3
    assert names.count("Linear, backward") == 3
    assert "function calls" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["tiny-4", "--op", "relu"], "not both"),
        (["--op", "nothing"], "there is no operation 'nothing'"),
        (["--threads", "0"], "must be at least 1"),
    ],
)
def test_wrong_use_of_the_profile(arguments: list[str], words: str) -> None:
    done = script("profile_step.py", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_the_tables_of_the_readme_are_those_of_the_results() -> None:
    files = [BENCHMARKS / "README.md", BENCHMARKS / "OPS.md"]
    before = [path.read_bytes() for path in files]
    done = script("run.py", "--tables")
    after = [path.read_bytes() for path in files]
    for path, text in zip(files, before):
        path.write_bytes(text)
    assert done.returncode == 0, done.stderr
    assert before == after
