"""Reading files, no further than was asked for."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def check_regular(path: str | os.PathLike[str]) -> int:
    """The size of the file `path` in bytes. Raises `OSError` for a folder, a device or a FIFO, which have no size."""
    found = os.stat(path)
    if not stat.S_ISREG(found.st_mode):
        code = errno.EISDIR if stat.S_ISDIR(found.st_mode) else errno.EINVAL
        raise OSError(code, f"it is {_kind(found.st_mode)}, not a file", os.fspath(path))
    return found.st_size


def read_bytes(path: str | os.PathLike[str], most: int) -> bytes:
    """The content of a file of at most `most` bytes. Raises `OSError` for a longer one, a folder, a device, a FIFO.

    What the shell passes as `/dev/fd/N` is read, up to `most` bytes.
    """
    if not is_handle(Path(path)) and check_regular(path) > most:
        raise OSError(errno.EFBIG, f"it is longer than {most:,} bytes", os.fspath(path))
    with open(path, "rb") as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it is longer than {most:,} bytes", os.fspath(path))
    return content


def is_handle(path: Path) -> bool:
    """Whether the path names an open handle, such as /dev/stdout."""
    return path.as_posix().startswith(("/dev/fd/", "/dev/std", "/proc/self/fd/"))


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    return "a FIFO" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"
