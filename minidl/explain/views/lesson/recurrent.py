"""What the lesson of recurrent cells and layers shows at every time: gates, states, and what comes back to them.

One row per time and sequence, as in `ops/over_time.py`; a cell has one time. Computed in float64 from the recorded
inputs by the operation's own `step` and `back`. Of the names, h and c are states, and of row t

    gx, y, before      what the input and the state contributed to the gates, and h of t - 1; gx of a cell is its x
    above, after, dp   ∂L/∂h from the layers above, from t + 1, and their sum
    dh                 the same before the projection, if there is one
    dc_after, dc       ∂L/∂c from t + 1, and with what came through h
    dgx, dy            the gradients sent to gx and y; dgx only where it is another one than dy
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
    """The arrays of a recurrent layer or cell, by name, (rows, H) each; gx, y and their gradients (rows, gates · H)."""
    rule: Any = node.function()
    rule.backend = backend_of(node.array)
    names = KEPT[node.op.removesuffix("Layer").removesuffix("Step")]
    given = {x.label: None if x.array is None else np.asarray(x.array, np.float64) for x in node.inputs}
    layer = "sizes" in node.options
    gx: Any = _product(given["x"], given["w_ih"], given["b_ih"]) if layer else given["x"]
    state: list[Any] = [array for label, array in given.items() if label.startswith(("first", "state"))]
    ends = accumulate(node.options["sizes"] if layer else [len(gx)], initial=0)
    times = [slice(*bounds) for bounds in pairwise(ends)][:: -1 if node.options.get("reverse") else 1]
    rows: defaultdict[str, list[Any]] = defaultdict(list)  # per time, in the order of the walk
    kept = []
    for time in times:
        going = [s[: time.stop - time.start] for s in state]
        y = _product(going[0], given["w_hh"], given["b_hh"]) if layer else given["y"]
        (h, *others), needed = rule.step(*rule.combined(gx[time], y), *going)
        kept.append(needed)
        now = dict(zip(names, needed, strict=True)) | {"h": h, "y": y, "before": going[0]}
        for name, array in (now | ({"c": others[0]} if others else {})).items():
            rows[name].append(array)
        state = [_joined(new, old) for new, old in zip((_product(h, given.get("w_hr")), *others), state)]
    found = {name: _in_time(arrays, times) for name, arrays in rows.items()} | ({"gx": gx} if layer else {})
    return found | ({} if node.dz is None else _backward(rule, node.split(node.dz), list(zip(times, kept)), given))


def _backward(rule: Any, dz: list[Any], walked: list[tuple[slice, Any]], given: Arrays) -> Arrays:
    """What came to each time, from the last one of the walk to the first; `dz`: of each output."""
    above, *states = [part.astype(np.float64) for part in dz]
    w_hh, w_hr = given.get("w_hh"), given.get("w_hr")
    if w_hh is None:
        states = [np.zeros_like(above), *states]  # of a cell the first output is h, with nothing behind it
    rows: defaultdict[str, list[Any]] = defaultdict(list)
    for time, kept in reversed(walked):
        after, *others = [d[: time.stop - time.start] for d in states]
        dp = above[time] + after
        dh = dp if w_hr is None else dp @ w_hr
        dgx, dy, direct, *before = rule.back(kept, dh, *others)
        now = {"above": above[time], "after": after, "dp": dp, "dh": dh, "dy": dy}
        if others:
            now |= {"dc_after": others[0], "dc": rule.dc(kept, dh, others[0])}
        if w_hh is not None:  # a cell has no other time, and its gradients are recorded
            now |= {} if rule.adds else {"dgx": dgx}
            sent_back = dy @ w_hh + (0 if direct is None else direct), *before
            states = [_joined(new, old) for new, old in zip(sent_back, states)]
        for name, array in now.items():
            rows[name].append(array)
    times = [time for time, _ in reversed(walked)]
    return {name: _in_time(arrays, times) for name, arrays in rows.items()}


def _product(x: Any, w: Any, b: Any = None) -> Any:
    """x wᵀ + b; a projection may be missing: x itself."""
    return (x if w is None else x @ w.T) + (0 if b is None else b)


def _joined(new: Any, old: Any) -> Any:
    """A state whose first sequences are `new`; the others have ended, or not yet begun."""
    return np.concatenate((new, old[len(new) :]))


def _in_time(arrays: list[Any], times: list[slice]) -> Any:
    """Blocks of rows, made in the order of `times`, in the order of time."""
    return np.concatenate([array for _, array in sorted(zip(times, arrays), key=lambda pair: pair[0].start)])
