"""`torch.random` beside `minidl.random`: a context whose random numbers leave no trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ...random import get_rng_state, set_rng_state

__all__ = ["fork_rng"]


@contextmanager
def fork_rng(devices: Any = None, enabled: bool = True, device_type: str = "cuda", **names: Any) -> Iterator[None]:
    """A context after which the default generator goes on as if nothing had been drawn in it."""
    state = get_rng_state()
    try:
        yield
    finally:
        if enabled:
            set_rng_state(state)
