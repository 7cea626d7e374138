"""Ctrl-C while the command is still being imported: one line and exit code 130, not the traceback of an import."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import PurePath

_before = None


def start() -> None:
    """Let Ctrl-C end the process at once, if it is the `minidl` command and Ctrl-C is not ignored."""
    global _before
    if _is_command() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        _before = signal.signal(signal.SIGINT, _end)


def end_starting() -> None:
    """From now on, Ctrl-C is a KeyboardInterrupt again."""
    global _before
    if _before is not None:
        signal.signal(signal.SIGINT, _before)
        _before = None


def _is_command() -> bool:
    words = sys.orig_argv
    if sys.argv[:1] == ["-m"]:
        return "minidl" in words[1:] and words[words.index("minidl") - 1] == "-m"
    return PurePath(sys.argv[0] if sys.argv else "").stem == "minidl"


def _end(number: int, frame: object) -> None:
    os.write(2, b"minidl: interrupted\n")
    os._exit(130)


start()
