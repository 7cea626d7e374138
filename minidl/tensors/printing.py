"""How a tensor is printed: as in PyTorch, with four decimals, and without the middle of a large one."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import to_host
from ..devices import device_of
from ..dtypes import get_default_dtype
from ..engine.tensor import Tensor

WIDTH, DIGITS, EDGE, THRESHOLD = 80, 4, 3, 1000  # columns; decimals; elements shown at each end above that size
INDENT = len("tensor(")


def tensor_text(tensor: Tensor) -> str:
    """The values, then whatever is not the default: size, dtype, device, and the tensor's role in the graph."""
    array = to_host(tensor._array)
    usual = (get_default_dtype(),) if array.size == 0 else (get_default_dtype(), np.int64, np.bool_)
    notes = [f"size={array.shape}"] if array.size == 0 and array.ndim != 1 else []
    if device_of(tensor._array).type != "cpu":
        notes.insert(0, f"device='{device_of(tensor._array)}'")
    if array.dtype not in usual:
        notes.append(f"dtype=minidl.{array.dtype}")
    if tensor.grad_fn is not None:
        notes.append(f"grad_fn=<{type(tensor.grad_fn).__name__}>")
    elif tensor.requires_grad:
        notes.append("requires_grad=True")
    return _with_notes("tensor(" + (_values(array) if array.size else "[]"), notes) + ")"


def _with_notes(text: str, notes: list[str]) -> str:
    """The notes after the values, on a new line where they would not fit."""
    used = len(text) - text.rfind("\n") + 1
    for note in notes:
        if used + len(note) + 2 > WIDTH:
            text, used = f"{text},\n{' ' * INDENT}{note}", INDENT + len(note)
        else:
            text, used = f"{text}, {note}", used + len(note) + 2
    return text


def _values(array: Any) -> str:
    short = array.size > THRESHOLD
    numbers = _Numbers(_edges(array) if short else array)
    return _block(array, numbers, INDENT, short)


def _edges(array: Any) -> Any:
    """The elements that a shortened text shows."""
    for axis, length in enumerate(array.shape):
        if length > 2 * EDGE:
            array = np.take(array, [*range(EDGE), *range(length - EDGE, length)], axis)
    return array


def _block(array: Any, numbers: _Numbers, indent: int, short: bool) -> str:
    if array.ndim == 0:
        return numbers.text(array.item())
    cut = short and len(array) > 2 * EDGE
    if array.ndim == 1:
        shown = array.tolist()
        words = [numbers.text(value) for value in (shown[:EDGE] + shown[-EDGE:] if cut else shown)]
        if cut:
            words.insert(EDGE, " ...")
        each = max((WIDTH - indent) // (numbers.width + 2), 1)
        lines = [", ".join(words[i : i + each]) for i in range(0, len(words), each)]
        return "[" + f",\n{' ' * (indent + 1)}".join(lines) + "]"
    rows = [*array[:EDGE], *array[-EDGE:]] if cut else array
    parts = [_block(row, numbers, indent + 1, short) for row in rows]
    if cut:
        parts.insert(EDGE, "...")
    return "[" + ("," + "\n" * (array.ndim - 1) + " " * (indent + 1)).join(parts) + "]"


class _Numbers:
    """One notation for all the numbers of a tensor, and the width of the longest."""

    def __init__(self, array: Any) -> None:
        self.form = "{}"
        shown = array
        if array.dtype.kind == "f":
            shown = array[np.isfinite(array) & (array != 0)].astype(np.float64)
            self.form = _notation(np.abs(shown))
        self.width = max((len(self._plain(value)) for value in shown.ravel().tolist()), default=1)

    def _plain(self, value: Any) -> str:
        text = self.form.format(value)
        return text + "." if self.form == "{:.0f}" and np.isfinite(value) else text

    def text(self, value: Any) -> str:
        return self._plain(value).rjust(self.width)


def _notation(sizes: Any) -> str:
    """Integers, decimals, or powers of ten where the magnitudes lie too far apart to compare."""
    if sizes.size == 0:
        return "{:.0f}"
    whole = bool((sizes == np.ceil(sizes)).all())
    low, high = float(sizes.min()), float(sizes.max())
    if high / low > 1000 or high > 1e8 or (not whole and low < 1e-4):
        return f"{{:.{DIGITS}e}}"
    return "{:.0f}" if whole else f"{{:.{DIGITS}f}}"
