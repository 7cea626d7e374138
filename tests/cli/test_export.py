"""`minidl export`: a run as a file for other programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import minidl
from minidl.training.run import RunFolder
from tests.support.packages import judge
from tests.support.runs import sample

Run = Callable[..., tuple[int, str, str]]


def test_weights_for_others(run: Run, trained: Path, tmp_path: Path) -> None:
    weights = RunFolder(trained).load_state("model")["model"]
    for name, load in (("w.pt", torch.load), ("w.safetensors", minidl.load_safetensors)):
        code, out, err = run("export", trained, "-o", tmp_path / name)
        assert (code, err) == (0, "")
        assert out.startswith(f"{tmp_path / name}: {(tmp_path / name).stat().st_size:,} bytes, ")
        found = load(tmp_path / name)
        assert list(found) == list(weights)
        assert all(found[key].tolist() == weights[key].tolist() for key in weights)


def test_a_network_for_onnxruntime(run: Run, trained: Path, tmp_path: Path) -> None:
    onnxruntime = judge("onnxruntime")
    path = tmp_path / "run.onnx"
    code, out, err = run("export", trained, "-o", path, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {"run": str(trained), "file": str(path), "bytes": path.stat().st_size}
    images, labels = sample(False, 200)
    x = np.stack(images).reshape(-1, 1, 28, 28).astype(np.float32) / 255
    session = onnxruntime.InferenceSession(path)
    (scores,) = session.run(["scores"], {"images": x})
    with minidl.no_grad():
        ours = RunFolder(trained).load_model()(minidl.tensor(x)).numpy()
    np.testing.assert_allclose(scores, ours, rtol=0, atol=1e-5 * np.abs(ours).max())
    accuracy = json.loads((trained / "metrics.json").read_text())["test_accuracy"]
    assert (scores.argmax(1) == np.asarray(labels)).mean() == pytest.approx(accuracy)
    assert run("export", trained, "-o", path, "--batch-size", 3)[0] == 0
    assert onnxruntime.InferenceSession(path).get_inputs()[0].shape == [3, 1, 28, 28]


def test_wrong_words(run: Run, trained: Path, tmp_path: Path) -> None:
    for words, message in [
        (("-o", tmp_path / "a.txt"), r"its name, which must end in .onnx, .safetensors, .pt"),
        (("-o", tmp_path / "a.pt", "--batch-size", 3), r"--batch-size 3: only an ONNX file has one"),
        (("-o", tmp_path / "a.onnx", "--batch-size", 0), r"--batch-size 0: it must be at least 1"),
        ((), "-o/--out"),
    ]:
        code, out, err = run("export", trained, *words)
        assert (code, out) == (2, "")
        assert message in err
    assert run("export", tmp_path, "-o", tmp_path / "a.pt")[0] == 4
    assert run("export", trained, "-o", tmp_path / "none" / "a.pt")[0] == 1
    assert list(tmp_path.glob("a.*")) == []


def test_without_the_package_the_command_says_what_to_install(
    run: Run, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    code, _, err = run("export", trained, "-o", tmp_path / "a.onnx")
    assert code == 1
    assert "ONNX files need the package onnx; install it with pip install 'minidl[export]'" in err
