"""One operation of the model as its writer sees it: names of its inputs, shapes in both passes, options."""

from __future__ import annotations

from typing import Any

import numpy as np

from .graph import Graph, Size
from .trace import ExportError, Note, Seen, where

OUTSIDE = (
    "uses numbers that were computed from the input outside of minidl's operations (by .item(), .numpy(), len or "
    "Python), so that they would always be those of this one batch; compute them with tensors"
)


class Call:
    """An operation in both passes; `graph` is what its writer adds to."""

    def __init__(self, graph: Graph, names: dict[int, str], constants: dict[int, Constant], one: Note, two: Note):
        self.graph, self.one, self.two = graph, one, two
        self.names, self.constants = names, constants
        graph.module = one.module

    def refuse(self, why: str) -> ExportError:
        """The error that says which operation cannot be exported, where it is, and why."""
        return ExportError(f"{where(self.one.module, self.one.place)}: {self.one.function.__name__}: {why}")

    def option(self, name: str) -> Any:
        """An option, which must not depend on the batch."""
        one, two = self.one.options.get(name), self.two.options.get(name)
        if not _same(one, two):
            raise self.refuse(f"{name} depends on the batch ({one} and {two}); export with dynamic_batch=False")
        return one

    def has(self, i: int) -> bool:
        """Whether the operation has input i, and it is not None."""
        return i < len(self.one.inputs) and self.one.inputs[i] is not None

    def x(self, i: int = 0) -> str:
        """The name of input i. A number becomes a constant of the dtype of the other inputs."""
        x = self.one.inputs[i]
        if not isinstance(x, Seen):
            if not _same(x, self.two.inputs[i]):
                raise self.refuse(OUTSIDE)
            return self.graph.constant(x, self.dtype(i))
        if x.number not in self.names:
            self.names[x.number] = self.constants[x.number].written(self)
        return self.names[x.number]

    def optional(self, i: int) -> str | None:
        """The name of input i; None if there is none."""
        return self.x(i) if self.has(i) else None

    def value(self, i: int) -> np.ndarray | None:
        """The constant array that input i is; None if it is computed from the model's inputs, or differs."""
        x, y = self.one.inputs[i], self.two.inputs[i]
        if not isinstance(x, Seen):
            return np.asarray(x, self.dtype(i))
        if x.number in self.constants and _same(x.array, y.array):
            return x.array
        return None

    def is_zero(self, i: int) -> bool:
        """Whether input i is a constant of zeros in both passes, whatever its shape."""
        x, y = self.one.inputs[i], self.two.inputs[i]
        return x.number in self.constants and not x.array.any() and not y.array.any()

    def dtype(self, i: int = 0) -> np.dtype[Any]:
        """The dtype of input i; for a number that of the first tensor that is no mask."""
        if isinstance(self.one.inputs[i], Seen):
            return self.one.inputs[i].tensor.dtype
        found = [x.tensor.dtype for x in self.one.inputs if isinstance(x, Seen)]
        return next((dtype for dtype in found if dtype.kind != "b"), found[0])

    def shape(self, i: int = 0) -> list[Size]:
        """The shape of input i in both passes."""
        return _sizes(self.one.inputs[i], self.two.inputs[i])

    def length(self, dim: int, i: int = 0) -> int:
        """The length of dimension `dim` of input i, which must not depend on the batch."""
        one, two = self.shape(i)[dim]
        if one != two:
            raise self.refuse(f"works along dimension {dim}, which grows with the batch; use dynamic_batch=False")
        return one

    def sizes(self, sizes: list[Size]) -> str:
        """Lengths as a list of int64 in the graph; each a number, or a multiple of the batch."""
        if not all(a == b or self.graph.times((a, b)) for a, b in sizes):
            raise self.refuse("a length that is neither fixed nor a multiple of the batch; use dynamic_batch=False")
        return self.graph.sizes(sizes)

    def ndim(self, i: int = 0) -> int:
        """How many dimensions input i has; a number has none."""
        x = self.one.inputs[i]
        return x.tensor.ndim if isinstance(x, Seen) else 0

    def fixed_shape(self, i: int = 0) -> tuple[int, ...]:
        """The shape of input i in the first pass: for dimensions that do not depend on the batch."""
        return self.one.inputs[i].tensor.shape

    def out(self, i: int = 0) -> list[Size]:
        """The shape of output i in both passes."""
        return _sizes(self.one.outputs[i], self.two.outputs[i])


class Constant:
    """A tensor that is not computed from the model's inputs, in both passes; `name` if it is a parameter's."""

    def __init__(self, one: Seen, two: Seen, name: str = "") -> None:
        self.one, self.two, self.given = one, two, name

    def written(self, call: Call) -> str:
        """Its name in the graph. Where it depends on the batch size only by repetition, it is repeated there."""
        one, two, graph = self.one.array, self.two.array, call.graph
        if _same(one, two):
            return graph.constant(one, name=self.given)
        sizes = list(zip(one.shape, two.shape))
        part = tuple(slice(0, 1) if a != b else slice(None) for a, b in sizes)
        if one.ndim == two.ndim and all(a == b or graph.times((a, b)) for a, b in sizes):
            seed = one[part]
            if _same(np.broadcast_to(seed, one.shape), one) and _same(np.broadcast_to(seed, two.shape), two):
                return graph.add("Expand", graph.constant(seed), graph.sizes(sizes))
        raise call.refuse(OUTSIDE)


def _sizes(one: Any, two: Any) -> list[Size]:
    if not isinstance(one, Seen):
        return []
    return list(zip(one.tensor.shape, two.tensor.shape))


def _same(one: Any, two: Any) -> bool:
    if isinstance(one, np.ndarray) or isinstance(two, np.ndarray):
        one, two = np.asarray(one), np.asarray(two)
        nan = one.dtype.kind == "f"
        return one.dtype == two.dtype and np.array_equal(one, two, equal_nan=nan)
    if isinstance(one, tuple | list) and isinstance(two, tuple | list):
        return len(one) == len(two) and all(map(_same, one, two))
    return bool(one == two or (one != one and two != two))
