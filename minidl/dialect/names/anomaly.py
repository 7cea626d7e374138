"""`detect_anomaly`: as soon as a backward gives NaN, an error that says which operation it was, and its line."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from contextlib import ContextDecorator
from typing import Any

from ...backend import Array, backend_of
from ...engine.observe import Observer, listening
from ...errors import GraphError
from ..look import backward_name

__all__ = ["detect_anomaly", "is_anomaly_enabled", "set_detect_anomaly"]


class _Watch(Observer):
    """Keeps the line that called each operation, and looks at what its backward returns."""

    def __init__(self, check_nan: bool) -> None:
        self.check_nan = check_nan

    def on_forward(self, node: Any, inputs: Any, options: Any, output: Any) -> None:
        if getattr(node, "__dict__", None) is not None:
            node._called = _line()

    def on_backward(self, node: Any, dz: Array, returned: Sequence[Any], grads: Sequence[Any]) -> None:
        for place, grad in enumerate(grads if self.check_nan else ()):
            if grad is not None and grad.dtype.kind == "f" and bool(backend_of(grad).xp.isnan(grad).any()):
                called = getattr(node, "_called", "outside of detect_anomaly")
                what = f"Function '{backward_name(node)}' returned nan values in its {place}th output"
                raise GraphError(f"{what}; it was called {called}")


def _line() -> str:
    """The line of the user's that is running."""
    for frame in reversed(traceback.extract_stack()):
        if "minidl" not in frame.filename:
            return f"at {frame.filename}, line {frame.lineno}"
    return "inside minidl"


class set_detect_anomaly(ContextDecorator):
    """From now on, or within a `with`, a backward that gives NaN is a RuntimeError; `mode=False` stops it."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self.before = listening.observers
        others = tuple(one for one in self.before if not isinstance(one, _Watch))
        listening.observers = (*others, _Watch(check_nan)) if mode else others

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        listening.observers = self.before


class detect_anomaly(ContextDecorator):
    """Within it, a backward that gives NaN is a RuntimeError."""

    def __init__(self, check_nan: bool = True) -> None:
        self.check_nan = check_nan

    def __enter__(self) -> None:
        self.before = listening.observers
        listening.observers = (*self.before, _Watch(self.check_nan))

    def __exit__(self, *error: object) -> None:
        listening.observers = self.before


def is_anomaly_enabled() -> bool:
    """Whether NaN in a backward is an error now."""
    return any(isinstance(one, _Watch) for one in listening.observers)
