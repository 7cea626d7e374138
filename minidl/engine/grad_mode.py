"""Whether operations are recorded: `no_grad`, `enable_grad` and `set_grad_enabled`, per thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from functools import partial, wraps
from inspect import isgeneratorfunction
from typing import Any


class _GradMode(threading.local):
    enabled = True


grad_mode = _GradMode()


class _Recording:
    """A `with` block or a decorated function in which operations are recorded if `mode` says so."""

    mode: bool

    def _again(self) -> _Recording:
        """A separate context for each call: a function may run in several threads, or call itself."""
        return type(self)()

    def __enter__(self) -> None:
        self._before = grad_mode.enabled
        grad_mode.enabled = self.mode

    def __exit__(self, *error: object) -> None:
        grad_mode.enabled = self._before

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if isgeneratorfunction(function):
            return self._generator(function)

        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            with self._again():
                return function(*args, **kwargs)

        return call

    def _generator(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A generator function whose steps run inside the context, and the caller's code between them outside."""

        @wraps(function)
        def generate(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            steps = function(*args, **kwargs)
            resume = partial(next, steps)
            while True:
                try:
                    with self._again():
                        item = resume()
                except StopIteration as stop:
                    return stop.value
                try:
                    answer = yield item
                except BaseException as error:
                    resume = partial(steps.throw, error)
                else:
                    resume = partial(steps.send, answer)

        return generate


class set_grad_enabled(_Recording):
    """Turn recording on or off from now on; as a context or a decorator, only inside it."""

    def __init__(self, mode: bool) -> None:
        self.mode, self._before = bool(mode), grad_mode.enabled
        grad_mode.enabled = self.mode

    def __enter__(self) -> None:
        grad_mode.enabled = self.mode

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        grad_mode.enabled = self._before
        return super().__call__(function)

    def _again(self) -> _Recording:
        return set_grad_enabled(self.mode)


class no_grad(_Recording):
    """Record no operations inside it: a `with` block, or a decorator with or without parentheses."""

    mode = False

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        return super().__new__(cls) if function is None else cls()(function)


class enable_grad(no_grad):
    """Record operations inside it, even within `no_grad`."""

    mode = True


def is_grad_enabled() -> bool:
    """Whether operations are currently recorded in this thread."""
    return grad_mode.enabled
