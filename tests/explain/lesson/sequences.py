"""Passes through recurrent layers and cells, and their steps once more in NumPy: one number bumped, the loss taken."""

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
from minidl.nn.utils.rnn import pack_sequence


def sentence() -> Tape:
    """A GRU that says the next word at every time, from a state that it learns."""
    minidl.manual_seed(0)
    table, layer, out = nn.Embedding(6, 3), nn.GRU(3, 4), nn.Linear(4, 6)
    h0 = minidl.zeros(1, 1, 4).requires_grad_()
    with record("a sentence", torch=False) as tape:
        z, _ = layer(table(minidl.tensor([[1], [4], [2], [5], [2], [3], [0]])), h0)
        F.cross_entropy(out(z[:, 0]), minidl.tensor([4, 2, 5, 2, 3, 0, 1])).backward()
    return tape


def packed() -> Tape:
    """An LSTM in both directions, with a projection, over sequences of three lengths; the last states count too."""
    minidl.manual_seed(0)
    layer = nn.LSTM(3, 4, proj_size=2, bidirectional=True)
    h0, c0 = minidl.randn(2, 3, 2).requires_grad_(), minidl.randn(2, 3, 4).requires_grad_()
    x = pack_sequence([minidl.randn(n, 3) for n in (5, 3, 2)])
    x.data.requires_grad_()
    with record("packed sequences", torch=False) as tape:
        z, (h, c) = layer(x, (h0, c0))
        (((z.data - 0.3) ** 2).sum() + (h * h).sum() + c.sum()).backward()
    return tape


def sum_of_many() -> Tape:
    """An RNN of ReLUs whose last state alone is used."""
    minidl.manual_seed(0)
    layer, out, x = nn.RNN(2, 8, nonlinearity="relu"), nn.Linear(8, 1), minidl.randn(12, 1, 2)
    with record("a sum", torch=False) as tape:
        _, h = layer(x)
        F.mse_loss(out(h[0]), x.sum((0, 2)).reshape(1, 1)).backward()
    return tape


def own_loop() -> Tape:
    """Cells of every kind, in a loop of one's own; each state is used by the next step and by the loss."""
    minidl.manual_seed(0)
    cells = nn.LSTMCell(2, 3), nn.GRUCell(3, 3), nn.RNNCell(3, 2)
    h, c, u, r = minidl.zeros(2, 3), minidl.zeros(2, 3), minidl.randn(2, 3), minidl.zeros(2, 2)
    loss = minidl.tensor(0.0)
    with record("a loop", torch=False) as tape:
        for _ in range(2):
            h, c = cells[0](minidl.randn(2, 2), (h, c))
            u = cells[1](h, u)
            r = cells[2](u, r)
            loss = loss + (h * h).sum() + (r - 0.5).square().sum()
        loss.backward()
    return tape


SEQUENCES: dict[str, Callable[[], Tape]] = {
    "sentence": sentence, "packed": packed, "sum": sum_of_many, "loop": own_loop,
}  # fmt: skip


def _sigma(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


class Steps:
    """One recurrent operation in float64, row by row.

    `bump` adds a small number to one element of one row: of "x", of "gx" or "y" (the gates' two parts), of "w_ih",
    "b_hh", ... as that row uses them, of "c", "h", or "p" (h after the projection), or of the state "h0" or "c0" of a
    sequence. A cell's x is its gx.
    """

    def __init__(self, node: Node) -> None:
        self.node, self.kind = node, node.op[:-5] if node.op.endswith("Layer") else node.op[:-4]
        self.given = {x.label: None if x.array is None else np.asarray(x.array, float) for x in node.inputs}
        self.layer = node.op.endswith("Layer")
        self.x, self.w_hr = self.given["x"], self.given.get("w_hr")
        self.state = [a for label, a in self.given.items() if label.startswith(("first", "state"))]
        self.sizes = list(node.options["sizes"]) if self.layer else [len(self.x)]
        self.dz = [np.asarray(part, float) for part in node.split(node.dz)]

    def sequence(self, n: int) -> list[int]:
        """The rows of a sequence, in the order of the walk."""
        rows = [sum(self.sizes[:t]) + n for t, size in enumerate(self.sizes) if n < size]
        return rows[::-1] if self.node.options.get("reverse") else rows

    def walk(self, n: int, bump: tuple[str, int, Any, float] | None = None) -> tuple[float, dict[int, dict[str, Any]]]:
        """Σ dz · z over what a sequence makes, and the numbers of each of its rows."""
        where, at, place, size = bump or ("", -1, 0, 0.0)

        def bumped(name: str, row: int, array: Any = None) -> Any:
            array = self.given.get(name) if array is None else array
            if name != where or row != at:
                return array
            array = array.copy()
            array[place] += size
            return array

        def part(name: str, row: int, weights: str, inputs: Any) -> Any:
            """Of the gates, what weights and bias make of some numbers."""
            b = bumped(f"b_{weights}", row)
            return bumped(name, row, bumped(f"w_{weights}", row) @ inputs + (0 if b is None else b))

        h = bumped("h0", n, self.state[0][n])
        c = bumped("c0", n, self.state[1][n]) if self.kind == "LSTM" else None
        total, seen = 0.0, {}
        for row in self.sequence(n):
            x = bumped("x", row, self.x[row])
            y = part("y", row, "hh", h) if self.layer else bumped("y", row, self.given["y"][row])
            x = part("gx", row, "ih", x) if self.layer else x
            now = {"before": h, "gx": x}
            if self.kind == "LSTM":
                i, f, g, o = np.split(x + y, 4)
                i, f, g, o = _sigma(i), _sigma(f), np.tanh(g), _sigma(o)
                c = bumped("c", row, f * c + i * g)
                h = o * np.tanh(c)
                now |= {"i": i, "f": f, "g": g, "o": o, "c": c}
            elif self.kind == "GRU":
                (xr, xu, xn), (yr, yu, yn) = np.split(x, 3), np.split(y, 3)
                r, u = _sigma(xr + yr), _sigma(xu + yu)
                new = np.tanh(xn + r * yn)
                h = (1 - u) * new + u * h
                now |= {"r": r, "u": u, "n": new}
            else:
                now |= {"y": y, "a": x + y}
                h = np.tanh(x + y) if self.kind == "Tanh" else np.maximum(x + y, 0)
            now["h"] = h = bumped("h", row, h)
            if self.w_hr is not None:
                now["z"] = h = bumped("w_hr", row) @ h
            h = bumped("p", row, h)
            total += float(self.dz[0][row] @ h)
            seen[row] = now
        for d, last in zip(self.dz[1:], (h, c) if self.layer else (c,)):
            total += float(d[n] @ last)
        return total, seen

    def slope(self, where: str, row: int, place: Any, n: int, step: float = 1e-6) -> float:
        """The slope of the loss at one number of one row, by central differences."""
        high, low = (self.walk(n, (where, row, place, sign * step))[0] for sign in (1, -1))
        return (high - low) / (2 * step)
