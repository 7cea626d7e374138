"""A model called with other parameters than its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..engine.tensor import Tensor
from ..errors import ArgumentError
from ..nn.module import Module

Parameters = dict[str, Tensor]


def functional_call(
    module: Module,
    parameter_and_buffer_dicts: Parameters | Sequence[Parameters],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """module(*args, **kwargs) with these tensors, by name, in the place of its parameters and buffers.

    Args:
        parameter_and_buffer_dicts: one dict, or several with different names.
        args: a tuple, or one argument that is none.
        tie_weights: what the module has under two names is replaced under both.
        strict: every parameter and buffer must be given.

    >>> import minidl
    >>> layer = minidl.nn.Linear(1, 1, bias=False)
    >>> functional_call(layer, {"weight": minidl.tensor([[3.0]])}, minidl.tensor([2.0]))
    tensor([6.])
    """
    several = parameter_and_buffer_dicts
    dicts = [several] if isinstance(several, dict) else list(several)
    given: Parameters = {}
    for one in dicts:
        for name, tensor in one.items():
            if name in given:
                raise ArgumentError(f"functional_call: {name!r} is in two of the dicts")
            if not isinstance(tensor, Tensor):
                raise ArgumentError(f"functional_call: {name!r} must be a Tensor; got {type(tensor).__name__}")
            given[name] = tensor
    arguments = () if args is None else args if isinstance(args, tuple) else (args,)
    with _replaced(module, given, tie_weights, strict):
        return module(*arguments, **(kwargs or {}))


@contextmanager
def _replaced(module: Module, given: Parameters, tie_weights: bool, strict: bool) -> Iterator[None]:
    """Inside it, the module has these tensors."""
    own = dict([*module.named_parameters(remove_duplicate=False), *module.named_buffers(remove_duplicate=False)])
    unknown = [name for name in given if name not in own]
    if unknown:
        raise ArgumentError(f"functional_call: {module._get_name()} has no parameter or buffer {unknown[0]!r}")
    new = {name: given[name] for name in given}
    if tie_weights:
        by_tensor = {id(own[name]): tensor for name, tensor in given.items()}
        for name, tensor in own.items():
            if id(tensor) in by_tensor:
                new.setdefault(name, by_tensor[id(tensor)])
    missing = [name for name in own if name not in new]
    if strict and missing:
        raise ArgumentError(f"functional_call: {missing[0]!r} is not given, which strict=True requires")
    places = dict(module.named_modules(remove_duplicate=False))
    try:
        for name, tensor in new.items():
            _put(places, name, tensor)
        yield
    finally:
        for name in new:
            _put(places, name, own[name])


def _put(places: dict[str, Module], name: str, tensor: Tensor) -> None:
    path, _, attribute = name.rpartition(".")
    vars(places[path])[attribute] = tensor  # past the checks of assignment: a parameter may be any tensor here
