"""`torch.serialization`: what lets PyTorch's pickles make objects. minidl's archives make none that need leave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["add_safe_globals", "safe_globals"]


@contextmanager
def safe_globals(safe_globals: Iterable[Any]) -> Iterator[None]:
    """Nothing changes: a class that the program has imported may be loaded anyway, and no file can run code."""
    yield


def add_safe_globals(safe_globals: Iterable[Any]) -> None:
    """As `safe_globals`, for the rest of the program."""
