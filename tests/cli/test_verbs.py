"""`minidl test`, `predict`, `summary` and `data`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from minidl.data import write_image
from tests.support.photos import STYLES, photo
from tests.support.runs import TINY, minidl_command, sample, write_data

Run = Callable[..., tuple[int, str, str]]


def test_test_finds_what_training_found(run: Run, trained: Path) -> None:
    metrics = json.loads((trained / "metrics.json").read_text())
    code, out, err = run("test", trained, "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert (found["test_accuracy"], found["test_loss"]) == (metrics["test_accuracy"], metrics["test_loss"])
    code, out, _ = run("test", trained)
    assert out == f"test accuracy {metrics['test_accuracy']:.2%}, loss {metrics['test_loss']:.4f} (200 images)\n"


def test_test_on_other_data(run: Run, trained: Path, tmp_path: Path) -> None:
    other = write_data(tmp_path / "other", train=20, test=50)
    code, out, err = run("test", trained, "--data", other, "--json")
    assert code == 0, err
    assert json.loads(out)["images"] == 50


def test_python_m_minidl_is_the_command() -> None:
    done = minidl_command("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("minidl ")


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    paths = []
    for number, (digit, style, suffix) in enumerate(zip(sample(False, 3)[0], STYLES, ("png", "jpg", "bmp"))):
        paths.append(tmp_path / f"{number}.{suffix}")
        write_image(paths[-1], photo(digit, style, np.random.default_rng(number)))
    return paths


def test_predict_prints_the_top_three(run: Run, trained: Path, photos: list[Path], tmp_path: Path) -> None:
    code, out, err = run("predict", trained, *photos, "--show", tmp_path / "show.png")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert [line.split(": ")[0] for line in lines] == [str(path) for path in photos]
    assert all(line.count("%)") == 3 for line in lines)
    assert cv2.imread(str(tmp_path / "show.png")).std() > 5
    code, out, _ = run("predict", trained, *photos, "--json")
    for answer, line in zip(json.loads(out), lines):
        probabilities = [top["probability"] for top in answer["top"]]
        assert probabilities == sorted(probabilities, reverse=True)
        assert 0 < sum(probabilities) <= 1 + 1e-9
        assert f": {answer['answer']} (" in line


def test_predict_reads_the_others_where_one_cannot_be_read(
    run: Run, trained: Path, photos: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "bad.png").write_text("no image")
    code, out, err = run("predict", trained, photos[0], tmp_path / "bad.png", tmp_path / "none.png", photos[1])
    assert code == 4
    assert len(out.splitlines()) == 2
    assert "bad.png: is not an image" in err
    assert "none.png: no such file" in err
    assert "Traceback" not in err


def test_summary_is_a_table(run: Run, trained: Path) -> None:
    code, out, err = run("summary", "--batch-size", 100)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[1].split() == ["layer", "kind", "output", "parameters", "multiply-adds", "memory", "bytes"]
    assert "layer2.0  Conv2d     (100, 20, 17, 17)       5,020    144,500,000" in out
    assert lines[-2].split()[:3] == ["total", "18,090", "168,280,000"]
    assert lines[-2].split()[-1] == "72,360"
    found = json.loads(run("summary", trained, "--json")[1])
    assert found["model"].endswith("tiny.py:Tiny")
    assert found["layers"][0] | {"memory": 0} == {
        "name": "conv", "kind": "Conv2d", "output": [1, 4, 8, 8], "parameters": 104, "multiply_adds": 6400, "memory": 0,
        "weights": 416,
    }  # fmt: skip


def test_summary_names_what_does_not_fit(run: Run, trained: Path) -> None:
    code, _, err = run("summary", "--input", "3,28,28")
    assert code == 1
    assert "layer1.0 (Conv2d)" in err
    assert run("summary", "--input", "big")[0] == 2
    assert run("summary", "--batch-size", 0)[0] == 2
    assert run("summary", trained, "--model", "mlp")[0] == 2


def test_data_verify_tells_of_each_file(run: Run, digits: Path, tmp_path: Path) -> None:
    code, out, _ = run("data", "verify", "--data", digits)
    assert code == 0
    assert out.count("well-formed") == 4
    code, out, err = run("data", "verify", "--data", tmp_path)
    assert code == 4
    assert out.count("missing") == 4
    assert f"minidl data fetch mnist --data {tmp_path}" in err, "what to do"
    assert run("data", "verify", "fashion")[2].rstrip().endswith(": minidl data fetch fashion")
    assert json.loads(run("data", "verify", "--data", tmp_path, "--json")[1])["ok"] is False


def test_data_fetch_without_network_fails_with_the_reason(run: Run, tmp_path: Path) -> None:
    code, out, err = run("data", "fetch", "--data", tmp_path)
    assert code == 4
    assert "Traceback" not in err
    assert out == ""
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


@pytest.mark.slow
def test_a_run_finds_its_data_again(run: Run, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trained with a path that is right only in one folder; used where there is no data, or other data."""
    folder = tmp_path / "run"
    for name in ("project", "elsewhere", "third"):
        (tmp_path / name).mkdir()
    write_data(tmp_path / "project" / "digits")
    write_data(tmp_path / "third" / "digits", test=50)
    monkeypatch.chdir(tmp_path / "project")
    trained = run("train", "--model", f"{tiny}:make", "--data", "digits", "--epochs", 1, "--out", folder)
    assert trained[0] == 0
    assert json.loads((folder / "config.json").read_text())["options"]["data"] == "digits"
    for place in ("elsewhere", "third"):
        monkeypatch.chdir(tmp_path / place)
        code, out, err = run("test", folder)
        assert code == 0, err
        assert out == trained[1].splitlines()[0] + "\n"
        assert run("gradcheck", "--run", folder)[0] == 0
        assert run("train", "--resume", "--out", folder)[0] == 0
    assert json.loads((folder / "config.json").read_text())["options"]["data"] == "digits"
    (tmp_path / "project").rename(tmp_path / "moved")
    monkeypatch.chdir(tmp_path / "elsewhere")
    code, _, err = run("test", folder)
    assert code == 4
    assert f"{tmp_path / 'project' / 'digits'}: has no t10k" in err
    assert run("test", folder, "--data", tmp_path / "moved" / "digits")[0] == 0
    monkeypatch.chdir(tmp_path / "moved")
    assert run("test", folder)[0] == 0
    assert run("train", "--resume", "--out", folder, "--data", "digits")[0] == 0
    assert json.loads((folder / "config.json").read_text())["data"]["folder"] == str(tmp_path / "moved" / "digits")


