"""Small models whose passes hold every family of lessons, and each operation once more in NumPy, forward only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import minidl
from minidl import nn
from minidl.explain import record
from minidl.explain.recording.tape import Node
from minidl.explain.tape import Tape
from minidl.nn import functional as F


class Block(nn.Module):
    """A convolution around which the values take a shortcut, after a normalisation of channels."""

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.conv1, self.norm = nn.Conv2d(1, 4, 3, padding=1), norm
        self.conv2, self.fc = nn.Conv2d(4, 4, 3, padding=1), nn.Linear(4, 3)

    def forward(self, x: minidl.Tensor) -> minidl.Tensor:
        h = F.relu(self.norm(self.conv1(x)))
        h = h + self.conv2(h)
        return self.fc(h.mean((2, 3)))


def residual(norm: Callable[[], nn.Module], training: bool) -> Tape:
    """A residual network's pass; in evaluation with statistics from one earlier batch."""
    minidl.manual_seed(0)
    model = Block(norm())
    if not training:
        model(minidl.rand(8, 1, 6, 6))
        model.eval()
    with record("a residual network", torch=False) as tape:
        F.cross_entropy(model(minidl.rand(2, 1, 6, 6)), minidl.tensor([0, 2])).backward()
    return tape


def neuron() -> Tape:
    """Scalars, as in micrograd."""
    a, b, c = (minidl.tensor(number, requires_grad=True) for number in (0.5, -0.8, 0.3))
    with record("a neuron", torch=False) as tape:
        h = (a * b + c).tanh()
        ((h.exp() - 2.0) ** 2 / 3.0 + -h).backward()
    return tape


def own_network() -> Tape:
    """Matrix products, broadcast sums, a normalisation, dropout and a penalty, all written by hand."""
    minidl.manual_seed(0)
    x, y = minidl.randn(4, 3), minidl.randn(4, 2)
    w1, b1, w2, gain = minidl.randn(3, 5), minidl.randn(5), minidl.randn(5, 2), minidl.ones(5) * 1.5
    for parameter in (w1, b1, w2, gain):
        parameter.requires_grad_()
    scale = minidl.tensor(0.5, requires_grad=True)
    with record("a network of one's own", torch=False) as tape:
        h = F.dropout(F.gelu(F.layer_norm(x @ w1 + b1, (5,), gain)), 0.4)
        (F.mse_loss(h @ w2 * scale, y) + 0.01 * (w1 * w1).sum()).backward()
    return tape


def moved() -> Tape:
    """Joined, cut, picked, written, repeated: everything that moves numbers."""
    minidl.manual_seed(0)
    x, y = minidl.randn(3, 4).requires_grad_(), minidl.randn(2, 4).requires_grad_()
    with record("moved", torch=False) as tape:
        c = minidl.stack([minidl.cat([x, y], 0)[1:4], x], 0).permute(2, 0, 1).reshape(4, 6)
        d = c[minidl.tensor([0, 2, 2])].gather(1, minidl.tensor([[0, 1], [5, 5], [3, 0]]))
        f = d.flip(0) * c.max(1).values[:3].reshape(3, 1)
        w = minidl.zeros(3, 3) + 0
        w[:, :2] = minidl.where(f > 0, f, f * 0.1)
        w[2, 2] = x[0, 0]
        u = F.pad(w.triu(), (1, 1)).expand(2, 3, 5)
        z = (u * u).mean() + minidl.maximum(x.amax(1), x[:, 1].abs()).sum() + x.std() + x.clamp(-1, 1).norm()
        z = z + x.masked_fill(x < 0, 0.5).prod(1).sum() + x.cumsum(1).tile(2, 1).sum() + minidl.logsumexp(y, 1).sum()
        z.backward()
    return tape


def losses() -> Tape:
    """One pass through every loss."""
    minidl.manual_seed(0)
    x, y, labels = minidl.randn(4, 3).requires_grad_(), minidl.rand(4, 3), minidl.tensor([0, 2, 1, 1])
    answers = (y > 0.5).float()
    with record("losses", torch=False) as tape:
        logs, weight = F.log_softmax(x, 1), minidl.tensor([1.0, 2.0, 0.5])
        z = F.multi_margin_loss(x, labels) + F.nll_loss(logs, labels) + (F.softmax(x, 1) * y).sum()
        z = z + F.nll_loss(logs, labels, weight, ignore_index=2) + F.nll_loss(logs, labels, reduction="none").sum()
        z = z + F.multi_margin_loss(x, labels, p=2, weight=weight)
        z = z + F.binary_cross_entropy(x.sigmoid(), answers) + F.binary_cross_entropy_with_logits(x, answers)
        z = z + F.huber_loss(x, y) + F.l1_loss(x, y) + F.hinge_embedding_loss(x, answers * 2 - 1)
        (z + F.kl_div(F.log_softmax(x, 1), F.softmax(y, 1))).backward()
    return tape


