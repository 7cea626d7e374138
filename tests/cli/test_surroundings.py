"""A machine that lacks things: stderr, a home, a disk, threads, a terminal that shows every letter."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minidl.data import datasets
from minidl.data.datasets import MNIST, FashionMNIST
from minidl.data.idx import write_idx
from minidl.data.sources import verify
from minidl.errors import ArgumentError, DataError
from tests.support.runs import minidl_command, write_data

Run = Callable[..., tuple[int, str, str]]
posix = pytest.mark.skipif(os.name != "posix", reason="handles and signals are POSIX's")


def small(tiny: Path, digits: Path, out: Path) -> tuple[Any, ...]:
    return ("train", "--model", f"{tiny}:make", "--data", digits, "--epochs", 1, "--out", out)


@posix
@pytest.mark.slow
@pytest.mark.parametrize("end", ["2>&-", "2>/dev/full", ">&- 2>&-", "<&- 2>&-"])
def test_training_needs_no_stderr(digits: Path, tiny: Path, tmp_path: Path, end: str) -> None:
    words = " ".join(f"'{word}'" for word in small(tiny, digits, tmp_path / "run"))
    done = subprocess.run(
        f"'{sys.executable}' -m minidl {words} {end}", shell=True, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["finished"]


@posix
def test_results_that_cannot_be_written_are_a_failure() -> None:
    done = subprocess.run(
        f"'{sys.executable}' -m minidl summary > /dev/full", shell=True, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "stdout: cannot be written: No space left" in done.stderr


def test_letters_that_the_terminal_lacks_are_escaped() -> None:
    done = minidl_command("data", "verify", "--data", "숫자", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 4
    assert "Traceback" not in done.stderr
    assert "\\uc22b" in done.stdout


@pytest.mark.parametrize("name", ["MINIDL_DATA", "XDG_CACHE_HOME"])
def test_a_cache_that_cannot_be_written_is_no_reason_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    (tmp_path / "closed").write_text("")
    monkeypatch.delenv("MINIDL_DATA")
    monkeypatch.setenv(name, str(tmp_path / "closed" / "cache"))
    monkeypatch.setattr(datasets, "_told", set())
    assert MNIST(download=True).origin == "sample"
    assert (
        "cannot be written (set MINIDL_DATA to a folder that can): using the bundled sample" in capfd.readouterr().err
    )


def test_no_threads(run: Run, digits: Path, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    code, _, err = run(*small(tiny, digits, tmp_path / "run"))
    assert code == 0, err


def test_no_threads_for_one_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    from minidl.backend.numpy import threads

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    monkeypatch.setattr(threads, "_pool", threads._Pool())
    monkeypatch.setattr(threads, "_threads", 4)
    done: list[int] = []
    threads.parallel(done.append, 10, 1e6)
    assert sorted(done) == list(range(10))
    assert threads._pool.jobs.empty(), "nobody would ever take them"


@posix
@pytest.mark.slow
def test_an_ignored_ctrl_c_stays_ignored(digits: Path, tiny: Path, tmp_path: Path) -> None:
    """As under nohup: a SIGINT at the third step changes nothing."""
    words = ("train", "--model", f"{tiny}:Tiny", "--data", digits, "--epochs", 1, "--out", tmp_path / "run")
    done = minidl_command(
        *words, limit=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN) and None, SIGINT_AT_STEP="3"
    )
    assert done.returncode == 0, done.stderr


INTERRUPTED = """
import os, signal, sys

class AtNumPy:
    def find_spec(self, name, path, target=None):
        if name == "numpy":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, AtNumPy())
