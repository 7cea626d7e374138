"""`minidl doctor`: a line for everything, whatever is missing or broken; the self-test and its certificate."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

import minidl
from minidl.cli import main
from minidl.doctor import examine, examined, gpu, host, selftest
from minidl.doctor.report import FAIL, OK, WARN, Finding
from tests.support.lane import in_lane

no_gpu = pytest.mark.skipif(minidl.cuda.is_available(), reason="about machines without a GPU")


@no_gpu
def test_a_machine_without_a_gpu_is_healthy(capsys):
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    parts = {line[6:].split("  ")[0]: line[:4].strip() for line in lines if not line.startswith("      ->")}
    assert parts["Python"] == parts["OpenCV"] == parts["Disk"] == OK
    assert parts["Data"] == WARN  # the cache of these tests is empty
    assert parts["--backend cupy"] == WARN
    assert FAIL not in parts.values()
    assert "minidl data fetch" in "".join(lines)


def test_what_mends_several_lines_is_said_once(capsys, monkeypatch):
    same = [Finding(WARN, part, "not tried", "pip install it") for part in ("A", "B", "C")]
    monkeypatch.setattr("minidl.cli.doctor.examine", lambda: [*same, Finding(FAIL, "D", "broken", "mend it")])
    assert main(["doctor"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "WARN  A  not tried",
        "WARN  B  not tried",
        "WARN  C  not tried",
        "      -> pip install it",
        "FAIL  D  broken",
        "      -> mend it",
    ]


@no_gpu
def test_without_cupy_no_part_of_it_speaks_of_modules(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    parts = {finding.part: finding for finding in examine()}
    for part in ("CUDA", "GPU", "compile", "memory", "matmul"):
        assert (parts[part].status, parts[part].detail) == (WARN, "not tried: CuPy is not installed")


def test_every_line_that_is_not_ok_says_what_to_do():
    for finding in examine():
        assert finding.status in (OK, WARN, FAIL)
        assert finding.part
        assert finding.detail
        assert bool(finding.remedy) == (finding.status != OK), finding


def test_a_check_that_breaks_is_a_line_of_its_own():
    def broken_part() -> Finding:
        raise OSError("disk on fire\nand more")

    first, second = examined([broken_part, host.python])
    assert (first.status, first.part, first.detail) == (FAIL, "broken part", "OSError: disk on fire")
    assert second.status == OK


def test_damaged_data_fails_and_the_exit_code_says_so(tmp_path, monkeypatch, capsys):
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"not an image")
    monkeypatch.setenv("MINIDL_DATA", str(tmp_path))
    assert main(["doctor", "--json"]) == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    (data,) = [finding for finding in findings if finding["part"] == "Data"]
    assert data["status"] == FAIL
    assert data["remedy"] == "minidl data fetch"


def test_a_driver_that_does_not_answer(monkeypatch):
    monkeypatch.setattr(gpu.shutil, "which", lambda name: f"/usr/bin/{name}")
    answer = subprocess.CompletedProcess([], 9, "NVIDIA-SMI has failed\nbecause", "")
    monkeypatch.setattr(gpu.subprocess, "run", lambda *args, **options: answer)
    found = gpu.nvidia_smi()
    assert (found.status, found.detail) == (FAIL, "NVIDIA-SMI has failed")


def test_wheels_of_cupy_that_clash(monkeypatch):
    class Wheel:
        def __init__(self, name):
            self.metadata, self.version = {"Name": name}, "14.2.0"

    for names, status in ((["numpy"], WARN), (["cupy-cuda12x"], OK), (["cupy-cuda12x", "CuPy-cuda11x"], FAIL)):
        monkeypatch.setattr(gpu.metadata, "distributions", lambda names=names: [Wheel(name) for name in names])
        assert gpu.cupy_wheel().status == status
    assert "pip uninstall -y cupy-cuda12x cupy-cuda11x" in gpu.cupy_wheel().remedy


@pytest.mark.parametrize(
    ("error", "status", "why"),
    [
        (ModuleNotFoundError("No module named 'cupy'"), WARN, "CuPy is not installed"),
        (RuntimeError("half a CuPy"), FAIL, "half a CuPy"),
    ],
)
def test_a_cupy_that_cannot_be_imported(monkeypatch, error, status, why):
    def broken():
        raise error

    monkeypatch.setattr(gpu, "_cupy", broken)
    for check in gpu.GPU[3:-1]:
        found = check()
        assert (found.status, found.detail) == (status, f"not tried: {why}")
        assert "pip install cupy-cuda12x" in found.remedy


@no_gpu
def test_the_selftest_needs_a_gpu(tmp_path, capsys):
    assert main(["doctor", "--selftest", "--out", str(tmp_path / "c.json")]) == 3
    assert not (tmp_path / "c.json").exists()
    assert "cannot be used" in capsys.readouterr().err


def test_the_selftest_in_the_lane(tmp_path):
    path = tmp_path / "certificate.json"
    done = in_lane("minidl", "doctor", "--selftest", "--out", str(path))
    assert path.exists(), done.stdout + done.stderr
    made = json.loads(path.read_text())
    assert made["passed"]
    assert made["emulated"]
    assert made["device"] == "EMULATED-HOST"
    assert 0 < made["largest_difference"]["float32"] < 2e-4
    assert len(made["checks"]) == 2 * (len(selftest.OPERATIONS) + len(selftest.OPTIMIZERS) + 1)
    assert "imitated in host memory" in done.stdout


@pytest.mark.parametrize("change", [lambda x: x * 1.001, lambda x: x.astype(np.float64), lambda x: x[:1], np.log])
def test_a_wrong_result_is_no_pass(change):
    """The comparison that the certificate rests on sees a value, a dtype, a shape and a NaN that differ."""
    right = np.float32([[1, 2], [-3, 4]])
    with np.errstate(all="ignore"):
        wrong = change(right)
    assert selftest._difference(wrong, right) > selftest.TOLERANCE["float32"]
    assert selftest._difference(right, right) == 0
