"""The score sheet of a class: one line per verdict, in a CSV file that several may add to at once."""

from __future__ import annotations

import csv
import io
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from ....errors import ArgumentError
from ....files import FileLock, LockedError, OutputError

COLUMNS = ("time", "name", "exercise", "verdict", "cause", "seconds")
BOM = "\ufeff"  # by which spreadsheets know UTF-8
PATIENCE = 10.0  # seconds for others to finish their line
RISKY = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would take for a formula


class ScoresError(ArgumentError):
    """A file that is not a score sheet, or lies in no folder."""


def check(path: str) -> None:
    """Raise `ScoresError` unless `path` is a score sheet, or can become one."""
    place = Path(path)
    if path == "" or place.is_dir() or not place.absolute().parent.is_dir():
        raise ScoresError(f"--class {path or repr(path)}: name a file in a folder that exists")
    if place.exists() and place.stat().st_size and not _is_sheet(place):
        raise ScoresError(f"--class {path}: this is no score sheet; its first line must be {','.join(COLUMNS)}")


def _is_sheet(place: Path) -> bool:
    with open(place, "rb") as stream:
        first = stream.readline(200)
    return first.decode("utf-8", "replace").lstrip(BOM).strip() == ",".join(COLUMNS)


def enter(path: str, name: str, exercise: str, verdict: str, cause: str, seconds: float) -> None:
    """Add a line, after waiting for others. Raises `OutputError` if it cannot be written."""
    row = (datetime.now().isoformat(" ", "seconds"), name, exercise, verdict, cause, f"{seconds:.1f}")
    try:
        with _locked(path):
            check(path)
            _append(path, row)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from error


@contextmanager
def _locked(path: str) -> Iterator[None]:
    """The sheet for this process alone, as soon as it is free."""
    lock, until = FileLock(f"{path}.lock"), time.monotonic() + PATIENCE
    while True:
        try:
            lock.acquire()
            break
        except LockedError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
    try:
        yield
    finally:
        lock.release()


def _append(path: str, row: tuple[str, ...]) -> None:
    """The line in one write at the end; after one that was cut short, on a line of its own."""
    with open(path, "ab+") as stream:
        size = stream.seek(0, os.SEEK_END)
        text = "" if size else BOM + _line(COLUMNS)
        if size:
            stream.seek(-1, os.SEEK_END)
            text = "" if stream.read(1) == b"\n" else "\r\n"
        stream.write((text + _line(row)).encode())
        stream.flush()
        os.fsync(stream.fileno())


def _line(row: tuple[str, ...]) -> str:
    r"""The cells as a line of CSV, none of which a spreadsheet runs.

    >>> _line(("=1+1", "a,b"))
    '\'=1+1,"a,b"\r\n'
    """
    text = io.StringIO()
    cells = ["'" + cell if cell.startswith(RISKY) else cell for cell in (" ".join(c.split()) for c in row)]
    csv.writer(text).writerow(cells)
    return text.getvalue()
