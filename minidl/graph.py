"""The recorded graph, and the walk back through it: the chain rule, one operation after the other.

A `Node` is one recorded operation. Its `edges` lead to where its inputs came from: another Node, a leaf (any
other object), or None where no gradient is wanted. Everything here works on raw arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .backend import Array, Backend, backend_of
from .dtypes import float16, float32
from .errors import GraphError, ShapeError
from .storage import Storage, checksum, root

Meta = tuple[tuple[int, ...], Any]  # shape and dtype


class Part:
    """The gradient dx of a slice: dx[index] = dz, and 0 elsewhere. Many of them add up in one array, not in many."""

    __slots__ = ("dz", "index", "shape")

    def __init__(self, dz: Array, index: tuple[Any, ...], shape: tuple[int, ...]) -> None:
        self.dz, self.index, self.shape = dz, index, shape  # the index takes no element twice

    def whole(self) -> Array:
        """dx itself, in memory of its own."""
        dx = backend_of(self.dz).xp.zeros(self.shape, self.dz.dtype)
        dx[self.index] = self.dz
        return dx

    def add_to(self, total: Array) -> None:
        """total += dx, in place."""
        place = total[self.index]
        place += self.dz


class Node:
    """One recorded operation: what its backward needs, and where its gradients go.

    The graph's own fields are slots; what the operation keeps for backward lies in `__dict__`, by name.
    """

    __slots__ = ("__dict__", "__weakref__", "backend", "edges", "hooks", "meta", "retain", "versions")

    computes = True  # does arithmetic: float16 is computed in float32 and rounded once
    backend: Backend
    edges: tuple[Any, ...] | None  # one an input; None once the graph is freed
    meta: Meta  # shape and dtype of the output
    versions: list[tuple[Storage, int, int | None]]  # memory of inputs and output: its version; its checksum if exposed
    hooks: list[Callable[[Array], Array]] | None  # called with the gradient of the output
    retain: Callable[[Array], None] | None  # called with what the hooks made of it

    def backward(self, dz: Array) -> Any:
        """The gradients of the inputs (arrays, a Part or None), given the gradient dz of the output."""
        raise TypeError(f"{type(self).__name__} has no backward: it cannot be differentiated")

    def keeps(self, array: Array) -> bool:
        """Whether this very array is kept for backward."""
        for value in self.__dict__.values():
            if value is array:
                return True
            if isinstance(value, (list, tuple)) and any(item is array for item in value):  # quicker than list | tuple
                return True
        return False

    def kept_memory(self) -> set[int]:
        """Which memory is kept for backward: the `Storage.owner` of each array."""
        values = [
            v for value in self.__dict__.values() for v in (value if isinstance(value, list | tuple) else [value])
        ]
        return {id(root(value)) for value in values if isinstance(value, self.backend.array_type)}

    def check_unchanged(self) -> None:
        """GraphError if memory that is kept for backward was changed since forward."""
        for storage, version, seal in self.versions:
            if storage.version == version and storage.exposed is None:
                continue
            if storage.owner not in self.kept_memory():
                continue
            expected = storage.seal if seal is None else seal
            if storage.version != version or checksum(storage.exposed) != expected:
                raise GraphError(
                    f"{type(self).__name__}: an array that backward needs was changed in place after forward; "
                    "make a new one (x = x + y, not x += y), or change it after backward"
                )

    def release(self) -> None:
        """Give back what was kept for backward, and the graph behind it."""
        self.__dict__.clear()
        self.edges, self.versions = None, []


class Observer:
    """Told of all that the engine does while it is `graph.observer`; this base class listens to nothing."""

    def on_forward(self, node: Node, inputs: tuple[Any, ...], output: Any) -> None:
        """`node` computed the Tensor `output` from `inputs` (Tensors, numbers or None)."""

    def on_backward(self, node: Node, dz: Array, returned: Sequence[Any], grads: Sequence[Any]) -> None:
        """`node.backward(dz)` returned `returned`; with broadcast axes summed and dtypes kept: `grads`."""

    def on_sum(self, node: Any, gradient: Array, total: Array) -> None:
        """A further `gradient` reached the output of `node`, or a leaf, which makes `total`."""

    def on_leaf(self, leaf: Any, gradient: Array) -> None:
        """`gradient` was added to `leaf.grad`."""


observer: Observer | None = None

Arrived = Callable[[Any, Array], None]


def walk(
    outputs: Sequence[tuple[Any, Array]],
    arrived: Arrived,
    retain_graph: bool = False,
    only: set[Node] | None = None,
    watched: dict[Node, Any] | None = None,
) -> None:
    """Send gradients back from the outputs, through each operation after all that used its result.

    `outputs` are pairs of an edge (Node or leaf) and its gradient. A leaf waits for all its gradients as an operation
    does: `arrived(leaf, gradient)` is called once with their sum, in memory that nothing else holds. With `only`,
    other operations are left alone; `watched[node]` receives the whole gradient of that node's output.
    """
    watched = {} if watched is None else watched
    pending: dict[Any, Array] = {}  # what has reached an operation's output, or a leaf, so far
    summed: set[Any] = set()  # whose pending gradient lies in memory of its own
    for edge, gradient in outputs:
        _add(pending, summed, edge, gradient if isinstance(edge, Node) else gradient.copy())
    waiting = _consumers(pending, only)
    with backend_of(outputs[0][1]).quiet():
        ready = [edge for edge in pending if waiting[edge] == 0]
        while ready:
            node = ready.pop()  # an operation, or a leaf
            summed.discard(node)
            dz = pending.pop(node, None)
            if not isinstance(node, Node):
                if dz is not None:
                    arrived(node, dz)
                continue
            passed = only is None or node in only
            if (node.hooks or node.retain) and dz is not None and (passed or node in watched):
                dz = _seen_by_hooks(node, dz)
            if node in watched:
                watched[node] = dz
            if not passed:
                continue
            edges = node.edges or ()
            grads = _chain_rule(node, dz, edges) if dz is not None else (None,) * len(edges)
            for edge, dx in zip(edges, grads):
                if edge is None:
                    continue
                if dx is not None:
                    _add(pending, summed, edge, dx)
                waiting[edge] -= 1
                if waiting[edge] == 0:
                    ready.append(edge)
            if not retain_graph:
                node.release()


def _seen_by_hooks(node: Node, dz: Array) -> Array:
    """The gradient of the node's output after its hooks, kept if the tensor asked for that."""
    for hook in node.hooks or ():
        dz = hook(dz)
    if node.retain is not None:
        node.retain(dz)
    return dz


