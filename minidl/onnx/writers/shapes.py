"""The same numbers in another shape or order, joined, taken apart, or picked."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...ops import embedding, gather, index, join, order, shape
from ...ops.breadth.scatter import Scatter, ScatterAdd
from ..call import Call
from .elementwise import named

END = np.iinfo(np.int64).max  # of a slice: as far as there is something


def reshape(call: Call) -> str:
    sizes, before = call.out(), call.shape()
    lengths = []
    for i, (a, b) in enumerate(sizes):
        if a == b:
            lengths.append(a)
        else:
            lengths.append(0 if i < len(before) and before[i] == (a, b) else -1)  # 0: as it was
    if lengths.count(-1) > 1 or (0 in lengths and any(0 in size for size in sizes)):
        return call.graph.add("Reshape", call.x(), call.sizes(sizes), allowzero=1)
    return call.graph.add("Reshape", call.x(), call.graph.integers(*lengths))


def permute(call: Call) -> str:
    return call.graph.add("Transpose", call.x(), perm=list(call.option("dims")))


def expand(call: Call) -> str:
    before = [(1, 1)] * (len(call.out()) - call.ndim()) + call.shape()
    sizes = [(1, 1) if size == old else size for size, old in zip(call.out(), before)]  # 1: as it was
    return call.graph.add("Expand", call.x(), call.sizes(sizes))


def flip(call: Call) -> str:
    dims = call.option("dims")
    n = len(dims)
    lists = [[-1] * n, [-END] * n, dims, [-1] * n]
    return call.graph.add("Slice", call.x(), *[call.graph.integers(*values) for values in lists]) if n else call.x()


def triangle(call: Call) -> str:
    return call.graph.add(
        "Trilu", call.x(), call.graph.constant(call.option("diagonal"), np.int64), upper=int(call.option("upper"))
    )


def tile(call: Call) -> str:
    counts = call.option("counts")
    x = call.x()
    if (more := len(counts) - call.ndim()) > 0:
        x = call.graph.add("Unsqueeze", x, call.graph.integers(*range(more)))
    return call.graph.add("Tile", x, call.graph.integers(*counts))


def slices(call: Call) -> str:
    """Integers, slices and None, one after the other: Slice, then Squeeze, then Unsqueeze."""
    one, two = call.one.options["index"], call.two.options["index"]
    cut: list[tuple[int, int, int, int]] = []
    dropped: list[int] = []
    new: list[int] = []
    axis = kept = 0
    for a, b in zip(one, two):
        if a is None:
            new.append(kept)
            kept += 1
            continue
        start, stop, step = _bounds(call, a, b, axis)
        if (start, stop, step) != (0, END, 1):
            cut.append((start, stop, axis, step))
        if isinstance(a, slice):
            kept += 1
        else:
            dropped.append(axis)
        axis += 1
    add, integers, z = call.graph.add, call.graph.integers, call.x()
    if cut:
        z = add("Slice", z, *[integers(*column) for column in zip(*cut)])
    if dropped:
        z = add("Squeeze", z, integers(*dropped))
    return add("Unsqueeze", z, integers(*new)) if new else z


def _bounds(call: Call, a: Any, b: Any, axis: int) -> tuple[int, int, int]:
    """Start, stop and step of one dimension, for every batch."""
    lengths = call.shape()[axis]
    refusal = f"the index {a} of dimension {axis} depends on the batch; export with dynamic_batch=False"
    if not isinstance(a, slice):
        if a != b:
            raise call.refuse(refusal)
        return a, END if a == -1 else a + 1, 1
    (start, stop, step), (start_b, stop_b, step_b) = (part.indices(n) for part, n in zip((a, b), lengths))
    ends = [END if s >= n else s for s, n in zip((stop, stop_b), lengths)]
    if (start, step) != (start_b, step_b) or ends[0] != ends[1]:
        raise call.refuse(refusal)
    return start, ends[0], step


def take(call: Call) -> str:
    """One index array is Gather; several, in the first dimensions, are GatherND."""
    given = [i for i in range(1, len(call.one.inputs)) if call.has(i)]
    if len(given) == 1:
        return call.graph.add("Gather", call.x(), call.x(given[0]), axis=given[0] - 1)
    if given != list(range(1, len(given) + 1)) or len({tuple(call.shape(i)) for i in given}) > 1:
        raise call.refuse("index arrays of different shapes, or not in the first dimensions, are not exported")
    add = call.graph.add
    columns = [add("Unsqueeze", call.x(i), call.graph.integers(call.ndim(i))) for i in given]
    return add("GatherND", call.x(), add("Concat", *columns, axis=-1))


def cat(call: Call) -> str:
    full = [i for i in range(len(call.one.inputs)) if call.shape(i) != [(0, 0)]]
    return call.graph.add("Concat", *[call.x(i) for i in full], axis=call.option("dim"))


def pad(call: Call) -> str:
    widths = call.option("widths")
    ends = [before for before, _ in widths] + [after for _, after in widths]
    value = call.graph.constant(call.option("value"), call.dtype())
    return call.graph.add("Pad", call.x(), call.graph.integers(*ends), value)


def rows(call: Call) -> str:
    return call.graph.add("Gather", call.x(1), call.x(0), axis=0)


def index_select(call: Call) -> str:
    return call.graph.add("Gather", call.x(0), call.x(1), axis=call.option("dim"))


def gather_elements(call: Call) -> str:
    return call.graph.add("GatherElements", call.x(0), call.x(1), axis=call.option("dim"))


def scatter(reduction: str) -> Any:
    def write(call: Call) -> str:
        if call.shape(1) != call.shape(2):
            raise call.refuse("a source that is larger than the index is not exported; cut it first")
        return call.graph.add(
            "ScatterElements", call.x(0), call.x(1), call.x(2), axis=call.option("dim"), reduction=reduction
        )

    return write


def masked_fill(call: Call) -> str:
    return call.graph.add("Where", call.x(1), call.x(2), call.x(0))


def top_places(call: Call) -> str:
    return _top(call, call.graph.integers(call.option("k")), call.option("largest"))


def argsort(call: Call) -> str:
    dim = call.option("dim")
    return _top(call, call.graph.integers(call.length(dim) if call.ndim() else 1), call.option("descending"))


def _top(call: Call, k: str, largest: bool) -> str:
    if not call.ndim():
        raise call.refuse("sorting one number is not exported")
    return call.graph.add("TopK", call.x(), k, outputs=2, axis=call.option("dim"), largest=int(largest))[1]


WRITERS: dict[type, Any] = {
    shape.Reshape: reshape, shape.Permute: permute, shape.Expand: expand, shape.Flip: flip, shape.Triangle: triangle,
    shape.Tile: tile, shape.Clone: named("Identity"), index.Slice: slices, index.Take: take, join.Cat: cat,
    join.Pad: pad, embedding.Embedding: rows, gather.IndexSelect: index_select, gather.Gather: gather_elements,
    Scatter: scatter("none"), ScatterAdd: scatter("add"), gather.MaskedFill: masked_fill,
    order.TakeAlong: gather_elements, order.TopPlaces: top_places, order.Argsort: argsort,
}  # fmt: skip
