"""Words on the terminal: results to stdout, everything else to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Any, TextIO

from ..files import OutputError, to_json

RED, YELLOW = "31", "33"


def say(text: str) -> None:
    """A result. Raises `OutputError` if stdout cannot take it, `BrokenPipeError` if its reader has left."""
    try:
        _write(sys.stdout, text)
    except BrokenPipeError:
        _silence_stdout()
        raise
    except OSError as error:
        _silence_stdout()
        raise OutputError(f"stdout: cannot be written: {error.strerror or error}") from error


def say_json(content: Any) -> None:
    """A result for another program; NaN and infinity, which JSON lacks, are null."""
    say(to_json(content))


def notice(text: str) -> None:
    """Something worth knowing beside the result."""
    _aside(f"minidl: {text}")


def complain(text: str) -> None:
    """What went wrong, in one line."""
    _aside(f"{coloured('minidl: error:', RED, sys.stderr)} {' '.join(text.split())}")


def _aside(text: str) -> None:
    """A line on stderr, if it can be written: a full disk or a closed handle there stops no work."""
    with suppress(OSError, ValueError):
        _write(sys.stderr, text)


def _write(stream: TextIO | None, text: str) -> None:
    """The text and a new line; letters that the stream cannot show are escaped."""
    if stream is None:  # closed before Python started
        return
    try:
        print(text, file=stream, flush=True)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)


def _silence_stdout() -> None:
    """Let what is still buffered go nowhere, so that Python's own end is quiet."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def coloured(text: str, colour: str, stream: IO[str] | None) -> str:
    """The text in colour on a terminal that wants it; NO_COLOR (https://no-color.org) says that it does not."""
    if stream is None or not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{colour}m{text}\x1b[0m"


def table(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Rows in columns as wide as they need, those numbered in `right` aligned to the right.

    >>> print(table([["layer", "size"], ["fc", "7"]], right=[1]))
    layer  size
    fc        7
    """
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [cell.rjust(w) if i in right else cell.ljust(w) for i, (cell, w) in enumerate(zip(row, widths))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def duration(seconds: float) -> str:
    """Hours, minutes and seconds.

    >>> duration(75), duration(3675)
    ('1:15', '1:01:15')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