def _consumers(roots: Iterable[Any], only: set[Node] | None) -> dict[Any, int]:
    """For each operation and leaf from the roots on, the number of gradients it has to wait for."""
    counts: dict[Any, int] = dict.fromkeys(roots, 0)
    stack = [root for root in counts if isinstance(root, Node)]
    while stack:
        node = stack.pop()
        if only is not None and node not in only:
            continue
        if node.edges is None:
            raise GraphError(
                f"backward through {type(node).__name__} a second time: its graph was freed by the first; "
                "compute forward again, or call the first one with retain_graph=True"
            )
        for edge in node.edges:
            if edge is None:
                continue
            if edge not in counts:
                counts[edge] = 0
                if isinstance(edge, Node):
                    stack.append(edge)
            counts[edge] += 1
    return counts


def _chain_rule(node: Node, dz: Array, edges: tuple[Any, ...]) -> list[Array | Part | None]:
    """The gradients of an operation's inputs, in the shapes and dtypes of the inputs themselves."""
    node.check_unchanged()
    half = dz.dtype == float16 and node.computes
    returned = node.backward(dz.astype(float32) if half else dz)
    if not isinstance(returned, (tuple, list)):
        returned = (returned,)
    if len(returned) != len(edges):
        raise GraphError(f"{type(node).__name__}.backward: {len(returned)} gradients for {len(edges)} inputs")
    if observer is not None:
        returned = [dx.whole() if isinstance(dx, Part) else dx for dx in returned]
    grads: list[Array | Part | None] = []
    for dx, edge in zip(returned, edges):
        if edge is None or dx is None:
            grads.append(None)
            continue
        if isinstance(dx, Part):
            grads.append(dx)
            continue
        shape, dtype = edge.meta if isinstance(edge, Node) else (edge.shape, edge.dtype)
        if dx.shape != shape:
            dx = sum_to(dx, shape, type(node).__name__)
        if dx.dtype != dtype:
            dx = dx.astype(dtype)
        if not isinstance(dx, node.backend.array_type):
            dx = node.backend.asarray(dx)
        if not isinstance(edge, Node) and _is_held(dx, dz, node, grads):
            dx = node.backend.copy(dx)  # it will be a leaf's .grad
        grads.append(dx)
    if observer is not None:
        observer.on_backward(node, dz, returned, grads)
    return grads


def _is_held(dx: Array, dz: Array, node: Node, others: list[Array | Part | None]) -> bool:
    """Whether something else has the memory of dx: what it is a view of, what arrived, the operation, another input."""
    if dx is dz or dx.base is not None or node.keeps(dx):
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
    """Add a contribution. A first array is kept as it came and may be shared: only memory of our own is changed."""
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
            total = backend_of(gradient).asarray(total)  # NumPy makes scalars of 0-dimensional sums
    summed.add(node)
    pending[node] = total
    if observer is not None:
        observer.on_sum(node, gradient, total)
