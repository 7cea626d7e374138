"""Every dtype, alone and in pairs: the same values and dtype as PyTorch, or an error on both sides."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import torch

import minidl
from tests.support.compare import assert_close, same_tensor

ALL = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64")
PAIRS = tuple(product(ALL, ALL))


def sample(dtype: str, rng: np.random.Generator, shape: tuple[int, ...] = (7,), low: int = -3) -> np.ndarray:
    """Small whole numbers (exact in every dtype) in `dtype`."""
    values = rng.integers(max(low, 0) if dtype in ("bool", "uint8") else low, 2 if dtype == "bool" else 4, shape)
    return np.asarray(values).astype(dtype)


def same_or_both_refuse(ours: Callable[..., Any], theirs: Callable[..., Any], *inputs: Any, **options: Any) -> None:
    """Where PyTorch gives a result, minidl gives the same; where it refuses, a named error."""
    pairs = [same_tensor(x) if isinstance(x, np.ndarray) else (x, x) for x in inputs]
    what = f"{[x.dtype.name if isinstance(x, np.ndarray) else x for x in inputs]}, {options}"
    try:
        expected = theirs(*[t for _, t in pairs], **options)
    except (RuntimeError, TypeError, IndexError, NotImplementedError, ValueError):
        try:
            found = ours(*[x for x, _ in pairs], **options)
        except minidl.MinidlError:
            return
        raise AssertionError(f"PyTorch refuses {what}; minidl gives {found}") from None
    found = ours(*[x for x, _ in pairs], **options)
    if isinstance(expected, tuple):
        for i, (x, t) in enumerate(zip(found, expected, strict=True)):
            assert_close(x, t, f"{what} output {i}")
    elif isinstance(expected, torch.Tensor):
        assert_close(found, expected, what)
    else:
        assert found == expected, what
