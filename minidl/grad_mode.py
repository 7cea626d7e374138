"""Whether operations are recorded: `no_grad`, `enable_grad` and `set_grad_enabled`, per thread."""

from __future__ import annotations

import threading
from contextlib import ContextDecorator


class _GradMode(threading.local):
    enabled = True


grad_mode = _GradMode()


class set_grad_enabled:
    """Record operations or not from now on; as a context, only until its end."""

    def __init__(self, mode: bool) -> None:
        self.mode, self._before = bool(mode), grad_mode.enabled
        grad_mode.enabled = self.mode

    def __enter__(self) -> None:
        grad_mode.enabled = self.mode

    def __exit__(self, *error: object) -> None:
        grad_mode.enabled = self._before


class no_grad(ContextDecorator):
    """Within it (a `with` block or a decorated function), operations are not recorded."""

    mode = False

    def _recreate_cm(self) -> no_grad:
        return type(self)()  # a decorated function may run in several threads, or call itself

    def __enter__(self) -> None:
        self._before = grad_mode.enabled
        grad_mode.enabled = self.mode

    def __exit__(self, *error: object) -> None:
        grad_mode.enabled = self._before


class enable_grad(no_grad):
    """Within it, operations are recorded, also inside `no_grad`."""

    mode = True


def is_grad_enabled() -> bool:
    """Whether operations are recorded at the moment, in this thread."""
    return grad_mode.enabled
