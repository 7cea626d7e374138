"""What the figures were measured on: without it they say nothing."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_info

from ..backend.cpu.threads import available_cores

PACKAGES = ("minidl", "numpy", "torch", "cupy-cuda12x")


def describe(threads: int) -> dict[str, Any]:
    """CPU, cores, threads asked for, load, system, versions, and the BLAS that NumPy uses."""
    return {
        "cpu": _cpu(),
        "cores": available_cores(),
        "threads": threads,
        "load": load(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
        "blas": [
            f"{library['internal_api']} {library['version']} ({library.get('architecture', 'unknown')})"
            for library in threadpool_info()
            if library["user_api"] == "blas" and "numpy" in library["filepath"]
        ],
    }


def load() -> float | None:
    """Processes that wanted to run in the last minute: above the number of threads, others were in the way."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def _cpu() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
