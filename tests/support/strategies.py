"""Hypothesis strategies: arrays as a user may bring them (any strides, broadcast, empty)."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st


def shapes(
    min_dims: int = 0, max_dims: int = 4, min_side: int = 0, max_side: int = 4
) -> st.SearchStrategy[tuple[int, ...]]:
    """Shapes, empty dimensions and dimensions of one included."""
    return st.lists(st.integers(min_side, max_side), min_size=min_dims, max_size=max_dims).map(tuple)


@st.composite
def arrays(draw: st.DrawFn, shape: Any = None, low: float = -3.0, high: float = 3.0, layout: bool = True) -> np.ndarray:
    """A float64 array of that shape (or strategy of shapes): contiguous, transposed, strided, reversed or broadcast.

    Values are uniform in [low, high], from a drawn seed: gradients are then well conditioned, and ties have
    probability zero.
    """
    wanted = draw(shapes() if shape is None else shape if isinstance(shape, st.SearchStrategy) else st.just(shape))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kind = draw(st.sampled_from(["plain", "transposed", "strided", "reversed", "broadcast"])) if layout else "plain"
    if kind == "transposed":
        return np.asarray(rng.uniform(low, high, wanted[::-1])).T
    if kind == "strided":
        return np.asarray(rng.uniform(low, high, tuple(2 * n for n in wanted)))[
            (..., *(slice(None, None, 2) for _ in wanted))
        ]
    if kind == "reversed":
        return np.asarray(rng.uniform(low, high, wanted))[(..., *(slice(None, None, -1) for _ in wanted))]
    if kind == "broadcast" and wanted:
        axis = draw(st.integers(0, len(wanted) - 1))
        narrow = (*wanted[:axis], 1, *wanted[axis + 1 :])
        return np.broadcast_to(rng.uniform(low, high, narrow), wanted)
    return np.asarray(rng.uniform(low, high, wanted))


@st.composite
def broadcast_pairs(draw: st.DrawFn, max_dims: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Two arrays whose shapes broadcast together."""
    full = draw(shapes(max_dims=max_dims))
    pair = []
    for _ in range(2):
        start = draw(st.integers(0, len(full)))
        pair.append(draw(arrays(tuple(1 if draw(st.booleans()) else n for n in full[start:]))))
    return pair[0], pair[1]
