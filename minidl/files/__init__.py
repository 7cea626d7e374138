"""Files on this machine: written completely or not at all, read within bounds, locked."""

from .locks import FileLock, LockedError
from .reading import check_regular, read_bytes
from .writing import OutputError, make_folder, replace_file, to_json, write_json

__all__ = [
    "FileLock", "LockedError", "OutputError", "check_regular", "make_folder", "read_bytes", "replace_file", "to_json",
    "write_json",
]  # fmt: skip
