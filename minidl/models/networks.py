"""The networks that the command knows by name, and how it finds one in a user's own file."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import nn
from ..engine.grad_mode import no_grad
from ..engine.tensor import Tensor
from ..errors import MinidlError, ShapeError
from ..nn import functional as F
from ..nn.evaluating import evaluating
from ..random import default_generator
from .resnet import resnet18
from .rows import Rows
from .user_file import ModelError, UnknownModelError, call, run_file


class Lecture(nn.Module):
    """The lecture's CNN: two convolutions with pooling, one linear layer. (N, 1, 28, 28) -> (N, classes).

    18,090 parameters: 260 + 5,020 + 12,810.
    """

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        # (N, 1, 28, 28) -> conv (N, 10, 30, 30) -> pool (N, 10, 15, 15)
        self.layer1 = nn.Sequential(
            nn.Conv2d(1, 10, kernel_size=5, stride=1, padding=3), nn.ReLU(), nn.MaxPool2d(kernel_size=2, stride=2)
        )
        # (N, 10, 15, 15) -> conv (N, 20, 17, 17) -> pool (N, 20, 8, 8)
        self.layer2 = nn.Sequential(
            nn.Conv2d(10, 20, kernel_size=5, stride=1, padding=3), nn.ReLU(), nn.MaxPool2d(kernel_size=2, stride=2)
        )
        self.fc = nn.Linear(8 * 8 * 20, classes, bias=True)
        nn.init.xavier_uniform_(self.fc.weight)

    def forward(self, x: Tensor) -> Tensor:
        out = self.layer2(self.layer1(x))
        return self.fc(out.flatten(1))  # (N, 20, 8, 8) -> (N, 1280) -> (N, classes)


class MLP(nn.Module):
    """A multi-layer perceptron, 784-512-512-10. (N, 1, 28, 28) -> (N, classes)."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.flatten = nn.Flatten()
        self.fc1 = nn.Linear(784, 512)
        self.fc2 = nn.Linear(512, 512)
        self.fc3 = nn.Linear(512, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.fc1(self.flatten(x)))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


class LeNet5(nn.Module):
    """LeNet-5 with its tanh and average pooling. (N, 1, 28, 28) -> (N, classes).

    As in LeCun et al., "Gradient-based learning applied to document recognition", 1998, figure 2, but: the second
    convolution sees all six maps, pooling has no weights, and the outputs are scores for a softmax.
    """

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, kernel_size=5, padding=2)  # -> (N, 6, 28, 28)
        self.conv2 = nn.Conv2d(6, 16, kernel_size=5)  # (N, 6, 14, 14) -> (N, 16, 10, 10)
        self.pool = nn.AvgPool2d(2)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.conv1(x).tanh())
        x = self.pool(self.conv2(x).tanh())
        x = self.fc1(x.flatten(1)).tanh()  # (N, 16, 5, 5) -> (N, 400)
        return self.fc3(self.fc2(x).tanh())


def _rows(kind: type[nn.LSTM | nn.GRU | nn.RNN]) -> Callable[[int], nn.Module]:
    return lambda classes: Rows(classes, kind)


MODELS: dict[str, Callable[[int], nn.Module]] = {
    "lecture": Lecture,
    "mlp": MLP,
    "lenet": LeNet5,
    "lstm": _rows(nn.LSTM),
    "gru": _rows(nn.GRU),
    "rnn": _rows(nn.RNN),
    "resnet18": lambda classes: resnet18(num_classes=classes, channels=1),
}
OF_TEXT = ("gpt", "charlstm")  # models that read text


def make_model(name: str, classes: int = 10) -> nn.Module:
    """A new model: a name in `MODELS`, or FILE.py:NAME, where NAME() gives a `Module`.

    Raises `UnknownModelError` for an unknown name or file, `ModelError` if the user's code fails.
    """
    return find_model(name)(classes)


@dataclass(frozen=True)
class Maker:
    """Makes the model `name` for a number of classes; `files`: the SHA-256 of each user's file that was run."""

    name: str
    make: Callable[[int], nn.Module]
    files: dict[str, str] = field(default_factory=dict)

    def __call__(self, classes: int) -> nn.Module:
        return self.make(classes)


