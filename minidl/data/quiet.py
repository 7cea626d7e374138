"""Silence while a picture is decoded: libpng, libtiff and OpenCV write their own words to the terminal.

They do so in C, past `sys.stderr`, so the process's file descriptor 2 itself is redirected.
"""

from __future__ import annotations

import os
from contextlib import suppress
from threading import Lock

import cv2

STDERR = 2


class Quiet:
    """A context in which C code is mute. Threads may share it: the first redirects the stream, the last restores it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._stderr: int | None = None
        self._level = 0

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._off()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._on()

    def _off(self) -> None:
        self._level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        with suppress(OSError):  # there is no stderr, as in a Windows program without a console
            self._stderr = os.dup(STDERR)
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, STDERR)
            os.close(nowhere)

    def _on(self) -> None:
        cv2.utils.logging.setLogLevel(self._level)
        if self._stderr is not None:
            os.dup2(self._stderr, STDERR)
            os.close(self._stderr)
            self._stderr = None


decoders_are_quiet = Quiet()
