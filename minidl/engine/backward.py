"""The walk back through the recorded operations: the chain rule, one operation after another.

Each operation's `edges` lead to where its inputs came from: another Function, a leaf (a Tensor that no operation made),
or None where no gradient is wanted. The walk itself works on raw arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..backend import Array, same_backend
from ..backend.registry import by_type
from ..dtypes import float16, float32
from ..errors import ArgumentError, GraphError, OutOfMemoryError, ShapeError
from .function import Function
from .observe import listening
from .part import Part
from .tensor import Output, Tensor, wrap

Arrived = Callable[[Any, Array], None]


def walk(
    outputs: Sequence[tuple[Any, Array]],
    arrived: Arrived,
    retain_graph: bool = False,
    only: set[Any] | None = None,
    watched: dict[Any, Any] | None = None,
    lift: Callable[[Function], Function] | None = None,
) -> None:
    """Send gradients back from the outputs, through each operation once everything that used its result is done.

    `outputs` are pairs of an edge (a Function, one Output of it, or a leaf) and its gradient. A leaf waits for all its
    gradients, as an operation does: `arrived(leaf, gradient)` is called once with their sum, in memory that nothing
    else holds. With `only`, a set of nodes, the others are skipped; `watched[edge]` gets the whole gradient of edge.
    With `lift`, the walk is recorded (`create_graph`): gradients are Recorded arrays, and `lift(node)` is the operation
    on such arrays that stands for `node`.
    """
    watched = {} if watched is None else watched
    pending: dict[Any, Any] = {}  # what has reached an operation's output, or a leaf, so far
    summed: set[Any] = set()  # nodes whose pending gradient lies in its own memory
    for edge, gradient in outputs:
        _add(pending, summed, edge, gradient.copy() if isinstance(edge, Tensor) else gradient)
    waiting = _consumers(pending, only)
    backend = by_type[type(outputs[0][1])]
    before = backend.mute()  # infinities and NaN are ordinary results
    try:
        ready = [edge for edge in pending if waiting[edge] == 0]
        while ready:
            node = ready.pop()  # an operation, one of its outputs, or a leaf
            summed.discard(node)
            dz = pending.pop(node, None)
            if isinstance(node, Tensor):
                if dz is not None:
                    arrived(node, dz)
                continue
            passed = only is None or node in only
            if dz is not None and (node.hooks or node.retain) and (passed or node in watched):
                dz = _seen_by_hooks(node, dz)
            if node in watched:
                watched[node] = dz
            if not passed:
                continue
            edges = node.edges or ()
            if isinstance(node, Output):
                if dz is not None:
                    arrived_at = pending.setdefault(node.node, {})
                    arrived_at[node.place] = dz + arrived_at[node.place] if node.place in arrived_at else dz
                grads: Sequence[Any] = (None,)
            else:
                grads = _chain_rule(node, dz, edges, lift) if dz is not None else (None,) * len(edges)
            for edge, dx in zip(edges, grads):
                if edge is None:
                    continue
                if dx is not None:
                    if edge in pending or isinstance(dx, Part):
                        _add(pending, summed, edge, dx)
                    else:  # the first, as nearly always: what `_add` does, without a call
                        pending[edge] = dx
                waiting[edge] -= 1
                if waiting[edge] == 0:
                    ready.append(edge)
            if not retain_graph and isinstance(node, Function):
                node.release()
    finally:
        backend.unmute(before)


def _seen_by_hooks(node: Any, dz: Array) -> Array:
    """The gradient of the node's output after its hooks, kept if the tensor asked for that."""
    for hook in node.hooks or ():
        dz = hook(dz)
    if node.retain is not None:
        node.retain(dz)
    return dz


def _consumers(roots: Iterable[Any], only: set[Any] | None) -> dict[Any, int]:
    """For each operation and leaf reachable from the roots, the number of gradients it has to wait for."""
    counts: dict[Any, int] = dict.fromkeys(roots, 0)
    stack = [root for root in counts if not isinstance(root, Tensor)]
    while stack:
        node = stack.pop()
        if only is not None and node not in only:
            continue
        if node.edges is None:
            name = type(node.node if isinstance(node, Output) else node).__name__
            raise GraphError(
                f"backward through {name} a second time: its graph was freed by the first; "
                "compute forward again, or call the first one with retain_graph=True"
            )
        for edge in node.edges:
            if edge is None:
                continue
            if edge not in counts:
                counts[edge] = 0
                if not isinstance(edge, Tensor):
                    stack.append(edge)
            counts[edge] += 1
    return counts


def _chain_rule(node: Function, dz: Any, edges: tuple[Any, ...], lift: Any) -> list[Array | Part | None]:
    """The gradients of an operation's inputs, in the shapes and dtypes of the inputs themselves."""
    node.check_unchanged()
    acting = node if lift is None else lift(node)
    arrived = _of_each_output(acting, dz) if isinstance(dz, dict) else (dz,)
    if node.computes:
        arrived = [d.astype(float32) if d is not None and d.dtype == float16 else d for d in arrived]
    try:
        backend = acting.backend
        kernel: Any = backend.kernels and not listening.observers and backend.stand_in(type(acting).backward)
        returned = kernel(acting, *arrived) if kernel else acting.backward(*arrived)
    except MemoryError as error:
        raise OutOfMemoryError.at(f"{type(node).__name__}, backward", error) from None
    if not isinstance(returned, (tuple, list)):
        returned = (returned,)
    if len(returned) != len(edges):
        raise GraphError(f"{type(node).__name__}.backward: {len(returned)} gradients for {len(edges)} inputs")
    if listening.observers:
        returned = [dx.whole() if isinstance(dx, Part) else dx for dx in returned]
    grads: list[Array | Part | None] = []
    for dx, edge in zip(returned, edges):
        fits = edge is None or dx is None or isinstance(dx, Part)
        grads.append((None if edge is None else dx) if fits else _fit(dx, edge, acting, dz, grads))
    for observer in listening.observers:
        observer.on_backward(node, dz, returned, grads)
    return grads


