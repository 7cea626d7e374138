"""What the pictures of some operations need besides inputs, output and gradients: statistics, weights, gates.

Computed here in float64 from the recorded inputs, by the formulas of the operation's docstring; the page then only
looks numbers up. An entry per operation, by its class name; another operation needs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...recording.tape import Node
from .recurrent import KEPT, recurrent

Arrays = dict[str, np.ndarray]


def extras(node: Node) -> Arrays:
    """The further arrays of one operation, float32 (or what an option holds), by name."""
    make = MAKERS.get(node.op)
    with np.errstate(all="ignore"):
        return {} if make is None else {name: _narrow(array) for name, array in make(node).items()}


def _narrow(array: Any) -> np.ndarray:
    array = np.asarray(array)
    return array.astype(np.float32) if array.dtype.kind in "fb" else array


def _wide(node: Node, k: int) -> Any:
    """Input k in float64; None if there is none."""
    array = node.inputs[k].array
    return None if array is None else np.asarray(array, np.float64)


def _normalized(node: Node) -> Arrays:
    """mean and σ of each group, and the means of g = w · dz and of g · x̂ that dx takes back."""
    x, w = _wide(node, 0), _wide(node, 1)
    if "axes" in node.options:
        axes = tuple(node.options["axes"])
        mean = x.mean(axis=axes, keepdims=True)
        sigma = np.sqrt(((x - mean) ** 2).mean(axis=axes, keepdims=True) + node.options["eps"])
    else:  # the running statistics: constants
        axes, mean = (), _wide(node, 3)
        sigma = np.sqrt(_wide(node, 4) + node.options["eps"])
    found = {"mean": mean, "sigma": sigma}
    if node.dz is not None and axes:
        g = node.dz.astype(np.float64) * (1 if w is None else w)
        found["mean_g"] = g.mean(axis=axes, keepdims=True)
        found["mean_gx"] = (g * (x - mean) / sigma).mean(axis=axes, keepdims=True)
    return found


def _dropped(node: Node) -> Arrays:
    """The mask: 0, or 1 / (1 - p)."""
    p = node.options["p"]
    kept = np.broadcast_to(np.asarray(node.options["kept"]), node.array.shape)
    return {"mask": kept * (0.0 if p == 1 else 1 / (1 - p))}


def _attended(node: Node) -> Arrays:
    """The scores s, the weights p, and the gradients dp and ds: (..., L, S) each."""
    q, k, mask = _wide(node, 0), _wide(node, 1), _wide(node, 3)
    scores = node.options["scale"] * (q @ k.swapaxes(-1, -2))
    if mask is not None:
        scores = scores + mask
    top = np.max(scores, axis=-1, keepdims=True, initial=-np.inf)
    e = np.exp(scores - np.where(np.isfinite(top), top, 0))
    total = e.sum(axis=-1, keepdims=True)
    p = e / np.where(total == 0, 1, total)  # a query that may look at nothing has no weights
    kept, rest = node.options.get("kept"), 1 - node.options.get("p_drop", 0.0)
    drop = 1.0 if kept is None else np.asarray(kept) * (1 / rest if rest else 0.0)
    found = {"s": scores, "p": p * drop}
    if node.dz is not None:
        dp = node.dz.astype(np.float64) @ _wide(node, 2).swapaxes(-1, -2) * drop
        found["dp"] = dp
        found["ds"] = p * (dp - (dp * p).sum(axis=-1, keepdims=True))
    return found


MAKERS: dict[str, Callable[[Node], Arrays]] = {
    "Normalize": _normalized,
    "NormalizeChannels": _normalized,
    "Standardize": _normalized,
    "Dropout": _dropped,
    "Attention": _attended,
    **{cell + kind: recurrent for cell in KEPT for kind in ("Step", "Layer")},
}
