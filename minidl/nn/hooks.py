"""Hooks of a module: functions that see, and may change, what goes into forward and comes out, and its gradients."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any

from ..engine.tensor import RemovableHook
from ..errors import refuse
from .backward_hooks import Passage


class Hooked:
    """What Module has from here: hooks before and after forward."""

    forward: Callable[..., Any]
    _pre_hooks: list[partial[Any]]
    _hooks: list[Callable[..., Any]]
    _backward_pre_hooks: list[Callable[..., Any]]
    _backward_hooks: list[Callable[..., Any]]

    @property
    def _forward_pre_hooks(self) -> OrderedDict[int, Callable[..., Any]]:
        """The hooks before forward, by their places, under the name by which PyTorch's users look at them; a copy."""
        return OrderedDict((place, call.args[0]) for place, call in enumerate(self._pre_hooks))

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHook:
        """Call `hook(module, inputs)` before forward; what it returns takes the place of the inputs, unless None.

        `with_kwargs`: `hook(module, inputs, options)` returns None or a pair of both. Returns a handle with `remove()`.
        """
        call = partial(_before, hook, with_kwargs)
        self._pre_hooks.insert(0 if prepend else len(self._pre_hooks), call)
        return RemovableHook(self._pre_hooks, call)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHook:
        """Call `hook(module, inputs, output)` after forward; what it returns takes the output's place, unless None.

        `with_kwargs`: `hook(module, inputs, options, output)`. Returns a handle with `remove()`.
        """
        refuse("register_forward_hook", always_call=always_call)

        call = partial(_after, hook, with_kwargs)
        self._hooks.insert(0 if prepend else len(self._hooks), call)
        return RemovableHook(self._hooks, call)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHook:
        """Call `hook(module, grad_output)` when the outputs' gradients are known; what it returns replaces these."""
        self._backward_pre_hooks.insert(0 if prepend else len(self._backward_pre_hooks), hook)
        return RemovableHook(self._backward_pre_hooks, hook)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHook:
        """Call `hook(module, grad_input, grad_output)` when those of the inputs are; what it returns replaces these.

        Both are tuples, None for what takes no gradient. Returns a handle with `remove()`.
        """
        self._backward_hooks.insert(0 if prepend else len(self._backward_hooks), hook)
        return RemovableHook(self._backward_hooks, hook)

    def _call_with_hooks(self, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        for before in tuple(self._pre_hooks):
            inputs, options = before(self, inputs, options)
        passage = None
        if self._backward_hooks or self._backward_pre_hooks:
            passage = Passage(self, self._backward_pre_hooks, self._backward_hooks)
            inputs = passage.into(inputs)
        output = self.forward(*inputs, **options)
        for hook in tuple(self._hooks):
            output = hook(self, inputs, options, output)
        return output if passage is None else passage.out(output)


def _before(hook: Callable[..., Any], with_kwargs: bool, module: Any, inputs: Any, options: Any) -> tuple[Any, Any]:
    """The inputs and options after a hook has seen them. The module comes with the call: a copy of it is another."""
    if with_kwargs:
        replaced = hook(module, inputs, options)
        return (inputs, options) if replaced is None else replaced
    replaced = hook(module, inputs)
    if replaced is not None:
        inputs = replaced if isinstance(replaced, tuple) else (replaced,)
    return inputs, options


def _after(hook: Callable[..., Any], with_kwargs: bool, module: Any, inputs: Any, options: Any, output: Any) -> Any:
    """The output after a hook has seen it."""
    replaced = hook(module, inputs, options, output) if with_kwargs else hook(module, inputs, output)
    return output if replaced is None else replaced
