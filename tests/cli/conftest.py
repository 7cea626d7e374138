"""What the tests of the command share: a small data set of real digits, a small model, no network."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from minidl.cli import main
from tests.support.runs import TINY, minidl_command, write_data

Result = tuple[int, str, str]


@pytest.fixture(autouse=True)
def _no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache, and mirrors behind a proxy that is not there."""
    monkeypatch.setenv("MINIDL_DATA", str(tmp_path / "cache"))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of IDX files: 600 real digits to train on, 200 to test on."""
    return write_data(tmp_path_factory.mktemp("digits"))


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python file with a user's own models."""
    path = tmp_path_factory.mktemp("models") / "tiny.py"
    path.write_text(TINY)
    return path


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, digits: Path, tiny: Path) -> Path:
    """The folder of a short run that has ended; not to be changed."""
    folder = tmp_path_factory.mktemp("runs") / "done"
    done = minidl_command(
        "train", "--model", f"{tiny}:Tiny", "--data", digits, "--epochs", 4, "--batch-size", 20, "--out", folder,
        figures=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run the command in this process, without figures: its exit code, stdout and stderr."""

    def call(*arguments: Any) -> Result:
        if arguments[:1] == ("train",):
            monkeypatch.setattr("minidl.training.job.Job.draw", lambda job: None)
        capfd.readouterr()
        try:
            code = main([os.fspath(a) if isinstance(a, Path) else str(a) for a in arguments])
        except SystemExit as exit:
            code = int(exit.code or 0)
        out, err = capfd.readouterr()
        return code, out, err

    return call