sys.argv = ["minidl", "summary"]
from minidl.cli import main
sys.exit(main())
"""


@posix
def test_ctrl_c_while_the_command_is_imported() -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "minidl: interrupted\n")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise TypeError('mine')", "net.py, line 9: TypeError: mine"),
        ("return self.nothing", "net.py, line 9: AttributeError: "),
        ("import sys; sys.exit(3)", "net.py, line 9: SystemExit: 3"),
        ("return x @ x", "error: "),
    ],
)
def test_a_model_that_fails_in_training_is_one_line(
    run: Run, digits: Path, tmp_path: Path, code: str, said: str
) -> None:
    (tmp_path / "net.py").write_text(
        "from minidl import nn\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.fc = nn.Linear(784, 10)\n    def forward(self, x):\n        x = x.flatten(1)\n"
        f"        if self.training:\n            {code}\n        return self.fc(x)\n"
    )
    status, _, err = run(
        "train", "--model", f"{tmp_path / 'net.py'}:Net", "--data", digits, "--quiet", "--out", tmp_path / "r"
    )
    assert status == 1
    assert said in err
    assert err.count("\n") == 1, err


def test_a_traceback_on_request(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIDL_TRACEBACK", "1")
    code, _, err = run("test", "none")
    assert code == 4
    assert err.startswith("Traceback")
    assert "is no run folder" in err.splitlines()[-1]


def test_a_dataclass_with_late_annotations(run: Run, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass, KW_ONLY\nfrom minidl import nn\n"
        "@dataclass\nclass Sizes:\n    hidden: int = 8\n    _: KW_ONLY\n    out: int = 10\n"
        "def make():\n    return nn.Sequential(nn.Flatten(), nn.Linear(784, Sizes().out))\n"
    )
    code, out, err = run("summary", "--model", f"{tmp_path / 'net.py'}:make")
    assert code == 0, err
    assert "7,850" in out


def test_the_sample_by_name(tmp_path: Path) -> None:
    write_data(Path(os.environ["MINIDL_DATA"]), train=50, test=10)
    assert len(MNIST()) == 50
    data = MNIST(sample=True)
    assert (len(data), data.origin, data.is_published()) == (10_000, "sample", None)
    assert len(MNIST(train=False, sample=True)) == 2_000
    for wrong in ({"root": tmp_path}, {"download": True}):
        with pytest.raises(ArgumentError, match="leave root and download out"):
            MNIST(sample=True, **wrong)
    with pytest.raises(ArgumentError, match="no bundled sample"):
        FashionMNIST(sample=True)


def altered(folder: Path) -> None:
    """A set of the published size whose images are not the published ones."""
    folder.mkdir()
    for name, count in (("train", 60_000), ("t10k", 10_000)):
        write_idx(folder / f"{name}-images-idx3-ubyte", np.zeros((count, 28, 28), np.uint8))
        write_idx(folder / f"{name}-labels-idx1-ubyte", (np.arange(count) % 10).astype(np.uint8))


@pytest.mark.slow
def test_files_that_are_not_the_published_ones(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    altered(folder)
    code, out, _ = run("data", "verify", "--data", folder)
    assert code == 4
    assert out.count("altered") == 4
    assert [file.status for file in verify(folder).files] == ["altered"] * 4
    assert MNIST(folder).is_published() is False
    words = ("train", "--data", folder, "--model", "mlp", "--limit", 200, "--epochs", 1)
    code, _, err = run(*words, "--out", tmp_path / "run")
    assert code == 0, err
    assert "these are not the files that mnist was published with" in err
    assert json.loads((tmp_path / "run" / "config.json").read_text())["data"]["published"] is False


def test_fashion_s_files_name_the_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, digits: Path) -> None:
    from dataclasses import replace

    from minidl.data import sources

    labels = (digits / "train-labels-idx1-ubyte").read_bytes()
    other = replace(
        sources.FASHION_SOURCE, resources=(replace(sources.FASHION_SOURCE.resources[1], sha256=sources.digest(labels)),)
    )
    monkeypatch.setattr(datasets.FashionMNIST, "source", other)
    with pytest.raises(DataError, match=r"use --dataset fashion \(in Python: FashionMNIST"):
        MNIST(digits)


def test_explain_and_gradcheck_ask_no_mirror(
    run: Run, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    folder = Path(shutil.copytree(trained, tmp_path / "run"))
    config = json.loads((folder / "config.json").read_text())
    config["options"]["data"] = config["data"]["folder"] = None
    (folder / "config.json").write_text(json.dumps(config))

    def asked(*arguments: Any, **options: Any) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(datasets, "fetch_file", asked)
    assert run("gradcheck", "--run", folder, "--no-torch")[0] == 0


@pytest.mark.parametrize(
    ("share", "said"), [("1e-9", "is not one image"), ("1.0", "at least 2"), ("inf", "at least 2")]
)
def test_a_share_that_is_none(run: Run, digits: Path, tmp_path: Path, share: str, said: str) -> None:
    code, _, err = run("train", "--data", digits, "--val-split", share, "--out", tmp_path / "run")
    assert code == 2
    assert said in err
