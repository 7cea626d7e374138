"""Stopping and resuming: Ctrl-C, kill -9 in the middle of a save, a full disk. The weights must not be able to tell."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minidl.tensors import saving as checkpoint
from tests.support.compare import to_numpy
from tests.support.runs import minidl_command, minidl_process, write_data

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the signals are POSIX's")

STEPS = 29  # an epoch: 570 images in batches of 20
OPTIONS = ("--epochs", 3, "--batch-size", 20, "--optimizer", "adam", "--augment", "--seed", 4)


def outcome(folder: Path) -> tuple[dict[str, bytes], list[Any], Any]:
    """All that must be equal: weights, optimizer and random state to the bit; the history without the clock's part."""
    state = checkpoint.load(folder / "model.npz")
    metrics = json.loads((folder / "metrics.json").read_text())
    arrays = {f"model/{name}": to_numpy(value).tobytes() for name, value in state["model"].items()}
    for number, slots in state["optimizer"]["state"].items():
        for name, value in slots.items():
            arrays[f"optimizer/{number}/{name}"] = np.asarray(
                to_numpy(value) if hasattr(value, "shape") else value
            ).tobytes()
    clock = ("seconds", "images_per_second")
    history = [{k: v for k, v in record.items() if k not in clock} for record in metrics["history"]]
    rest = (state["random"], state["scheduler"], state["loader"], metrics["curve"], metrics["test_accuracy"])
    return arrays, history, rest


@pytest.fixture(scope="module")
def arguments(digits: Path, tiny: Path) -> tuple[Any, ...]:
    return ("train", "--model", f"{tiny}:Tiny", "--data", digits, *OPTIONS)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory, arguments: tuple[Any, ...]) -> Any:
    folder = tmp_path_factory.mktemp("whole") / "run"
    done = minidl_command(*arguments, "--out", folder)
    assert done.returncode == 0, done.stderr
    return outcome(folder)


FIRST, LAST_OF_AN_EPOCH, LAST = (pytest.param(step, marks=pytest.mark.slow) for step in (1, 2 * STEPS, 3 * STEPS))


@pytest.mark.slow
@pytest.mark.parametrize("step", [STEPS + 7, FIRST, LAST_OF_AN_EPOCH, LAST])
def test_ctrl_c_and_resume_end_in_the_same_bits(
    tmp_path: Path, arguments: tuple[Any, ...], uninterrupted: Any, step: int
) -> None:
    out = tmp_path / "run"
    stopped = minidl_command(*arguments, "--out", out, SIGINT_AT_STEP=str(step))
    assert stopped.returncode == 130, stopped.stderr
    assert f"stopped after step {step}; checkpoint in" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert stopped.stdout == ""
    assert not json.loads((out / "metrics.json").read_text())["finished"]
    resumed = minidl_command("train", "--resume", "--out", out)
    assert resumed.returncode == 0, resumed.stderr
    assert outcome(out) == uninterrupted


@pytest.mark.slow
def test_stopped_again_and_again(tmp_path: Path, arguments: tuple[Any, ...], uninterrupted: Any) -> None:
    out, begin = tmp_path / "run", arguments
    for _ in range(3):
        stopped = minidl_command(*begin, "--out", out, SIGINT_AT_STEP="20")
        assert stopped.returncode == 130, stopped.stderr
        begin = ("train", "--resume")
    assert checkpoint.load(out / "model.npz")["step"] == 60
    assert minidl_command("train", "--resume", "--out", out, "--quiet").returncode == 0
    assert outcome(out) == uninterrupted


@pytest.mark.slow
def test_ctrl_c_from_outside_while_the_lecture_s_network_trains(tmp_path: Path, digits: Path) -> None:
    out = tmp_path / "run"
    process = subprocess.Popen(
        minidl_process("train", "--data", digits, "--epochs", 500, "--out", out), stderr=subprocess.PIPE, text=True
    )
    try:
        deadline = time.monotonic() + 120
        while not (out / "metrics.json").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert checkpoint.load(out / "model.npz")["model"]


