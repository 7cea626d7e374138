"""What the lesson of recurrent cells and layers shows at every time: gates, states, and what comes back to them.

One row per time and sequence, as in `ops/over_time.py`; a cell has one time. Computed in float64 from the recorded
inputs by the operation's own `step` and `back`. Of the names, h and c are states, and of row t

    y, before          what the state contributed to the gates, and h of t - 1
    above, after, dp   ∂L/∂h from the layers above, from t + 1, and their sum
    dh                 the same before the projection, if there is one
    dc_after, dc       ∂L/∂c from t + 1, and with what came through h
    dy                 the gradient sent to y (dx is recorded)
"""

from __future__ import annotations

from collections import defaultdict
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from ....backend import backend_of
from ...recording.tape import Node

Arrays = dict[str, Any]

# What a step keeps for its derivative (`ops/recurrent.py`), in its order; h0 and c0 are the state before.
KEPT = {
    "Tanh": ("h",), "Relu": ("h",), "LSTM": ("i", "f", "g", "o", "c0", "tanh_c"), "GRU": ("r", "u", "n", "yn", "h0"),
}  # fmt: skip


def recurrent(node: Node) -> Arrays:
    """The arrays of a recurrent layer or cell, by name, (rows, H) each; y and dy (rows, gates · H)."""
    rule: Any = node.function()
    rule.backend = backend_of(node.array)
    names = KEPT[node.op.removesuffix("Layer").removesuffix("Step")]
    given: list[Any] = [None if x.array is None else np.asarray(x.array, np.float64) for x in node.inputs]
    layer = "sizes" in node.options
    x, w, b, r = (given[0], *given[1:4]) if layer else (given[0], None, None, None)
    state = given[4:] if layer else given[2:]
    ends = accumulate(node.options["sizes"] if layer else [len(x)], initial=0)
    times = [slice(*bounds) for bounds in pairwise(ends)][:: -1 if node.options.get("reverse") else 1]
    rows: defaultdict[str, list[Any]] = defaultdict(list)  # per time, in the order of the walk
    kept = []
    for time in times:
        going = [s[: time.stop - time.start] for s in state]
        y = given[1] if w is None else going[0] @ w.T + (0 if b is None else b)
        (h, *others), needed = rule.step(x[time], y, *going)
        kept.append(needed)
        now = dict(zip(names, needed, strict=True)) | {"h": h, "y": y, "before": going[0]}
        for name, array in (now | ({"c": others[0]} if others else {})).items():
            rows[name].append(array)
        state = [_joined(new, old) for new, old in zip((h if r is None else h @ r.T, *others), state)]
    found = {name: _in_time(arrays, times) for name, arrays in rows.items()}
    return found | ({} if node.dz is None else _backward(rule, node, node.dz, list(zip(times, kept)), w, r))


def _backward(rule: Any, node: Node, dz: Any, walked: list[tuple[slice, Any]], w: Any, r: Any) -> Arrays:
    """What came to each time, from the last one of the walk to the first."""
    above, *states = [part.astype(np.float64) for part in node.split(dz)]
    if w is None:
        states = [np.zeros_like(above), *states]  # of a cell the first output is h, with nothing behind it
    rows: defaultdict[str, list[Any]] = defaultdict(list)
    for time, kept in reversed(walked):
        after, *others = [d[: time.stop - time.start] for d in states]
        dp = above[time] + after
        dh = dp if r is None else dp @ r
        _, dy, direct, *before = rule.back(kept, dh, *others)
        for name, array in (("above", above[time]), ("after", after), ("dp", dp), ("dh", dh), ("dy", dy)):
            rows[name].append(array)
        if others:
            rows["dc_after"].append(others[0])
            rows["dc"].append(rule.dc(kept, dh, others[0]))
        if w is not None:  # a cell has no other time
            sent_back = dy @ w + (0 if direct is None else direct), *before
            states = [_joined(new, old) for new, old in zip(sent_back, states)]
    times = [time for time, _ in reversed(walked)]
    return {name: _in_time(arrays, times) for name, arrays in rows.items()}


def _joined(new: Any, old: Any) -> Any:
    """A state whose first sequences are `new`; the others have ended, or not yet begun."""
    return np.concatenate((new, old[len(new) :]))


def _in_time(arrays: list[Any], times: list[slice]) -> Any:
    """Blocks of rows, made in the order of `times`, in the order of time."""
    return np.concatenate([array for _, array in sorted(zip(times, arrays), key=lambda pair: pair[0].start)])
