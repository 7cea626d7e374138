"""`scripts/on_a_gpu.sh`, rehearsed on the imitated device, and what it does with a part that fails."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import cv2
import pytest

from tests.support.lane import ROOT, in_lane

SCRIPT = ROOT / "scripts" / "on_a_gpu.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("on_a_gpu", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = sys.modules["on_a_gpu"] = importlib.util.module_from_spec(spec)  # its dataclasses look it up
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_a_rehearsal(tmp_path: Path) -> None:
    """Everything passes but what an imitated device must refuse: the tests for a real GPU, and being timed."""
    done = in_lane("bash", "scripts/on_a_gpu.sh", str(tmp_path), "--quick")
    assert done.returncode == 1, done.stdout + done.stderr
    found = json.loads((tmp_path / "on_a_gpu.json").read_text())
    assert found["rehearsal"] is True
    assert found["device"] == "EMULATED-HOST"
    assert {part["name"]: part["status"] for part in found["parts"]} == {
        "tests for a GPU": "nothing ran", "doctor": "passed", "self-test": "passed", "bench": "failed",
        "epoch on numpy": "passed", "epoch on cupy": "passed",
    }  # fmt: skip
    assert found["certificate"]["passed"]
    (bench,) = [part for part in found["parts"] if part["name"] == "bench"]
    assert "it is host memory that imitates a GPU" in bench["output"]
    ours, theirs = found["epochs"]["cupy"], found["epochs"]["numpy"]
    assert ours["train_loss"] == pytest.approx(theirs["train_loss"], rel=1e-5)
    image = cv2.imread(str(tmp_path / "on_a_gpu.png"))
    assert image is not None and image.std() > 5


@pytest.mark.parametrize("launches", [35, "not counted (launches need NVIDIA's libcupti, which is not there)"])
def test_the_picture_of_a_real_run(script: ModuleType, tmp_path: Path, launches: int | str) -> None:
    """With all parts passed and a benchmark, which no rehearsal has."""
    rows = [
        {
            "batch": batch, "launches": launches,
            "contestants": {
                name: {"seconds": {"median": seconds}}
                for name, seconds in (("minidl", 1e-4 * batch), ("minidl cupy", 5e-4 + 1e-6 * batch))
            },
        }
        for batch in (1, 16, 256)
    ]  # fmt: skip
    checks = [
        {"name": "a", "dtype": dtype, "difference": 1e-7, "tolerance": 2e-5, "passed": True, "error": None}
        for dtype in ("float32", "float64")
    ]
    epochs = {"seconds": 2.0, "images_per_second": 5e3, "train_loss": 0.3, "test_accuracy": 0.95}
    parts = [{"name": name, "status": "passed", "seconds": 5.0, "limit": 60.0} for name in ("doctor", "bench")]
    found = {
        "device": "NVIDIA H100", "date": "2026-12-01 09:00 UTC", "rehearsal": False, "parts": parts,
        "certificate": {"checks": checks}, "bench": {"rows": rows}, "epochs": {"numpy": epochs, "cupy": epochs},
    }  # fmt: skip
    script.draw(found, tmp_path / "found.png")
    image = cv2.imread(str(tmp_path / "found.png"))
    assert image is not None
    quarters = [image[:385, :600], image[:385, 600:], image[385:, :600], image[385:, 600:]]
    assert all(quarter.std() > 10 for quarter in quarters)


def test_the_limits_leave_time_to_set_up(script: ModuleType) -> None:
    for quick in (True, False):
        limits = [part.seconds for part in script.parts(Path("out"), Path("data"), quick)]
        assert sum(limits) + 75 <= 8 * 60
        assert len(limits) >= 6


def test_a_part_that_fails_is_noted_and_one_that_hangs_is_ended_with_its_children(
    script: ModuleType, tmp_path: Path
) -> None:
    python = sys.executable
    failing = script.run(script.Part("a", 60, (python, "-c", "print('why'); raise SystemExit(3)")), tmp_path / "a.log")
    assert (failing.status, failing.code, failing.output) == ("failed", 3, "why\n")
    child = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    hanging = script.run(script.Part("b", 3, (python, "-c", code)), tmp_path / "b.log")
    assert (hanging.status, hanging.code) == ("timed out", None)
    assert 3 <= hanging.seconds < 60
    deadline = time.monotonic() + 10
    while _runs(int(hanging.output)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _runs(int(hanging.output))


def _runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_without_packages_it_says_so_and_still_writes_what_it_found(tmp_path: Path) -> None:
    """A Python that has nothing: every part fails, the JSON is there, the picture is not."""
    bare = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "CUPY_ON_CPU_BUILD")}
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    command = [str(tmp_path / "venv/bin/python"), str(SCRIPT), str(tmp_path), "--quick"]
    done = subprocess.run(command, env=bare | {"PYTHONNOUSERSITE": "1"}, capture_output=True, text=True)
    assert done.returncode == 1
    assert "not drawn: " in done.stdout, done.stdout + done.stderr
    parts = json.loads((tmp_path / "on_a_gpu.json").read_text())["parts"]
    assert len(parts) == 6
    assert {part["status"] for part in parts} == {"failed"}


@pytest.mark.parametrize("arguments", [[], ["--quick"], ["out", "--wheels"]])
def test_wrong_use_is_explained(arguments: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", str(ROOT / "scripts/on_a_gpu.sh"), *arguments], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "--wheels" in done.stderr
    assert not list(tmp_path.iterdir())
