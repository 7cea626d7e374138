"""An operation's stand-in in a recorded walk: the same class, with recorded arrays in the place of those it kept.

What forward kept is known by its identity: it is one of the inputs, or of the outputs, and then has their place in the
graph. What forward computed itself needs a rule: a method `backward_FIELD(self, dFIELD)`, which returns the gradients
of the inputs as `backward` does; for a list of arrays, within lists too, it takes a gradient for each. `fixed` names
the fields that have none because their derivative is 0. Without either, a gradient that arrives at the field is an
error that names it. A method `plain(self, dz)` stands for a `backward` that cannot be recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

import numpy as np

from ...backend import Array
from ...engine.context import Context
from ...engine.elementwise import Elementwise
from ...engine.function import Function
from ...engine.memory import root
from ...engine.tensor import Output, Tensor, wrap
from ...errors import GraphError
from .library import Library, library_of


def lift(node: Function) -> Any:
    """The operation on recorded arrays that stands for `node`."""
    if isinstance(node, Kept):
        return _twin_of_kept(node)
    kind, library = type(node), library_of(node.backend)
    twin = _copied(node)
    twin.backend = library
    for name, value in vars(node).items():
        together = isinstance(value, tuple | list) and hasattr(kind, f"backward_{name}")
        twin.__dict__[name] = (_lifted_together if together else _lifted)(node, library, name, value)
    if isinstance(node, Elementwise):
        _lift_parts(node, twin, library)
    if (context := vars(node).get("context")) is not None:
        _lift_context(node, twin, context)
    elif hasattr(kind, "plain"):
        twin.backward = twin.plain
    return twin


def _copied(node: Any) -> Any:
    """The same operation without what it keeps."""
    twin = object.__new__(type(node))
    twin.needs, twin.edges, twin.meta, twin.ids, twin.versions = node.needs, node.edges, node.meta, node.ids, []
    twin.hooks = twin.retain = None
    return twin


def _lifted(node: Function, library: Library, name: str, value: Any) -> Any:
    """A field with recorded arrays in the place of raw ones; integers, masks and options stay."""
    if isinstance(value, tuple | list):
        made = [_lifted(node, library, f"{name}[{i}]", x) for i, x in enumerate(value)]
        return type(value)(*made) if hasattr(value, "_fields") else type(value)(made)
    if isinstance(value, dict):
        return {key: _lifted(node, library, f"{name}[{key!r}]", x) for key, x in value.items()}
    if not _is_float(node, value):
        return value
    return library.box(_tensor_of(node, name, node.backend.asarray(value), id(value)))


def _lifted_together(node: Function, library: Library, name: str, value: Any) -> Any:
    """A list of arrays, all of which have one rule: recorded arrays, the outputs of one operation."""
    arrays: list[Array] = []
    _map(value, arrays.append)
    kept = Kept(node, arrays, f"backward_{name}")
    places = iter(range(len(arrays)))

    def lifted(array: Array) -> Any:
        tensor, place = wrap(array), next(places)
        tensor._edge, tensor._requires_grad = Output(kept, place, kept.meta[place]), True
        return library.box(tensor)

    return _map(value, lifted)


def _map(value: Any, function: Callable[[Any], Any]) -> Any:
    """The same lists and tuples, of what the function makes of each of their items."""
    if isinstance(value, tuple | list):
        return type(value)([_map(item, function) for item in value])
    return function(value)


def _is_float(node: Function, value: Any) -> bool:
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    return kind == "f" and isinstance(value, (node.backend.array_type, np.floating))


def _tensor_of(node: Function, name: str, array: Array, known_as: int) -> Tensor:
    """What is kept as `name`, with its place in the graph."""
    owner = id(root(array))
    tensor = wrap(array, next((storage for storage, *_ in node.versions if storage.owner == owner), None))
    edge = _edge(node, name, array, known_as)
    if edge is not None:
        tensor._edge, tensor._requires_grad = edge, True
    return tensor


def _edge(node: Function, name: str, array: Array, known_as: int) -> Any:
    """Where the gradient of a kept array goes."""
    assert node.edges is not None
    places = [i for i, known in enumerate(node.ids) if known == known_as]
    if not places:
        kind = type(node)
        if name in kind.fixed:
            return None
        rule = f"backward_{name}"
        return Kept(node, array, rule) if hasattr(kind, rule) else _refusal(node, array, f"self.{name}")
    count = len(node.edges)
    if len(places) > 1 and len({id(node.edges[i]) if i < count else i for i in places}) > 1:
        names = type(node).names(count)  # one array, given twice: the field has the name of its parameter
        places = [i for i in places if i < len(names) and names[i] == name]
        if not places:
            return _refusal(node, array, f"self.{name}, an array that it was given twice")
    place = places[0]
    if place < count:
        return node.edges[place]
    if isinstance(node.meta, list):
        return Output(node, place - count, node.meta[place - count])
    return node


def _lift_parts(node: Any, twin: Any, library: Library) -> None:
    """The intermediate results of an elementwise operation, computed again from its inputs where those are kept."""
    kept = {place: name for rule in node._rules for name, place in rule.kept if name in vars(node)}
    for part, places in node._parts:
        if f"{part}_" in vars(node) and all(place in kept for place in places):
            twin.__dict__[f"{part}_"] = getattr(twin, part)(*[vars(twin)[kept[place]] for place in places])


def _lift_context(node: Any, twin: Any, context: Context) -> None:
    """PyTorch's form of a Function: its saved tensors, and those it set on ctx, with their places in the graph."""

    def placed(x: Any, name: str) -> Any:
        if not isinstance(x, Tensor) or x.dtype.kind != "f":
            return x
        return _tensor_of(node, name, x._array, id(x._array))

    if node.backward_on_recorded is None:
        raise GraphError(
            f"{type(node).__name__}: its backward is marked once_differentiable, so create_graph=True is not possible"
        )
    twin.context = lifted = copy(context)
    for name, value in vars(context).items():
        if name == "saved":
            lifted.saved = tuple([placed(x, f"saved_tensors[{i}]") for i, x in enumerate(value)])
        elif name != "constants":
            setattr(lifted, name, placed(value, name))
    twin.backward = twin.backward_on_recorded


