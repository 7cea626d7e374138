"""The highest memory that a process has held."""

from __future__ import annotations

import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def peak_memory() -> int:
    """Bytes resident at the highest point of this process so far.

    On Linux the kernel's VmHWM, which starts anew with each program; elsewhere getrusage's value.
    """
    found = peak_memory_of("self")
    if found is not None:
        return found
    import resource

    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return highest if sys.platform == "darwin" else highest * 1024


def peak_memory_of(process: int | str) -> int | None:
    """VmHWM of a running process in bytes; None if the system does not tell, or once the process has ended."""
    try:
        lines = (STATUS.parents[1] / str(process) / "status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), None)
