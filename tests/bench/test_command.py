"""`minidl bench` as a user calls it."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import cv2
import pytest

from minidl import cuda
from minidl.cli import main
from tests.support.lane import in_lane
from tests.support.runs import write_data


def call(*arguments: object) -> int:
    try:
        return main(["bench", *map(str, arguments)])
    except SystemExit as exit:
        return int(exit.code or 0)


def picture(path: Path) -> None:
    image = cv2.imread(str(path))
    assert image is not None
    assert image.std() > 5, "the plot is blank"


@pytest.mark.slow
def test_lecture_against_torch(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    files = tmp_path / "found.json", tmp_path / "found.png"
    rows = ["--only", "tiny-4", "--only", "lecture CNN, batch 32"]
    assert call("--quick", "--against", "torch", "--threads", 1, *rows, "--json", files[0], "--plot", files[1]) == 0
    out, err = capfd.readouterr()
    assert "tiny net 2-16-16-1, batch 4" in out
    assert "quick: too few" in out
    assert "NumPy's BLAS" in out
    assert err.count("minidl: ") == 2
    picture(files[1])
    found = json.loads(files[0].read_text())
    assert found["machine"]["threads"] == 1
    assert found["machine"]["cpu"]
    assert {"minidl", "numpy", "torch"} <= found["machine"]["versions"].keys()
    lecture, tiny = sorted(found["found"], key=lambda row: row["name"])
    assert set(lecture["contestants"]) == {"minidl", "torch", "torch channels_last"}
    assert set(tiny["contestants"]) == {"minidl", "torch"}
    for row in (lecture, tiny):
        assert row["difference"] < 1e-3
        ours, theirs = row["contestants"]["minidl"], row["contestants"][row["opponent"]]
        pairs = zip(ours["seconds"]["all"], theirs["seconds"]["all"])
        assert row["ratio"]["minidl"]["all"] == pytest.approx([a / b for a, b in pairs])
        assert row["met"] == {"minidl": None}, "quick says nothing of a bar"
        assert ours["memory"]["peak"] >= ours["memory"]["at_start"]
        assert theirs["kept"] > 0.9 * row["must_keep"]


@pytest.mark.slow
def test_ops_and_scaling(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert call("--suite", "ops", "--quick", "--only", "relu", "--plot", tmp_path / "ops.png") == 0
    assert capfd.readouterr().out.count("relu") == 3
    picture(tmp_path / "ops.png")
    monkeypatch.setattr("minidl.bench.suites.scaling.BATCHES", (1, 2, 4, 8, 16))
    monkeypatch.setattr("minidl.bench.suites.scaling.BASE", {"batch": 2, "side": 7, "channels": 2, "kernel": 3})
    files = tmp_path / "scaling.json", tmp_path / "scaling.png"
    assert call("--suite", "scaling", "--quick", "--threads", 2, "--json", files[0], "--plot", files[1]) == 0
    picture(files[1])
    found = json.loads(files[0].read_text())["found"]
    assert {(row["batch"], row["threads"]) for row in found["batches"]} == {(1, 1), (16, 1), (1, 2), (16, 2)}
    assert {row["changed"] for row in found["convolution"]} == {"batch", "side", "channels", "kernel"}


@pytest.mark.slow
def test_an_epoch_of_train_against_torch(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    data = write_data(tmp_path / "digits")
    file = tmp_path / "epoch.json"
    code = call("--suite", "epoch", "--quick", "--threads", 1, "--against", "torch", "--data", data, "--json", file)
    assert code == 0, capfd.readouterr().err
    found = json.loads(file.read_text())["found"]
    assert found["images"] == 600
    assert set(found["contestants"]) == {"minidl train", "torch", "torch channels_last"}
    assert all(one["seconds"]["median"] > 0 and one["memory"] > 10e6 for one in found["contestants"].values())
    assert found["ratio"]["median"] > 0


@pytest.mark.slow
def test_training_to_a_bar_against_torch(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Both start from the same weights and see the same batches: they need the same steps, up to one test more."""
    pytest.importorskip("torch")
    files = tmp_path / "found.json", tmp_path / "found.png"
    command = "--suite", "to98", "--quick", "--threads", 1, "--against", "torch"
    assert call(*command, "--json", files[0], "--plot", files[1]) == 0, capfd.readouterr().err
    picture(files[1])
    out, err = capfd.readouterr()
    assert "80% of the test images, from 10,000" in out
    assert err.count("minidl: seed") == 2
    found = json.loads(files[0].read_text())["found"]
    assert set(found["contestants"]) == {"minidl", "torch", "torch channels_last"}
    for one in found["contestants"].values():
        for points, steps in zip(one["points"], one["steps"]["all"]):
            assert points[-1][2] >= found["bar"] > max([p[2] for p in points[:-1]], default=0)
            assert points[-1][0] == steps == found["every"] * len(points)
    ours, theirs = (found["contestants"][name]["points"] for name in ("minidl", "torch"))
    for a, b in zip(ours, theirs):
        assert abs(len(a) - len(b)) <= 1
        assert a[0][2] == pytest.approx(b[0][2], abs=0.01)
    assert found["ratio"]["minidl"]["median"] > 0


