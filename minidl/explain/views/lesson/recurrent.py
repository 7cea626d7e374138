"""What the lesson of recurrent cells and layers shows at every time: gates, states, and what comes back to them.

One row per time and sequence, as in `ops/over_time.py`; a cell has one time. Computed in float64 from the recorded
inputs by the formulas of `ops/recurrent.py`. Of the names, h and c are states, and of row t

    y, before          what the state contributed to the gates, and h of t - 1
    above, after, dp   ∂L/∂h from the layers above, from t + 1, and their sum
    dh                 the same before the projection, if there is one
    dc_after, dc       ∂L/∂c from t + 1, and with what came through h
    dy                 the gradient sent to y (dx is recorded)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from ...recording.tape import Node

Arrays = dict[str, Any]


def _sigma(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def _tanh(x: Any, y: Any, h: Any) -> Arrays:
    return {"h": np.tanh(x + y)}


def _tanh_back(s: Arrays, dh: Any) -> Arrays:
    return {"dy": (1 - s["h"] ** 2) * dh}


def _relu(x: Any, y: Any, h: Any) -> Arrays:
    return {"h": np.maximum(x + y, 0)}


def _relu_back(s: Arrays, dh: Any) -> Arrays:
    return {"dy": (s["h"] > 0) * dh}


def _lstm(x: Any, y: Any, h: Any, c: Any) -> Arrays:
    i, f, g, o = np.split(x + y, 4, axis=1)
    i, f, g, o = _sigma(i), _sigma(f), np.tanh(g), _sigma(o)
    after = f * c + i * g
    return {"i": i, "f": f, "g": g, "o": o, "c0": c, "c": after, "h": o * np.tanh(after)}


def _lstm_back(s: Arrays, dh: Any, dc: Any) -> Arrays:
    i, f, g, o, t = s["i"], s["f"], s["g"], s["o"], np.tanh(s["c"])
    total = dc + o * (1 - t**2) * dh
    gates = i * (1 - i) * g * total, f * (1 - f) * s["c0"] * total, (1 - g**2) * i * total, o * (1 - o) * t * dh
    return {"dy": np.concatenate(gates, axis=1), "dc0": f * total, "dc_after": dc, "dc": total}


def _gru(x: Any, y: Any, h: Any) -> Arrays:
    (x_r, x_u, x_n), (y_r, y_u, y_n) = np.split(x, 3, axis=1), np.split(y, 3, axis=1)
    r, u = _sigma(x_r + y_r), _sigma(x_u + y_u)
    n = np.tanh(x_n + r * y_n)
    return {"r": r, "u": u, "n": n, "yn": y_n, "h0": h, "h": (1 - u) * n + u * h}


def _gru_back(s: Arrays, dh: Any) -> Arrays:
    r, u, n = s["r"], s["u"], s["n"]
    dn = (1 - n**2) * (1 - u) * dh
    gates = r * (1 - r) * s["yn"] * dn, u * (1 - u) * (s["h0"] - n) * dh, r * dn
    return {"dy": np.concatenate(gates, axis=1), "dh0": u * dh}


CELLS: dict[str, tuple[Callable[..., Arrays], Callable[..., Arrays]]] = {
    "Tanh": (_tanh, _tanh_back), "Relu": (_relu, _relu_back), "LSTM": (_lstm, _lstm_back), "GRU": (_gru, _gru_back),
}  # fmt: skip


def recurrent(node: Node) -> Arrays:
    """The arrays of a recurrent layer or cell, by name, (rows, H) each; y and dy (rows, gates · H)."""
    step, back = CELLS[node.op.removesuffix("Layer").removesuffix("Step")]
    given: list[Any] = [None if x.array is None else np.asarray(x.array, np.float64) for x in node.inputs]
    layer = "sizes" in node.options
    x, w, b, r = (given[0], *given[1:4]) if layer else (given[0], None, None, None)
    state = given[4:] if layer else given[2:]
    ends = accumulate(node.options["sizes"] if layer else [len(x)], initial=0)
    times = [slice(*bounds) for bounds in pairwise(ends)][:: -1 if node.options.get("reverse") else 1]
    rows: defaultdict[str, list[Any]] = defaultdict(list)  # per time, in the order of the walk
    for time in times:
        going = [s[: time.stop - time.start] for s in state]
        y = given[1] if w is None else going[0] @ w.T + (0 if b is None else b)
        now = step(x[time], y, *going)
        h = now["h"] if r is None else now["h"] @ r.T
        for name, array in (*now.items(), ("y", y), ("before", going[0])):
            rows[name].append(array)
        state = [_joined(new, old) for new, old in zip((h, now.get("c")), state)]
    found = {name: _in_time(arrays, times) for name, arrays in rows.items()}
    return found | ({} if node.dz is None else _backward(node, node.dz, found, back, times, w, r))


def _backward(node: Node, dz: Any, found: Arrays, back: Any, times: list[slice], w: Any, r: Any) -> Arrays:
    """What came to each time, from the last one of the walk to the first."""
    above, *states = [part.astype(np.float64) for part in node.split(dz)]
    if w is None:
        states = [np.zeros_like(above), *states]  # of a cell the first output is h, with nothing behind it
    rows: defaultdict[str, list[Any]] = defaultdict(list)
    for time in reversed(times):
        count = time.stop - time.start
        after, *others = [d[:count] for d in states]
        dp = above[time] + after
        dh = dp if r is None else dp @ r
        sent = back({name: array[time] for name, array in found.items()}, dh, *others)
        for name, array in (("above", above[time]), ("after", after), ("dp", dp), ("dh", dh)):
            rows[name].append(array)
        for name in sent.keys() - {"dh0", "dc0"}:
            rows[name].append(sent[name])
        if w is not None:  # a cell has no other time
            sent_back = sent.get("dh0", 0.0) + sent["dy"] @ w, sent.get("dc0")
            states = [_joined(new, old) for new, old in zip(sent_back, states)]
    return {name: _in_time(arrays, times[::-1]) for name, arrays in rows.items()}


def _joined(new: Any, old: Any) -> Any:
    """A state whose first sequences are `new`; the others have ended, or not yet begun."""
    return np.concatenate((new, old[len(new) :]))


def _in_time(arrays: list[Any], times: list[slice]) -> Any:
    """Blocks of rows, made in the order of `times`, in the order of time."""
    return np.concatenate([array for _, array in sorted(zip(times, arrays), key=lambda pair: pair[0].start)])
