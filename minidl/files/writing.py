"""Writing files completely or not at all: beside the old one first, then renamed over it."""

from __future__ import annotations

import errno
import json
import os
import secrets
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from ..errors import MinidlError
from .locks import still_there, try_lock
from .reading import is_handle

NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
NO_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF, errno.EACCES, errno.EPERM, errno.EISDIR)
LONGEST = 40  # letters of a file's name kept in the name of its temporary
ABANDONED = 86_400  # seconds after which a temporary that cannot be locked counts as abandoned
WINDOWS_TRIES = 20  # a file that another program reads cannot be replaced on Windows; it is read for a moment only


class OutputError(MinidlError, OSError):
    """A file that cannot be written: no permission, no space, no such folder."""


def replace_file(path: str | os.PathLike[str], write: Callable[[IO[bytes]], object]) -> None:
    """Let `write(stream)` make the new content of `path`; the old content stays until the new one is on the disk.

    A link is written through, a file keeps its mode, a device or a FIFO gets the content as it comes. The new content
    gathers in a separate file beside the old one, `.NAME.xxxxxxxx.tmp`; one that a killed process left is removed by
    the next write. Raises `OutputError` if it cannot be written.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.txt"
    >>> replace_file(path, lambda stream: stream.write(b"whole")); path.read_text()
    'whole'
    """
    path = Path(path)
    try:
        old = _existing(path)
        if old is not None and (not stat.S_ISREG(old.st_mode) or is_handle(path)):
            with open(path, "wb") as stream:
                write(stream)
            return
        target = Path(os.path.realpath(path))
        if old is not None and not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        _remove_abandoned(target)
        _write_beside(target, old, write)
    except OSError as error:
        raise _named(error, path) from error


def write_json(path: str | os.PathLike[str], content: Any) -> None:
    """Write `content` as JSON that any program can read: infinity and NaN become null. `OutputError` as above."""
    text = to_json(content) + "\n"
    replace_file(path, lambda stream: stream.write(text.encode()))


def to_json(content: Any) -> str:
    """`content` as JSON for any program: infinity and NaN become null, what UTF-8 cannot hold is escaped.

    >>> to_json([1.5, float("nan")])
    '[\\n  1.5,\\n  null\\n]'
    """
    text = json.dumps(_finite(content), indent=2, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "backslashreplace").decode()


def make_folder(path: str | os.PathLike[str]) -> Path:
    """The folder `path`, made if it is not there. Raises `OutputError` if it cannot be."""
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise _named(error, path) from error
    return path


def _existing(path: Path) -> os.stat_result | None:
    """The status of what `path` leads to, links followed; None if nothing is there. `OSError` for links in a circle."""
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None
    except ValueError as error:  # a NUL, or a letter that no file name can hold
        raise OSError(errno.EINVAL, f"no file can have this name ({error})") from error


def _write_beside(target: Path, old: os.stat_result | None, write: Callable[[IO[bytes]], object]) -> None:
    temporary, handle = _new_file(target, 0o666 if old is None else stat.S_IMODE(old.st_mode))
    try:
        with os.fdopen(handle, "wb") as stream:
            if old is not None and hasattr(os, "fchmod"):
                _keep_owner(handle, old)
            write(stream)
            stream.flush()
            _sync(handle)
        _replace(temporary, target)
        _sync_folder(target.parent)
    finally:
        _remove(temporary)


def _new_file(target: Path, mode: int) -> tuple[Path, int]:
    """A new, locked file beside `target`, and its handle."""
    while True:
        temporary = target.with_name(f".{target.name[:LONGEST]}.{secrets.token_hex(4)}.tmp")
        try:
            handle = os.open(temporary, NEW, mode)
        except FileExistsError:
            continue
        if os.name == "nt" or (try_lock(handle) is not False and still_there(handle, temporary)):
            return temporary, handle
        os.close(handle)  # another process took it for abandoned and removed it


def _remove_abandoned(target: Path) -> None:
    """Remove the temporaries of `target` that killed processes left: those that nobody holds."""
    for path in target.parent.glob(f".{_escaped(target.name[:LONGEST])}.????????.tmp"):
        with suppress(OSError):
            if os.name == "nt":
                path.unlink()  # refused while a process has it open
                continue
            handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                taken, found = try_lock(handle), os.fstat(handle)
                old = taken is None and time.time() - found.st_mtime > ABANDONED
                if stat.S_ISREG(found.st_mode) and (taken or old) and still_there(handle, path):
                    path.unlink()
            finally:
                os.close(handle)


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _keep_owner(handle: int, old: os.stat_result) -> None:
    """Give the new file the old one's mode and, if allowed, its owner."""
    with suppress(OSError):
        os.fchown(handle, old.st_uid, old.st_gid)
    os.fchmod(handle, stat.S_IMODE(old.st_mode))


def _replace(temporary: Path, target: Path) -> None:
    for _ in range(WINDOWS_TRIES - 1 if os.name == "nt" else 0):
        with suppress(PermissionError):
            os.replace(temporary, target)
            return
        time.sleep(0.05)
    os.replace(temporary, target)


def _sync(handle: int) -> None:
    """Flush the content to the disk if the file system can; some network mounts cannot."""
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in NO_SYNC:
            raise


def _sync_folder(folder: Path) -> None:
    """Make the renaming itself survive a power cut, if the system can."""
    if os.name != "posix":
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:  # a folder that can be written to, but not listed
        return
    try:
        _sync(handle)
    finally:
        os.close(handle)


def _finite(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    if isinstance(content, float) and content - content != 0:
        return None
    return content


def _named(error: Exception, path: Path) -> OutputError:
    why = getattr(error, "strerror", None) or str(error)
    return OutputError(f"{path}: cannot be written: {why}; make room or name a folder that can be written to")


def _remove(temporary: Path) -> None:
    with suppress(OSError):  # its folder is gone or closed to us, which the write itself has reported
        temporary.unlink(missing_ok=True)
