"""`torch.testing.assert_close`: whether tensors, numbers, or nestings of them are equal up to rounding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...engine.tensor import Tensor
from ...errors import ArgumentError
from ..look import Size

__all__ = ["assert_close"]

# relative and absolute, as PyTorch's, by dtype; what has no entry must be equal
TOLERANCES = {"float16": (1e-3, 1e-5), "float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7)}


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: Any = None,
) -> None:
    """AssertionError unless |actual - expected| <= atol + rtol |expected|, element by element, and dtypes are equal.

    Tensors, arrays, numbers, sequences and mappings of them. `rtol` and `atol` are given together, or go by the dtype.
    """
    if (rtol is None) != (atol is None):
        raise ArgumentError("assert_close: rtol and atol must be given both, or neither")
    differs = _difference(actual, expected, "", rtol, atol, equal_nan, check_dtype, check_device, check_stride)
    if differs:
        raise AssertionError(msg(differs) if callable(msg) else msg or differs)


def _difference(x: Any, y: Any, place: str, *how: Any) -> str | None:
    """What is not equal, in words; None if all is."""
    if isinstance(x, Mapping) and isinstance(y, Mapping):
        if x.keys() != y.keys():
            return f"The keys of the mappings do not match{place}: {list(x)} and {list(y)}"
        pairs = [(x[key], y[key], f" at [{key!r}]{place}") for key in x]
    elif _is_sequence(x) and _is_sequence(y):
        if len(x) != len(y):
            return f"The length of the sequences mismatch{place}: {len(x)} != {len(y)}"
        pairs = [(a, b, f" at [{i}]{place}") for i, (a, b) in enumerate(zip(x, y))]
    else:
        return _of_arrays(x, y, place, *how)
    return next(filter(None, (_difference(a, b, inside, *how) for a, b, inside in pairs)), None)


def _is_sequence(x: Any) -> bool:
    return isinstance(x, Sequence) and not isinstance(x, str)


def _of_arrays(
    x: Any, y: Any, place: str, rtol: Any, atol: Any, equal_nan: bool, dtype: bool, device: bool, stride: bool
) -> str | None:
    if isinstance(x, Tensor) and isinstance(y, Tensor):
        looked_at = (("device", device), ("stride", stride))
        for name, wanted in looked_at:
            mine, other = (getattr(t, name)() if name == "stride" else getattr(t, name) for t in (x, y))
            if wanted and mine != other:
                return f"The values for attribute '{name}' do not match{place}: {mine} != {other}."
    a, b = (t.detach().cpu().numpy() if isinstance(t, Tensor) else np.asarray(t) for t in (x, y))
    if a.shape != b.shape:
        return f"The values for attribute 'shape' do not match{place}: {Size(a.shape)} != {Size(b.shape)}."
    if dtype and a.dtype != b.dtype and not (np.isscalar(x) or np.isscalar(y)):
        return f"The values for attribute 'dtype' do not match{place}: torch.{a.dtype} != torch.{b.dtype}."
    if rtol is None:
        found = [TOLERANCES.get(t.dtype.name, (0.0, 0.0)) for t in (a, b)]
        rtol, atol = max(r for r, _ in found), max(t for _, t in found)
    close = np.isclose(a, b, rtol, atol, equal_nan)
    if close.all():
        return None
    if a.ndim == 0:
        return f"Scalars are not close{place}!\n\nExpected {b} but got {a}.\nAllowed: {atol} + {rtol} * |expected|"
    worst = np.unravel_index(np.argmax(np.where(close, -1.0, abs(np.nan_to_num(a * 1.0 - b)))), a.shape)
    return (
        f"Tensor-likes are not close{place}!\n\nMismatched elements: {(~close).sum()} / {close.size} "
        f"({(~close).mean():.1%})\nGreatest absolute difference: {abs(a[worst] * 1.0 - b[worst])} at index "
        f"{tuple(map(int, worst))} (up to {atol} allowed)"
    )
