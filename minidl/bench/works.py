"""The networks that are timed, written once for both libraries: each function gets `T`, minidl or torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

FLOAT = 4  # bytes


@dataclass(frozen=True)
class Work:
    """A network, its batch, and its bar.

    Attributes:
        model: makes the network from `T`.
        image: shape of one input; `classes`: of its labels, or None for one number to fit (mean square).
        bar, aim: the largest accepted ratio of minidl's time to PyTorch's, and the desired one.
        must_keep: bytes per image that a training step has to keep from forward to backward: the inputs of every layer
            with weights, what a smooth activation or a norm needs, a byte per pooled value for its maximum's position.
        inference: forward only, nothing recorded.
        suite: the suite that measures it.
    """

    name: str
    title: str
    model: Callable[[Any], Any]
    image: tuple[int, ...]
    classes: int | None
    batch: int
    bar: float
    aim: float
    must_keep: int = 0
    inference: bool = False
    suite: str = "lecture"

    @property
    def has_images(self) -> bool:
        """Whether the input is (N, C, H, W), so that the order in memory can be chosen."""
        return len(self.image) == 3


def lecture(T: Any) -> Any:
    """The lecture's CNN: (N, 1, 28, 28) -> (N, 10)."""
    nn = T.nn
    return nn.Sequential(
        nn.Conv2d(1, 10, kernel_size=5, stride=1, padding=3), nn.ReLU(), nn.MaxPool2d(2, 2),  # (N, 10, 15, 15)
        nn.Conv2d(10, 20, kernel_size=5, stride=1, padding=3), nn.ReLU(), nn.MaxPool2d(2, 2),  # (N, 20, 8, 8)
        nn.Flatten(), nn.Linear(1280, 10),
    )  # fmt: skip


def mlp(T: Any) -> Any:
    """784-512-512-10."""
    nn = T.nn
    return nn.Sequential(
        nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)
    )


def lenet(T: Any) -> Any:
    """LeNet-5: (N, 1, 28, 28) -> (N, 10)."""
    nn = T.nn
    return nn.Sequential(
        nn.Conv2d(1, 6, kernel_size=5, padding=2), nn.Tanh(), nn.AvgPool2d(2),  # (N, 6, 14, 14)
        nn.Conv2d(6, 16, kernel_size=5), nn.Tanh(), nn.AvgPool2d(2),  # (N, 16, 5, 5)
        nn.Flatten(), nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
    )  # fmt: skip


def vgg_block(T: Any) -> Any:
    """64 -> 64 channels, 3x3, twice, with batch norm, ReLU, and a pool, then a mean: (N, 64, 32, 32) -> (N, 10)."""
    nn = T.nn
    return nn.Sequential(
        nn.Conv2d(64, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(),
        nn.Conv2d(64, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(),
        nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip


def tiny(T: Any) -> Any:
    """2-16-16-1: so little arithmetic that only the engine itself is timed."""
    nn = T.nn
    return nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 1))


def recurrent(kind: str) -> Callable[[Any], Any]:
    """An LSTM or a GRU of 128 that reads 28 steps of 28, and a linear layer: (N, 28, 28) -> (N, 10)."""

    def make(T: Any) -> Any:
        class Rows(T.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.rnn = getattr(T.nn, kind)(28, 128, batch_first=True)
                self.fc = T.nn.Linear(128, 10)

            def forward(self, x: Any) -> Any:
                return self.fc(self.rnn(x)[0][:, -1])

        return Rows()

    return make


def transformer(T: Any) -> Any:
    """Two encoder layers of width 128 with 4 heads, the mean over 64 steps, a linear layer: (N, 64, 128) -> (N, 10)."""

    class Reader(T.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            layer = T.nn.TransformerEncoderLayer(128, 4, 512, dropout=0.0, batch_first=True)
            self.encoder = T.nn.TransformerEncoder(layer, 2)
            self.fc = T.nn.Linear(128, 10)

        def forward(self, x: Any) -> Any:
            return self.fc(self.encoder(x).mean(1))

    return Reader()


MNIST = (1, 28, 28)
# image, input of the second convolution, input of the linear layer, scores; and the positions of the maxima
LECTURE_KEEPS = FLOAT * (784 + 10 * 15 * 15 + 1280 + 10) + (10 * 15 * 15 + 1280)
MLP_KEEPS = FLOAT * (784 + 512 + 512 + 10)
# image, tanh, pooled, tanh, pooled, tanh, tanh, scores
LENET_KEEPS = FLOAT * (784 + 6 * 784 + 6 * 196 + 16 * 100 + 400 + 120 + 84 + 10)
# image, conv, ReLU, conv, each 64 x 32 x 32; the positions of the maxima and the mean; scores
VGG_KEEPS = FLOAT * (4 * 65536 + 64 + 10) + 16384
TINY_KEEPS = FLOAT * (2 + 16 + 16 + 1)
# per step: input, four gates, c, tanh c, h; three gates, their part from h, h
LSTM_KEEPS = FLOAT * 28 * (28 + 7 * 128)
GRU_KEEPS = FLOAT * 28 * (28 + 5 * 128)
# per step and layer: input, q, k, v, their mix, two norms, hidden, their input
TRANSFORMER_KEEPS = FLOAT * 64 * 2 * (128 + 3 * 128 + 128 + 2 * 128 + 512 + 128)

WORKS = {
    work.name: work
    for work in (
        Work("lecture-100", "lecture CNN, batch 100", lecture, MNIST, 10, 100, 1.0, 0.6, LECTURE_KEEPS),
        Work("lecture-32", "lecture CNN, batch 32", lecture, MNIST, 10, 32, 1.0, 0.6, LECTURE_KEEPS),
        Work("lecture-500", "lecture CNN, batch 500", lecture, MNIST, 10, 500, 1.0, 0.6, LECTURE_KEEPS),
        Work("mlp-128", "MLP 784-512-512-10, batch 128", mlp, MNIST, 10, 128, 1.0, 0.8, MLP_KEEPS),
        Work("lenet-128", "LeNet-5, batch 128", lenet, MNIST, 10, 128, 1.0, 0.7, LENET_KEEPS),
        Work("vgg-32", "VGG-like block, batch 32", vgg_block, (64, 32, 32), 10, 32, 1.5, 1.0, VGG_KEEPS),
        Work("tiny-4", "tiny net 2-16-16-1, batch 4", tiny, (2,), None, 4, 0.7, 0.4, TINY_KEEPS),
        Work("inference-1", "lecture CNN, inference, batch 1", lecture, MNIST, 10, 1, 1.0, 0.6, inference=True),
        Work(
            "inference-1000", "lecture CNN, inference, batch 1000", lecture, MNIST, 10, 1000, 1.0, 0.6, inference=True
        ),
        Work(
            "lstm-100",
            "LSTM 28 to 128, 28 steps, batch 100",
            recurrent("LSTM"),
            (28, 28),
            10,
            100,
            1.5,
            1.0,
            LSTM_KEEPS,
            suite="sequence",
        ),
        Work(
            "gru-100",
            "GRU 28 to 128, 28 steps, batch 100",
            recurrent("GRU"),
            (28, 28),
            10,
            100,
            1.5,
            1.0,
            GRU_KEEPS,
            suite="sequence",
        ),
        Work(
            "transformer-32",
            "Transformer, 2 layers of 128, 64 steps, batch 32",
            transformer,
            (64, 128),
            10,
            32,
            1.3,
            1.0,
            TRANSFORMER_KEEPS,
            suite="sequence",
        ),
    )
}
