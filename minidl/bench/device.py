"""What is particular to a GPU: whether it may be timed, its memory pool, its launches, the way to it."""

from __future__ import annotations

import ctypes
import importlib
import time
from statistics import median
from typing import Any

from .errors import BenchmarkError

EMULATED = "EMULATED-HOST"
KERNEL_NODE = 0  # CU_GRAPH_NODE_TYPE_KERNEL
UPLOADS = 5


def name() -> str:
    """The name of the GPU that CuPy uses."""
    runtime = importlib.import_module("cupy").cuda.runtime
    found = runtime.getDeviceProperties(runtime.getDevice())["name"]
    return found.decode() if isinstance(found, bytes) else str(found)


def require_real() -> None:
    """Raise `BenchmarkError` if the GPU is only imitated: its times would say nothing about any GPU."""
    if EMULATED in name():
        raise BenchmarkError(
            f"the device calls itself {EMULATED}: it is host memory that imitates a GPU, and timing it would mean "
            "nothing; measure on a machine with a GPU, or leave cupy out"
        )


def describe(training: Any) -> dict[str, Any]:
    """After some steps: seconds to upload a batch, bytes of the memory pool, kernels launched by a step."""
    launches, note = count_launches(training)
    pool = importlib.import_module("cupy").get_default_memory_pool()
    return {"upload": upload(training), "pool": pool.total_bytes(), "launches": launches, "note": note, "name": name()}


def upload(training: Any) -> float:
    """Seconds to bring one batch of images to the GPU."""
    images = training.library.numpy(training.next_batch()[0])
    seconds = []
    for _ in range(UPLOADS):
        training.library.synchronize()
        began = time.perf_counter()
        training.library.tensor(images)
        training.library.synchronize()
        seconds.append(time.perf_counter() - began)
    return median(seconds)


class _NoClock:
    """Marks nothing: an event may not be recorded for timing within a capture."""

    def mark(self, name: str) -> None:
        pass


def count_launches(training: Any) -> tuple[int | None, str]:
    """The kernels of one step, by capturing it as a CUDA graph; (None, the reason) if it cannot be captured."""
    cuda = importlib.import_module("cupy").cuda
    training.library.synchronize()
    with cuda.Stream(non_blocking=True) as stream:
        training.step(_NoClock())  # so that this stream's pool has the memory
        stream.synchronize()
        try:
            stream.begin_capture()
            try:
                training.step(_NoClock())
            finally:
                graph = stream.end_capture()
            return _kernels(graph.graph), "captured"
        except Exception as error:
            return None, f"a step cannot be captured: {error}"


def _kernels(graph: int) -> int:
    """The kernel nodes of a CUDA graph."""
    driver = ctypes.CDLL("libcuda.so.1")
    count = ctypes.c_size_t()
    _checked(driver.cuGraphGetNodes(ctypes.c_void_p(graph), None, ctypes.byref(count)))
    nodes = (ctypes.c_void_p * count.value)()
    _checked(driver.cuGraphGetNodes(ctypes.c_void_p(graph), nodes, ctypes.byref(count)))
    kinds = []
    for node in nodes:
        kind = ctypes.c_int()
        _checked(driver.cuGraphNodeGetType(ctypes.c_void_p(node), ctypes.byref(kind)))
        kinds.append(kind.value)
    return kinds.count(KERNEL_NODE)


def _checked(code: int) -> None:
    if code != 0:
        raise BenchmarkError(f"the CUDA driver could not read the captured graph: error {code}")
