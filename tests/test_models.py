"""The networks that the command knows, and those in a user's own files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import minidl
from minidl import nn
from minidl.data import DataLoader, TensorDataset
from minidl.errors import ArgumentError, ShapeError
from minidl.models import (
    MLP,
    Lecture,
    LeNet5,
    ModelError,
    ResNet,
    Rows,
    check_model,
    make_model,
    with_whole_path,
)
from minidl.models.summary import summarize
from minidl.random import default_generator
from minidl.training.evaluation import evaluate
from tests.support.compare import assert_close, to_numpy
from tests.support.runs import TINY


class TorchLecture(torch.nn.Module):
    """The lecture's listing, in PyTorch."""

    def __init__(self) -> None:
        super().__init__()
        self.layer1 = torch.nn.Sequential(
            torch.nn.Conv2d(1, 10, kernel_size=5, stride=1, padding=3), torch.nn.ReLU(), torch.nn.MaxPool2d(2, 2)
        )
        self.layer2 = torch.nn.Sequential(
            torch.nn.Conv2d(10, 20, kernel_size=5, stride=1, padding=3), torch.nn.ReLU(), torch.nn.MaxPool2d(2, 2)
        )
        self.fc = torch.nn.Linear(8 * 8 * 20, 10, bias=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.layer2(self.layer1(x))
        return self.fc(out.view(out.size(0), -1))


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).random((3, 1, 28, 28), np.float32)


def test_the_lecture_network_is_the_lecture_s(images: np.ndarray) -> None:
    ours, theirs = Lecture(), TorchLecture()
    ours.load_state_dict({name: minidl.tensor(value.numpy()) for name, value in theirs.state_dict().items()})
    assert_close(ours(minidl.tensor(images)), theirs(torch.tensor(images)))


@pytest.mark.parametrize(
    ("name", "kind", "parameters"),
    [
        ("lecture", Lecture, 18_090),
        ("mlp", MLP, 669_706),
        ("lenet", LeNet5, 61_706),
        ("lstm", Rows, 82_186),
        ("gru", Rows, 61_962),
        ("rnn", Rows, 21_514),
        ("resnet18", ResNet, 11_175_370),
    ],
)
def test_sizes_and_shapes(name: str, kind: type[nn.Module], parameters: int, images: np.ndarray) -> None:
    model = make_model(name)
    assert type(model) is kind
    assert sum(to_numpy(p).size for p in model.parameters()) == parameters
    assert model(minidl.tensor(images)).shape == (3, 10)
    assert make_model(name, 47)(minidl.tensor(images)).shape == (3, 47)


def test_xavier_on_the_last_layer() -> None:
    bound = np.sqrt(6 / (1280 + 10))
    weight = to_numpy(Lecture().fc.weight)
    assert bound * 0.98 < np.abs(weight).max() <= bound


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.py"
    path.write_text(TINY)
    return path


def test_a_class_or_a_function_of_the_user_s(tiny: Path, images: np.ndarray) -> None:
    assert type(make_model(f"{tiny}:Tiny")).__name__ == "Tiny"
    assert make_model(f"{tiny}:make")(minidl.tensor(images)).shape == (3, 10)


def test_the_file_may_import_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "neighbour_of_mine.py").write_text("from minidl import nn\nclass Net(nn.Flatten): pass\n")
    (tmp_path / "mine.py").write_text("from neighbour_of_mine import Net\n")
    assert type(make_model(f"{tmp_path / 'mine.py'}:Net")).__name__ == "Net"


def test_what_is_wrong_with_a_file_is_said_in_one_line(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="there is no model 'lectrue'; use one of lecture, mlp, lenet"):
        make_model("lectrue")
    with pytest.raises(ArgumentError, match="--model gpt: it reads text, and the data here are images"):
        make_model("gpt")
    with pytest.raises(ArgumentError, match="there is no file"):
        make_model(f"{tmp_path / 'none.py'}:Net")
    with pytest.raises(ArgumentError, match=r"has no 'Net'; it has Tiny, .*make"):
        make_model(f"{tiny}:Net")
    with pytest.raises(ModelError, match=r"gave an object of class int; expected a minidl\.nn\.Module"):
        make_model(f"{tiny}:make_nothing")
    (tmp_path / "typo.py").write_text("import minidl\nclass Net(minidl.nn.Modul):\n    pass\n")
    with pytest.raises(ModelError, match=r"typo\.py, line 2: AttributeError"):
        make_model(f"{tmp_path / 'typo.py'}:Net")
    (tmp_path / "syntax.py").write_text("class Net(:\n")
    with pytest.raises(ModelError, match=r"syntax\.py, line 1: SyntaxError"):
        make_model(f"{tmp_path / 'syntax.py'}:Net")


def test_a_model_that_does_not_fit_is_found_before_training(tiny: Path, images: np.ndarray) -> None:
    x = minidl.tensor(images)
    with pytest.raises(ShapeError, match=r"fc \(Linear\).*784.*640"):
        check_model(f"{tiny}:Wrong", make_model(f"{tiny}:Wrong"), x, 10)
    with pytest.raises(ShapeError, match=r"gave \(3, 5\).*10 classes"):
        check_model(f"{tiny}:Five", make_model(f"{tiny}:Five"), x, 10)
    with pytest.raises(ModelError, match=r"tiny\.py, line \d+: AttributeError.*does_not_exist"):
        check_model(f"{tiny}:Broken", make_model(f"{tiny}:Broken"), x, 10)


