"""`minidl.grad`: derivatives with respect to chosen tensors, returned instead of accumulated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..backend import Array
from ..engine.backward import seed_gradient, walk
from ..engine.tensor import Tensor, edge_of, wrap
from ..errors import ArgumentError, GraphError, refuse


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool = False,
    create_graph: bool = False,
    allow_unused: bool = False,
) -> tuple[Tensor | None, ...]:
    """d(outputs)/d(inputs), for leaves or intermediates; `.grad` is left alone.

    Only the part of the graph that leads to the inputs is walked (and freed). An input that the outputs do not
    depend on is a GraphError, or None with `allow_unused=True`. An empty list is an ArgumentError.

    >>> import minidl
    >>> x = minidl.tensor(3.0, requires_grad=True)
    >>> minidl.grad(x * x, x)
    (tensor(6.),)
    """
    refuse("grad", create_graph=create_graph)
    outs, ins = _listed("outputs", outputs), _listed("inputs", inputs)
    for i, x in enumerate(ins):
        if not x.requires_grad:
            raise GraphError(f"grad: inputs[{i}] does not require gradients; call .requires_grad_() before forward")
    roots = [(edge_of(out), seed_gradient(out, seed)) for out, seed in zip(outs, _seeds(outs, grad_outputs))]
    leaves: dict[int, Any] = {id(x): None for x in ins if x.is_leaf}
    watched: dict[Any, Any] = {edge_of(x): None for x in ins if not x.is_leaf}

    def arrived(leaf: Tensor, gradient: Array) -> None:
        if id(leaf) in leaves:
            for hook in leaf._hooks or ():
                gradient = hook(gradient)
            leaves[id(leaf)] = gradient

    only = _leading_to([edge for edge, _ in roots if not isinstance(edge, Tensor)], set(leaves), set(watched))
    walk(roots, arrived, retain_graph, only, watched)
    found = [leaves[id(x)] if x.is_leaf else watched[edge_of(x)] for x in ins]
    for i, g in enumerate(found):
        if g is None and not allow_unused:
            raise GraphError(f"grad: the outputs do not depend on inputs[{i}]; allow_unused=True returns None for it")
    return tuple(None if g is None else wrap(g.copy()) for g in found)


def _listed(name: str, tensors: Any) -> list[Tensor]:
    """One Tensor or several, as a list."""
    if isinstance(tensors, Tensor):
        return [tensors]
    found = list(tensors) if isinstance(tensors, Iterable) else []
    if not found or not all(isinstance(x, Tensor) for x in found):
        raise ArgumentError(f"grad: {name} must be a Tensor or several, at least one; got {tensors!r}")
    return found


def _seeds(outputs: list[Tensor], grad_outputs: Any) -> list[Tensor | None]:
    """One gradient (or None) per output."""
    if grad_outputs is None:
        return [None] * len(outputs)
    seeds = [grad_outputs] if isinstance(grad_outputs, Tensor) else list(grad_outputs)
    if len(seeds) != len(outputs):
        raise ArgumentError(f"grad: {len(outputs)} outputs but {len(seeds)} grad_outputs; give one each")
    return seeds


def _leading_to(roots: list[Any], leaves: set[int], targets: set[Any]) -> set[Any]:
    """The operations between the roots and those leaves (by id) and targets; the targets themselves stay out."""
    users: dict[Any, list[Any]] = {root: [] for root in roots}
    stack = list(users)
    goals: list[Any] = []  # operations that lead to a wanted input
    while stack:
        node = stack.pop()
        if node.edges is None:
            goals.append(node)  # freed: the walk will say so
        for edge in node.edges or ():
            if edge is not None and not isinstance(edge, Tensor):
                if edge not in users:
                    users[edge] = []
                    stack.append(edge)
                users[edge].append(node)
                if edge in targets:
                    goals.append(node)
            elif id(edge) in leaves:
                goals.append(node)
    needed = set(goals)
    while goals:
        for user in users[goals.pop()]:
            if user not in needed:
                needed.add(user)
                goals.append(user)
    return needed
