"""`minidl train` from beginning to end, as a process."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from minidl.cli.progress import Reporter
from minidl.data.idx import write_idx
from minidl.tensors import saving as checkpoint
from minidl.training import Progress
from tests.support.compare import to_numpy
from tests.support.runs import minidl_command, minidl_process

FULL_MNIST = Path(__file__).parents[3] / "shared" / "data" / "mnist"


def weights(folder: Path) -> dict[str, bytes]:
    return {name: to_numpy(value).tobytes() for name, value in checkpoint.load(folder / "model.npz")["model"].items()}


def test_the_run_folder_holds_all_that_a_run_was(trained: Path, digits: Path, tiny: Path) -> None:
    names = {path.name for path in trained.iterdir()}
    assert names == {
        "config.json", "metrics.json", "model.npz", "curves.png", "confusion.png", "mistakes.png", "filters.png"
    }  # fmt: skip
    config = json.loads((trained / "config.json").read_text())
    assert config["options"]["lr"] == 0.1
    assert config["options"]["data"] == str(digits)
    assert config["seed"] == config["options"]["seed"] == 0
    assert {"minidl", "numpy", "python", "opencv"} <= config["versions"].keys()
    assert config["data"]["train"] == 570
    assert config["data"]["validation"] == 30
    metrics = json.loads((trained / "metrics.json").read_text())
    assert metrics["test_accuracy"] > 0.5
    assert metrics["finished"]
    assert metrics["backend"] == config["backend"]
    assert [record["epoch"] for record in metrics["history"]] == [1, 2, 3, 4]
    assert all(record["seconds"] > 0 and record["val_accuracy"] is not None for record in metrics["history"])
    for name in ("curves", "confusion", "mistakes", "filters"):
        picture = cv2.imread(str(trained / f"{name}.png"))
        assert picture is not None
        assert picture.std() > 5, f"{name}.png is blank"


@pytest.mark.slow
def test_results_go_to_stdout_and_progress_to_stderr(digits: Path, tiny: Path, tmp_path: Path) -> None:
    arguments = ("train", "--model", f"{tiny}:make", "--data", digits, "--epochs", 2, "--seed", 3)
    done = minidl_command(*arguments, "--out", tmp_path / "a")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("test accuracy ")
    assert str(tmp_path / "a") in done.stdout
    assert "epoch 2/2  training loss" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    quiet = minidl_command(*arguments, "--out", tmp_path / "b", "--quiet", "--json")
    assert quiet.stderr == ""
    metrics = json.loads(quiet.stdout)
    assert metrics["test_accuracy"] == json.loads((tmp_path / "a" / "metrics.json").read_text())["test_accuracy"]
    assert weights(tmp_path / "a") == weights(tmp_path / "b")


@pytest.mark.slow
def test_another_seed_is_another_run(run: Callable[..., Any], digits: Path, tiny: Path, tmp_path: Path) -> None:
    for seed in (0, 1):
        out = tmp_path / str(seed)
        code, _, err = run(
            "train", "--model", f"{tiny}:make", "--data", digits, "--epochs", 1, "--seed", seed, "--out", out
        )
        assert code == 0, err
    assert weights(tmp_path / "0") != weights(tmp_path / "1")


@pytest.mark.parametrize(
    "options",
    [
        ("--optimizer", "adam", "--schedule", "cosine"),
        ("--optimizer", "rmsprop", "--schedule", "step", "--momentum", "0.5"),
        ("--optimizer", "adagrad", "--schedule", "plateau", "--val-split", "0"),
        ("--optimizer", "adamw", "--schedule", "exponential", "--weight-decay", "0.1"),
        ("--schedule", "constant", "--lr", "0.05", "--augment", "--limit", "300", "--val-split", "50"),
    ],
)
def test_every_option_is_honoured(
    run: Callable[..., Any], digits: Path, tiny: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    out = tmp_path / "run"
    code, _, err = run("train", "--model", f"{tiny}:make", "--data", digits, "--epochs", 2, "--out", out, *options)
    assert code == 0, err
    config = json.loads((out / "config.json").read_text())
    history = json.loads((out / "metrics.json").read_text())["history"]
    rates = [record["lr"] for record in history]
    if "cosine" in options:
        assert rates[0] == pytest.approx(0.0005)
        assert rates[1] == pytest.approx(0, abs=1e-9)
    if "step" in options:
        assert rates == pytest.approx([1e-4, 1e-5])
        assert config["options"]["momentum"] == 0.5
    if "exponential" in options:
        assert rates == pytest.approx([9e-4, 8.1e-4])
        assert config["options"]["weight_decay"] == 0.1
    if "--limit" in options:
        assert (config["data"]["train"], config["data"]["validation"]) == (250, 50)
        assert config["options"]["augment"]
    if "plateau" in options:
        assert history[0]["val_loss"] is None


@pytest.mark.slow
def test_augmentation_changes_what_is_learnt(run: Callable[..., Any], digits: Path, tiny: Path, tmp_path: Path) -> None:
    for name, extra in (("plain", []), ("augmented", ["--augment"]), ("again", ["--augment"])):
        code, _, err = run(
            "train", "--model", f"{tiny}:make", "--data", digits, "--epochs", 1, "--out", tmp_path / name, *extra
        )
        assert code == 0, err
    assert weights(tmp_path / "plain") != weights(tmp_path / "augmented")
    assert weights(tmp_path / "again") == weights(tmp_path / "augmented")


def test_a_toml_file_gives_options(run: Callable[..., Any], digits: Path, tiny: Path, tmp_path: Path) -> None:
    config = tmp_path / "run.toml"
    config.write_text(f"model = '{tiny}:make'\ndata = '{digits}'\nepochs = 5\nbatch-size = 60\n")
    code, _, err = run("train", "--config", config, "--epochs", 1, "--out", tmp_path / "run")
    assert code == 0, err
    options = json.loads((tmp_path / "run" / "config.json").read_text())["options"]
    assert (options["epochs"], options["batch_size"]) == (1, 60)


@pytest.mark.slow
def test_the_folder_is_named_by_itself(
    run: Callable[..., Any], digits: Path, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number in (1, 2):
        code, out, err = run("train", "--model", f"{tiny}:make", "--data", digits, "--epochs", 1, "--quiet")
        assert code == 0, err
        assert f"runs/make-{number}" in out
        assert (tmp_path / "runs" / f"make-{number}" / "model.npz").exists()


@pytest.mark.slow
def test_without_data_and_network_the_sample_is_used(tiny: Path, tmp_path: Path) -> None:
    done = minidl_command("train", "--model", f"{tiny}:make", "--limit", 500, "--epochs", 1, "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("bundled sample") == 1
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["data"] == "sample"


def test_tensorboard_without_its_package_says_so(
    run: Callable[..., Any], digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "tensorboardX", None)
    code, _, err = run("train", "--data", digits, "--tensorboard", "--out", tmp_path / "run")
    assert code == 1
    assert "pip install 'minidl[tensorboard]'" in err
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_tensorboard_gets_the_history(
    run: Callable[..., Any], digits: Path, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[tuple[str, float, int]] = []

    class SummaryWriter:
        def __init__(self, folder: str) -> None:
            assert folder == str(tmp_path / "run" / "tensorboard")

        def add_scalar(self, tag: str, value: float, step: int) -> None:
            written.append((tag, value, step))

        def flush(self) -> None:
            pass

    package = __import__("types").SimpleNamespace(SummaryWriter=SummaryWriter)
    monkeypatch.setitem(__import__("sys").modules, "tensorboardX", package)
    code, _, err = run(
        "train", "--model", f"{tiny}:make", "--data", digits, "--batch-size", 10, "--epochs", 1, "--tensorboard",
        "--out", tmp_path / "run",
    )  # fmt: skip
    assert code == 0, err
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert ("accuracy/validation", metrics["history"][0]["val_accuracy"], 57) in written
    assert [(step, loss) for tag, loss, step in written if tag == "loss/step"] == [
        (step, loss) for step, loss in metrics["curve"]
    ]


@pytest.mark.slow
def test_the_lecture_s_network_on_the_sample(tmp_path: Path) -> None:
    done = minidl_command("train", "--epochs", 1, "--seed", 0, "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["test_accuracy"] > 0.9


@pytest.mark.slow
@pytest.mark.skipif(not FULL_MNIST.exists(), reason="the full MNIST is not on this machine (../shared/data/mnist)")
def test_the_default_recipe_reaches_its_accuracy_on_full_mnist(tmp_path: Path) -> None:
    done = minidl_command("train", "--data", FULL_MNIST, "--epochs", 3, "--batch-size", 100, "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["test_accuracy"] >= 0.985


def test_the_weights_are_readable_by_numpy_alone(trained: Path) -> None:
    with np.load(trained / "model.npz", allow_pickle=False) as archive:
        assert archive["model/fc.weight"].shape == (10, 256)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="a pseudo-terminal is POSIX's")
def test_on_a_terminal_there_is_a_bar(digits: Path, tmp_path: Path) -> None:
    import pty
    import termios

    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, 120))
    arguments = ("train", "--data", digits, "--epochs", 2, "--batch-size", 1, "--lr", 0.001, "--out", tmp_path / "run")
    process = subprocess.Popen(minidl_process(*arguments), stderr=theirs, stdout=subprocess.PIPE)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:  # Linux's way of saying that the other end is closed
        pass
    os.close(ours)
    assert process.wait(timeout=60) == 0, shown
    assert b"%|" in shown
    assert b"images/s, ETA 0:" in shown
    assert b"epoch 2/2  training loss" in shown


@pytest.mark.skipif(os.name != "posix", reason="a pseudo-terminal is POSIX's")
def test_a_terminal_without_a_size_gets_lines(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("minidl.cli.progress.LINE_SECONDS", 0.0)
    monkeypatch.setattr("os.get_terminal_size", lambda fd: os.terminal_size((0, 0)))
    Reporter(3, quiet=False).on_progress(Progress(1, 3, 10, 100, 2.0, 50.0, 6.0))
    assert "epoch 1/3  10/100 images" in capfd.readouterr().err


def test_any_folder_of_idx_files_in_colour_and_with_more_classes(
    run: Callable[..., Any], tiny: Path, tmp_path: Path
) -> None:
    random, folder = np.random.default_rng(0), tmp_path / "letters"
    folder.mkdir()
    for name, count in (("letters-train", 120), ("letters-test", 40)):
        write_idx(folder / f"{name}-images-idx4-ubyte", random.integers(0, 256, (count, 8, 8, 3)).astype(np.uint8))
        write_idx(folder / f"{name}-labels-idx1-ubyte", (np.arange(count) % 13).astype(np.uint8))
    model = tmp_path / "letters.py"
    model.write_text(
        "from minidl import nn\n"
        "def make(): return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 13))\n"
    )
    out = tmp_path / "run"
    code, _, err = run(
        "train", "--dataset", "idx", "--data", folder, "--model", f"{model}:make", "--epochs", 1, "--out", out
    )
    assert code == 0, err
    assert json.loads((out / "config.json").read_text())["data"]["shape"] == [8, 8, 3]
    assert run("test", out)[0] == 0
    assert "(1, 13)" in run("summary", out)[1]
    code, _, err = run("predict", out, "any.png")
    assert code == 4
    assert "was trained on images of [8, 8, 3], not on digits of 28 by 28" in err
