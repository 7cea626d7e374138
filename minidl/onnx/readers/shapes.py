"""Operators that move numbers: shapes, slices, indices."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ...dtypes import SUPPORTED
from ...engine.tensor import Tensor
from ...ops import gather, index, join, order, reduce, resize, shape
from ...ops.breadth.scatter import scatter, scatter_add
from ...ops.selection import where
from ...tensors.creation import arange, full, tensor
from ..needs import require_onnx
from .node import Node, Reader, axes_of, integers


def reshape(node: Node, x: Tensor, sizes: Tensor) -> Tensor:
    wanted = integers(sizes) or []
    if not node.get("allowzero", 0):
        wanted = [x.shape[i] if n == 0 else n for i, n in enumerate(wanted)]
    return shape.reshape(x, tuple(wanted))


def transpose(node: Node, x: Tensor) -> Tensor:
    return shape.permute(x, node.get("perm", list(range(x.ndim))[::-1])) if x.ndim else x


def flatten(node: Node, x: Tensor) -> Tensor:
    axis = node.get("axis", 1)
    return shape.reshape(x, (prod(x.shape[:axis]), prod(x.shape[axis:])))


def squeeze(node: Node, x: Tensor, axes: Tensor | None = None) -> Tensor:
    dims = axes_of(node, axes)
    return shape.squeeze(x) if dims is None else shape.squeeze(x, tuple(dims)) if dims else x


def unsqueeze(node: Node, x: Tensor, axes: Tensor | None = None) -> Tensor:
    dims = axes_of(node, axes) or []
    for dim in sorted(d % (x.ndim + len(dims)) for d in dims):
        x = shape.unsqueeze(x, dim)
    return x


def expand(node: Node, x: Tensor, sizes: Tensor) -> Tensor:
    return shape.expand(x, np.broadcast_shapes(x.shape, tuple(integers(sizes) or [])))


def concat(node: Node, *inputs: Tensor) -> Tensor:
    return join.cat(list(inputs), node.get("axis", 1))


def split(node: Node, x: Tensor, sizes: Tensor | None = None) -> tuple[Tensor, ...]:
    axis = node.get("axis", 0)
    lengths = node.get("split") if sizes is None else integers(sizes)
    if lengths is None:
        each = -(-x.shape[axis] // node.outputs)
        lengths = [each] * (node.outputs - 1)
        lengths.append(x.shape[axis] - sum(lengths))
    return join.split(x, lengths, axis)


def slices(node: Node, x: Tensor, *given: Tensor | None) -> Tensor:
    """A negative step reads backwards: turned around first, then cut with a positive one."""
    lists = (
        [integers(part) for part in given] if node.version >= 10 else [node.get(k) for k in ("starts", "ends", "axes")]
    )
    starts, ends, axes, steps = [*lists, None, None][:4]
    assert starts is not None and ends is not None
    axes = list(range(len(starts))) if axes is None else axes
    index_of: list[Any] = [slice(None)] * x.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps or [1] * len(starts)):
        n = x.shape[axis]
        first, stop, step = slice(max(start, -n - 1), max(end, -n - 1), step).indices(n)
        if step < 0:
            x, first, stop, step = shape.flip(x, axis), n - 1 - first, n - 1 - stop, -step
        index_of[axis] = slice(first, max(first, stop), step)
    return index.getitem(x, tuple(index_of)) if x.ndim else x


def _from_the_front(i: Tensor, length: int) -> Tensor:
    """Indices of which negative ones count from the end, all counted from the front."""
    return where(i < 0, i + length, i)


def take(node: Node, x: Tensor, i: Tensor) -> Tensor:
    axis = node.get("axis", 0) % x.ndim
    n = x.shape[axis]
    rows = shape.reshape(i.long(), (-1,))
    found = gather.index_select(x, axis, _from_the_front(rows, n))
    return shape.reshape(found, (*x.shape[:axis], *i.shape, *x.shape[axis + 1 :]))


def gather_elements(node: Node, x: Tensor, i: Tensor) -> Tensor:
    axis = node.get("axis", 0)
    return gather.gather(x, axis, _from_the_front(i.long(), x.shape[axis]))


def gather_nd(node: Node, x: Tensor, i: Tensor) -> Tensor:
    node.only(batch_dims=0)
    return index.getitem(x, tuple(join.unbind(i.long(), -1)))


def scatter_elements(node: Node, x: Tensor, i: Tensor, source: Tensor) -> Tensor:
    axis, how = node.get("axis", 0), node.get("reduction", "none")
    if how not in ("none", "add"):
        raise node.refuse(f"reduction={how!r} is not run by minidl")
    function = scatter if how == "none" else scatter_add
    return function(x, axis, _from_the_front(i.long(), x.shape[axis]), source)


def tile(node: Node, x: Tensor, counts: Tensor) -> Tensor:
    return shape.tile(x, tuple(integers(counts) or []))


def pad(node: Node, x: Tensor, widths: Tensor | None = None, value: Tensor | None = None, axes: Any = None) -> Tensor:
    ends = (node.get("pads") if widths is None else integers(widths)) or []
    dims = list(range(x.ndim)) if axes is None else [d % x.ndim for d in integers(axes) or []]
    number = node.get("value", 0.0) if value is None else value.item()
    before_after = dict.fromkeys(range(x.ndim), (0, 0))
    before_after |= {d: (ends[i], ends[i + len(dims)]) for i, d in enumerate(dims)}
    mode = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}[
        node.get("mode", "constant")
    ]
    if mode == "constant":
        return join.pad(x, [n for d in reversed(range(x.ndim)) for n in before_after[d]], mode, number)
    for d, pair in before_after.items():  # one dimension at a time, brought to the end
        if pair != (0, 0):
            moved = shape.movedim(x, d, -1)
            rows = join.pad(shape.reshape(moved, (1, -1, moved.shape[-1])), pair, mode)
            x = shape.movedim(shape.reshape(rows, (*moved.shape[:-1], rows.shape[-1])), -1, d)
    return x


def shape_of(node: Node, x: Tensor) -> Tensor:
    start, end = node.get("start", 0), node.get("end", x.ndim)
    return tensor(np.array(x.shape[slice(start, end)], np.int64))


def size(node: Node, x: Tensor) -> Tensor:
    return tensor(np.array(x.numel(), np.int64))


def array_of(node: Node, proto: Any) -> Tensor:
    """A tensor of the file."""
    onnx = require_onnx()
    if proto.data_location == onnx.TensorProto.EXTERNAL:
        raise node.refuse(f"{proto.name or 'a tensor'} lies in another file; export with all in one file")
    name = onnx.TensorProto.DataType.Name(proto.data_type)
    try:
        known = onnx.helper.tensor_dtype_to_np_dtype(proto.data_type) in SUPPORTED
    except KeyError:
        known = False
    if not known or name == "BFLOAT16":
        raise node.refuse(f"the dtype {name} is none of minidl's")
    return tensor(onnx.numpy_helper.to_array(proto).copy())


def constant(node: Node) -> Tensor:
    for name, kind in (
        ("value_float", np.float32),
        ("value_floats", np.float32),
        ("value_int", np.int64),
        ("value_ints", np.int64),
    ):
        if name in node.attributes:
            return tensor(np.array(node.get(name), kind))
    if "value" not in node.attributes:
        raise node.refuse(f"{', '.join(node.attributes)} is not run by minidl")
    return array_of(node, node.get("value"))


def constant_of_shape(node: Node, sizes: Tensor) -> Tensor:
    value = array_of(node, node.get("value")) if "value" in node.attributes else tensor(np.zeros(1, np.float32))
    return full(tuple(integers(sizes) or []), value.item(), dtype=value.dtype)


def counted(node: Node, start: Tensor, end: Tensor, step: Tensor) -> Tensor:
    return arange(start.item(), end.item(), step.item(), dtype=start.dtype)


def trilu(node: Node, x: Tensor, diagonal: Tensor | None = None) -> Tensor:
    k = 0 if diagonal is None else int(diagonal.item())
    return shape.triu(x, k) if node.get("upper", 1) else shape.tril(x, k)


def topk(node: Node, x: Tensor, k: Tensor | None = None) -> tuple[Tensor, Tensor]:
    count = node.get("k") if k is None else int((integers(k) or [0])[0])
    found = order.topk(x, count, node.get("axis", -1), bool(node.get("largest", 1)))
    return found.values, found.indices


def cumsum(node: Node, x: Tensor, axis: Tensor) -> Tensor:
    dim = int((integers(axis) or [0])[0]) % x.ndim
    turned = bool(node.get("reverse", 0))
    x = shape.flip(x, dim) if turned else x
    z = reduce.cumsum(x, dim, dtype=x.dtype)
    z = z - x if node.get("exclusive", 0) else z
    return shape.flip(z, dim) if turned else z


def depth_to_space(node: Node, x: Tensor) -> Tensor:
    n, c, h, w = x.shape
    b = node.get("blocksize")
    if node.get("mode", "DCR") == "CRD":
        return resize.pixel_shuffle(x, b)
    blocks = shape.permute(shape.reshape(x, (n, b, b, c // b**2, h, w)), (0, 3, 4, 1, 5, 2))
    return shape.reshape(blocks, (n, c // b**2, h * b, w * b))


def space_to_depth(node: Node, x: Tensor) -> Tensor:
    n, c, h, w = x.shape
    b = node.get("blocksize")
    if node.get("mode", "DCR") == "CRD":
        return resize.pixel_unshuffle(x, b)
    blocks = shape.permute(shape.reshape(x, (n, c, h // b, b, w // b, b)), (0, 3, 5, 1, 2, 4))
    return shape.reshape(blocks, (n, c * b * b, h // b, w // b))


READERS: dict[str, Reader] = {
    "Reshape": reshape, "Transpose": transpose, "Flatten": flatten, "Squeeze": squeeze, "Unsqueeze": unsqueeze,
    "Expand": expand, "Concat": concat, "Split": split, "Slice": slices, "Gather": take,
    "GatherElements": gather_elements, "GatherND": gather_nd, "ScatterElements": scatter_elements, "Tile": tile,
    "Pad": pad, "Shape": shape_of, "Size": size, "Constant": constant, "ConstantOfShape": constant_of_shape,
    "Range": counted, "Trilu": trilu, "TopK": topk, "CumSum": cumsum, "DepthToSpace": depth_to_space,
    "SpaceToDepth": space_to_depth,
}  # fmt: skip