def sentence() -> Tape:
    """Words that look at one another: an embedding, and attention."""
    minidl.manual_seed(0)
    table, out = nn.Embedding(6, 4), nn.Linear(4, 6)
    q, k, v = nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False)
    with record("a sentence", torch=False) as tape:
        x = table(minidl.tensor([1, 4, 1, 5, 2]))
        attention: Any = getattr(F, "scaled_dot_product_attention", None)
        if attention is not None:
            z = x + attention(q(x), k(x), v(x), is_causal=True)
        else:
            scores = q(x) @ k(x).transpose(0, 1) / 2.0
            z = x + F.softmax(scores.masked_fill(minidl.ones(5, 5).triu(1).bool(), -50.0), -1) @ v(x)
        F.cross_entropy(out(z), minidl.tensor([4, 1, 5, 2, 0])).backward()
    return tape


class Transformer(nn.Module):
    """One block with two heads: far more operations than a screen shows, batches, and twelve classes."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.places = nn.Embedding(12, 16), nn.Parameter(minidl.randn(8, 16) * 0.1)
        self.norm1, self.norm2 = nn.LayerNorm(16), nn.LayerNorm(16)
        self.qkv, self.mix = nn.Linear(16, 48), nn.Linear(16, 16)
        self.up, self.down, self.out = nn.Linear(16, 64), nn.Linear(64, 16), nn.Linear(16, 12)

    def forward(self, words: minidl.Tensor) -> minidl.Tensor:
        x = self.table(words) + self.places
        n, t, e = x.shape
        q, k, v = self.qkv(self.norm1(x)).reshape(n, t, 3, 2, 8).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.mix(seen.permute(0, 2, 1, 3).reshape(n, t, e))
        return self.out(x + self.down(F.gelu(self.up(self.norm2(x)))))


def transformer() -> Tape:
    minidl.manual_seed(0)
    model, words = Transformer(), minidl.randint(0, 12, (2, 8))
    with record("a transformer", torch=False) as tape:
        F.cross_entropy(model(words).reshape(-1, 12), words.flip(1).reshape(-1)).backward()
    return tape


def wide() -> Tape:
    """A batch of images, hundreds of units, a hundred classes."""
    minidl.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Linear(128, 100))
    with record("a wide network", torch=False, check=False) as tape:
        F.cross_entropy(model(minidl.rand(32, 1, 28, 28)), minidl.arange(32) * 3).backward()
    return tape


LARGE: dict[str, Callable[[], Tape]] = {"transformer": transformer, "wide": wide}

MODELS: dict[str, Callable[[], Tape]] = {
    "batchnorm": lambda: residual(lambda: nn.BatchNorm2d(4), True),
    "evaluated": lambda: residual(lambda: nn.BatchNorm2d(4), False),
    "groupnorm": lambda: residual(lambda: nn.GroupNorm(2, 4), True),
    "neuron": neuron, "own": own_network, "moved": moved, "losses": losses, "sentence": sentence,
}  # fmt: skip


def _softmax(x: Any, dim: int) -> Any:
    e = np.exp(x - x.max(dim, keepdims=True))
    return e / e.sum(dim, keepdims=True)


def _normal(x: Any, w: Any, b: Any, mean: Any, var: Any, eps: float) -> Any:
    return (x - mean) / np.sqrt(var + eps) * (1 if w is None else w) + (0 if b is None else b)


def _own_statistics(x: Any, w: Any, b: Any, axes: Any, eps: float, track: Any = None) -> Any:
    return _normal(x, w, b, x.mean(axes, keepdims=True), x.var(axes, keepdims=True), eps)


def _put(x: Any, v: Any, *arrays: Any, basic: Any) -> Any:
    z = x.copy()
    z[basic][tuple(slice(None) if a is None else a for a in arrays) + (...,)] = v
    return z


def _huber(x: Any, y: Any, delta: float) -> Any:
    e = np.abs(x - y)
    return np.where(e < delta, e * e / 2, delta * (e - delta / 2))


def _margins(x: Any, t: Any, w: Any, c: Any, kept: Any, reduction: str, p: int, margin: float) -> Any:
    own = x[np.arange(len(t)), t][:, None]
    r = np.where(np.arange(x.shape[1]) == t[:, None], 0, np.maximum(0, margin - own + x))
    return _weighted((r**p).sum(1) / x.shape[1], w, c, kept, reduction)


def _weighted(losses: Any, w: Any, c: Any, kept: Any, reduction: str) -> Any:
    losses = losses * (1 if w is None else w) * (1 if kept is None else kept)
    total = 1 if reduction != "mean" else len(losses) if c is None else c.sum()
    return losses if reduction == "none" else losses.sum() / total


def _attention(q: Any, k: Any, v: Any, mask: Any, kept: Any, scale: float, p_drop: float) -> Any:
    return _softmax(scale * q @ k.swapaxes(-1, -2) + (0 if mask is None else mask), -1) @ v


FORWARD: dict[str, Callable[..., Any]] = {
    "Add": lambda x, y: x + y, "Sub": lambda x, y: x - y, "Mul": lambda x, y: x * y, "Div": lambda x, y: x / y,
    "Neg": lambda x: -x, "Pow": lambda x, y: x**y, "Maximum": np.maximum,
    "Clamp": lambda x, low, high: np.clip(x, low, high),
    "Sum": lambda x, dim, keepdim, dtype=None: x.sum(dim, keepdims=keepdim),
    "Mean": lambda x, dim, keepdim: x.mean(dim, keepdims=keepdim),
    "Amax": lambda x, dim, keepdim, how: getattr(x, how)(dim, keepdims=keepdim),
    "Std": lambda x, dim, keepdim, correction: x.std(dim, ddof=correction, keepdims=keepdim),
    "Prod": lambda x, dim, keepdim, dtype=None: x.prod(dim, keepdims=keepdim),
    "Norm": lambda x, p, dim, keepdim: (np.abs(x) ** p).sum(dim, keepdims=keepdim) ** (1 / p),
    "LogSumExp": lambda x, dim, keepdim: np.log(np.exp(x).sum(dim, keepdims=keepdim)),
    "Cumsum": lambda x, dim, dtype=None: x.cumsum(dim),
    "Permute": lambda x, dims: x.transpose(dims), "Expand": lambda x, shape: np.broadcast_to(x, shape),
    "Flip": lambda x, dims: np.flip(x, dims), "Tile": lambda x, counts: np.tile(x, counts),
    "Slice": lambda x, index: x[(*index, ...)],
    "Take": lambda x, *arrays: x[tuple(slice(None) if a is None else a for a in arrays)],
    "Gather": lambda x, index, dim: np.take_along_axis(x, index, dim),
    "TakeAlong": lambda x, places, dim: np.take_along_axis(x, places, dim),
    "Cat": lambda *xs, dim: np.concatenate(xs, dim), "Put": _put,
    "Pad": lambda x, widths, value: np.pad(x, widths, constant_values=value),
    "Triangle": lambda x, diagonal, upper: (np.triu if upper else np.tril)(x, diagonal),
    "Where": np.where, "MaskedFill": lambda x, mask, v: np.where(mask, v, x),
    "Embedding": lambda i, w, **_: w[i],
    "Softmax": _softmax, "LogSoftmax": lambda x, dim: np.log(_softmax(x, dim)),
    "SquaredError": lambda x, y: (x - y) ** 2, "AbsoluteError": lambda x, y: np.abs(x - y), "Huber": _huber,
    "BinaryCrossEntropy": lambda x, t, w: -(t * np.log(x) + (1 - t) * np.log(1 - x)),
    "BinaryCrossEntropyWithLogits": lambda x, t, w, p: np.log(1 + np.exp(-x)) + (1 - t) * x,
    "HingeEmbedding": lambda x, y, margin: np.where(y == 1, x, np.maximum(0, margin - x)),
    "KlDivergence": lambda x, t: t * (np.log(t) - x), "MultiMargin": _margins,
    "NegativeLogLikelihood": lambda x, t, *counts, reduction: _weighted(-x[np.arange(len(t)), t], *counts, reduction),
    "Dropout": lambda x, kept, p: x * kept / (1 - p),
    "Normalize": _own_statistics, "NormalizeChannels": _own_statistics, "Standardize": _normal,
    "Attention": _attention,
}  # fmt: skip


def _forward(node: Node, inputs: list[Any]) -> np.ndarray:
    return np.asarray(FORWARD[node.op](*inputs, **node.options))


def inputs_of(node: Node) -> list[Any]:
    """The inputs in float64; integers and bools as they are."""
    return [x.array.astype(float) if isinstance(x.array, np.ndarray) and x.array.dtype.kind == "f" else x.array
            for x in node.inputs]  # fmt: skip


def forward_of(node: Node) -> np.ndarray:
    """The output of an operation, by NumPy."""
    return _forward(node, inputs_of(node))


def gradient_of(node: Node, label: str, step: float = 1e-6) -> np.ndarray:
    """dz times the slopes of NumPy's forward at one input, by central differences in float64."""
    k = [x.label for x in node.inputs].index(label)
    inputs, dz = inputs_of(node), np.asarray(node.dz, float)
    found = np.zeros(inputs[k].shape)
    for place in np.ndindex(*found.shape):
        moved = []
        for sign in (1, -1):
            other = inputs[k].copy()
            other[place] += sign * step
            moved.append(_forward(node, [*inputs[:k], other, *inputs[k + 1 :]]))
        found[place] = np.sum(dz * (moved[0] - moved[1])) / (2 * step)
    return found