KILLED = """
import os, signal, sys
import numpy as np
from minidl.cli import main
write_array, calls = np.lib.format.write_array, [0]
def killed(*arguments, **options):
    calls[0] += 1
    if calls[0] == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)
    write_array(*arguments, **options)
np.lib.format.write_array = killed
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.slow
def test_kill_9_in_the_middle_of_a_save(tmp_path: Path, arguments: tuple[Any, ...], uninterrupted: Any) -> None:
    out = tmp_path / "run"
    first = 9  # arrays in the checkpoint before the first step: the model alone
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(first + 3), *map(str, arguments), "--out", str(out)],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert len(list(out.glob(".model.npz.*.tmp"))) == 1
    state = checkpoint.load(out / "model.npz")
    assert state["step"] == 0
    resumed = minidl_command("train", "--resume", "--out", out)
    assert resumed.returncode == 0, resumed.stderr
    assert outcome(out) == uninterrupted
    assert not list(out.glob(".*")), "nothing is left of the killed writer"


def full_disk() -> None:
    """No file may grow beyond 8 KB: what a full disk does, for this process alone."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))


def test_a_full_disk_is_known_before_training(tmp_path: Path, arguments: tuple[Any, ...]) -> None:
    failed = minidl_command(*arguments, "--out", tmp_path / "run", limit=full_disk)
    assert failed.returncode == 1
    assert "model.npz: cannot be written: File too large" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"config.json"}


@pytest.mark.slow
def test_a_disk_that_fills_up_leaves_the_last_checkpoint(tmp_path: Path, arguments: tuple[Any, ...]) -> None:
    out = tmp_path / "run"
    minidl_command(*arguments, "--out", out, SIGINT_AT_STEP="10")
    before = (out / "model.npz").read_bytes()
    failed = minidl_command("train", "--resume", "--out", out, limit=full_disk)
    assert failed.returncode == 1
    assert "cannot be written" in failed.stderr
    assert (out / "model.npz").read_bytes() == before


@pytest.mark.slow
def test_the_data_may_have_moved_but_not_changed(
    run: Callable[..., Any], tmp_path: Path, digits: Path, tiny: Path
) -> None:
    out = tmp_path / "run"
    code, _, err = run(
        "train", "--model", f"{tiny}:make", "--data", digits, "--epochs", 1, "--schedule", "constant", "--out", out
    )
    assert code == 0, err
    other = write_data(tmp_path / "other", train=599, test=10)
    code, _, err = run("train", "--resume", "--out", out, "--data", other, "--epochs", 2)
    assert code == 4
    assert "was trained on other data" in err
    same = write_data(tmp_path / "same")
    code, _, err = run("train", "--resume", "--out", out, "--data", same, "--epochs", 2)
    assert code == 0, err
    assert json.loads((out / "metrics.json").read_text())["epochs"] == 2
    assert json.loads((out / "config.json").read_text())["options"]["data"] == str(same)


def test_what_cannot_be_gone_on_with_is_named(run: Callable[..., Any], trained: Path, tmp_path: Path) -> None:
    before = (trained / "model.npz").read_bytes()
    for arguments, message in (
        (("--lr", "0.5"), "--lr 0.5 differs from the run's own, 0.1"),
        (("--epochs", "9"), "onecycle schedule was planned for 4 epochs"),
        (("--config", "x.toml"), "leave --config out"),
    ):
        code, _, err = run("train", "--resume", "--out", trained, *arguments)
        assert code == 2
        assert message in err
    assert run("train", "--resume")[0] == 2
    code, _, err = run("train", "--resume", "--out", tmp_path / "none")
    assert code == 4
    assert "is no run folder" in err
    assert (trained / "model.npz").read_bytes() == before


def test_a_run_that_is_done_is_only_tested_again(run: Callable[..., Any], trained: Path) -> None:
    before = checkpoint.load(trained / "model.npz")["step"]
    code, out, err = run("train", "--resume", "--out", trained)
    assert code == 0, err
    assert "are done" in err
    assert out.startswith("test accuracy")
    assert checkpoint.load(trained / "model.npz")["step"] == before