def test_the_bar_needs_the_whole_of_mnist(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = write_data(tmp_path / "digits")
    assert call("--suite", "to98", "--data", data) == 1
    assert "60,000 training images, and here are 600" in capfd.readouterr().err


def test_a_bar_that_is_not_reached_gives_no_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    data = write_data(tmp_path / "digits")
    monkeypatch.setattr("minidl.bench.suites.to98.QUICK_BAR", 1.01)
    monkeypatch.setattr("minidl.bench.suites.to98.MOST_EPOCHS", 1)
    assert call("--suite", "to98", "--quick", "--threads", 1, "--data", data) == 1
    assert "minidl has not reached 101% with seed 0" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--suite", "lectur"], 2, "did you mean lecture?"),
        (["--only", "nothing"], 2, "the suite lecture has no such row; it has lecture-100"),
        (["--suite", "ops", "--only", "nothing"], 2, "; conv2d 3x3, stride 2; "),
        (["--suite", "scaling", "--only", "relu"], 2, "has no such rows to choose from"),
        (["--threads", "0"], 2, "--threads must be at least 1"),
        (["--threads", "5000"], 2, "--threads 5000: this process has"),
        (["--backend", "jax"], 3, "'jax' is unknown"),
        (["--suite", "cpu-gpu", "--backend", "numpy"], 2, "compares numpy with cupy"),
        (["--suite", "cpu-gpu", "--against", "torch"], 2, "leave --against out"),
        (["--suite", "ops", "--data", "x"], 2, "--data is for --suite epoch and to98"),
        (["--suite", "ops", "--only", "conv2d_3x3"], 2, "did you mean 'conv2d 3x3'?"),
        (["--json", "-"], 2, "--json -: name a file"),
        (["--json", "."], 2, "name a file in a folder that exists"),
        (["--plot", "no-such-folder/a.png"], 2, "name a file in a folder that exists"),
        (["--plot", "a.svg"], 2, "name it so, such as a.png"),
        (["--json", "a.png", "--plot", "a.png"], 2, "name two files"),
    ],
)
def test_wrong_use(arguments: list[str], code: int, words: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert call(*arguments) == code
    out, err = capfd.readouterr()
    assert out == ""
    assert words in err


def test_without_pytorch(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert call("--against", "torch") == 1
    err = capfd.readouterr().err
    assert err.count("\n") == 1
    assert "pip install torch" in err


def test_without_a_gpu(capfd: pytest.CaptureFixture[str]) -> None:
    if cuda.is_available():
        pytest.skip("there is a GPU here")
    assert call("--suite", "cpu-gpu") == 3
    err = capfd.readouterr().err
    assert err.count("\n") == 1
    assert "cupy" in err


@pytest.mark.parametrize("arguments", [["--suite", "cpu-gpu"], ["--backend", "cupy", "--only", "tiny-4"]])
def test_an_imitated_gpu_is_not_timed(arguments: list[str]) -> None:
    done = in_lane("minidl", "bench", "--quick", *arguments)
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert "EMULATED-HOST" in done.stderr
