"""A user's mistakes: each gets one line that says what came and what was expected, and the right exit code."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from minidl import cli
from minidl.data.idx import write_idx
from minidl.models import MLP, Lecture
from minidl.tensors import saving as checkpoint
from tests.support.runs import minidl_command, sample, write_data, write_pair

Run = Callable[..., tuple[int, str, str]]


def one_line(err: str) -> str:
    """The complaint: the only line of stderr, and no traceback."""
    lines = [line for line in err.splitlines() if line]
    assert "Traceback" not in err
    assert len(lines) == 1, err
    return lines[0]


def test_a_backend_that_is_not_there(tmp_path: Path, digits: Path) -> None:
    """CuPy may be installed on the machine of the test; an empty list of devices makes it unusable either way."""
    arguments = ("train", "--backend", "cupy", "--data", digits, "--out", tmp_path / "run")
    failed = minidl_command(*arguments, CUDA_VISIBLE_DEVICES="")
    assert failed.returncode == 3
    assert "cupy" in one_line(failed.stderr)
    assert failed.stdout == ""
    assert not (tmp_path / "run").exists()


def test_words_that_are_nearly_right(run: Run) -> None:
    for arguments, hint in (
        (("trian",), "did you mean train?"),
        (("train", "--epoch", "3"), "did you mean --epochs?"),
        (("data", "fetsh"), "did you mean fetch?"),
        (("train", "--device", "cuda"), "did you mean --backend?"),
        (("train", "--backend", "cuda"), "did you mean cupy?"),
    ):
        code, out, err = run(*arguments)
        assert code == 2
        assert hint in err
        assert out == ""
    code, out, err = run()
    assert (code, out) == (2, "")
    assert "read photos of digits" in err, "the verbs are explained"


def test_a_word_that_a_verb_does_not_know_is_told_by_that_verb(run: Run) -> None:
    for arguments, message in (
        (("test", "run", "--epochs", "3"), "minidl test: error: unrecognized arguments: --epochs 3"),
        (("train", "extra"), "minidl train: error: unrecognized arguments: extra"),
        (("gradcheck", "runs/first"), "minidl gradcheck: error: unrecognized arguments: runs/first"),
        (("predict", "run", "1.png", "--shw", "x.png"), "--shw x.png; did you mean --show?"),
    ):
        code, out, err = run(*arguments)
        assert (code, out) == (2, "")
        assert err.splitlines()[-1].endswith(message)
        assert err.startswith(f"usage: minidl {arguments[0]} "), "what the verb does take"


def test_a_number_that_is_none(run: Run) -> None:
    for arguments, message in (
        (("train", "--epochs", "many"), "argument --epochs: must be a whole number, got 'many'"),
        (("train", "--lr", "fast"), "argument --lr: must be a number, got 'fast'"),
        (("explain", "--worksheet", "1.5"), "argument --worksheet: must be a whole number, got '1.5'"),
    ):
        code, out, err = run(*arguments)
        assert (code, out) == (2, "")
        assert message in err


def test_help_and_version_are_results(run: Run) -> None:
    code, out, err = run("--version")
    assert (code, err) == (0, "")
    assert out.startswith("minidl ")
    for verb in cli.VERBS:
        code, out, _ = run(verb.__name__.rpartition(".")[2], "--help")
        assert code == 0
        assert "usage: minidl" in out
    assert "(default: onecycle)" in run("train", "--help")[1].replace("\n" + " " * 24, " ")


def test_options_that_do_not_fit_the_data(run: Run, digits: Path, tmp_path: Path) -> None:
    for arguments, message in (
        (("--batch-size", 571), "--batch-size 571 is more than the 570 images"),
        (("--limit", 601), "--limit 601 is more than the 600 training images"),
        (("--val-split", 600), "--val-split holds back 600 of 600"),
        (("--model", "lectrue"), "there is no model 'lectrue'"),
    ):
        code, _, err = run("train", "--data", digits, "--out", tmp_path / "run", *arguments)
        assert code == 2
        assert message in one_line(err)
        assert not (tmp_path / "run").exists()
    code, _, err = run("train", "--dataset", "idx")
    assert code == 2
    assert "--data DIR" in one_line(err)


def test_wrong_usage_is_told_before_data_is_looked_for(run: Run, trained: Path, tmp_path: Path) -> None:
    """There is no data here, and no network: an attempt to look for data would be reported."""
    out = tmp_path / "run"
    for arguments, message in (
        (("--model", "lectrue", "--out", out), "there is no model 'lectrue'"),
        (("--model", tmp_path / "none.py:Net", "--out", out), "there is no file"),
        (("--out", trained), "holds a run already"),
        (("--batch-size", 60_001, "--out", out), "--batch-size 60001 is more than"),
        (("--batch-size", 200, "--limit", 100, "--out", out), "--batch-size 200 is more than the 95 images"),
    ):
        code, _, err = run("train", *arguments)
        assert code == 2
        assert message in one_line(err)
        assert not out.exists()


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("Wrong", 1, r"fc (Linear)"),
        ("Five", 1, "gave (2, 5) for images of shape (2, 1, 28, 28); expected one score for each of the 10 classes"),
        ("Broken", 1, "AttributeError: 'Broken' object has no attribute 'does_not_exist'"),
        ("make_nothing", 1, "gave an object of class int; expected a minidl.nn.Module"),
        ("Missing", 2, "has no 'Missing'; it has"),
    ],
)
def test_a_model_that_does_not_fit(
    run: Run, digits: Path, tiny: Path, tmp_path: Path, name: str, code: int, message: str
) -> None:
    found, _, err = run("train", "--model", f"{tiny}:{name}", "--data", digits, "--out", tmp_path / "run")
    assert found == code
    assert message in one_line(err)
    assert not (tmp_path / "run").exists()


def truncated(folder: Path) -> None:
    path = folder / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:5000])


def swapped(folder: Path) -> None:
    images, labels = folder / "train-images-idx3-ubyte", folder / "train-labels-idx1-ubyte"
    content = images.read_bytes()
    images.write_bytes(labels.read_bytes())
    labels.write_bytes(content)


def not_idx(folder: Path) -> None:
    (folder / "train-labels-idx1-ubyte").write_text("0 1 2 3 4 5")


def of_different_length(folder: Path) -> None:
    write_idx(folder / "train-labels-idx1-ubyte", np.zeros(7, np.uint8))


def label_out_of_range(folder: Path) -> None:
    images, labels = sample(True, 50)
    write_pair(folder, True, images, np.where(np.arange(50) == 20, 11, labels))


def empty(folder: Path) -> None:
    write_pair(folder, True, np.zeros((0, 28, 28), np.uint8), np.zeros(0))


def missing(folder: Path) -> None:
    (folder / "t10k-labels-idx1-ubyte").unlink()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (truncated, "is cut short"),
        (swapped, "the two files are swapped"),
        (not_idx, "not an IDX file"),
        (of_different_length, "holds 50 images but"),
        (label_out_of_range, "labels must be 0 to 9, got 0 to 11; use --dataset idx for a set with other classes"),
        (empty, "the training set holds no images; name another folder by --data"),
        (missing, "has no t10k-labels-idx1-ubyte"),
    ],
)
def test_data_that_is_damaged(run: Run, tmp_path: Path, damage: Callable[[Path], None], message: str) -> None:
    folder = write_data(tmp_path / "data", train=50, test=10)
    damage(folder)
    code, out, err = run("train", "--data", folder, "--out", tmp_path / "run")
    assert code == 4
    assert message in one_line(err)
    assert out == ""
    assert not (tmp_path / "run").exists()


def test_a_loss_that_is_not_finite(run: Run, digits: Path, tiny: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    code, _, err = run(
        "train", "--model", f"{tiny}:make", "--data", digits, "--lr", "1e38", "--schedule", "constant", "--quiet",
        "--out", out,
    )  # fmt: skip
    assert code == 1
    line = one_line(err)
    assert "at step " in line or "after step " in line
    assert "try a lower learning rate" in line
    state = checkpoint.load(out / "model.npz")
    assert all(np.isfinite(value.numpy()).all() for value in state["model"].values())


def test_a_folder_that_cannot_be_written(run: Run, digits: Path, tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, _, err = run("train", "--model", f"{tiny}:make", "--data", digits, "--out", tmp_path / "file" / "run")
    assert code == 1
    assert "cannot be written" in one_line(err)
    if os.name == "posix" and os.geteuid() != 0:  # root may write anywhere
        (tmp_path / "closed").mkdir(mode=0o500)
        code, _, err = run("train", "--model", f"{tiny}:make", "--data", digits, "--out", tmp_path / "closed" / "run")
        assert code == 1
        assert "Permission denied" in one_line(err)


def test_a_run_is_not_written_over(run: Run, digits: Path, trained: Path) -> None:
    before = (trained / "model.npz").read_bytes()
    code, _, err = run("train", "--data", digits, "--out", trained)
    assert code == 2
    assert "holds a run already; resume it with --resume" in one_line(err)
    assert (trained / "model.npz").read_bytes() == before


@pytest.fixture
def copied(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "copied"))


@pytest.mark.parametrize("verb", ["test", "predict", "resume", "summary"])
def test_what_is_no_run(run: Run, tmp_path: Path, verb: str) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("empty", "none"):
        folder = tmp_path / name
        arguments = {
            "test": ("test", folder), "predict": ("predict", folder, "a.png"), "summary": ("summary", folder),
            "resume": ("train", "--resume", "--out", folder),
        }[verb]  # fmt: skip
        code, _, err = run(*arguments)
        assert code == 4
        assert "is no run folder: it has no config.json" in one_line(err)


def test_a_checkpoint_of_another_model(run: Run, copied: Path) -> None:
    for model in (MLP(), Lecture()):
        checkpoint.save({"model": dict(model.state_dict())}, copied / "model.npz")
        for arguments in (("test", copied), ("train", "--resume", "--out", copied)):
            code, _, err = run(*arguments)
            assert code == 4
            assert "model.npz: its weights are of another model" in one_line(err)


def test_a_checkpoint_of_weights_alone_cannot_be_gone_on_with(run: Run, copied: Path) -> None:
    state = checkpoint.load(copied / "model.npz")
    checkpoint.save({"model": state["model"]}, copied / "model.npz")
    assert run("test", copied)[0] == 0
    code, _, err = run("train", "--resume", "--out", copied)
    assert code == 4
    assert "cannot be resumed" in one_line(err)


def test_a_damaged_checkpoint(run: Run, copied: Path) -> None:
    content = (copied / "model.npz").read_bytes()
    for damaged in (content[: len(content) // 2], b"", content[:3000] + b"\x00" * 64 + content[3064:]):
        (copied / "model.npz").write_bytes(damaged)
        code, _, err = run("test", copied)
        assert code == 4
        assert "model.npz: is damaged" in one_line(err)
    (copied / "model.npz").unlink()
    code, _, err = run("test", copied)
    assert code == 4
    assert "no such file" in one_line(err)


def test_a_checkpoint_that_holds_objects(run: Run, copied: Path) -> None:
    np.savez(copied / "model.npz", weight=np.array([{"any": "thing"}], object))
    code, _, err = run("test", copied)
    assert code == 4
    assert "holds Python objects" in one_line(err)
    assert "never loaded" in err


def test_a_damaged_config(run: Run, copied: Path) -> None:
    config = json.loads((copied / "config.json").read_text())
    for content, message in (
        ("{", "is damaged"),
        ("[]", "is not the config.json of a run"),
        (json.dumps({**config, "options": {"model": "lecture"}}), "its options are not those of minidl"),
    ):
        (copied / "config.json").write_text(content)
        code, _, err = run("test", copied)
        assert code == 4
        assert message in one_line(err)


def test_no_color_and_no_terminal_mean_no_colour(run: Run) -> None:
    assert "\x1b" not in run("test", "none")[2]


def test_data_that_is_nowhere_is_told_in_the_command_s_words(run: Run, tmp_path: Path) -> None:
    code, _, err = run("train", "--data", tmp_path / "none", "--out", tmp_path / "run")
    assert code == 4
    assert f"minidl data fetch mnist --data {tmp_path / 'none'}" in one_line(err)
    code, _, err = run("data", "fetch", "--data", tmp_path)
    assert code == 4
    assert "no mirror could give this file: https://" in err
    assert "; https://" in err
    assert "bring the file from another machine into" in err


def test_a_damaged_file_is_named_once(run: Run, tmp_path: Path) -> None:
    folder = write_data(tmp_path / "data")
    truncated(folder)
    code, out, _ = run("data", "verify", "--data", folder)
    assert code == 4
    (line,) = [line for line in out.splitlines() if line.startswith("damaged")]
    assert line.count("train-images-idx3-ubyte") == 1


def test_a_learning_rate_that_is_far_too_high_is_noticed(run: Run, digits: Path, tiny: Path, tmp_path: Path) -> None:
    arguments = ("train", "--model", f"{tiny}:make", "--data", digits, "--epochs", 1)
    assert "learning rate" not in run(*arguments, "--out", tmp_path / "good")[2]
    code, _, err = run(*arguments, "--lr", 1e4, "--out", tmp_path / "bad")
    assert code == 0
    assert "blind guessing gives 2.303: the learning rate is probably too high" in err


def test_the_picture_of_a_prediction_is_a_png(run: Run, trained: Path, tmp_path: Path) -> None:
    code, _, err = run("predict", trained, "photo.png", "--show", tmp_path / "x.txt")
    assert code == 2
    assert "give a name that ends in .png" in one_line(err)
