"""Asking for derivatives: `backward` adds them to `.grad`, `minidl.grad` returns them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from ..backend import Array, backend_of
from ..engine.backward import Arrived, accumulate, seed_gradient, walk
from ..engine.grad_mode import enable_grad
from ..engine.tensor import Recorded, RemovableHook, Tensor, edge_of, wrap
from ..errors import ArgumentError, GraphError, refuse
from ..ops._check.arguments import cast
from .second.library import library_of
from .second.lifting import lift

Tensors = Tensor | Sequence[Tensor]


def backward(
    self: Tensor,
    gradient: Tensor | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Add d(self)/d(leaf) to the `.grad` of every leaf that this tensor was computed from.

    Gradients add up over calls, so that one update can follow several backward passes (several losses,
    or a large batch in parts); `zero_grad()` starts over. `gradient`, of this tensor's shape, is
    needed unless it has one element.

    Args:
        retain_graph: keep the graph for another backward; the default is `create_graph`.
        create_graph: record the pass itself, so that the gradients can be differentiated in turn. The leaf's `.grad`
            then holds the graph, which holds the leaf: set `.grad` to None when done with it, or use `minidl.grad`.
        inputs: only these tensors, leaves or not, get a gradient.

    >>> import minidl
    >>> x = minidl.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4., 6.])
    """
    retain = create_graph if retain_graph is None else bool(retain_graph)
    roots = [(edge_of(self), _seed(self, gradient, create_graph))]
    arrived = _accumulated if create_graph else accumulate
    ins = None if inputs is None else _wanted("backward", inputs)
    for x in ins or ():
        x.retain_grad()
    if ins is None and not create_graph:
        walk(roots, arrived, retain)
        return
    with _recording(create_graph):
        if ins is None:
            walk(roots, arrived, retain, lift=lift)
        else:
            _walk_to(ins, roots, arrived, retain, create_graph)


def register_post_accumulate_grad_hook(self: Tensor, hook: Callable[[Tensor], None]) -> Any:
    """Call `hook(leaf)` whenever `backward` has added to this leaf's `.grad`; what it returns is ignored.

    A leaf's gradient is complete then: the sum of all that a pass sends there. Returns a handle with `remove()`.
    GraphError unless this tensor is a leaf that requires gradients.

    >>> import minidl
    >>> x = minidl.tensor([1.0, 2.0], requires_grad=True)
    >>> handle = x.register_post_accumulate_grad_hook(lambda leaf: print(leaf.grad))
    >>> (x * x).sum().backward()
    tensor([2., 4.])
    """
    if not self.is_leaf or not self.requires_grad:
        raise GraphError(
            "register_post_accumulate_grad_hook: only a leaf that requires gradients gets a .grad; use register_hook"
        )
    self._after = self._after or []
    self._after.append(hook)
    return RemovableHook(self._after, hook)


def grad(
    outputs: Tensors,
    inputs: Tensors,
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """d(outputs)/d(inputs), for leaves or intermediates; `.grad` is left alone.

    Only the part of the graph that leads to the inputs is walked (and freed, unless `retain_graph`, whose default is
    `create_graph`). With `create_graph=True` the gradients can be differentiated in turn. An input that the outputs
    do not depend on is a GraphError; its gradient is None with `allow_unused=True`, and zeros with
    `materialize_grads=True`. An empty list is an ArgumentError.

    >>> import minidl
    >>> x = minidl.tensor(3.0, requires_grad=True)
    >>> (slope,) = minidl.grad(x**3, x, create_graph=True)
    >>> slope.item(), minidl.grad(slope, x)
    (27.0, (tensor(18.),))
    """
    refuse("grad", is_grads_batched=is_grads_batched)
    if materialize_grads and allow_unused is False:
        raise ArgumentError("grad: materialize_grads=True gives zeros to unused inputs; leave allow_unused out")
    outs, ins = _listed("grad", "outputs", outputs), _wanted("grad", inputs)
    roots = [(edge_of(out), _seed(out, seed, create_graph)) for out, seed in zip(outs, _seeds(outs, grad_outputs))]
    with _recording(create_graph):
        retain = create_graph if retain_graph is None else bool(retain_graph)
        arrays: dict[int, Any] = {}
        watched = _walk_to(
            ins, roots, lambda leaf, g: arrays.update({id(leaf): _hooked(leaf, g)}), retain, create_graph
        )
    found = [_as_tensor(arrays.get(id(x)) if x.is_leaf else watched[edge_of(x)]) for x in ins]
    for i, g in enumerate(found):
        if g is None and not (allow_unused or materialize_grads):
            raise GraphError(f"grad: the outputs do not depend on inputs[{i}]; allow_unused=True returns None for it")
    if materialize_grads:
        found = [wrap(backend_of(x._array).xp.zeros(x.shape, x.dtype)) if g is None else g for x, g in zip(ins, found)]
    return tuple(found)


def _recording(create_graph: bool) -> AbstractContextManager[Any]:
    """What a recorded pass computes is recorded even under `no_grad`."""
    return enable_grad() if create_graph else nullcontext()


def _seed(output: Tensor, gradient: Any, create_graph: bool) -> Any:
    """The gradient that backward starts from, as an array, or a recorded one."""
    seed = seed_gradient(output, gradient)
    if not create_graph:
        return seed
    return library_of(backend_of(seed)).box(wrap(seed) if gradient is None else cast(gradient, output.dtype))


def _walk_to(
    inputs: list[Tensor], roots: list[Any], arrived: Arrived, retain_graph: bool, create_graph: bool
) -> dict[Any, Any]:
    """Walk from the roots to these inputs only: `arrived` is called for the leaves. Returns the others' gradients."""
    leaves = {id(x) for x in inputs if x.is_leaf}
    watched: dict[Any, Any] = {edge_of(x): None for x in inputs if not x.is_leaf}
    only = _leading_to([edge for edge, _ in roots if not isinstance(edge, Tensor)], leaves, set(watched))

    def arrived_there(leaf: Tensor, gradient: Array) -> None:
        if id(leaf) in leaves:
            arrived(leaf, gradient)

    def lift_there(node: Any) -> Any:
        """`lift`, which records no gradient of what was not asked for."""
        twin = lift(node)
        twin.needs = tuple([edge in only or edge in watched or id(edge) in leaves for edge in node.edges])
        return twin

    walk(roots, arrived_there, retain_graph, only, watched, lift_there if create_graph else None)
    return watched


def _hooked(leaf: Tensor, gradient: Array) -> Array:
    """What arrived at a leaf, after its hooks."""
    for hook in leaf._hooks or ():
        gradient = hook(gradient)
    return gradient


def _accumulated(leaf: Tensor, gradient: Array) -> None:
    """`accumulate` for a recorded gradient: a new sum, as the old one may be part of a graph."""
    gradient = _hooked(leaf, gradient)
    leaf._grad = gradient.tensor if leaf.grad is None else leaf.grad + gradient.tensor
    for hook in leaf._after or ():
        hook(leaf)


def _as_tensor(gradient: Any) -> Tensor | None:
    """The gradient, recorded or not, as the user gets it."""
    if gradient is None:
        return None
    return gradient.tensor if isinstance(gradient, Recorded) else wrap(gradient.copy())


def _wanted(name: str, inputs: Any) -> list[Tensor]:
    """The tensors whose gradients are asked for; GraphError for one that has none."""
    ins = _listed(name, "inputs", inputs)
    for i, x in enumerate(ins):
        if not x.requires_grad:
            raise GraphError(f"{name}: inputs[{i}] does not require gradients; call .requires_grad_() before forward")
    return ins


def _listed(function: str, name: str, tensors: Any) -> list[Tensor]:
    """One Tensor or several, as a list."""
    if isinstance(tensors, Tensor):
        return [tensors]
    found = list(tensors) if isinstance(tensors, Iterable) else []
    if not found or not all(isinstance(x, Tensor) for x in found):
        raise ArgumentError(f"{function}: {name} must be a Tensor or several, at least one; got {tensors!r}")
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
