"""The source lines of the functions that were followed, from their files or notebook cells."""

from __future__ import annotations

import ast
import inspect
import textwrap
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

PACKAGE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Source:
    """One function: the file it is shown under, the number of its first line, its lines."""

    file: str
    first: int
    lines: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The source for a page."""
        return {"file": self.file, "first": self.first, "lines": list(self.lines)}


class Sources:
    """All sources of a tape, each once, identified by its index in the list."""

    def __init__(self) -> None:
        self.items: list[Source] = []
        self._places: dict[CodeType, int] = {}
        self._statements: dict[CodeType, dict[int, int]] = {}

    def add(self, code: CodeType) -> int:
        """Keep the source of a function and return its index."""
        if code not in self._places:
            self._places[code] = len(self.items)
            self.items.append(Source(shown_name(code.co_filename), *_lines(code)))
        return self._places[code]

    def statement(self, code: CodeType, line: int) -> int:
        """The first line of the statement that `line` belongs to: Python goes back and forth in a long one."""
        if code not in self._statements:
            source = self.items[self.add(code)]
            self._statements[code] = _first_lines(source)
        return self._statements[code].get(line, line)

    def __getitem__(self, place: int) -> Source:
        return self.items[place]


def shown_name(path: str) -> str:
    """A file's name on a page: relative to the package or the working folder, never a machine's path.

    >>> shown_name(str(PACKAGE / "ops" / "conv.py"))
    'minidl/ops/conv.py'
    """
    if path.startswith("<") or "ipykernel" in path:
        return "notebook" if "ipy" in path else path
    resolved = Path(path).resolve()
    for base in (PACKAGE.parent, Path.cwd()):
        if resolved.is_relative_to(base) and (base == Path.cwd() or resolved.is_relative_to(PACKAGE)):
            return resolved.relative_to(base).as_posix()
    return resolved.name


def _lines(code: CodeType) -> tuple[int, tuple[str, ...]]:
    """The number of the first line, and the lines; none if Python does not know them (typed into a shell)."""
    try:
        lines, first = inspect.getsourcelines(code)
    except (OSError, TypeError):
        return code.co_firstlineno, ()
    return first, tuple(line.rstrip("\n") for line in lines)


def _first_lines(source: Source) -> dict[int, int]:
    """For each line of a function, the first line of its statement (of its header, if it has a body)."""
    try:
        tree = ast.parse(textwrap.dedent("\n".join(source.lines)))
    except SyntaxError:
        return {}
    found: dict[int, int] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt):
            continue
        body = getattr(node, "body", None)
        last = body[0].lineno - 1 if body else node.end_lineno or node.lineno
        for line in range(node.lineno, last + 1):
            found[source.first + line - 1] = source.first + node.lineno - 1
    return found
