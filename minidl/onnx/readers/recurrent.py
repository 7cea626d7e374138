"""ONNX's RNN, LSTM and GRU, as minidl's layers over time."""

from __future__ import annotations

from ...engine.tensor import Tensor
from ...ops.join import cat, split, stack
from ...ops.over_time import layer_over_time
from ...ops.shape import movedim, reshape
from ...tensors.creation import zeros
from .node import Node, Reader

# minidl's name, the places of minidl's gates among ONNX's, the activations that it stands for
KINDS = {
    "LSTM": ("LSTM", (0, 2, 3, 1), ["Sigmoid", "Tanh", "Tanh"]),  # ONNX: i, o, f, g; ours: i, f, g, o
    "GRU": ("GRU", (1, 0, 2), ["Sigmoid", "Tanh"]),
    "RNN": ("RNN_TANH", (0,), ["Tanh"]),
}


def recurrent(node: Node, x: Tensor, w: Tensor, r: Tensor, b: Tensor | None = None, lengths: Tensor | None = None,
              *first: Tensor | None) -> tuple[Tensor, ...]:  # fmt: skip
    """x (T, N, I) -> the states of all times (T, directions, N, H), and the last ones (directions, N, H)."""
    mode, gates, usual = KINDS[node.op]
    hidden, directions = r.shape[-1], r.shape[0]
    named = [str(name) for name in (_text(a) for a in node.get("activations") or [])]
    if node.op == "RNN" and set(named) == {"Relu"}:
        mode = "RNN_RELU"
    elif named and named != usual * directions:
        raise node.refuse(f"activations={named} are not minidl's, {usual}")
    node.only(layout=0, input_forget=0)
    if node.op == "GRU" and not node.get("linear_before_reset", 0):
        raise node.refuse("linear_before_reset=0 is another cell than minidl's (and PyTorch's); export it with 1")
    if node.get("clip") or len(first) > 2 or (lengths is not None and set(lengths.tolist()) != {x.shape[0]}):
        raise node.refuse("clip, peepholes and sequences of different lengths are not run by minidl")
    steps, n = x.shape[:2]
    rows = reshape(x, (steps * n, x.shape[2]))
    states = [h if h is not None else zeros(directions, n, hidden, dtype=x.dtype, device=x.device) for h in first]
    while len(states) < (2 if node.op == "LSTM" else 1):
        states.append(zeros(directions, n, hidden, dtype=x.dtype, device=x.device))
    outputs, lasts = [], []
    for d in range(directions):
        bias = [None, None] if b is None else [_sorted(part, gates) for part in split(b[d], len(gates) * hidden)]
        weights = [_sorted(w[d], gates), _sorted(r[d], gates), *bias, None]
        backwards = node.get("direction", "forward") == "reverse" or d == 1
        z, *last = layer_over_time(mode, rows, [h[d] for h in states], weights, [n] * steps, backwards)
        outputs.append(reshape(z, (steps, n, hidden)))
        lasts.append(last)
    return movedim(stack(outputs), 0, 1), *[stack(list(hs)) for hs in zip(*lasts)]


def _sorted(weight: Tensor, gates: tuple[int, ...]) -> Tensor:
    parts = split(weight, weight.shape[0] // len(gates))
    return cat([parts[i] for i in gates])


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name


READERS: dict[str, Reader] = dict.fromkeys(KINDS, recurrent)
