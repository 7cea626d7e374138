"""Which model files this user has allowed to run: by SHA-256, in the user's own file, outside any run.

A run folder may come from someone else, and its `config.json` may name any Python file. So a file that only a run
folder names is run only if its content is known here: the user trained with it, named it by --model, or said --trust.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ..errors import MinidlError
from ..files import make_folder, read_bytes

MOST = 16 << 20  # bytes of a Python file, or of the list


class UntrustedError(MinidlError, PermissionError):
    """A run folder names a Python file that this user has not allowed to run."""


def sha256_of_code(content: bytes) -> str:
    """The SHA-256 of a file's content, in lower-case hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def list_file() -> Path:
    """The list of allowed files: one SHA-256 per line."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~/AppData/Local")
    elif sys.platform == "darwin":
        base = os.path.expanduser("~/Library/Application Support")
    else:
        base = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return Path(base) / "minidl" / "trusted-models"


def trusted() -> set[str]:
    """The SHA-256 of every file that may run without being named; none if the list cannot be read."""
    try:
        return set(read_bytes(list_file(), MOST).decode("ascii", "replace").split())
    except OSError:
        return set()


def trust(digests: Iterable[str]) -> None:
    """Allow these files from now on. If the list cannot be written, they have to be named each time."""
    new = sorted(set(digests) - trusted())
    path = list_file()
    if new and path.is_absolute():  # a relative one: there is no home
        with suppress(OSError, MinidlError):
            make_folder(path.parent)
            with open(path, "a", encoding="ascii") as stream:
                stream.write("".join(f"{digest}\n" for digest in new))
