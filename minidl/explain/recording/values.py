"""The numbers of a tape: each array once, its summary, and as many of its elements as a page can hold."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

LIMIT = 16384  # elements kept of one array

Block = tuple[tuple[int, int], ...]
AXES = {1: ("element",), 2: ("row", "column"), 4: ("image", "channel", "row", "column")}


@dataclass(frozen=True)
class Value:
    """One array as it was at one moment: a summary of all of it, and the elements of a block at its beginning.

    `low`, `high` and `mean` are of the finite elements, None if there are none.
    """

    shape: tuple[int, ...]
    dtype: str
    low: float | None
    high: float | None
    mean: float | None
    zeros: int
    nans: int
    infs: int
    block: Block
    data: np.ndarray  # the elements of the block

    @classmethod
    def of(cls, array: np.ndarray, limit: int = LIMIT) -> Value:
        """The value of a NumPy array."""
        block = block_of(array.shape, limit)
        finite = array[np.isfinite(array)] if array.dtype.kind == "f" else array.ravel()
        some = finite.size > 0
        return cls(
            shape=array.shape,
            dtype=str(array.dtype),
            low=float(finite.min()) if some else None,
            high=float(finite.max()) if some else None,
            mean=float(finite.mean(dtype=np.float64)) if some else None,
            zeros=int(array.size - np.count_nonzero(array)),
            nans=int(np.isnan(array).sum()) if array.dtype.kind == "f" else 0,
            infs=int(np.isinf(array).sum()) if array.dtype.kind == "f" else 0,
            block=block,
            data=array[tuple(slice(*ends) for ends in block)].copy(),
        )

    def to_dict(self, limit: int = LIMIT) -> dict[str, Any]:
        """The value for a page, with at most `limit` elements."""
        block = block_of(self.shape, limit)
        kept = self.data[tuple(slice(*ends) for ends in block)]
        packed = np.ascontiguousarray(kept, dtype="<f4")
        return {
            "shape": list(self.shape), "dtype": self.dtype, "min": self.low, "max": self.high, "mean": self.mean,
            "zeros": self.zeros, "nans": self.nans, "infs": self.infs,
            "data": base64.b64encode(packed.tobytes()).decode("ascii"),
            "block": [list(ends) for ends in block], "sampled": in_words(self.shape, block),
        }  # fmt: skip


class Values:
    """All values of a tape. The same content is kept once, identified by its index in the list."""

    def __init__(self) -> None:
        self.items: list[Value] = []
        self._places: dict[Any, int] = {}

    def add(self, array: np.ndarray) -> int:
        """Keep a copy of what `array` holds now, and return its index."""
        array = np.asarray(array)
        digest = hashlib.blake2b(np.ascontiguousarray(array).view(np.uint8).data, digest_size=16).digest()
        key = array.shape, array.dtype.str, digest
        if key not in self._places:
            self._places[key] = len(self.items)
            self.items.append(Value.of(array))
        return self._places[key]

    def __getitem__(self, place: int) -> Value:
        return self.items[place]


def block_of(shape: tuple[int, ...], limit: int) -> Block:
    """The part of an array that is kept: complete last axes, then the beginning of one, then the first of the others.

    >>> block_of((2, 10, 30, 30), 4000)
    ((0, 1), (0, 4), (0, 30), (0, 30))
    """
    block: list[tuple[int, int]] = []
    room = limit
    for length in reversed(shape):
        taken = min(length, room)
        block.append((0, taken))
        room //= max(taken, 1)
    return tuple(reversed(block))


def in_words(shape: tuple[int, ...], block: Block) -> str | None:
    """Which part of an array is kept; None for all of it.

    >>> in_words((2, 10, 30, 30), ((0, 1), (0, 4), (0, 30), (0, 30)))
    'channels 0 to 3 of 10 of image 0'
    """
    if prod(shape) == prod(stop for _, stop in block):
        return None
    names = AXES.get(len(shape), tuple(f"axis {i}" for i in range(len(shape))))
    parts = []
    for name, length, (_, stop) in reversed(list(zip(names, shape, block))):
        if stop == length:
            continue
        parts.append(f"{name} 0" if stop == 1 else f"{name}s 0 to {stop - 1} of {length}")
    return " of ".join(parts)