def find_model(name: str, allowed: Collection[str] | None = None) -> Maker:
    """The maker of the model `name`; the user's file is run, but no model is made yet.

    With `allowed`, only files with these SHA-256 are run. Raises as `make_model`.
    """
    if name in MODELS:
        return Maker(name, MODELS[name])
    if name in OF_TEXT:
        raise UnknownModelError(
            f"--model {name}: it reads text, and the data here are images; examples/gpt_on_text.py trains it; for "
            f"images, use one of {', '.join(MODELS)}"
        )
    path, colon, attribute = name.rpartition(":")
    if name.endswith(".py"):
        raise UnknownModelError(f"--model {name}: the class is missing; write {name}:NAME, NAME a Module class in it")
    if not (colon and path.endswith(".py")):
        raise UnknownModelError(f"there is no model {name!r}; use one of {', '.join(MODELS)}, or FILE.py:NAME")
    maker, files = run_file(Path(path), attribute, allowed)
    if isinstance(maker, nn.Module) or not callable(maker):
        raise UnknownModelError(
            f"--model {name}: {attribute} is an object of class {type(maker).__name__}; name a Module class, or a "
            "function that makes the model, so that each run starts from new weights"
        )
    return Maker(name, lambda classes: _made(name, Path(path), maker), files)


def _made(name: str, path: Path, maker: Callable[[], Any]) -> nn.Module:
    """The model that the user's class or function makes; it decides itself how many classes there are."""
    model = call(maker, path)
    if isinstance(model, nn.Module):
        return model
    kind = type(model)
    if any(base.__module__.split(".")[0] == "torch" for base in kind.__mro__):
        raise ModelError(
            f"{name}: gave a model made with PyTorch ({kind.__name__}); in {path.name} import minidl instead of "
            "torch: `import minidl` and `from minidl import nn`"
        )
    raise ModelError(f"{name}: gave an object of class {kind.__name__}; expected a minidl.nn.Module")


def source_file(name: str) -> Path | None:
    """The file of a model FILE.py:NAME; None for a built-in one."""
    path, _, _ = name.rpartition(":")
    return None if name in MODELS or not path else Path(path)


def with_whole_path(name: str) -> str:
    """FILE.py:NAME with the file's absolute path, valid from every folder; a built-in name as it is."""
    path = source_file(name)
    return name if path is None else f"{path.resolve()}:{name.rpartition(':')[2]}"


def check_model(name: str, model: nn.Module, images: Tensor, classes: int) -> None:
    """Check that `model` turns images `(N, C, H, W)` into scores `(N, classes)`, before anything else is done.

    Nothing is changed: it runs in evaluation mode, and the random stream is restored.
    """
    state, path = default_generator.get_state(), source_file(name)
    with no_grad(), evaluating(model):
        scores = _scores(name, model, images) if path is None else call(lambda: model(images), path)
    default_generator.set_state(state)
    if not isinstance(scores, Tensor) or scores.shape != (images.shape[0], classes):
        found = scores.shape if isinstance(scores, Tensor) else type(scores).__name__
        raise ShapeError(
            f"model {name}: gave {found} for images of shape {images.shape}; expected one score for each of the "
            f"{classes} classes, {(images.shape[0], classes)}"
        )


def _scores(name: str, model: nn.Module, images: Tensor) -> Tensor:
    """The scores of a built-in model. `ShapeError` for images it is not made for, worded for whoever gave the files."""
    try:
        return model(images)
    except MinidlError as error:
        _, channels, height, width = images.shape
        if (channels, height, width) == (1, 28, 28):
            raise
        kind = {1: "grey", 3: "colour"}.get(channels, f"{channels}-channel")
        raise ShapeError(
            f"model {name}: takes grey images of 28x28, and these are {kind} ones of {height}x{width}; bring the files "
            f"to 28x28 grey, or write a model for them: --model FILE.py:NAME"
        ) from error
