"""A linear layer as two narrow ones: w (out, in) ≈ u v, with u (out, r) and v (r, in), by singular values."""

from __future__ import annotations

import numpy as np

from ..backend import to_host
from ..nn import Linear, Module
from .numbers import copy_into
from .prune import check_share
from .steps import Step, apply


def low_rank(model: Module, energy: float) -> list[Step]:
    """Replace each linear layer by two that keep this share of Σ s², s its singular values; in place.

    A layer stays as it is where two would be larger. Returns the steps.
    """
    check_share("low_rank", energy)
    steps: list[Step] = []
    for name, layer in list(model.named_modules()):
        if name and type(layer) is Linear:
            weight = to_host(layer.weight._array).astype(np.float64)
            u, s, v = np.linalg.svd(weight, full_matrices=False)
            rank = rank_of(s, energy)
            if rank * sum(weight.shape) < weight.size:
                step = {"module": name, "becomes": "low rank", "rank": rank}
                _, pair = apply(model, step)
                root = np.sqrt(s[:rank])
                copy_into(pair[0].weight, root[:, None] * v[:rank])
                copy_into(pair[1].weight, u[:, :rank] * root)
                if layer.bias is not None:
                    copy_into(pair[1].bias, to_host(layer.bias._array))
                steps.append(step)
    return steps


def rank_of(s: np.ndarray, energy: float) -> int:
    """How many singular values, largest first, hold this share of Σ s²; at least one.

    >>> rank_of(np.array([2.0, 1.0, 1.0]), 0.6)
    1
    """
    total = np.cumsum(s**2)
    return int(min(np.searchsorted(total, energy * total[-1]) + 1, len(s)))
