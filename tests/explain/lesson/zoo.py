"""One pass through every operation that a live step has a kernel for, options and broadcasting included."""

from __future__ import annotations

import minidl
from minidl import nn
from minidl.explain import record
from minidl.explain.tape import Tape
from minidl.nn import functional as F
from minidl.nn.utils.rnn import pack_sequence


def zoo() -> Tape:
    minidl.manual_seed(5)
    x, v = minidl.randn(2, 4, 9, 8), minidl.randn(3, 5)
    weights = [minidl.randn(6, 2, 3, 2), minidl.randn(6), minidl.randn(4, 1, 2, 2)]
    parameters = [nn.Parameter(t) for t in (x, v, *weights)]
    x, v, w, b, deep = parameters
    scale, shift = nn.Parameter(minidl.rand(4)), nn.Parameter(minidl.rand(4))
    running = minidl.rand(4), minidl.rand(4) + 0.5
    row, labels = nn.Parameter(minidl.randn(5)), minidl.tensor([1, 0, 4])
    with record("zoo", check=False) as tape:
        grid = F.conv2d(x, w, b, stride=(2, 1), padding=(1, 2), dilation=(1, 2), groups=2)  # (2, 6, 5, 10)
        parts = [
            F.conv2d(x, deep, groups=4, padding="same").mean((1, 3)),
            F.max_pool2d(grid, (3, 2), stride=2, padding=1, dilation=(1, 2)).sum(-1, keepdim=True),
            F.avg_pool2d(grid, 3, stride=2, padding=1, count_include_pad=False, ceil_mode=True),
            F.batch_norm(x, None, None, scale, shift, training=True), F.batch_norm(x, *running, scale, shift),
            F.layer_norm(v, (5,), row, None), F.group_norm(x, 2),
            F.linear(v, minidl.randn(4, 5), shift), minidl.randn(2, 1, 4, 3) @ v, v @ row, row @ minidl.randn(2, 5, 2),
            F.softmax(x, 1), F.log_softmax(v, -1), F.nll_loss(F.log_softmax(v, 1), labels, reduction="none"),
            F.nll_loss(v, labels), F.nll_loss(v, labels, minidl.rand(5), ignore_index=4),
            F.cross_entropy(x.permute(0, 1, 3, 2), minidl.zeros(2, 8, 9).long() + 2),
            F.mse_loss(v, minidl.randn(3, 5)), F.l1_loss(v, minidl.zeros(3, 5)), F.dropout(v, 0.3),
            v + row, v - 2 * row, v / (2 + row * row), row**3, minidl.add(v, row, alpha=3), minidl.maximum(v, row), -v,
            row.expand(2, 5) * minidl.randn(2, 5), v.clone(), v.double().float(),
            *elementwise(v), *moved(v), *looked_up(v), *recurrent(x),
        ]  # fmt: skip
        total = sum((part * minidl.randn(part.shape)).sum() for part in parts)
        total.backward()
    return tape


def elementwise(v: minidl.Tensor) -> list[minidl.Tensor]:
    positive = v * v + 0.5
    smooth = [F.relu, F.leaky_relu, F.elu, F.tanh, F.sigmoid, F.silu, F.logsigmoid, F.softsign, F.gelu, F.hardtanh]
    found = [function(v) for function in (*smooth, minidl.exp, minidl.square, minidl.abs, minidl.sin, minidl.cos)]
    found += [F.softplus(v, beta=2, threshold=3), F.gelu(v, approximate="tanh"), F.celu(v, alpha=1.5)]
    return found + [
        minidl.log(positive),
        minidl.log2(positive),
        minidl.sqrt(positive),
        minidl.rsqrt(positive),
        minidl.reciprocal(positive),
        positive**1.5,
    ]


def moved(v: minidl.Tensor) -> list[minidl.Tensor]:
    """Numbers that only change their places; v (3, 5)."""
    rows, places = minidl.tensor([2, 0, 2, 2]), minidl.tensor([[4, 0, 0], [1, 2, 3], [0, 0, 4]])
    return [
        v[1:, ::2], v[rows], v.index_select(1, rows), v.gather(1, places), minidl.cat([v, v[:1], v], 0), v.triu(1),
        F.pad(v, (1, 2), value=0.5), v.flip(0), v.roll(2, 1), v.tile(2, 1), v.diagonal(),
    ]  # fmt: skip


def looked_up(v: minidl.Tensor) -> list[minidl.Tensor]:
    """Rows of a table, and attention: with heads that are broadcast, a mask that is learnt, and dropout; v (3, 5)."""
    words = minidl.tensor([[1, 2, 1], [0, 2, 2]])
    q, mask = minidl.randn(2, 1, 4, 5).requires_grad_(), minidl.randn(4, 3).requires_grad_()
    k, attend = minidl.stack([v, v * 2]), F.scaled_dot_product_attention
    return [
        F.embedding(words, v, padding_idx=1), F.embedding(words, v, scale_grad_by_freq=True),
        attend(v, v, v, is_causal=True), attend(q, k, k[..., :2], attn_mask=mask, dropout_p=0.3),
    ]  # fmt: skip


def recurrent(x: minidl.Tensor) -> list[minidl.Tensor]:
    """Layers of every kind over sequences of three lengths, in both directions; cells; x (2, 4, 9, 8)."""
    steps = pack_sequence([x[0, 0, :5], x[0, 1, :3], x[1, 2, :2]])
    kinds = [
        nn.LSTM(8, 4, proj_size=2, bidirectional=True), nn.GRU(8, 3, bidirectional=True, bias=False), nn.RNN(8, 3),
        nn.RNN(8, 3, nonlinearity="relu", bidirectional=True),
    ]  # fmt: skip
    found = []
    for layer in kinds:
        z, last = layer(steps)
        found += [z.data, *(last if isinstance(last, tuple) else [last])]
    row = x[:, 0, 0]
    h, c = nn.LSTMCell(8, 3)(row)
    u = nn.GRUCell(8, 3)(row, h)
    return [*found, c, nn.RNNCell(3, 3)(u, c), nn.RNNCell(8, 2, nonlinearity="relu")(row), u]
