"""Python as a browser has it: one thread, no processes, no connections, and few of POSIX's modules.

`become()` makes this process such a one, for good: run it in a process of its own, before minidl is imported.
"""

import os
import socket
import subprocess
import sys
import sysconfig
import threading

LACKING = (
    "ssl", "_ssl", "resource", "termios", "mmap", "_posixsubprocess", "multiprocessing", "_multiprocessing", "grp",
    "pwd",
)  # fmt: skip


def become() -> None:
    """Take away what is not there."""
    import cv2  # noqa: F401
    import numpy  # noqa: F401

    sysconfig.get_config_vars()  # of the machine that this really is
    for name in LACKING:
        sys.modules.pop(name, None)
    sys.meta_path.insert(0, _Lacking())
    threading.Thread.start = _no_threads
    subprocess.Popen.__init__ = _no_processes
    socket.socket.connect = socket.getaddrinfo = _no_connections
    os.fork = _no_processes
    sys.platform = "emscripten"


class _Lacking:
    def find_spec(self, name, path=None, target=None):
        if name in LACKING:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def _no_threads(*arguments, **options):
    raise RuntimeError("can't start new thread")


def _no_processes(*arguments, **options):
    raise OSError(138, "emscripten does not support processes.")


def _no_connections(*arguments, **options):
    raise OSError(23, "Host is unreachable")
