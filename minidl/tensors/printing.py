"""How a tensor is printed: as in PyTorch, with four decimals, and without the middle of a large one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backend import to_host
from ..devices import device_of
from ..dtypes import get_default_dtype
from ..engine.tensor import Tensor
from ..errors import ArgumentError

INDENT = len("tensor(")


@dataclass
class Options:
    """How tensors are printed; `set_printoptions` changes it."""

    precision: int = 4  # decimals
    threshold: float = 1000  # elements; above it, only the ends of each dimension are shown
    edgeitems: int = 3  # elements shown at each end
    linewidth: int = 80  # columns
    sci_mode: bool | None = None  # powers of ten: always, never, or where the magnitudes lie far apart
    module: str = "minidl"  # where dtypes are looked for

    def operation(self, function: Any) -> str:
        """The name of the operation that made a tensor."""
        return type(function).__name__


PROFILES: dict[str, dict[str, float]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": float("inf"), "edgeitems": 3, "linewidth": 80},
}
options = Options()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Change how tensors are printed: decimals, the size above which they are shortened, elements at each end, columns.

    `profile` ("default", "short" or "full") sets all four; what is None stays. `sci_mode`: powers of ten always
    (True), never (False), or, as without it, where the magnitudes lie far apart.

    >>> import minidl
    >>> set_printoptions(precision=2)
    >>> minidl.tensor([1 / 3])
    tensor([0.33])
    >>> set_printoptions(profile="default")
    """
    if profile is not None:
        if profile not in PROFILES:
            raise ArgumentError(f"set_printoptions: profile must be one of {', '.join(PROFILES)}; got {profile!r}")
        vars(options).update(PROFILES[profile])
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    vars(options).update({name: value for name, value in given.items() if value is not None})
    options.sci_mode = sci_mode


def tensor_text(tensor: Tensor) -> str:
    """The values, then whatever is not the default: size, dtype, device, and the tensor's role in the graph."""
    array = to_host(tensor._array)
    usual = (get_default_dtype(),) if array.size == 0 else (get_default_dtype(), np.int64, np.bool_)
    notes = [f"size={array.shape}"] if array.size == 0 and array.ndim != 1 else []
    if device_of(tensor._array).type != "cpu":
        notes.insert(0, f"device='{device_of(tensor._array)}'")
    if array.dtype not in usual:
        notes.append(f"dtype={options.module}.{array.dtype}")
    if tensor.grad_fn is not None:
        notes.append(f"grad_fn=<{options.operation(tensor.grad_fn)}>")
    elif tensor.requires_grad:
        notes.append("requires_grad=True")
    return _with_notes("tensor(" + (_values(array) if array.size else "[]"), notes) + ")"


def _with_notes(text: str, notes: list[str]) -> str:
    """The notes after the values, on a new line where they would not fit."""
    used = len(text) - text.rfind("\n") + 1
    for note in notes:
        if used + len(note) + 2 > options.linewidth:
            text, used = f"{text},\n{' ' * INDENT}{note}", INDENT + len(note)
        else:
            text, used = f"{text}, {note}", used + len(note) + 2
    return text


def _values(array: Any) -> str:
    short = array.size > options.threshold
    numbers = _Numbers(_edges(array) if short else array)
    return _block(array, numbers, INDENT, short)


def _edges(array: Any) -> Any:
    """The elements that a shortened text shows."""
    edge = options.edgeitems
    for axis, length in enumerate(array.shape):
        if length > 2 * edge:
            array = np.take(array, [*range(edge), *range(length - edge, length)], axis)
    return array


def _block(array: Any, numbers: _Numbers, indent: int, short: bool) -> str:
    if array.ndim == 0:
        return numbers.text(array.item())
    edge = options.edgeitems
    cut = short and len(array) > 2 * edge
    if array.ndim == 1:
        shown = array.tolist()
        words = [numbers.text(value) for value in (shown[:edge] + shown[len(shown) - edge :] if cut else shown)]
        if cut:
            words.insert(edge, " ...")
        each = max((options.linewidth - indent) // (numbers.width + 2), 1)
        lines = [", ".join(words[i : i + each]) for i in range(0, len(words), each)]
        return "[" + f",\n{' ' * (indent + 1)}".join(lines) + "]"
    rows = [*array[:edge], *array[len(array) - edge :]] if cut else array
    parts = [_block(row, numbers, indent + 1, short) for row in rows]
    if cut:
        parts.insert(edge, "...")
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
    far = high / low > 1000 or high > 1e8 or (not whole and low < 1e-4)
    if far if options.sci_mode is None else options.sci_mode:
        return f"{{:.{options.precision}e}}"
    return "{:.0f}" if whole else f"{{:.{options.precision}f}}"
