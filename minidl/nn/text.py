"""How modules are printed, and named in errors."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any


def indented(text: str) -> str:
    """Text with all lines after the first indented by two columns, as PyTorch prints a module inside another."""
    first, *rest = text.split("\n")
    return "\n".join([first, *(f"  {line}" if line.strip() else "" for line in rest)])


def folded(texts: Iterable[str]) -> list[str]:
    """Numbered texts, equal neighbours as one line.

    >>> folded(["ReLU()", "Tanh()", "Tanh()"])
    ['(0): ReLU()', '(1-2): 2 x Tanh()']
    """
    lines: list[str] = []
    start, last = 0, None
    for i, text in enumerate(texts):
        if text == last:
            lines[-1] = f"({start}-{i}): {i - start + 1} x {indented(text)}"
        else:
            start, last = i, text
            lines.append(f"({i}): {indented(text)}")
    return lines


def renamed(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The same function under another name, which Python reports when it is called with wrong arguments."""
    assert isinstance(function, FunctionType)
    made = FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    made.__kwdefaults__, made.__annotations__ = function.__kwdefaults__, function.__annotations__
    made.__doc__, made.__module__, made.__qualname__ = function.__doc__, function.__module__, name
    return made
