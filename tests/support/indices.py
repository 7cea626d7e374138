"""Hypothesis strategies for what may stand in square brackets, right and a little wrong, for both libraries."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

import minidl


@st.composite
def slices(draw: st.DrawFn, length: int) -> slice:
    """Slices of any bounds, outside ones included, with a positive step."""
    bound = st.none() | st.integers(-length - 2, length + 2)
    return slice(draw(bound), draw(bound), draw(st.none() | st.integers(1, 3)))


@st.composite
def index_arrays(draw: st.DrawFn, length: int, common: tuple[int, ...]) -> Any:
    """Positions in a dimension, of a shape that can be broadcast to `common`; an array, or a list."""
    start = draw(st.integers(0, len(common)))
    shape = tuple(1 if draw(st.booleans()) else n for n in common[start:]) or (1,)
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    array = rng.integers(-length, max(length, 1), shape).astype(draw(st.sampled_from([np.int64, np.int32])))
    return array.tolist() if array.ndim == 1 and draw(st.booleans()) else array


@st.composite
def indices(draw: st.DrawFn, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """An index for a tensor of that shape: NumPy arrays in it stand for tensors."""
    parts: list[Any] = []
    dim = 0
    common = tuple(draw(st.lists(st.integers(0, 3), min_size=1, max_size=2)))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    while dim < len(shape) and draw(st.integers(0, 5)):
        kind = draw(st.sampled_from(["int", "slice", "slice", "none", "array", "array", "mask", "flag", "zero_dim"]))
        if kind == "int":
            parts.append(draw(st.integers(-shape[dim] - draw(st.booleans()), max(shape[dim] - 1, 0))))
        elif kind == "zero_dim":
            parts.append(np.array(draw(st.integers(-shape[dim], max(shape[dim] - 1, 0)))))
        elif kind == "slice":
            parts.append(draw(slices(shape[dim])))
        elif kind == "array":
            parts.append(draw(index_arrays(shape[dim], common)))
        elif kind == "mask":
            width = draw(st.integers(1, len(shape) - dim))
            parts.append(rng.random(shape[dim : dim + width]) < 0.5)
            dim += width - 1
        else:
            parts.append(None if kind == "none" else draw(st.booleans()))
            dim -= 1
        dim += 1
    if draw(st.booleans()):
        parts.insert(draw(st.integers(0, len(parts))), ...)
    return tuple(parts)


def for_torch(index: tuple[Any, ...]) -> tuple[Any, ...]:
    """The index with PyTorch's tensors."""
    return tuple(torch.as_tensor(part) if isinstance(part, np.ndarray) else part for part in index)


def for_minidl(index: tuple[Any, ...]) -> tuple[Any, ...]:
    """The index with minidl's tensors."""
    return tuple(minidl.tensor(part) if isinstance(part, np.ndarray) else part for part in index)


def repeats(shape: tuple[int, ...], index: tuple[Any, ...]) -> bool:
    """Whether an element is taken twice."""
    taken = torch.arange(int(np.prod(shape))).reshape(shape)[for_torch(index)].flatten()
    return len(torch.unique(taken)) < len(taken)
