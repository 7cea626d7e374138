"""Which rule of minidl is currently replaced by a wrong one, so that a recording can say so and a check undo it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ...engine.function import Function
from ...errors import ArgumentError


@dataclass(frozen=True)
class Replacement:
    """One mistake: `owner.attribute` becomes `replacement`."""

    name: str
    owner: Any
    attribute: str
    replacement: Any


_active: list[tuple[Replacement, Any]] = []  # at most one, with what it replaced


@contextmanager
def replaced(mistake: Replacement) -> Iterator[None]:
    """Put a mistake in place. ArgumentError if one is in place already."""
    if _active:
        raise ArgumentError(f"the mistake {_active[0][0].name!r} is in place already; one at a time")
    original = getattr(mistake.owner, mistake.attribute)
    _active.append((mistake, original))
    setattr(mistake.owner, mistake.attribute, mistake.replacement)
    try:
        yield
    finally:
        _active.pop()
        setattr(mistake.owner, mistake.attribute, original)


@contextmanager
def repaired() -> Iterator[None]:
    """A context in which the right rule is back, so that a broken pass can be compared with it."""
    for found, original in _active:
        setattr(found.owner, found.attribute, original)
    try:
        yield
    finally:
        for found, _ in _active:
            setattr(found.owner, found.attribute, found.replacement)


def active() -> str | None:
    """The name of the mistake that is in place."""
    return _active[0][0].name if _active else None


def breaks_forward(function: type[Function]) -> bool:
    """Whether the mistake that is in place is in this operation's forward."""
    return any(found.attribute in ("forward", "value") and issubclass(function, found.owner) for found, _ in _active)