class Kept(Function):
    """z = f(x)        dx = fᵀ(dz)

    An array, or a list of arrays, that an operation computed and keeps; the operation's rule for that field is fᵀ.
    """

    def __init__(self, of: Function, array: Array | list[Array], rule: str) -> None:
        self.of, self.rule = _copied(of), rule
        self.of.backend, self.of.versions = of.backend, of.versions
        self.of.__dict__.update(vars(of))
        self._stand(of, [(a.shape, a.dtype) for a in array] if isinstance(array, list) else (array.shape, array.dtype))

    def _stand(self, of: Function, meta: Any) -> None:
        """Take the place in the graph of an operation with the same inputs."""
        self.backend, self.needs, self.edges, self.versions = of.backend, of.needs, of.edges, of.versions
        self.meta, self.ids, self.hooks, self.retain = meta, (), None, None

    def keeps(self, array: Array) -> bool:
        """Whether the operation keeps this very array."""
        return self.of.keeps(array)

    def kept_memory(self) -> set[int]:
        """The memory that the operation keeps."""
        return self.of.kept_memory()

    def backward(self, *dz: Array) -> Any:
        """The gradients of the operation's inputs."""
        return getattr(self.of, self.rule)(*dz)


def _twin_of_kept(node: Kept) -> Any:
    twin = object.__new__(Kept)
    twin.of, twin.rule = lift(node.of), node.rule
    twin._stand(node, node.meta)
    twin.backend = twin.of.backend
    return twin


class Refused(Function):
    """z = f(x)        dx = ?

    An array that an operation computed and keeps, without a rule: a gradient that arrives is an error.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def backward(self, *dz: Array) -> Any:
        """GraphError."""
        raise GraphError(self.reason)


def _refusal(node: Function, array: Array, field: str) -> Refused:
    """The place in the graph of an array whose derivative is not known."""
    refused = Refused(
        f"{type(node).__name__} cannot be differentiated twice: it keeps {field}, which forward computed; "
        f"give it a method backward_{field.split('.')[-1].split('[')[0].split(',')[0]}"
    )
    refused.backend, refused.needs, refused.edges, refused.versions = node.backend, node.needs, node.edges, []
    refused.meta, refused.ids, refused.hooks, refused.retain = (array.shape, array.dtype), (), None, None
    return refused
