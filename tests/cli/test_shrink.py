"""`minidl shrink`: a run made smaller is a run again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from minidl.errors import CheckpointError
from minidl.training.measure import costs
from minidl.training.run import RunFolder
from minidl.training.shrink import Wishes
from tests.support.packages import judge
from tests.support.runs import minidl_command, sample

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
def lecture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lecture's CNN, trained on 2,000 digits of the bundled sample; tested on its 2,000 others."""
    folder = tmp_path_factory.mktemp("lecture") / "run"
    done = minidl_command("train", "--limit", 2000, "--epochs", 2, "--out", folder)
    assert done.returncode == 0, done.stderr
    return folder


def shrunk(run: Run, *words: object) -> dict:
    code, out, err = run("shrink", *words, "--json")
    assert code == 0, err
    return json.loads(out)


@pytest.mark.slow
def test_the_lectures_cnn_in_integers(run: Run, lecture: Path, tmp_path: Path) -> None:
    """At least 3.5 times smaller, at most 0.3 points lost; then it is tested, predicts, and is exported."""
    target = tmp_path / "r8"
    found = shrunk(run, lecture, "--int8", "-o", target)
    before, after = found["before"], found["after"]
    assert before["bytes"] >= 3.5 * after["bytes"]
    assert after["accuracy"] >= before["accuracy"] - 0.003
    assert before["accuracy"] == json.loads((lecture / "metrics.json").read_text())["test_accuracy"]
    assert before["multiply_adds"] == after["multiply_adds"] == 1_682_800
    tested = json.loads(run("test", target, "--json")[1])
    assert (tested["test_accuracy"], tested["images"]) == (after["accuracy"], 2000)
    image = tmp_path / "digit.png"
    digit, label = (part[0] for part in sample(False, 1))
    cv2.imwrite(str(image), 255 - cv2.resize(digit, (112, 112)))
    answers = [json.loads(run("predict", folder, image, "--json")[1])[0]["answer"] for folder in (lecture, target)]
    assert answers == [str(label)] * 2
    layers = json.loads(run("summary", target, "--json")[1])
    assert layers["weights"] == after["bytes"] and layers["multiply_adds"] == after["multiply_adds"]
    assert cv2.imread(str(target / "shrink.png")).std() > 5
    onnxruntime = judge("onnxruntime")
    assert run("export", target, "-o", tmp_path / "r8.onnx")[0] == 0
    options = onnxruntime.SessionOptions()  # its fused kernels saturate on processors without VNNI
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(tmp_path / "r8.onnx", options)
    images, labels = sample(False, 2000)
    (scores,) = session.run(None, {"images": images.reshape(-1, 1, 28, 28).astype(np.float32) / 255})
    assert abs((scores.argmax(1) == labels).mean() - after["accuracy"]) <= 0.001


@pytest.mark.slow
def test_every_other_way(run: Run, lecture: Path, tmp_path: Path) -> None:
    """Layers really smaller, taught by the network that they came from; then integers on top, from folder to folder."""
    small = shrunk(run, lecture, "--prune-units", 0.5, "--distill", lecture, "--epochs", 2, "-o", tmp_path / "small")
    assert small["before"]["multiply_adds"] > 2.5 * small["after"]["multiply_adds"]
    assert small["before"]["bytes"] > 2 * small["after"]["bytes"]
    assert small["after"]["accuracy"] > small["before"]["accuracy"] - 0.05
    sparse = shrunk(run, lecture, "--prune", 0.5, "--epochs", 1, "-o", tmp_path / "sparse")
    assert sparse["after"]["zeros"] == pytest.approx(0.5, abs=0.01)  # also after training
    assert sparse["after"]["bytes"] == sparse["before"]["bytes"]
    assert sparse["after"]["accuracy"] > sparse["before"]["accuracy"] - 0.03
    both = shrunk(run, tmp_path / "small", "--low-rank", 0.9, "--int8", "--per-tensor", "-o", tmp_path / "both")
    assert small["after"]["bytes"] > 3 * both["after"]["bytes"]
    tested = json.loads(run("test", tmp_path / "both", "--json")[1])
    assert tested["test_accuracy"] == both["after"]["accuracy"]
    kinds = [step["becomes"] for step in json.loads((tmp_path / "both" / "config.json").read_text())["shrunk"]]
    assert kinds[:4] == ["resized"] * 4 and kinds[4:] == ["low rank", *["int8"] * 4]


