"""Ordinary models and expressions, and cases that mislead a judge of gradients: ties, dead units, saturation.

Each specimen is a model, its input and its loss, made anew for each test.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

import minidl
from minidl import Tensor, nn
from minidl.nn import functional as F

Loss = Callable[[Tensor], Tensor]
ROWS, CLASSES = 4, 3
LABELS = np.array([0, 2, 1, 0])


@dataclass(frozen=True)
class Specimen:
    """A model, what goes in, and the loss of what comes out."""

    model: nn.Module
    input: Tensor
    loss: Loss

    def run(self) -> Tensor:
        """The loss of one pass."""
        return self.loss(self.model(self.input))


class Expression(nn.Module):
    """A formula of parameters and the input."""

    def __init__(self, formula: Callable[..., Tensor], *values: Any, dtype: Any = minidl.float32) -> None:
        super().__init__()
        for name, value in zip("abcd", values):
            self.register_parameter(name, nn.Parameter(minidl.tensor(np.array(value, float), dtype=dtype)))
        self.formula, self.names = formula, "abcd"[: len(values)]

    def forward(self, x: Tensor) -> Tensor:
        return self.formula(x, *(getattr(self, name) for name in self.names))


class Wrapped(nn.Module):
    """A stack of layers with a formula in it."""

    def __init__(self, formula: Callable[[nn.Module, Tensor], Tensor], **layers: Any) -> None:
        super().__init__()
        for name, layer in layers.items():
            setattr(self, name, layer)
        self.formula = formula

    def forward(self, x: Tensor) -> Tensor:
        return self.formula(self, x)


def cross_entropy(scores: Tensor) -> Tensor:
    return F.cross_entropy(scores, minidl.tensor(LABELS[: len(scores)]))


def total(z: Tensor) -> Tensor:
    return z.sum() if z.ndim else z


def rows(width: int = 5, count: int = ROWS, dtype: Any = minidl.float32) -> Tensor:
    return minidl.randn(count, width, dtype=dtype).requires_grad_()


def images(channels: int = 1, size: int = 6, count: int = 2) -> Tensor:
    return minidl.rand(count, channels, size, size).requires_grad_()


def mlp(activation: nn.Module, bias: bool = True, width: int = 6) -> nn.Sequential:
    return nn.Sequential(nn.Linear(5, width, bias), activation, nn.Linear(width, CLASSES, bias))


def scaled(model: nn.Module, factor: float, shift: float = 0.0) -> nn.Module:
    with minidl.no_grad():
        for name, parameter in model.named_parameters():
            parameter *= factor
            if name.endswith("bias"):
                parameter += shift
    return model


def trained(model: nn.Module, x: Tensor, loss: Loss, below: float = 1e-6, lr: float = 0.1) -> Specimen:
    optimizer = minidl.optim.Adam(model.parameters(), lr=lr)
    for _ in range(3000):
        optimizer.zero_grad()
        found = loss(model(x.detach()))
        if found.item() < below:
            break
        found.backward()
        optimizer.step()
    assert found.item() < below, found.item()
    optimizer.zero_grad()
    return Specimen(model, x, loss)


def classifier(model: nn.Module, x: Tensor | None = None) -> Specimen:
    return Specimen(model, rows() if x is None else x, cross_entropy)


def expression(formula: Callable[..., Tensor], *values: Any, x: Any = 1.0, dtype: Any = minidl.float32) -> Specimen:
    model = Expression(formula, *values, dtype=dtype)
    return Specimen(model, minidl.tensor(np.array(x, float), dtype=dtype).requires_grad_(), total)


def cnn(*inner: nn.Module, channels: int = 2, size: int = 6) -> nn.Sequential:
    conv = nn.Conv2d(1, channels, 3, padding=1)
    with minidl.no_grad():
        flat = nn.Sequential(*inner)(minidl.zeros(2, channels, size, size)).flatten(1).shape[1]
    return nn.Sequential(conv, *inner, nn.Flatten(), nn.Linear(flat, CLASSES))


def attention(m: Any, x: Tensor) -> Tensor:
    q, k, v = m.q(x), m.k(x), m.v(x)
    weights = F.softmax(q @ k.transpose(0, 1) / 2 + minidl.tensor(np.triu(np.full((ROWS, ROWS), -1e9), 1)).float(), 1)
    return m.out(weights @ v)


def lin(i: int, o: int) -> nn.Linear:
    return nn.Linear(i, o)


def used_twice(m: Any, x: Tensor) -> Tensor:
    h = m.a(x)
    return m.b(m.inner(h).tanh() + h)


def frozen(model: nn.Module) -> nn.Module:
    next(model.parameters()).requires_grad_(False)
    return model


def evaluated(model: nn.Module, x: Tensor) -> nn.Module:
    """In evaluation mode, after some batches that moved its statistics."""
    with minidl.no_grad():
        for _ in range(3):
            model(x + minidl.randn(*x.shape))
    return model.eval()


def bn_eval() -> Specimen:
    x = rows()
    return classifier(evaluated(nn.Sequential(lin(5, 6), nn.BatchNorm1d(6), nn.ReLU(), lin(6, CLASSES)), x), x)


def bn2d_eval() -> Specimen:
    x = images()
    return classifier(evaluated(cnn(nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2)), x), x)


def halves(model: nn.Module, x: Tensor) -> Specimen:
    return classifier(model.half(), x.detach().half().requires_grad_())


ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "gelu": nn.GELU, "silu": nn.SiLU, "softplus": nn.Softplus,
    "elu": nn.ELU, "leaky relu": nn.LeakyReLU, "hardtanh": nn.Hardtanh, "softsign": nn.Softsign,
}  # fmt: skip

ZOO: dict[str, Callable[[], Specimen]] = {
    **{f"mlp, {name}": (lambda make=make: classifier(mlp(make()))) for name, make in ACTIVATIONS.items()},
    "a linear layer": lambda: classifier(lin(5, CLASSES)),
    "without biases": lambda: classifier(mlp(nn.Tanh(), bias=False)),
    "one row": lambda: classifier(mlp(nn.ReLU()), rows(count=1)),
    "float64": lambda: classifier(mlp(nn.Tanh()).double(), rows(dtype=minidl.float64)),
    "float16": lambda: halves(mlp(nn.Tanh()), rows()),
    "float16, relu": lambda: halves(mlp(nn.ReLU()), rows()),
    "float16, convolution": lambda: halves(cnn(nn.ReLU(), nn.MaxPool2d(2)), images()),
    "twelve layers": lambda: classifier(
        nn.Sequential(*(m for _ in range(12) for m in (lin(5, 5), nn.Tanh())), lin(5, CLASSES))
    ),
    "a shortcut": lambda: classifier(Wrapped(used_twice, a=lin(5, 6), inner=lin(6, 6), b=lin(6, CLASSES))),
    "a layer applied twice": lambda: classifier(
        Wrapped(lambda m, x: m.b(m.a(m.a(x).relu()).tanh()), a=lin(5, 5), b=lin(5, 3))
    ),
    "a weight used twice": lambda: expression(
        lambda x, a: (x @ a).tanh() @ a.t(), np.eye(3) + 0.3, x=np.full((2, 3), 0.5)
    ),
    "attention": lambda: classifier(Wrapped(attention, q=lin(5, 4), k=lin(5, 4), v=lin(5, 4), out=lin(4, CLASSES))),
    "batch norm, training": lambda: classifier(nn.Sequential(lin(5, 6), nn.BatchNorm1d(6), nn.ReLU(), lin(6, CLASSES))),
    "batch norm, evaluation": bn_eval,
    "batch norm 2d, training": lambda: classifier(cnn(nn.BatchNorm2d(2), nn.Tanh()), images()),
    "batch norm 2d, evaluation": bn2d_eval,
    "conv, batch norm, relu, max pool": lambda: classifier(
        cnn(nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2)), images()
    ),
    "layer norm": lambda: classifier(nn.Sequential(lin(5, 6), nn.LayerNorm(6), nn.ReLU(), lin(6, CLASSES))),
    "group norm": lambda: classifier(cnn(nn.GroupNorm(2, 4), nn.ReLU(), channels=4), images()),
    "dropout, evaluation": lambda: classifier(nn.Sequential(lin(5, 6), nn.Dropout(0.5), lin(6, CLASSES)).eval()),
    "dropout, training": lambda: classifier(nn.Sequential(lin(5, 6), nn.Dropout(0.5), nn.Tanh(), lin(6, CLASSES))),
    "conv, relu, max pool": lambda: classifier(cnn(nn.ReLU(), nn.MaxPool2d(2)), images()),
    "conv, tanh, average pool": lambda: classifier(cnn(nn.Tanh(), nn.AvgPool2d(2)), images()),
    "adaptive pool": lambda: classifier(cnn(nn.ReLU(), nn.AdaptiveAvgPool2d(4)), images()),
    "overlapping max pool": lambda: classifier(cnn(nn.MaxPool2d(3, stride=2, padding=1), nn.Tanh()), images()),
    "groups, stride, dilation": lambda: classifier(
        cnn(nn.Conv2d(2, 2, 3, stride=2, padding=2, dilation=2, groups=2), nn.ReLU()), images()
    ),
    "transposed convolution": lambda: classifier(cnn(nn.ConvTranspose2d(2, 2, 3, stride=2), nn.Tanh()), images()),
    "an embedding": lambda: Specimen(
        nn.Sequential(nn.Embedding(5, 4), nn.Tanh(), lin(4, CLASSES)), minidl.tensor([1, 1, 3, 4]), cross_entropy
    ),
    # where differences mislead
    "a constant image: ties everywhere": lambda: classifier(
        cnn(nn.ReLU(), nn.MaxPool2d(2), channels=4, size=8), (minidl.ones(2, 1, 8, 8) * 0.5).requires_grad_()
    ),
    "a black image": lambda: classifier(
        cnn(nn.ReLU(), nn.MaxPool2d(2), channels=4, size=8), minidl.zeros(2, 1, 8, 8).requires_grad_()
    ),
    "dead relus": lambda: classifier(scaled(mlp(nn.ReLU()), 1.0, -100.0)),
    "zero weights": lambda: classifier(scaled(mlp(nn.ReLU()), 0.0)),
    "saturated tanh": lambda: classifier(scaled(mlp(nn.Tanh()), 30.0)),
    "saturated sigmoid": lambda: classifier(scaled(mlp(nn.Sigmoid()), 100.0)),
    "huge scores": lambda: classifier(scaled(lin(5, CLASSES), 1e4)),
    "tiny weights": lambda: classifier(scaled(mlp(nn.Tanh()), 1e-4)),
    "an unused parameter": lambda: classifier(Wrapped(lambda m, x: m.a(x), a=lin(5, CLASSES), b=lin(5, 2))),
    "a frozen parameter": lambda: classifier(frozen(mlp(nn.ReLU()))),
    "tanh(8), the expression of the lecture": lambda: expression(
        lambda x, a, b, c: ((a * b + c) * a * x).tanh(), 2.0, -3.0, 10.0
    ),
    "ties in max": lambda: expression(lambda x, a: (a.max() * x), [1.0, 1.0, -2.0]),
    "relu at 0": lambda: expression(lambda x, a: (a * x).relu().sum(), [0.0, 1.0, -1.0]),
    "abs at 0": lambda: expression(lambda x, a: (a.abs() * x).sum(), [0.0, 1.0, -1.0]),
    "relus that add up to a line": lambda: expression(lambda x, a: (a.relu() - (-a).relu()) * x, [0.0, 0.5]),
    "corners that add up": lambda: expression(lambda x, a: ((a - 1).relu() - 3 * (1 - a).relu()) * x, [1.0, 2.0]),
    "clamp at its edge": lambda: expression(lambda x, a: a.clamp(-1, 1) * x, [-1.0, 0.5, 1.0, 3.0]),
    "a norm": lambda: expression(lambda x, a: a.norm() * x, [3.0, 4.0]),
    "a norm at 0": lambda: expression(lambda x, a: a.norm() * x, [0.0, 0.0]),
    "floor": lambda: expression(lambda x, a: a.floor() * x + a, [1.0, 1.5]),
    "sign": lambda: expression(lambda x, a: a.sign() * x + a, [0.0, 1.5]),
    "sqrt at 0": lambda: expression(lambda x, a: a.sqrt() * x, [0.0, 1.0]),
    "prod with a zero": lambda: expression(lambda x, a: a.prod() * x, [0.0, 2.0, 3.0]),
    "a corner a hair away": lambda: expression(lambda x, a: (a.relu() + a * 0.1) * x, [1e-7, -1e-9, 1e-4]),
    # expressions
    "squares": lambda: expression(lambda x, a: a * a * x, [1.0, -2.0]),
    "a quotient": lambda: expression(lambda x, a, b: a / (b * b + 1) * x, [1.0, 2.0], [0.5, -3.0]),
    "powers": lambda: expression(lambda x, a: (a * a + 1) ** 1.5 * x, [1.0, -2.0]),
    "exp, log, sqrt": lambda: expression(lambda x, a: (a.exp() + 1).log() + (a * a + 1).sqrt() * x, [0.3, -1.0]),
    "sin and cos": lambda: expression(lambda x, a: a.sin() + a.cos() * x, [0.3, -1.0]),
    "variance": lambda: expression(lambda x, a: a.var() * x, [0.3, -1.0, 2.0]),
    "a bias for each row": lambda: expression(
        lambda x, a, b: ((x @ a) + b) ** 2, np.ones((2, 3)), np.zeros(3), x=[[1.0, 2], [3, 4]]
    ),
    "slices and concatenation": lambda: expression(
        lambda x, a: minidl.cat([a[1:] * x, a[:-1] * 2, a.flip(0) * a]), [1.0, 2.0, 3.0]
    ),
    "rows by index, one twice": lambda: expression(
        lambda x, a: a[minidl.tensor(np.array([0, 2, 0]))] ** 2 * x, np.arange(6.0).reshape(3, 2)
    ),
    "cumulative sums": lambda: expression(lambda x, a: a.cumsum(0) * a * x, [1.0, 2.0, 3.0]),
    "sorted": lambda: expression(lambda x, a: (a.sort().values * minidl.tensor([1.0, 2.0, 3.0])) * x, [3.0, 1.0, 2.0]),
    "softmax": lambda: expression(lambda x, a: minidl.softmax(a, 0)[0] * x, [1.0, 2.0, 3.0]),
    "where": lambda: expression(lambda x, a: minidl.where(a > 0, a * a, -a) * x, [1.0, -2.0, 3.0]),
    "a scalar": lambda: expression(lambda x, a: a * a * x, 3.0),
    "a scalar in float64": lambda: expression(lambda x, a: a.exp() * x, 0.5, dtype=minidl.float64),
    "a small slope beside a large number": lambda: expression(lambda x, a: a * 1e-6 * x + 1000.0, 1.5),
    "what cancels": lambda: expression(lambda x, a: (a + 1e6) - 1e6 + a * x, 1.5, dtype=minidl.float64),
    # losses
    "mse": lambda: Specimen(lin(5, 2), rows(), lambda z: F.mse_loss(z, minidl.ones(*z.shape))),
    "l1": lambda: Specimen(lin(5, 2), rows(), lambda z: F.l1_loss(z, minidl.ones(*z.shape))),
    "smooth l1": lambda: Specimen(lin(5, 2), rows(), lambda z: F.smooth_l1_loss(z, minidl.ones(*z.shape))),
    "bce with logits": lambda: Specimen(
        lin(5, 2), rows(), lambda z: F.binary_cross_entropy_with_logits(z, minidl.full(z.shape, 0.3, dtype=z.dtype))
    ),
    "nll of log softmax": lambda: Specimen(
        lin(5, CLASSES), rows(), lambda z: F.nll_loss(F.log_softmax(z, 1), minidl.tensor(LABELS))
    ),
    "label smoothing": lambda: Specimen(
        lin(5, CLASSES), rows(), lambda z: F.cross_entropy(z, minidl.tensor(LABELS), label_smoothing=0.1)
    ),
    "class weights": lambda: Specimen(
        lin(5, CLASSES), rows(),
        lambda z: F.cross_entropy(z, minidl.tensor(LABELS), weight=minidl.tensor([1.0, 2.0, 0.5]).to(z.dtype)),
    ),
    # trained to a loss of 1e-6
    "trained: mlp, relu": lambda: trained(mlp(nn.ReLU(), width=12), rows(), cross_entropy),
    "trained: mlp, tanh": lambda: trained(mlp(nn.Tanh(), width=12), rows(), cross_entropy, lr=0.2),
    "trained: conv, relu, max pool": lambda: trained(cnn(nn.ReLU(), nn.MaxPool2d(2)), images(), cross_entropy),
    "trained: batch norm": lambda: trained(
        nn.Sequential(lin(5, 8), nn.BatchNorm1d(8), nn.ReLU(), lin(8, CLASSES)), rows(), cross_entropy
    ),
    "trained: mse": lambda: trained(
        mlp(nn.Tanh(), width=12), rows(),
        lambda z: F.mse_loss(z, minidl.eye(CLASSES, dtype=z.dtype)[minidl.tensor(LABELS)]), lr=0.02,
    ),
}  # fmt: skip


def specimen(name: str) -> Specimen:
    """A specimen by its name, the same each time, for the caller to change."""
    made = _made(name)
    x = made.input.detach().clone()
    return Specimen(copy.deepcopy(made.model), x.requires_grad_(made.input.requires_grad), made.loss)


@cache
def _made(name: str) -> Specimen:
    minidl.manual_seed(sum(map(ord, name)))
    return ZOO[name]()