def test_checking_changes_nothing(tiny: Path, images: np.ndarray) -> None:
    model = make_model(f"{tiny}:Tiny")
    before = {name: to_numpy(value) for name, value in model.state_dict().items()}
    random = default_generator.get_state()
    check_model(f"{tiny}:Tiny", model, minidl.tensor(images), 10)
    assert default_generator.get_state() == random
    assert model.training
    assert all(np.array_equal(before[name], to_numpy(value)) for name, value in model.state_dict().items())


def test_summary_counts_what_pytorch_s_shapes_imply() -> None:
    found = summarize(Lecture(), (2, 1, 28, 28))
    costs = {layer.name: (layer.output, layer.parameters, layer.multiply_adds) for layer in found.layers}
    assert costs["layer1.0"] == ((2, 10, 30, 30), 260, 2 * 10 * 30 * 30 * 25)
    assert costs["layer2.0"] == ((2, 20, 17, 17), 5020, 2 * 20 * 17 * 17 * 250)
    assert costs["fc"] == ((2, 10), 12_810, 2 * 10 * 1280)
    assert found.parameters == 18_090
    assert found.parameter_memory == 4 * 18_090
    assert found.multiply_adds == sum(cost for _, _, cost in costs.values())
    assert costs["layer1.1"] == ((2, 10, 30, 30), 0, 0)


def test_summary_sees_what_a_module_computes_itself() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(6, 4)
            self.w = nn.Parameter(minidl.tensor(np.ones((4, 3), np.float32)))

        def forward(self, x: minidl.Tensor) -> minidl.Tensor:
            return self.inner(x) @ self.w

    found = {layer.name: layer for layer in summarize(Net(), (5, 6)).layers}
    assert found["inner"].multiply_adds == 5 * 6 * 4
    assert found[""].multiply_adds == 5 * 4 * 3
    assert found[""].parameters == 12
    transposed = summarize(nn.ConvTranspose2d(2, 3, 4, stride=2), (1, 2, 5, 5))
    assert transposed.multiply_adds == 2 * 5 * 5 * 3 * 16
    grouped = summarize(nn.Conv2d(4, 8, 3, groups=2), (1, 4, 5, 5))
    assert grouped.multiply_adds == 8 * 3 * 3 * 2 * 9


def test_a_name_that_makes_no_model_is_told_apart(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text("from minidl import nn\nnet = nn.Flatten()\nseven = 7\n")
    with pytest.raises(ArgumentError, match=r"net\.py:net: net is an object of class Flatten; name a Module class"):
        make_model(f"{file}:net")
    with pytest.raises(ArgumentError, match=r"seven is an object of class int"):
        make_model(f"{file}:seven")
    with pytest.raises(ArgumentError, match=r"net\.py: the class is missing; write .*net\.py:NAME"):
        make_model(str(file))


def test_a_model_made_with_pytorch_is_recognised(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    file = tmp_path / "net.py"
    file.write_text("from torch import nn\nclass A(nn.Module):\n    pass\n")
    with pytest.raises(ModelError, match=r"gave a model made with PyTorch \(A\); in net\.py import minidl"):
        make_model(f"{file}:A")


def test_the_whole_path_means_the_same_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert with_whole_path("../net.py:Net") == f"{tmp_path.parent.resolve() / 'net.py'}:Net"
    assert with_whole_path("lecture") == "lecture"


@pytest.mark.parametrize("name", ["lecture", "mlp", "lenet", "lstm", "gru", "rnn"])
@pytest.mark.parametrize(
    ("shape", "kind"), [((1, 32, 32), "grey ones of 32x32"), ((3, 28, 28), "colour ones of 28x28")], ids=str
)
def test_images_that_a_built_in_model_cannot_take(name, shape, kind):
    with pytest.raises(ShapeError, match=f"model {name}: takes grey images of 28x28, and these are {kind}") as raised:
        check_model(name, make_model(name), minidl.zeros(2, *shape), 10)
    assert "FILE.py:NAME" in str(raised.value)
    assert "in_features" not in str(raised.value), "which is not for who gives a command to change"


@pytest.mark.parametrize("run", [
    lambda model, images: evaluate(model, DataLoader(TensorDataset(images, minidl.zeros(4).long()), 2)),
    lambda model, images: check_model("a model", model, images, 10),
    lambda model, images: summarize(model, (2, 1, 28, 28)),
], ids=["evaluate", "check_model", "summarize"])  # fmt: skip
def test_a_frozen_layer_stays_frozen(run: Any) -> None:
    """Evaluating a model leaves each of its modules in its own mode, not all in that of the model."""
    model = nn.Sequential(nn.Flatten(), nn.Dropout(), nn.Linear(784, 10), nn.BatchNorm1d(10).eval())
    run(model, minidl.rand(4, 1, 28, 28))
    assert [layer.training for layer in model] == [True, True, True, False] and model.training