def _of_each_output(node: Function, arrived: dict[int, Any]) -> list[Any]:
    """The gradient of each of several outputs; where none arrived, zeros, or None if the operation prefers that."""
    zeros = node.backend.xp.zeros if node.materialize else lambda shape, dtype: None
    return [arrived[i] if i in arrived else zeros(*meta) for i, meta in enumerate(node.meta)]


def _fit(dx: Array, edge: Any, node: Function, dz: Any, others: list[Array | Part | None]) -> Array:
    """dx in the shape and dtype of the input, and in its own memory where it will be a leaf's `.grad`."""
    leaf = isinstance(edge, Tensor)
    shape, dtype = (edge._array.shape, edge._array.dtype) if leaf else edge.meta
    if dx.shape != shape:
        dx = sum_to(dx, shape, type(node).__name__)
    if dx.dtype != dtype:
        dx = dx.astype(dtype)
    if not isinstance(dx, node.backend.array_type):
        dx = node.backend.asarray(dx)
    return node.backend.copy(dx) if leaf and _is_held(dx, dz, node, others) else dx


def _is_held(dx: Array, dz: Any, node: Function, others: list[Array | Part | None]) -> bool:
    """Whether something else holds the memory of dx: its base, an incoming gradient, the operation, another input."""
    if dx is dz or dx.base is not None or node.keeps(dx):
        return True
    if isinstance(dz, dict) and any(dx is arrived for arrived in dz.values()):
        return True
    return id(dx) in map(id, others)


def sum_to(gradient: Array, shape: tuple[int, ...], what: str = "sum_to") -> Array:
    """The gradient of broadcasting: the sum over the axes along which `shape` was stretched.

    >>> import numpy as np
    >>> sum_to(np.ones((3, 2, 4)), (2, 1))
    array([[12.],
           [12.]])
    """
    extra = gradient.ndim - len(shape)
    axes = list(range(extra))
    for axis, length in enumerate(shape):
        if extra >= 0 and length == gradient.shape[extra + axis]:
            continue
        if extra < 0 or length != 1:
            raise ShapeError(f"{what}: a gradient of shape {gradient.shape} for an input of shape {shape}")
        axes.append(extra + axis)
    return gradient.sum(axis=tuple(axes), keepdims=True).reshape(shape)


def _add(pending: dict[Any, Array], summed: set[Any], node: Any, gradient: Array | Part) -> None:
    """Add a contribution. The first array is kept as it is and may be shared: only our own memory is changed."""
    total = pending.get(node)
    if total is None:
        if isinstance(gradient, Part):
            gradient = gradient.whole()
            summed.add(node)
        pending[node] = gradient
        return
    if isinstance(gradient, Part):
        total = total if node in summed else total.copy()
        gradient.add_to(total)
    elif node in summed:
        total += gradient
    else:
        total = total + gradient
        if total.ndim == 0:
            total = by_type[type(gradient)].asarray(total)  # NumPy makes scalars of 0-dimensional sums
    summed.add(node)
    pending[node] = total
    for observer in listening.observers:
        observer.on_sum(node, gradient, total)


def accumulate(leaf: Tensor, gradient: Array) -> None:
    """Add the gradient that arrived to the leaf's `.grad`; nothing else holds its memory."""
    for hook in leaf._hooks or ():
        gradient = hook(gradient)
    if leaf.grad is None:
        leaf._grad = wrap(gradient)
    else:
        leaf.grad._array += gradient
        leaf.grad._storage.version += 1
    for observer in listening.observers:
        observer.on_leaf(leaf, gradient)
    for hook in leaf._after or ():
        hook(leaf)


def seed_gradient(output: Tensor, gradient: Any) -> Array:
    """The gradient that backward starts from: the given one, or 1 for a single element."""
    if not output.requires_grad:
        raise GraphError(
            "backward: this tensor does not require gradients: nothing it was computed from does, "
            "or it was computed under no_grad"
        )
    if gradient is None:
        if output._array.size != 1:
            raise GraphError(
                f"backward() without a gradient needs a tensor of one element; this one has shape {output.shape}; "
                "reduce it (.sum(), .mean()) or pass a gradient of its shape"
            )
        return by_type[type(output._array)].xp.ones(output.shape, output.dtype)
    if not isinstance(gradient, Tensor):
        raise ArgumentError(f"backward: the gradient must be a Tensor; got {type(gradient).__name__}")
    if gradient.shape != output.shape:
        raise ShapeError(f"backward: a gradient of shape {gradient.shape} for a tensor of shape {output.shape}")
    same_backend("backward", (output._array, gradient._array))
    return gradient._array.astype(output.dtype, copy=False)
