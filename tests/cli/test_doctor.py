"""`minidl doctor`: a line for everything, whatever is missing or broken; the self-test and its certificate."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import minidl
from minidl.backend.cupy import wheel
from minidl.cli import main
from minidl.doctor import examine, examined, gpu, host, selftest
from minidl.doctor.report import FAIL, OK, WARN, Finding
from minidl.errors import BackendError
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
        assert 'pip install "cupy-cuda12x[ctk]"' in found.remedy


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Imitate a machine with that answer of nvidia-smi (None: it has none) and that version file of PyTorch."""

    def made(smi: str | None, torch: str | None) -> None:
        monkeypatch.setattr(wheel.shutil, "which", lambda name: None if smi is None else f"/usr/bin/{name}")
        answer = subprocess.CompletedProcess([], 0, smi, "")
        monkeypatch.setattr(wheel.subprocess, "run", lambda *args, **options: answer)

        def distribution(name: str) -> SimpleNamespace:
            if torch is None:
                raise wheel.metadata.PackageNotFoundError(name)
            (tmp_path / "torch").mkdir(exist_ok=True)
            (tmp_path / "torch" / "version.py").write_text(
                f"from typing import Optional\ncuda: Optional[str] = {torch}\n"
            )
            return SimpleNamespace(version="2.11.0", locate_file=tmp_path.joinpath)

        monkeypatch.setattr(wheel.metadata, "distribution", distribution)
        wheel.for_this_machine.cache_clear()

    yield made
    monkeypatch.undo()
    wheel.for_this_machine.cache_clear()


@pytest.mark.parametrize(
    ("smi", "torch", "cuda", "why"),
    [
        (None, None, 12, "no driver"),
        (None, "'13.0'", 12, "no driver"),
        ("580.65.06, 9.0\n", None, 12, "driver 580.65.06, compute capability 9.0: runs CUDA 12"),
        ("580.65.06, 9.0\n", "None", 12, "no torch here brings another"),
        ("580.65.06, 9.0\n535.1, 7.0\n", "'13.0'", 13, "torch 2.11.0 brings CUDA 13"),
        ("580.65.06, 9.0\n", "'12.8'", 12, "torch 2.11.0 brings CUDA 12"),
        ("580.65.06, 7.0\n", "'13.0'", 12, "not the CUDA 13 of torch 2.11.0; import only one"),  # a V100
        ("535.104, 8.6\n", "'13.0'", 12, "not the CUDA 13 of torch 2.11.0; import only one"),
        ("580.65.06\n", "'13.0'", 13, "driver 580.65.06: runs it"),
        ("470.82, 8.6\n", None, 12, "too old; CUDA 12 needs driver 525"),
        ("580.65.06, 3.5\n", None, 12, "too old"),
        ("NVIDIA-SMI has failed", None, 12, "no driver"),
    ],
)
def test_the_wheel_is_chosen_by_driver_gpu_and_torch(machine, smi, torch, cuda, why):
    machine(smi, torch)
    chosen = wheel.for_this_machine()
    assert (chosen.cuda, chosen.install) == (cuda, f'pip install "cupy-cuda{cuda}x[ctk]"')
    assert why in chosen.why


def test_a_wheel_for_another_cuda_than_torch_s_is_no_match(machine, monkeypatch):
    machine("580.65.06, 9.0\n", "'13.0'")
    installed = SimpleNamespace(metadata={"Name": "cupy-cuda12x"}, version="14.2.0")
    monkeypatch.setattr(gpu.metadata, "distributions", lambda: [installed])
    found = gpu.cupy_wheel()
    assert (found.status, found.remedy) == (
        WARN, 'pip uninstall -y cupy-cuda12x; pip install "cupy-cuda13x[ctk]"'
    )  # fmt: skip
    assert "torch 2.11.0 brings CUDA 13" in found.detail
    monkeypatch.setattr(gpu.metadata, "distributions", list)
    found = gpu.cupy_wheel()
    assert found.remedy.startswith('pip install "cupy-cuda13x[ctk]", if there is an NVIDIA GPU (torch 2.11.0')


@no_gpu
def test_without_cupy_the_backend_says_how_to_install_it(machine, monkeypatch):
    machine("580.65.06, 9.0\n", "'13.0'")
    monkeypatch.setitem(sys.modules, "cupy", None)
    monkeypatch.delitem(sys.modules, "minidl.backend.cupy.backend", raising=False)
    with pytest.raises(BackendError, match=r'install CuPy: pip install "cupy-cuda13x\[ctk\]", or use'):
        minidl.backend.get_backend("cupy")


def test_a_compiler_that_is_not_there_is_installed_with_the_wheel(monkeypatch):
    def no_compiler() -> None:
        raise OSError("libnvrtc.so.12: cannot open shared object file")

    runtime = SimpleNamespace(driverGetVersion=lambda: 12090)
    cupy = SimpleNamespace(cuda=SimpleNamespace(runtime=runtime), zeros=lambda *args: no_compiler())
    monkeypatch.setattr(gpu, "_cupy", lambda: cupy)
    found = gpu._needs_gpu("compile", gpu.compile_a_kernel)()
    assert (found.status, found.part) == (FAIL, "compile")
    assert "[ctk]\"; it brings NVRTC, cuBLAS and CUDA's headers" in found.remedy


def test_the_extras_are_what_is_advised():
    """pyproject.toml, the doctor and the check of what the extras bring speak of the same wheels."""
    root = Path(__file__).parents[2]
    extras = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert extras["gpu"] == ["cupy-cuda12x[ctk]==14.2.0"]
    assert extras["gpu-cuda13"] == ["cupy-cuda13x[ctk]==14.2.0"]
    script = runpy.run_path(str(root / "scripts" / "resolve_extras.py"))
    bare = script["packages"]("cupy-cuda12x==14.2.0\nnumpy==2.4.6 ; python_version >= '3.11'\n")
    assert script["missing"]("gpu", bare) == [
        "nvidia-cuda-nvrtc-cu12", "nvidia-cublas-cu12", "nvidia-cuda-runtime-cu12"
    ]  # fmt: skip
    assert script["missing"]("gpu", dict.fromkeys(script["NEEDED"]["gpu"], "1")) == []
    readme = (root / "README.md").read_text()
    assert ".[gpu]" in readme
    assert ".[gpu-cuda13]" in readme


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
