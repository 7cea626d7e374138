"""Where no thread can start, as in a browser: what works there, and what says that it does not."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BEFORE = """
from tests.support.one_thread import become
become()
import minidl
from minidl import data, nn
from minidl.cli import main
from minidl.data import datasets, transforms
minidl.manual_seed(0)
sample = str(datasets.SAMPLE_FOLDER)
"""


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The script in a process that can start nothing; with four threads asked for."""
    return subprocess.run(
        [sys.executable, "-c", BEFORE + textwrap.dedent(script)], cwd=folder, timeout=120, capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT), "MINIDL_NUM_THREADS": "4", "MINIDL_DATA": str(folder / "cache")},
    )  # fmt: skip


def test_the_engine_trains_loads_and_explains(tmp_path):
    done = run(
        """
        digits = data.Subset(datasets.MNIST(sample, transform=transforms.ToTensor()), range(200))
        losses = []
        for workers in (0, 2):
            minidl.manual_seed(0)
            model = minidl.models.make_model("lecture")
            optimizer = minidl.optim.SGD(model.parameters(), lr=0.01)
            for images, labels in data.DataLoader(digits, 100, shuffle=True, num_workers=workers):
                optimizer.zero_grad()
                loss = nn.functional.cross_entropy(model(images), labels)
                loss.backward()
                optimizer.step()
            losses.append(loss.item())
        assert losses[0] == losses[1] < 2.4, losses
        minidl.save(model.state_dict(), "weights.npz")
        model.load_state_dict(minidl.load("weights.npz"))
        with minidl.explain.record() as tape:
            nn.Linear(2, 2)(minidl.ones(1, 2)).sum().backward()
        assert "</html>" in tape.html("ko")
        @minidl.judge("relu", lang="en")
        def backward(dz, x):
            return dz * (x > 0)
        """,
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "relu: right." in done.stdout


@pytest.mark.slow
def test_a_run_is_trained_tested_and_summarised(tmp_path):
    done = run(
        """
        assert main(["train", "--epochs", "1", "--limit", "200", "--data", sample, "--out", "run", "--quiet"]) == 0
        assert main(["test", "run", "--data", sample]) == 0
        assert main(["summary"]) == 0
        """,
        tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "test accuracy" in done.stdout


def test_what_needs_a_process_a_network_or_a_module_says_so_by_name(tmp_path):
    (tmp_path / "answer.py").write_text("def backward(dz, x):\n    return dz * (x > 0)\n")
    done = run(
        """
        assert main(["judge", "relu", "--file", "answer.py"]) == 1
        assert main(["data", "fetch"]) == 4
        assert datasets.MNIST(download=True).origin == "sample"
        import sys
        sys.modules["lzma"] = None  # as where it is not loaded
        try:
            datasets.MNIST(sample)
        except minidl.errors.MissingPackageError as error:
            print(error)
        """,
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "a file is judged in a process of its own, which cannot be started here" in done.stderr
    assert "in a notebook, @minidl.judge(...) above the function needs none" in done.stderr
    assert "this Python has no module ssl, which https needs" in done.stderr
    assert "using the bundled sample" in done.stderr
    assert "is packed as .xz, which needs Python's module lzma" in done.stdout
    assert "this is a bug in minidl" not in done.stderr
