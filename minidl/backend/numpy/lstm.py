"""An LSTM's way through time in few calls: its gates in columns and in place, their slopes for all times at once.

`ops/recurrent.py` states the cell, and `ops/over_time.py` goes through it step by step, in some 18 calls forward and 25
back; here they are 10 and 13, with the same results but for rounding. All arrays of a part of the batch lie (time,
feature, sequence), and the gates are in the order i, f, o, g: so what the sigmoids take is one block.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .elementwise import exp
from .threads import out_of_turn

Array = np.ndarray

FEWEST = 8  # times from which it pays


def over_time(node: Any, w: Array) -> Walk | None:
    """The walk of an `OverTime`, with all its weights w (I + P + 2, gates · H); None if it goes step by step.

    It is for an LSTM without a projection, whose sequences are of one length.
    """
    if node.cell != "LSTM" or node.w_hr is not None or len(node.times) < FEWEST:
        return None
    at_once = len(node.first[0])
    fits = len(node.x) == len(node.times) * at_once and at_once * node.x.shape[1] > 0
    return Walk(node.w_hh, w) if fits and w.dtype.kind == "f" and w.itemsize > 2 else None


class Walk:
    """Through all times of each part of the batch: T times, n sequences.

    For each part it keeps the gates (T, 4H, n), c before each step and after the last (T + 1, H, n), and tanh c
    (T, H, n).
    """

    def __init__(self, w_hh: Array, w: Array) -> None:
        self.back_through = _swapped(w_hh)  # (4H, H)
        self.w = _swapped(w.T)  # (4H, I + H + 2)
        self.w[: -w_hh.shape[1]] *= -1  # a sigmoid begins with -a
        self.parts: dict[int, tuple[Array, Array, Array]] = {}

    def forward(self, node: Any, number: int) -> tuple[list[Any], list[Any], list[Array]]:
        """What a step's `back` needs, at each time; nothing for a projection; and the last state."""
        x, z = _by_time(node, node.x, number), _by_time(node, node.z, number)  # (T, n, I), (T, n, H)
        h, c = [state[node.batches[number]].T for state in node.first]
        (steps, n, inputs), hidden = x.shape, len(h)
        seen = np.ones((self.w.shape[1], n), x.dtype)  # (x_t, 1, h_{t-1}, 1)
        x_t, h_t = seen[:inputs], seen[inputs + 1 : -1]
        gates, cells = np.empty((steps, 4 * hidden, n), x.dtype), np.empty((steps + 1, hidden, n), x.dtype)
        squashed, new = np.empty((steps, hidden, n), x.dtype), np.empty((hidden, n), x.dtype)
        h_t[:], cells[0] = h, c

        for t in range(steps):
            _transpose(x[t], x_t)
            out_of_turn(np.matmul, self.w, seen, gates[t])
            i, f, o, g = gates[t].reshape(4, hidden, n)
            _sigmoid(gates[t, : 3 * hidden])
            np.tanh(g, out=g)
            c = cells[t + 1]
            np.multiply(f, cells[t], out=c)
            c += np.multiply(i, g, out=new)
            np.multiply(o, np.tanh(c, out=squashed[t]), out=h_t)
            _transpose(h_t, z[t])
        self.parts[number] = gates, cells, squashed
        return _kept(gates, cells, squashed), [], [z[-1], cells[-1].T]

    def takes(self, dz: Any) -> bool:
        """Whether this is a gradient to go back with; a recorded one, for second derivatives, goes step by step."""
        return type(dz) is np.ndarray

    def back(self, node: Any, dz: Array, dlast: Any, da: Array, number: int) -> list[Array]:
        """The gradients of the first state; those of the gates at all times go to da (rows, 4H)."""
        gates, cells, squashed = self.parts[number]
        hidden = cells.shape[1]
        dgates, through = out_of_turn(_slopes, gates, cells, squashed)
        dz, da = _by_time(node, dz, number), _by_time(node, da, number)  # (T, n, H), (T, n, 4H)
        dh, dc = [d[node.batches[number]].T.copy() for d in dlast]
        came, new = np.empty_like(dh), np.empty_like(dc)

        for t in reversed(range(len(gates))):
            di, df, do, dg = dgates[t].reshape(4, hidden, -1)
            _transpose(dz[t], came)
            dh += came
            dc += np.multiply(through[t], dh, out=new)
            di *= dc
            df *= dc
            dg *= dc
            do *= dh
            dc *= gates[t, hidden : 2 * hidden]
            _in_order(dgates[t], da[t])
            out_of_turn(np.matmul, self.back_through.T, dgates[t], dh)
        return [dh.T, dc.T]