def test_a_users_own_model(run: Run, trained: Path, tmp_path: Path) -> None:
    """Folded and in integers; the table names what was measured."""
    code, out, err = run("shrink", trained, "--fold", "--int8", "-o", tmp_path / "s")
    assert (code, err) == (0, "")
    titles = [line.split("  ")[0] for line in out.splitlines()]
    assert titles[1:7] == [
        "bytes of weights",
        "weights that are 0",
        "multiply-adds per image",
        "milliseconds per image",
        "memory at the peak",
        "test accuracy",
    ]
    assert out.splitlines()[-1] == f"written to {tmp_path / 's'}"
    model = RunFolder(tmp_path / "s").load_model()
    assert [type(part).__name__ for part in model.children()] == [
        "QuantizedConv2d",
        "Identity",
        "Dropout",
        "QuantizedLinear",
    ]


def test_wrong_words(run: Run, trained: Path, tmp_path: Path) -> None:
    target = tmp_path / "t"
    for words, message in [
        ((), "nothing is asked for; give at least one of --int8, --prune SHARE"),
        (("--prune", "1"), "--prune must be a share between 0 and 1, such as 0.5; got 1"),
        (("--prune-units", "0"), "--prune-units must be a share"),
        (("--low-rank", "nan"), "--low-rank must be a share"),
        (("--prune", "0.5", "--per-tensor"), "--per-tensor is about --int8"),
        (("--int8", "--lr", "0.1"), "--lr is of training"),
        (("--int8", "--lr", "-1", "--epochs", "1"), "--lr must be above 0"),
        (("--int8", "--epochs", "-1"), "--epochs must be 0 to 1000"),
        (("--distill", trained, "--epochs", 0), "--distill trains"),
        (("--low-rank", "0.999999"), "two narrow layers would be larger"),
        (("--prune", "lots"), "must be a number"),
    ]:
        code, out, err = run("shrink", trained, *words, "-o", target)
        assert (code, out) == (2, ""), (words, err)
        assert message in err, (words, err)
        assert not target.exists()
    assert run("shrink", trained, "--int8", "-o", trained)[0] == 2  # holds a run already
    assert run("shrink", tmp_path, "--int8", "-o", target)[0] == 4
    assert run("shrink", trained, "--distill", tmp_path, "-o", target)[0] == 4


def test_a_run_that_was_shrunk_is_not_resumed(run: Run, trained: Path, tmp_path: Path) -> None:
    shrunk(run, trained, "--fold", "-o", tmp_path / "s")
    code, _, err = run("train", "--resume", "--out", tmp_path / "s")
    assert code == 2
    assert f"was made smaller by minidl shrink and cannot be resumed; resume {trained}" in " ".join(err.split())


def test_forged_steps_are_refused(run: Run, trained: Path, tmp_path: Path) -> None:
    shrunk(run, trained, "--fold", "-o", tmp_path / "s")
    path = tmp_path / "s" / "config.json"
    config = json.loads(path.read_text())
    for steps, message in [
        ("x", "shrunk must be a list of the steps of minidl shrink"),
        ([{"module": "none", "becomes": "identity"}], "has no module 'none'"),
        (None, "of another model"),
    ]:
        path.write_text(json.dumps(config | {"shrunk": steps}))
        with pytest.raises(CheckpointError, match=message):
            RunFolder(tmp_path / "s").load_model()
        assert run("test", tmp_path / "s")[0] == 4


def test_the_order_and_the_epochs_of_wishes() -> None:
    assert [Wishes(int8=True).trained, Wishes(distill="x").trained, Wishes(distill="x", epochs=3).trained] == [0, 1, 3]


def test_the_peak_of_memory_is_that_of_numpy() -> None:
    """A layer that makes one large array needs its bytes at least, and not many more."""
    import minidl
    from minidl import nn
    from minidl.training.evaluation import Evaluation

    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 250_000, bias=False)).eval()
    found = costs([model], minidl.ones(1, 1, 2, 2), [Evaluation(0.0, 1.0, np.zeros((1, 1)), np.zeros(1))])[0]
    assert 1_000_000 <= found.memory < 1_200_000
    assert (found.bytes, found.multiply_adds) == (4_000_000, 1_000_000)
    assert 0 < found.milliseconds < 1000 and found.zeros == 0