@pytest.mark.slow
def test_a_run_finds_its_model_s_file_again(
    run: Run, digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trained with a path that is right only in one folder; used in another one."""
    for name in ("project", "elsewhere"):
        (tmp_path / name).mkdir()
    folder = tmp_path / "run"
    monkeypatch.chdir(tmp_path / "project")
    Path("net.py").write_text(TINY)
    trained = run("train", "--model", "net.py:make", "--data", digits, "--epochs", 1, "--out", folder)
    assert trained[0] == 0
    assert json.loads((folder / "config.json").read_text())["options"]["model"] == "net.py:make"
    monkeypatch.chdir(tmp_path / "elsewhere")
    for arguments in (("test", folder), ("summary", folder), ("train", "--resume", "--out", folder)):
        code, out, err = run(*arguments)
        assert code == 0, err
    assert run("test", folder)[1] == trained[1].splitlines()[0] + "\n"
    (tmp_path / "project").rename(tmp_path / "moved")
    code, out, err = run("test", folder)
    assert (code, out) == (4, "")
    assert f"{folder}: this run's model is" in err
    assert "project/net.py:make, but that file is gone; put it back" in err
    monkeypatch.chdir(tmp_path / "moved")
    assert run("test", folder)[0] == 0
    Path("net.py").write_text("other = 1\n")
    code, _, err = run("predict", folder, "photo.png")
    assert code == 4
    assert f"{folder}: this run's model cannot be made" in err
