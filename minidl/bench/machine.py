"""The machine that the figures were measured on: without it they mean nothing."""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from ..backend.numpy.threads import available_cores

STAT = Path("/proc/stat")
PACKAGES = ("minidl", "numpy", "torch", "cupy-cuda12x", "cupy-cuda13x")
AVX2 = {  # the environment in which NumPy's BLAS and PyTorch's libraries use no AVX-512
    "OPENBLAS_CORETYPE": "Haswell",
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
}
SIDE, TIMES = 1024, 10  # of the square matrices that are multiplied, and how often


def describe(threads: int) -> dict[str, Any]:
    """CPU, cores, threads asked for, system, versions, the BLAS that NumPy uses, its speed, and what holds it back."""
    return {
        "cpu": _cpu(),
        "cores": available_cores(),
        "threads": threads,
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
        "blas": [
            f"{library['internal_api']} {library['version']} ({library.get('architecture', 'unknown')})"
            for library in threadpool_info()
            if library["user_api"] == "blas" and "numpy" in library["filepath"]
        ],
        "gflops": product_rate(threads),
        "held": {name: os.environ[name] for name in AVX2 if name in os.environ},
    }


def product_rate(threads: int) -> float:
    """GFLOP/s of BLAS, multiplying two square float32 matrices: the same machine can run at several speeds."""
    x = np.ones((SIDE, SIDE), np.float32)
    seconds = []
    with threadpool_limits(threads, user_api="blas"):
        for _ in range(TIMES):
            began = time.perf_counter()
            x @ x
            seconds.append(time.perf_counter() - began)
    return 2 * SIDE**3 / min(seconds) / 1e9


class Others:
    """The share of the cores that other programs, and other guests of the same host, take from now on."""

    def __init__(self) -> None:
        self.began, self.all, self.own = time.monotonic(), _work_of_all(), _own_work()

    def share(self) -> float | None:
        """The share of all cores' time, 0 to 1; None if the system does not tell. Own processes must have ended."""
        now = _work_of_all()
        if now is None or self.all is None:
            return None
        cores = (time.monotonic() - self.began) * (os.cpu_count() or 1)
        return max(0.0, (now - self.all - (_own_work() - self.own)) / cores)


def _work_of_all() -> float | None:
    """Seconds that all cores have worked, or were kept from it by another guest, since the system started."""
    if not STAT.exists():
        return None
    user, nice, system, _idle, _waiting, irq, softirq, steal = map(int, STAT.read_text().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def _own_work() -> float:
    """Seconds of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


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
