"""Text on the terminal: results to stdout, everything else to stderr."""

from __future__ import annotations

import codecs
import io
import json
import os
import sys
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Any, TextIO

from ..explain.teaching.judge.layout import width
from ..files import OutputError, to_json
from ..language import translated

RED, YELLOW = "31", "33"
IN_ASCII = {  # what replaces a sign on a console that lacks it
    "←": "<-", "→": "->", "·": "*", "×": "x", "Σ": "sum", "∂": "d", "√": "sqrt", "∫": "integral", "∞": "inf", "−": "-",
    "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "ᵀ": "^T", "²": "^2", "│": "|", "─": "-", "–": "-", "—": "-", "…": "...",
}  # fmt: skip


def fit_to_console() -> None:
    """Make any text printable on any console: signs that its encoding lacks are replaced by similar ones."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "backslashreplace"):
            stream.reconfigure(errors="minidl")


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(in_ascii, error.object[error.start : error.end])), error.end


codecs.register_error("minidl", _replaced)


def in_ascii(sign: str) -> str:
    """The nearest text in ASCII; the number of a sign that has none.

    >>> print(*map(in_ascii, "→βé한"))
    -> beta e \\ud55c
    """
    if sign in IN_ASCII:
        return IN_ASCII[sign]
    name = unicodedata.name(sign, "")
    if name.startswith("GREEK"):
        return name.split()[-1].lower()
    return (
        unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
        or sign.encode("ascii", "backslashreplace").decode()
    )


def say(text: str) -> None:
    """Print a result. Raises `OutputError` if stdout cannot take it, `BrokenPipeError` if its reader has gone."""
    _say("\n".join(map(translated, text.split("\n"))))


def _say(text: str) -> None:
    try:
        _write(sys.stdout, text)
    except BrokenPipeError:
        _silence_stdout()
        raise
    except OSError as error:
        _silence_stdout()
        raise OutputError(f"stdout: cannot be written: {error.strerror or error}") from error


def say_json(content: Any) -> None:
    """Print a result as JSON: NaN and infinity, which JSON lacks, become null; what the console lacks is escaped."""
    text = to_json(content)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(json.loads(text), indent=2)
    _say(text)


def notice(text: str) -> None:
    """Print something worth knowing beside the result."""
    _aside(f"minidl: {translated(text)}")


def complain(text: str) -> None:
    """Print what went wrong, in one line."""
    _aside(f"{coloured('minidl: error:', RED, sys.stderr)} {' '.join(translated(text).split())}")


def _aside(text: str) -> None:
    """Print a line on stderr if it can be written: a full disk or a closed handle there stops no work."""
    with suppress(OSError, ValueError):
        _write(sys.stderr, text)


def _write(stream: TextIO | None, text: str) -> None:
    """Print the text and a new line; letters that the stream cannot show are escaped."""
    if stream is None:  # closed before Python started
        return
    try:
        print(text, file=stream, flush=True)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)


def _silence_stdout() -> None:
    """Discard what is still buffered, so that Python exits quietly."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def coloured(text: str, colour: str, stream: IO[str] | None) -> str:
    """The text in colour on a terminal that wants it; NO_COLOR (https://no-color.org) says that it does not."""
    if stream is None or not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{colour}m{text}\x1b[0m"


def table(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Rows in columns as wide as they need, those numbered in `right` aligned to the right; the first row translated.

    >>> print(table([["layer", "size"], ["fc", "7"]], right=[1]))
    layer  size
    fc        7
    """
    rows = [[translated(cell) for cell in rows[0]], *rows[1:]]
    widths = [max(width(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        gaps = [" " * (most - width(cell)) for cell, most in zip(row, widths)]
        cells = [gap + cell if i in right else cell + gap for i, (cell, gap) in enumerate(zip(row, gaps))]
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
