"""Several arrays laid end to end in one, so that they travel together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from ...backend import Array, backend_of
from ...engine.inplace import overwrite
from ...engine.tensor import Tensor


class Flat:
    """One array of the size of all `tensors`, which are of one dtype and library; `parts`: a view for each of them."""

    def __init__(self, tensors: Sequence[Tensor]) -> None:
        first, sizes = tensors[0]._array, [tensor._array.size for tensor in tensors]
        self.array = backend_of(first).xp.empty(sum(sizes), first.dtype)
        self.parts: list[Array] = []
        start = 0
        for tensor, size in zip(tensors, sizes):
            self.parts.append(self.array[start : start + size].reshape(tensor.shape))
            start += size


def alike(tensors: Iterable[Tensor]) -> list[list[Tensor]]:
    """The tensors in groups of one dtype and library, in their order."""
    by_kind: Any = lambda tensor: (tensor.dtype.str, type(tensor._array).__name__)  # noqa: E731
    return [list(group) for _, group in groupby(sorted(tensors, key=by_kind), key=by_kind)]


def broadcast_all(group: Any, tensors: Iterable[Tensor], src: int = 0) -> None:
    """The tensors become those of process `src`, which travel together."""
    for some in alike(tensors):
        flat = Flat(some)
        for part, tensor in zip(flat.parts, some):
            part[...] = tensor._array
        group.broadcast(flat.array, src).wait()
        if group.rank != src:
            for part, tensor in zip(flat.parts, some):
                overwrite(tensor, part)
