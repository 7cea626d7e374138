"""Files that are written whole or not at all: beside the old one first, then put in its place."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from .errors import MinidlError


class OutputError(MinidlError, OSError):
    """A file that cannot be written: no permission, no space, no such folder."""


def replace_file(path: str | os.PathLike[str], write: Callable[[IO[bytes]], object]) -> None:
    """Let `write(stream)` make the new content of `path`; until it is on the disk, the old content stays.

    A process killed in the middle leaves the old file and a `.NAME.tmp`, which the next write takes over. Raises
    `OutputError` if it cannot be written.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.txt"
    >>> replace_file(path, lambda stream: stream.write(b"whole")); path.read_text()
    'whole'
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with open(temporary, "wb") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise _named(error, path) from error
    finally:
        _remove(temporary)


def write_json(path: str | os.PathLike[str], content: Any) -> None:
    """Write `content` as JSON that any program can read: an infinity or NaN becomes null. `OutputError` as above."""
    text = json.dumps(_finite(content), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    replace_file(path, lambda stream: stream.write(text.encode()))


def make_folder(path: str | os.PathLike[str]) -> Path:
    """The folder `path`, made if it is not there. Raises `OutputError` if it cannot be."""
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _named(error, path) from error
    return path


def _finite(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    if isinstance(content, float) and content - content != 0:
        return None
    return content


def _named(error: OSError, path: Path) -> OutputError:
    why = error.strerror or str(error)
    return OutputError(f"{path}: cannot be written: {why}; make room or name a folder that can be written to")


def _sync_folder(folder: Path) -> None:
    """Make the renaming itself last through a power cut, where the system can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _remove(temporary: Path) -> None:
    with suppress(OSError):  # its folder is gone or closed to us, which the write itself has reported
        temporary.unlink(missing_ok=True)
