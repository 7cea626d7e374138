"""Without a GPU: what asking for it says, and the tests of the CuPy backend in a process that has an imitated one."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

import minidl
from minidl.errors import BackendError
from minidl.tensors import saving as checkpoint
from tests.support.compare import to_numpy
from tests.support.lane import ROOT, in_lane

pytestmark = pytest.mark.skipif(minidl.cuda.is_available(), reason="a GPU is here, so the tests run on it directly")


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
    command = ["train", "--backend", "cupy", "--limit", "2000", "--epochs", "1", "--out", str(tmp_path / "r")]
    done = subprocess.run([sys.executable, "-m", "minidl", *command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 3
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert "the backend 'cupy' cannot be used" in done.stderr
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    "source",
    [
        "raise RuntimeError('built for another NumPy')",
        "raise ImportError('\\n====\\nFailed to import CuPy.\\n====') from RuntimeError('built for another NumPy')",
    ],
    ids=["by itself", "as CuPy tells it"],
)
def test_a_broken_installation_is_told_in_one_line(tmp_path, source):
    (tmp_path / "cupy.py").write_text(source)
    code = "import minidl, minidl.cli; assert not minidl.cuda.is_available(); raise SystemExit(minidl.cli.main())"
    done = subprocess.run(
        [sys.executable, "-c", code, "train", "--backend", "cupy"],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    (line,) = done.stderr.splitlines()
    assert "the backend 'cupy' cannot be used: built for another NumPy; install CuPy" in line


def test_an_empty_variable_chooses_nothing():
    code = "import minidl; print(minidl.ones(2).device)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=os.environ | {"MINIDL_BACKEND": ""}, capture_output=True, text=True
    )
    assert done.stdout == "cpu\n", done.stderr


@pytest.mark.slow
def test_a_train_command_does_not_depend_on_the_order_of_threads(tmp_path):
    """`minidl train --backend cupy` as a process: a short run whose weights are the same to the last bit."""
    weights = []
    for order in ("forward", "reversed"):
        done = in_lane(
            "minidl", "train", "--backend", "cupy", "--limit", "200", "--epochs", "1", "--seed", "0",
            "--quiet", "--json", "--out", str(tmp_path / order), EMULATED_THREAD_ORDER=order,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["backend"] == "cupy"
        weights.append(checkpoint.load(tmp_path / order / "model.npz")["model"])
    assert weights[0].keys() == weights[1].keys()
    for name, w in weights[0].items():
        assert to_numpy(w).tobytes() == to_numpy(weights[1][name]).tobytes(), name


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tests", "order"),
    [
        ("test_cupy_backend.py", "forward"),
        ("test_cupy_kernels.py", "forward"),
        ("test_cupy_kernels.py", "reversed"),
        ("test_cupy_few_launches.py", "forward"),
        ("test_cupy_few_launches.py", "reversed"),
    ],
)
def test_the_tests_of_the_backend_in_the_lane(tests, order):
    command = ["pytest", "-p", "no:cacheprovider", "-rs", f"tests/backend/{tests}"]
    done = in_lane(*command, EMULATED_THREAD_ORDER=order)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout
