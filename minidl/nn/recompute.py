"""Checkpoints: what a part of the network keeps for backward is dropped, and computed once more when it is needed.

The operations are recorded as usual, so gradients flow as without a checkpoint. Only what they keep is dropped. When
the pass back reaches the first of them, the function runs again, on the same inputs and with the random state of the
first time (a dropout mask drawn anew would be another one), and what it keeps now fills the gaps.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ..engine.function import Function
from ..engine.grad_mode import enable_grad
from ..engine.memory import Storage
from ..engine.observe import Observer, observed, unobserved
from ..engine.tensor import Tensor
from ..errors import ArgumentError, GraphError, refuse
from ..random import default_generator
from .module import Module

DETERMINISM = ("default", "none")


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: None = None,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:
    """function(*args, **kwargs), of which nothing is kept for backward but the arguments: it is computed twice.

    Args:
        use_reentrant: PyTorch's older way, True, is left out.
        determinism_check: "default" raises GraphError if the second computation records other operations or shapes
            than the first; "none" leaves that out.
        early_stop: has no effect: the second computation always runs to its end.
        preserve_rng_state: the second computation draws the same random numbers as the first (from minidl's default
            generator) and leaves the generator as it found it.

    What the function does beside computing, such as updating the running statistics of a batch normalisation, is done
    twice. What backward recomputed stays until the graph is freed.

    >>> import minidl
    >>> x = minidl.tensor([1.0, 2.0], requires_grad=True)
    >>> checkpoint(lambda x: (x.exp() * x).sin(), x).sum().backward()
    >>> x.grad
    tensor([ -4.9567, -13.2549])
    """
    refuse("checkpoint", use_reentrant=use_reentrant, context_fn=context_fn, debug=debug)
    if determinism_check not in DETERMINISM:
        raise ArgumentError(f"checkpoint: determinism_check must be 'default' or 'none'; got {determinism_check!r}")
    region = Region(lambda: function(*args, **kwargs), determinism_check == "default", preserve_rng_state)
    return region.first([x for x in (*args, *kwargs.values()) if isinstance(x, Tensor)])


def checkpoint_sequential(
    functions: Module | Iterable[Callable[..., Any]],
    segments: int,
    input: Any,
    use_reentrant: bool | None = None,
    preserve_rng_state: bool = True,
) -> Any:
    """The functions (layers of a Sequential) one after the other in `segments` parts, each but the last a checkpoint.

    About √n segments for n layers need the least memory.
    """
    layers = list(functions)  # type: ignore[arg-type]  # a Sequential can be iterated over
    if isinstance(segments, bool) or not isinstance(segments, int) or not 1 <= segments <= len(layers):
        raise ArgumentError(
            f"checkpoint_sequential: segments must be from 1 to the {len(layers)} layers; got {segments!r}"
        )
    size = len(layers) // segments
    for k in range(segments - 1):
        run = _chained(layers[k * size : (k + 1) * size])
        input = checkpoint(run, input, use_reentrant=use_reentrant, preserve_rng_state=preserve_rng_state)
    return _chained(layers[(segments - 1) * size :])(input)


def _chained(layers: Sequence[Callable[..., Any]]) -> Callable[..., Any]:
    def run(x: Any) -> Any:
        for layer in layers:
            x = layer(x)
        return x

    return run


class _Recorded(Observer):
    """Collects the operations that are recorded."""

    def __init__(self) -> None:
        self.nodes: list[Function] = []

    def on_forward(self, node: Any, inputs: tuple[Any, ...], options: Mapping[str, Any], output: Any) -> None:
        """Note an operation that backward may go through."""
        if getattr(node, "edges", None) is not None:
            self.nodes.append(node)


class Region:
    """The operations of one checkpointed call, and how to compute what they kept once more."""

    def __init__(self, call: Callable[[], Any], checked: bool, preserve: bool) -> None:
        self.call, self.checked = call, checked
        self.state = default_generator.get_state() if preserve else None
        self.nodes: list[weakref.ref[Function]] = []
        self.versions: list[tuple[Storage, int]] = []  # of what the function reads: it must not change in between

    def first(self, given: list[Tensor]) -> Any:
        """Compute, and drop what was kept."""
        recorded = _Recorded()
        self.versions = [(x._storage, x._storage.version) for x in given]
        with observed(recorded):
            result = self.call()
        for edge in {edge for node in recorded.nodes for edge in node.edges or () if isinstance(edge, Tensor)}:
            self.versions.append((edge._storage, edge._storage.version))
        for place, node in enumerate(recorded.nodes):
            self.nodes.append(weakref.ref(node))
            vars(node).clear()
            node.versions = []
            node.check_unchanged = _Dropped(self, place)  # type: ignore[method-assign]
        return result

    def again(self) -> None:
        """Compute once more, and put what is kept where it was dropped."""
        if any(storage.version != version for storage, version in self.versions):
            raise GraphError(
                "checkpoint: a tensor that the function reads was changed in place after forward, so backward cannot "
                "compute the same again; change it after backward"
            )
        recorded = _Recorded()
        with self.same_random_numbers(), enable_grad(), unobserved(), observed(recorded):
            self.call()
        if self.checked:
            self._check(recorded.nodes)
        for known, new in zip(self.nodes, recorded.nodes):
            node = known()
            if node is None or node.edges is None or not isinstance(vars(node).get("check_unchanged"), _Dropped):
                continue
            vars(node).clear()
            vars(node).update(vars(new))
            node.ids, node.versions = new.ids, new.versions
            inner = vars(node).get("check_unchanged")
            if isinstance(inner, _Dropped):  # a checkpoint within this one
                inner.region.nodes[inner.place] = weakref.ref(node)

    def _check(self, again: list[Function]) -> None:
        if len(again) != len(self.nodes):
            raise GraphError(
                f"checkpoint: the function recorded {len(self.nodes)} operations at first and {len(again)} when it was "
                "computed again for backward; it must do the same both times"
            )
        for known, new in zip(self.nodes, again):
            node = known()
            if node is not None and (type(node), node.meta) != (type(new), new.meta):
                raise GraphError(
                    f"checkpoint: {type(node).__name__} of {node.meta} at first, {type(new).__name__} of {new.meta} "
                    "when the function was computed again for backward; it must do the same both times"
                )

    @contextmanager
    def same_random_numbers(self) -> Any:
        """Draw what was drawn the first time, and leave the generator as it is now."""
        if self.state is None:
            yield
            return
        now = default_generator.get_state()
        default_generator.set_state(self.state)
        try:
            yield
        finally:
            default_generator.set_state(now)


class _Dropped:
    """Stands in for the check of an operation's memory, which backward makes first: fills the gap before it."""

    def __init__(self, region: Region, place: int) -> None:
        self.region, self.place = region, place

    def __call__(self) -> None:
        node = self.region.nodes[self.place]()
        self.region.again()
        if node is not None:
            node.check_unchanged()
