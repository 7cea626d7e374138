"""Every operation that minidl writes as ONNX: onnxruntime and minidl's reader agree with minidl, at any batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minidl
import minidl.nn.functional as F
from minidl import nn
from minidl.onnx.trace import passed
from minidl.onnx.writers import WRITERS
from tests.onnx.exchange import Of, check_same, exported

Case = Callable[..., Any]

PLAIN = {  # one input (N, 4, 6)
    name: getattr(minidl, name)
    for name in (
        "neg",
        "square",
        "exp",
        "expm1",
        "sin",
        "cos",
        "erf",
        "abs",
        "sign",
        "floor",
        "ceil",
        "round",
        "trunc",
        "tan",
        "atan",
        "sinh",
        "cosh",
        "asinh",
        "exp2",
        "sigmoid",
        "tanh",
        "relu",
        "isnan",
        "isinf",
        "isfinite",
        "reciprocal",
    )
} | {
    name: getattr(F, name)
    for name in (
        "gelu",
        "silu",
        "mish",
        "softplus",
        "softsign",
        "logsigmoid",
        "hardtanh",
        "relu6",
        "hardsigmoid",
        "hardswish",
        "leaky_relu",
        "elu",
        "selu",
        "celu",
    )
}
POSITIVE = {name: getattr(minidl, name) for name in ("log", "log2", "log10", "log1p", "sqrt", "rsqrt")}
UNIT = {name: getattr(minidl, name) for name in ("asin", "acos", "atanh")}
BOTH = {
    name: getattr(minidl, name)
    for name in (
        "add",
        "sub",
        "mul",
        "div",
        "remainder",
        "fmod",
        "maximum",
        "minimum",
        "eq",
        "ne",
        "lt",
        "le",
        "gt",
        "ge",
    )
}
MORE: dict[str, Case] = {  # one input (N, 4, 6)
    "gelu tanh": lambda x: F.gelu(x, "tanh"),
    "softplus steep": lambda x: F.softplus(x, 3.0, 2.0),
    "celu 2": lambda x: F.celu(x, 2.0),
    "elu 2": lambda x: F.elu(x, 2.0),
    "acosh": lambda x: (x.abs() + 1).acosh(),
    "add scaled": lambda x: minidl.add(x, x.abs(), alpha=2.5),
    "floor div": lambda x: minidl.floor_divide(x, 0.3),
    "trunc div": lambda x: minidl.div(x, 0.3, rounding_mode="trunc"),
    "pow": lambda x: x.abs() ** 1.5,
    "power of": lambda x: 2.0**x,
    "lerp": lambda x: minidl.lerp(x, x * 2, 0.3),
    "clamp": lambda x: x.clamp(-0.5, 0.7),
    "clamp min": lambda x: x.clamp(min=0.1),
    "clamp max": lambda x: x.clamp(max=0.1),
    "where": lambda x: minidl.where(x > 0, x, -2.0),
    "reverse sub": lambda x: 1 - x,
    "to int": lambda x: (x * 9).int(),
    "to float64": lambda x: x.double() * 2,
    "to bool": lambda x: x.bool(),
    "logic": lambda x: ((x > 0) & (x < 1)) | ~(x < 2),
    "xor": lambda x: minidl.logical_xor(x > 0, x < 1),
    "not": lambda x: minidl.logical_not(x),
    "int mod": lambda x: (x * 9).long() % 4,
    "bits": lambda x: (x * 9).int() & 6,
    "reshape": lambda x: x.reshape(-1, 24),
    "merge": lambda x: x.reshape(-1, 6),
    "split dim": lambda x: x.reshape(x.shape[0], 2, 2, 6),
    "double batch": lambda x: x.reshape(2 * x.shape[0], 12),
    "permute": lambda x: x.permute(2, 0, 1),
    "two grow": lambda x: minidl.cat([x, x]).reshape(2, x.shape[0], 24),
    "expand": lambda x: x[:, :1].expand(-1, 5, 6),
    "expand front": lambda x: x.expand(3, *x.shape),
    "flip": lambda x: x.flip([1, 2]),
    "tril": lambda x: x.tril(1),
    "triu": lambda x: x.triu(-1),
    "tile": lambda x: x.tile((2, 1, 1, 3)),
    "clone": lambda x: x.clone() + 0,
    "slice": lambda x: x[:, 1:3, ::2],
    "row": lambda x: x[:, -1],
    "new dims": lambda x: x[:, None, 2, :, None],
    "cut batch": lambda x: x[1:],
    "first": lambda x: x[0],
    "take": lambda x: x[:, minidl.tensor([2, 0, 2])],
    "take two": lambda x: x.permute(1, 2, 0)[minidl.tensor([2, 0]), minidl.tensor([1, 5])],
    "cat": lambda x: minidl.cat([x, x * 2], 1),
    "stack": lambda x: minidl.stack([x, x * 2], 1),
    "chunk": lambda x: x.chunk(3, 2),
    "pad": lambda x: F.pad(x, (1, 2, 0, 3), value=1.5),
    "reflect": lambda x: F.pad(x, (2, 1), "reflect"),
    "index_select": lambda x: x.index_select(2, minidl.tensor([5, 0])),
    "gather": lambda x: x.gather(1, x.argmax(1, keepdim=True)),
    "scatter": lambda x: x.scatter(1, x.argmin(1, keepdim=True), x[:, :1]),
    "scatter_add": lambda x: x.scatter_add(1, x.argmin(1, keepdim=True), x[:, :1]),
    "masked_fill": lambda x: x.masked_fill(x > 0, -1.0),
    "topk": lambda x: x.topk(3, 2),
    "sort": lambda x: x.sort(1),
    "argsort": lambda x: x.argsort(2, descending=True),
    "max": lambda x: x.max(1),
    "min": lambda x: x.min(2, keepdim=True),
    "sum": lambda x: x.sum(1),
    "sum all": lambda x: x.sum(),
    "sum bool": lambda x: (x > 0).sum((1, 2)),
    "mean": lambda x: x.mean((1, 2), keepdim=True),
    "mean all": lambda x: x.mean(),
    "var": lambda x: x.var(2),
    "std": lambda x: x.std((1, 2), keepdim=True),
    "prod": lambda x: x.prod(2),
    "logsumexp": lambda x: x.logsumexp(1),
    "norm": lambda x: x.norm(dim=2),
    "norm 1": lambda x: x.norm(1, dim=2),
    "norm 3": lambda x: x.norm(3.0, dim=(1, 2)),
    "amax": lambda x: x.amax((1, 2)),
    "amin": lambda x: x.amin(1, keepdim=True),
    "all": lambda x: (x > -1).all(2),
    "any": lambda x: (x > 1).any(1),
    "cumsum": lambda x: x.cumsum(1),
    "argmax": lambda x: x.argmax(2),
    "argmax all": lambda x: x.argmax(),
    "chosen": lambda x: x.max(),
    "softmax": lambda x: x.softmax(1),
    "log_softmax": lambda x: x.log_softmax(-1),
    "matmul": lambda x: x @ x.transpose(1, 2),
    "einsum": lambda x: minidl.einsum("nij,nkj->nik", x, x),
    "causal": lambda x: F.scaled_dot_product_attention(x, x, x, is_causal=True),
    "group_norm": lambda x: F.group_norm(x, 2),
    "instance_norm": lambda x: F.instance_norm(x),
    "layer_norm": lambda x: F.layer_norm(x, (4, 6)),
    "batch statistics": lambda x: F.batch_norm(x, None, None, training=True),
    "avg_pool1d": lambda x: F.avg_pool1d(x, 3, 2, 1),
    "max_pool1d": lambda x: F.max_pool1d(x, 3, 2, 1),
    "interpolate": lambda x: F.interpolate(x, scale_factor=2, mode="linear"),
    "adaptive uneven": lambda x: F.adaptive_avg_pool1d(x, 4),
    "zeros of the batch": lambda x: x + minidl.zeros(x.shape[0], 1, 6),
    "constant of the batch": lambda x: minidl.arange(6).float().expand(x.shape[0], 4, 6) * x,
    "detach": lambda x: x.detach() * 2,
    "several": lambda x: (x + 1, (x - 1, x * 2)),
    "hardshrink": lambda x: F.hardshrink(x, 0.7),
    "softshrink": lambda x: F.softshrink(x, 0.7),
    "tanhshrink": F.tanhshrink,
    "threshold": lambda x: F.threshold(x, 0.3, -2.0),
    "prelu": lambda x: F.prelu(x, minidl.tensor([0.1, -0.2, 0.3, 2.0])),
    "logit": lambda x: (x.abs() / 3).logit(),
    "hypot": lambda x: minidl.hypot(x * 1e20, x.flip(1) * 1e20) / 1e20,
    "logaddexp": lambda x: minidl.logaddexp(x * 50, x.flip(1)),
    "logaddexp2": lambda x: minidl.logaddexp2(x, x.flip(1) * 9),
    "roll": lambda x: x.roll((1, -2), (1, 2)),
    "lrn": lambda x: F.local_response_norm(x, 3, 0.5, 0.75, 2.0),
    "lstm step": lambda x: minidl.lstm_cell(x[:, 0], (x[:, 1, :3], x[:, 2, :3]), *weights(4)),
    "gru step": lambda x: minidl.gru_cell(x[:, 0], x[:, 1, :3], *weights(3)),
    "rnn step": lambda x: minidl.rnn_tanh_cell(x[:, 0], x[:, 1, :3], *weights(1)),
    "rnn relu step": lambda x: minidl.rnn_relu_cell(x[:, 0], x[:, 1, :3], *weights(1)),
}


def weights(gates):
    """Fixed weights of a cell of 6 inputs and 3 states."""
    sizes = [(3 * gates, 6), (3 * gates, 3), (3 * gates,), (3 * gates,)]
    return [minidl.tensor(np.cos(np.arange(np.prod(size))).reshape(size).astype(np.float32)) for size in sizes]


LAYERS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "linear": (lambda: nn.Linear(6, 3), (6,)),
    "linear no bias": (lambda: nn.Linear(6, 3, bias=False), (6,)),
    "linear of sequences": (lambda: nn.Linear(6, 3), (4, 6)),
    "conv": (lambda: nn.Conv2d(2, 4, 3, 2, 1), (2, 7, 8)),
    "conv groups": (lambda: nn.Conv2d(4, 4, (3, 2), padding=(2, 1), dilation=2, groups=2, bias=False), (4, 7, 8)),
    "conv same": (lambda: nn.Conv2d(2, 3, 4, padding="same"), (2, 7, 8)),
    "conv1d": (lambda: nn.Conv1d(2, 3, 3), (2, 9)),
    "transposed": (lambda: nn.ConvTranspose2d(2, 3, 3, 2, 1, 1), (2, 4, 5)),
    "max": (lambda: nn.MaxPool2d(3, 2, 1), (2, 7, 8)),
    "max ceil": (lambda: nn.MaxPool2d(3, 2, ceil_mode=True), (2, 7, 8)),
    "avg": (lambda: nn.AvgPool2d(2), (2, 7, 8)),
    "avg borders": (lambda: nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False), (2, 7, 8)),
    "adaptive": (lambda: nn.AdaptiveAvgPool2d((3, 2)), (2, 7, 8)),
    "batch norm": (lambda: nn.BatchNorm2d(3), (3, 4, 4)),
    "batch norm plain": (lambda: nn.BatchNorm1d(3, affine=False), (3,)),
    "layer norm": (lambda: nn.LayerNorm(6), (4, 6)),
    "rms norm": (lambda: nn.RMSNorm((4, 6)), (4, 6)),
    "rms norm plain": (lambda: nn.RMSNorm(6, elementwise_affine=False), (4, 6)),
    "dropout": (lambda: nn.Dropout(0.5), (5,)),
    "lstm": (lambda: nn.LSTM(6, 3, 2, batch_first=True), (4, 6)),
    "gru both ways": (lambda: nn.GRU(6, 3, batch_first=True, bidirectional=True), (4, 6)),
    "rnn": (lambda: nn.RNN(6, 3, batch_first=True), (4, 6)),
    "rnn relu": (lambda: nn.RNN(6, 3, nonlinearity="relu", bias=False, batch_first=True), (4, 6)),
    "attention": (lambda: nn.TransformerEncoderLayer(6, 2, 8, batch_first=True), (4, 6)),
    "pixel shuffle": (lambda: nn.PixelShuffle(2), (8, 3, 2)),
    "embedding": (lambda: nn.Embedding(9, 5), ()),
}


def inputs_of(*shape: int) -> list[minidl.Tensor]:
    """Batches of 1 and of 3 of numbers around 0, and none of them near a step."""
    generator = np.random.default_rng(0)
    return [
        minidl.tensor(
            generator.permutation(np.linspace(-1.93, 2.07, n * int(np.prod(shape))))
            .reshape(n, *shape)
            .astype(np.float32)
        )
        for n in (1, 3)
    ]


@pytest.mark.parametrize("name", [*PLAIN, *POSITIVE, *UNIT, *MORE])
def test_functions_of_one_tensor(name: str) -> None:
    function = (PLAIN | POSITIVE | UNIT | MORE)[name]
    model = Of(function)
    change = (lambda x: x.abs() + 0.1) if name in POSITIVE else (lambda x: x / 2.5) if name in UNIT else (lambda x: x)
    one, three = (change(x) for x in inputs_of(4, 6))
    content = exported(model, three)
    for x in (three, *([one] if name not in ("cut batch", "batch statistics") else [])):
        check_same(model, content, x)


@pytest.mark.parametrize("name", BOTH)
def test_functions_of_two_tensors(name: str) -> None:
    model = Of(BOTH[name])
    (one, three), (small, _) = inputs_of(4, 6), inputs_of(6)
    content = exported(model, [three, three[:, :1] + 0.3])
    check_same(model, content, one, one[:, :1] + 0.3)
    number = Of(lambda x: BOTH[name](x, small[0] + 0.01))
    check_same(number, exported(number, three), one)


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name: str) -> None:
    make, shape = LAYERS[name]
    model = make().eval()
    for parameter in [*model.parameters(), *model.buffers()]:
        if parameter.dtype.kind == "f":
            parameter.data = parameter.data + minidl.rand(parameter.shape)  # also where layers begin with 0 or 1
    one, three = inputs_of(*shape) if shape else (minidl.tensor([3]), minidl.tensor([8, 0, 3]))
    content = exported(model, three)
    for x in (one, three):
        check_same(model, content, x)


def test_every_writer_has_been_run() -> None:
    """Each class of the table is one that some case above records."""
    seen = set()
    for name, function in {**PLAIN, **POSITIVE, **UNIT, **MORE}.items():
        x = inputs_of(4, 6)[1]
        seen |= {
            note.function for note in passed(Of(function), [x.abs() / 3 if name in POSITIVE | UNIT else x])[0].notes
        }
    for function in BOTH.values():
        seen |= {note.function for note in passed(Of(function), inputs_of(4, 6)[1:] * 2)[0].notes}
    for make, shape in LAYERS.values():
        x = inputs_of(*shape)[1] if shape else minidl.tensor([8, 0, 3])
        seen |= {note.function for note in passed(make(), [x])[0].notes}
    left = {function.__name__ for function in WRITERS.keys() - seen}
    assert left == {"Move", "IntegerLinear", "IntegerConv2d"}, left  # a second device; see test_integers.py
