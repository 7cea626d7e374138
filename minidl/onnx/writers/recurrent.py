"""Recurrent layers as ONNX's RNN, LSTM and GRU; single steps in their formulas."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...ops import over_time, recurrent
from ..call import Call

# ONNX's name, the order of its gates in ours, the activations
KINDS: dict[type, tuple[str, tuple[int, ...], list[str] | None]] = {
    over_time.TanhLayer: ("RNN", (0,), ["Tanh"]), over_time.ReluLayer: ("RNN", (0,), ["Relu"]),
    over_time.LSTMLayer: ("LSTM", (0, 3, 1, 2), None),  # ours: i, f, g, o; ONNX: i, o, f, g
    over_time.GRULayer: ("GRU", (1, 0, 2), None),  # ours: r, u, n; ONNX: u, r, n
}  # fmt: skip


def layer(call: Call) -> list[str]:
    """ONNX's layer works on (T, N, I) -> (T, 1, N, H), ours on rows."""
    graph, add, integers = call.graph, call.graph.add, call.graph.integers
    op, gates, activations = KINDS[call.one.function]
    times = len(call.one.options["sizes"])
    if any(len(set(note.options["sizes"])) > 1 for note in (call.one, call.two)):
        raise call.refuse("sequences of different lengths are not exported; pad them to one length")
    if len(call.two.options["sizes"]) != times:
        raise call.refuse("only a layer over a fixed number of steps is exported")
    if call.has(5):
        raise call.refuse("ONNX's LSTM has no projection (proj_size)")
    hidden, inputs = call.fixed_shape(2)[1], call.fixed_shape(0)[1]
    w_ih, w_hh = call.value(1), call.value(2)
    b_ih, b_hh = (call.value(i) if call.has(i) else np.zeros(len(gates) * hidden) for i in (3, 4))
    if w_ih is None or w_hh is None or b_ih is None or b_hh is None:
        raise call.refuse("weights that are computed from the input are not exported")
    prefix = f"{graph.module}." if graph.module else ""
    w, r = (_sorted(weight, gates)[None] for weight in (w_ih, w_hh))
    b = np.concatenate([_sorted(bias, gates) for bias in (b_ih, b_hh)])[None]
    names = [graph.constant(a, call.dtype(), f"{prefix}{name}") for a, name in ((w, "W"), (r, "R"), (b, "B"))]
    first = [
        None if call.is_zero(i) else add("Unsqueeze", call.x(i), integers(0)) for i in range(6, len(call.one.inputs))
    ]
    rows = add("Reshape", call.x(0), integers(times, -1, inputs))  # (T, N, I)
    found = add(
        op, rows, *names, None, *first, outputs=3 if op == "LSTM" else 2, hidden_size=hidden,
        direction="reverse" if call.option("reverse") else "forward", activations=activations,
        linear_before_reset=1 if op == "GRU" else None,
    )  # fmt: skip
    all_times = add("Reshape", found[0], integers(-1, hidden))  # (T, 1, N, H) -> (T · N, H)
    return [all_times, *[add("Squeeze", state, integers(0)) for state in found[1:]]]


def _sorted(weight: np.ndarray, gates: tuple[int, ...]) -> np.ndarray:
    """The rows of the gates in ONNX's order."""
    parts = np.split(weight, len(gates))
    return np.concatenate([parts[i] for i in gates])


def plain_step(op: str):
    def write(call: Call) -> list[str]:
        return [call.graph.add(op, call.graph.add("Add", call.x(0), call.x(1)))]

    return write


def lstm_step(call: Call) -> list[str]:
    add = call.graph.add
    i, f, g, o = add("Split", add("Add", call.x(0), call.x(1)), outputs=4, axis=1, num_outputs=4)
    i, f, g, o = add("Sigmoid", i), add("Sigmoid", f), add("Tanh", g), add("Sigmoid", o)
    c = add("Add", add("Mul", f, call.x(3)), add("Mul", i, g))
    return [add("Mul", o, add("Tanh", c)), c]


def gru_step(call: Call) -> list[str]:
    add = call.graph.add
    (x_r, x_u, x_n), (y_r, y_u, y_n) = (add("Split", call.x(i), outputs=3, axis=1, num_outputs=3) for i in (0, 1))
    r, u = add("Sigmoid", add("Add", x_r, y_r)), add("Sigmoid", add("Add", x_u, y_u))
    n = add("Tanh", add("Add", x_n, add("Mul", r, y_n)))
    return [add("Add", n, add("Mul", u, add("Sub", call.x(2), n)))]  # (1 - u) n + u h


WRITERS: dict[type, Any] = {
    **dict.fromkeys(KINDS, layer), recurrent.TanhStep: plain_step("Tanh"), recurrent.ReluStep: plain_step("Relu"),
    recurrent.LSTMStep: lstm_step, recurrent.GRUStep: gru_step,
}  # fmt: skip
