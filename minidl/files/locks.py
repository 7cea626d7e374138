"""Who may write: a lock on an open file, released when its process ends, however that ends."""

from __future__ import annotations

import errno
import os
import platform
from contextlib import suppress
from pathlib import Path
from types import TracebackType

if os.name == "nt":
    import msvcrt
else:
    import fcntl

HELD = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
FAR = 1 << 30  # the byte that is locked on Windows, where a locked byte cannot be read
NO_LINK = getattr(os, "O_NOFOLLOW", 0)


class LockedError(OSError):
    """Somebody else holds the lock; the text names the process if it is known."""


def try_lock(handle: int) -> bool | None:
    """Lock the open file for this handle alone. False: another handle holds it. None: this file system has no locks."""
    try:
        if os.name == "nt":
            os.lseek(handle, FAR, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
            os.lseek(handle, 0, os.SEEK_SET)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno in HELD else None
    return True


def still_there(handle: int, path: str | os.PathLike[str]) -> bool:
    """Whether `path` is still the file that was opened, and not removed or replaced meanwhile."""
    try:
        return os.path.samestat(os.fstat(handle), os.lstat(path))
    except OSError:
        return False


class FileLock:
    """The lock file `path`, held from `acquire` to `release`, or as a context.

    The file is gone after `release`. A killed process leaves the file, but not the lock: the next one takes over.
    On a file system without locks, the process named in the file is looked for.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._handle: int | None = None

    def acquire(self) -> FileLock:
        """Take the lock. Raises `LockedError` if another process, or another lock in this one, holds it."""
        while True:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | NO_LINK, 0o644)
            try:
                taken = try_lock(handle)
                if taken is None:
                    taken = not _alive(_owner(handle))
                if not taken:
                    raise LockedError(errno.EAGAIN, f"{_named(_owner(handle))} is at work here", str(self.path))
                if still_there(handle, self.path):
                    os.ftruncate(handle, 0)
                    os.write(handle, f"{os.getpid()} {platform.node()}\n".encode())
                    self._handle, handle = handle, -1
                    return self
            finally:
                if handle >= 0:
                    os.close(handle)

    def release(self) -> None:
        """Release the lock, if it is held."""
        if self._handle is None:
            return
        if os.name != "nt":  # while it is held, so that nobody else's file is removed
            self._remove()
        os.close(self._handle)
        self._handle = None
        if os.name == "nt":
            self._remove()

    def _remove(self) -> None:
        with suppress(OSError):  # its folder is gone, or another process has opened the file
            self.path.unlink()

    def __enter__(self) -> FileLock:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _owner(handle: int) -> tuple[int, str] | None:
    """The process and the machine that the lock file names."""
    os.lseek(handle, 0, os.SEEK_SET)
    number, _, host = os.read(handle, 300).decode(errors="replace").strip().partition(" ")
    return (int(number), host) if number.isdecimal() and len(number) < 12 else None


def _named(owner: tuple[int, str] | None) -> str:
    return "another process" if owner is None else f"process {owner[0]} on {owner[1]}"


def _alive(owner: tuple[int, str] | None) -> bool:
    """Whether that process may still run; one on another machine cannot be asked."""
    if owner is None or owner == (os.getpid(), platform.node()):
        return False
    if owner[1] != platform.node():
        return True
    try:
        os.kill(owner[0], 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
