"""An ONNX graph while it is written: nodes under the names of their modules, constants, sizes that follow the batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .needs import require_onnx

Size = tuple[int, int]  # of a dimension: in the first pass and in the second


class Graph:
    """Collects nodes and constants. Names of values are unique; `module` is where new nodes belong."""

    def __init__(self, batches: Size) -> None:
        self.onnx = require_onnx()
        self.batches = batches  # equal if the batch size is fixed
        self.batch_of = ""  # the input whose first dimension is the batch
        self.module = ""
        self.nodes: list[Any] = []
        self.constants: dict[str, np.ndarray] = {}
        self.taken: set[str] = set()

    def name(self, wanted: str) -> str:
        """`wanted`, or with a number behind it if it is taken."""
        found, count = wanted, 1
        while found in self.taken:
            count += 1
            found = f"{wanted}_{count}"
        self.taken.add(found)
        return found

    def add(self, op: str, *inputs: str | None, outputs: int = 1, **attributes: Any) -> Any:
        """A node: the name of its output, or a list of names for several. None is an optional input left out."""
        given = ["" if x is None else x for x in inputs]
        while given and not given[-1]:
            given.pop()
        label = self.name(f"{self.module}/{op}" if self.module else op)
        made = [self.name(f"{label}:{i}" if outputs > 1 else f"{label}:0") for i in range(outputs)]
        known = {key: value for key, value in attributes.items() if value is not None}
        self.nodes.append(self.onnx.helper.make_node(op, given, made, name=label, **known))
        return made[0] if outputs == 1 else made

    def constant(self, value: Any, dtype: Any = None, name: str = "") -> str:
        """A constant array under `name`, else under one that says what it is."""
        array = np.asarray(value, dtype)
        if not name:
            shown = "x".join(map(str, array.shape)) or str(array)
            name = f"{self.module + '/' if self.module else ''}constant {shown}"
        found = self.name(name)
        self.constants[found] = array
        return found

    def integers(self, *values: int) -> str:
        """A constant list of int64."""
        return self.constant(np.array(values, np.int64))

    def sizes(self, sizes: Sequence[Size]) -> str:
        """Lengths of dimensions as a list of int64; those that grow with the batch are computed from the input's."""
        if all(a == b for a, b in sizes):
            return self.integers(*(a for a, _ in sizes))
        batch = self.add("Gather", self.add("Shape", self.batch_of), self.integers(0), axis=0)
        parts = []
        for size in sizes:
            if size[0] == size[1]:
                parts.append(self.integers(size[0]))
            else:
                times = self.times(size)
                parts.append(batch if times == 1 else self.add("Mul", batch, self.integers(times)))
        return parts[0] if len(parts) == 1 else self.add("Concat", *parts, axis=0)

    def times(self, size: Size) -> int:
        """How many times the batch a dimension is; 0 if it is no multiple."""
        times = size[0] // self.batches[0]
        return times if (times * self.batches[0], times * self.batches[1]) == size else 0
