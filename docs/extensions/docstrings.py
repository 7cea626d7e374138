"""minidl's docstrings are plain text for a terminal: here they become what Sphinx reads, letter for letter.

A paragraph stays one, `x` is code, `Args:` and its like become lists, `* ` starts an item, and what is indented is
shown as it stands. Nothing in them is markup otherwise: x_t, |p| and *args are escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from textwrap import dedent
from typing import Any

SECTION = re.compile(r"(Args|Attributes|Returns|Raises):$")
ENTRY = re.compile(r" {4}(\S.*?): ")


def converted(lines: list[str]) -> list[str]:
    """The docstring as reStructuredText.

    >>> print(*converted(["The sum of x_t; `dim` may be None."]), sep="\\n")
    The sum of x\\_t; \\ ``dim``\\  may be None.
    <BLANKLINE>
    """
    found: list[str] = []
    for full, group in groupby(lines, key=lambda line: bool(line.strip())):
        if full:
            found += [*_block(list(group)), ""]
    return found


def _block(lines: list[str]) -> Iterator[str]:
    """One block of lines between empty ones."""
    if lines[0].lstrip().startswith(">>> "):
        yield from dedent("\n".join(lines)).split("\n")
    elif SECTION.match(lines[0]):
        yield f".. rubric:: {lines[0][:-1]}"
        yield ""
        yield from _entries(lines[1:])
    elif lines[0].startswith("* "):
        yield from (f"* {_text(line[2:])}" if line.startswith("* ") else f"  {_text(line.strip())}" for line in lines)
    elif any(line.startswith(" ") for line in lines):
        yield from ["::", "", *(f"    {line}" for line in lines)]
    else:
        yield from (("\\" if re.match(r"[-+|.:>]|\w{1,3}[.)] ", line) else "") + _text(line) for line in lines)


def _entries(lines: list[str]) -> Iterator[str]:
    """`    name: what it is`, and deeper lines that go on with it."""
    for line in lines:
        if entry := ENTRY.match(line):
            yield f"* **{_plain(entry[1])}**: {_text(line[entry.end() :])}"
        elif line.startswith("     "):
            yield f"  {_text(line.strip())}"
        else:
            yield f"* {_text(line.strip())}"


def _text(line: str) -> str:
    """`x` as code, everything else as it is written."""
    parts = re.split(r"`([^`]+)`", line)
    return "".join(f"\\ ``{part}``\\ " if place % 2 else _plain(part) for place, part in enumerate(parts))


def _plain(text: str) -> str:
    return re.sub(r"([\\*_|<`]|::$)", r"\\\1", text)


def _process(app: Any, what: str, name: str, it: object, options: Any, lines: list[str]) -> None:
    lines[:] = converted(lines)


def setup(app: Any) -> dict[str, Any]:
    app.connect("autodoc-process-docstring", _process)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