def _slopes(gates: Array, cells: Array, squashed: Array) -> tuple[Array, Array]:
    """∂c/∂a_i, ∂c/∂a_f, ∂h/∂a_o, ∂c/∂a_g in one array (T, 4H, n), and ∂h/∂c (T, H, n), at all times."""
    hidden = squashed.shape[1]
    sigmoids, slopes = gates[:, : 3 * hidden], np.empty_like(gates)
    i, f, o, g = (slice(k * hidden, (k + 1) * hidden) for k in range(4))
    np.subtract(1, sigmoids, out=slopes[:, : 3 * hidden])
    slopes[:, : 3 * hidden] *= sigmoids  # σ' = σ (1 - σ)
    slopes[:, i] *= gates[:, g]
    slopes[:, f] *= cells[:-1]
    slopes[:, o] *= squashed
    slopes[:, g] = _one_minus_square(gates[:, g])
    slopes[:, g] *= gates[:, i]
    through = _one_minus_square(squashed)
    through *= gates[:, o]
    return slopes, through


def _one_minus_square(x: Array) -> Array:
    """1 - x², the slope of x = tanh a."""
    z = x * x
    return np.subtract(1, z, out=z)


def _sigmoid(negative: Array) -> None:
    """In place, σ(a) of -a."""
    exp(negative, out=negative)
    negative += 1
    np.divide(1, negative, out=negative)


def _swapped(blocks: Array) -> Array:
    """Four blocks of rows, the last two the other way round: i, f, g, o as i, f, o, g."""
    half, most = len(blocks) // 2, 3 * len(blocks) // 4
    return np.concatenate((blocks[:half], blocks[most:], blocks[half:most]))


def _by_time(node: Any, rows: Array, number: int) -> Array:
    """All rows (T · N, ...) of a part of the batch, in the order in which the walk goes: a view (T, n, ...)."""
    x = rows.reshape(len(node.times), -1, rows.shape[1])
    return (x if node.times[0].start == 0 else x[::-1])[:, node.batches[number]]


def _transpose(x: Array, z: Array) -> None:
    """x (M, N) to z (N, M), by OpenCV: beside another thread NumPy takes several times as long."""
    import cv2

    cv2.transpose(x, z)


def _in_order(gates: Array, rows: Array) -> None:
    """Gates (4H, n) in the order i, f, o, g to rows (n, 4H) in the order i, f, g, o."""
    half, most = len(gates) // 2, 3 * len(gates) // 4
    _transpose(gates[:half], rows[:, :half])
    _transpose(gates[half:most], rows[:, most:])
    _transpose(gates[most:], rows[:, half:most])


def _kept(gates: Array, cells: Array, squashed: Array) -> list[Any]:
    """For each time what the step by itself would have kept, (n, H) each: i, f, g, o, c before, tanh c after."""
    hidden, kept = squashed.shape[1], []
    for a, c, t in zip(gates.transpose(0, 2, 1), cells.transpose(0, 2, 1), squashed.transpose(0, 2, 1)):
        i, f, o, g = (a[:, k * hidden : (k + 1) * hidden] for k in range(4))
        kept.append((i, f, g, o, c, t))
    return kept
