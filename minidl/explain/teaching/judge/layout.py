"""Text on a terminal of any width: Hangul is two columns wide, and a line breaks between words only."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

WIDEST, NARROWEST = 96, 40
TOGETHER = re.compile(r"(\w+ )?\([\w·, ]{1,24}\)|\w+ = ∂L/∂\w+")  # a shape, an equation: not broken over two lines
FIRM = "\u00a0"  # stands for a space at which no line breaks


def width(text: str) -> int:
    """How many columns the text takes.

    >>> width("dz"), width("합")
    (2, 2)
    """
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else not unicodedata.combining(sign) for sign in text)


def wrapped(text: str, columns: int, indent: str = "", first: str | None = None) -> str:
    """The text in lines of at most that many columns, as far as its words allow.

    >>> print(wrapped("one two three", 9, "  "))
      one two
      three
    """
    lines, line = [], indent if first is None else first
    start = True
    for word in TOGETHER.sub(lambda part: part[0].replace(" ", FIRM), " ".join(text.split())).split(" "):
        if not start and width(line) + 1 + width(word) > columns:
            lines.append(line)
            line, start = indent, True
        line += word if start else " " + word
        start = False
    return "\n".join([*lines, line]).replace(FIRM, " ")


def in_columns(rows: Sequence[Sequence[str]], columns: int, indent: str = "  ") -> str:
    """Rows of words in columns that are as wide as they need; the last one wraps."""
    last = len(rows[0]) - 1
    widths = [max(width(row[i]) for row in rows) for i in range(last)]
    lines = []
    for row in rows:
        head = indent + "".join(cell + " " * (w - width(cell) + 2) for cell, w in zip(row, widths))
        lines.append(wrapped(row[last], columns, " " * width(head), head))
    return "\n".join(lines)
