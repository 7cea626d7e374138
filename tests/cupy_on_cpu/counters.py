"""What the emulated device was asked to do, counted: the proof that a training step does not wait for the GPU.

    from tests.cupy_on_cpu import counters
    with counters.count() as step:
        train_one_step()
    assert step["synchronizations"] == 0

`launches`           kernels and cuBLAS calls; `launches_of(step)` tells them by name
`copies_to_device`, `copies_to_host`, `copies_on_device`, and the same with `bytes_` before
`synchronizations`   calls after which the host has waited for the device: synchronize of device, stream or event,
                     a blocking copy to or from the host, an asynchronous copy from the device to memory not pinned
`allocations`, `frees`      of the device's memory itself (cudaMalloc, cudaFree: both wait); the pool's own are free
`pinned_allocations`        cudaHostAlloc
`graph_launches`     replays of a captured graph
`kernels_compiled`, `compile_seconds`     by g++ in this process
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import threading
from collections import Counter
from collections.abc import Iterator

_counts: Counter[str] = Counter()
_lock = threading.Lock()
_LAUNCH = "launches of "


def add(name: str, amount: float = 1) -> None:
    """Count one more, or `amount` more, of `name`."""
    with _lock:
        _counts[name] += amount


@functools.cache
def driver() -> ctypes.CDLL:
    """The stand-in driver that this process has loaded."""
    from tests.cupy_on_cpu.hooks import build_folder

    library = ctypes.CDLL(str(build_folder() / "lib" / "libcuda.so.1"), mode=ctypes.RTLD_GLOBAL)
    library.emulated_count_launch.argtypes = [ctypes.c_char_p]
    return library


def count_launch(kernel: str) -> None:
    """Count a launch that did not go through the driver."""
    driver().emulated_count_launch(kernel.encode())


_VISIT = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_ulonglong)


def snapshot() -> Counter[str]:
    """All counts since the process began."""
    with _lock:
        now = Counter(_counts)

    @_VISIT
    def visit(name, count):
        now[_LAUNCH + name.decode()] = count
        now["launches"] += count

    driver().emulated_kernel_names(visit)
    return now


@contextlib.contextmanager
def count() -> Iterator[Counter[str]]:
    """What happens inside the block, filled in when it ends."""
    before = snapshot()
    inside: Counter[str] = Counter()
    yield inside
    inside.update(snapshot() - before)


def launches_of(counts: Counter[str]) -> dict[str, int]:
    """Kernel name -> launches, the most frequent first."""
    named = {name[len(_LAUNCH) :]: int(n) for name, n in counts.items() if name.startswith(_LAUNCH)}
    return dict(sorted(named.items(), key=lambda item: -item[1]))
