"""How modules are printed."""

from __future__ import annotations

from collections.abc import Iterable


def indented(text: str) -> str:
    """The lines after the first moved two columns to the right, as PyTorch prints a module inside another."""
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
