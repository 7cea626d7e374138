"""CuPy's CUDA runtime on host memory: the C functions that its modules call, implemented in Python.

CuPy's `cupy_backends.cuda.api.runtime` exports its functions to its other modules as capsules. Each is replaced before
those modules are loaded: by a function below, or, where there is none, by one that aborts with the symbol's name.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
import traceback
from types import ModuleType

from tests.cupy_on_cpu import DEVICE_NAME, counters, memory
from tests.cupy_on_cpu.hooks import build_folder

ERROR_INVALID_VALUE, ERROR_MEMORY_ALLOCATION, ERROR_INVALID_DEVICE = 1, 2, 101
ERROR_CAPTURE_UNSUPPORTED, ERROR_CAPTURE_IMPLICIT = 900, 906
HOST_TO_HOST, HOST_TO_DEVICE, DEVICE_TO_HOST, DEVICE_TO_DEVICE, DEFAULT_KIND = range(5)
MEMORY_UNREGISTERED, MEMORY_HOST, MEMORY_DEVICE = range(3)
CUDA_VERSION = 12090

# cudaDeviceAttr -> value; the rest, features that this device lacks, are 0
ATTRIBUTES = {1: 1024, 2: 1024, 3: 1024, 4: 64, 5: 2**31 - 1, 6: 65535, 7: 65535, 8: 49152, 9: 65536, 10: 32,
              12: 65536, 16: 1, 39: 2048, 75: 9, 76: 0, 81: 233472, 97: 232448}  # fmt: skip
PROPERTIES = {
    "name": DEVICE_NAME.encode(), "major": 9, "minor": 0, "warpSize": 32, "multiProcessorCount": 1,
    "maxThreadsPerBlock": 1024, "maxThreadsDim": (1024, 1024, 64), "maxGridSize": (2**31 - 1, 65535, 65535),
    "sharedMemPerBlock": 49152, "sharedMemPerBlockOptin": 232448, "totalGlobalMem": memory.CAPACITY,
    "totalConstMem": 65536, "regsPerBlock": 65536, "clockRate": 0, "memoryClockRate": 0, "memoryBusWidth": 0,
    "l2CacheSize": 0, "pciBusID": 0, "pciDeviceID": 0, "pciDomainID": 0, "integrated": 0, "ECCEnabled": 0,
    "uuid": b"\0" * 16,
}  # fmt: skip


class Failure(Exception):
    """Reported to CuPy as the CUDA error of this code."""

    def __init__(self, code: int):
        super().__init__(code)
        self.code = code


def _nothing(*_):
    return None


def _finished(*_):
    """cudaSuccess in answer to a query: all work is done when the call that asked for it returns."""
    return 0


# ---- memory ----


def malloc(size: int) -> int:
    counters.add("allocations")
    if memory.device.used + size > memory.CAPACITY:
        raise Failure(ERROR_MEMORY_ALLOCATION)
    address = memory.device.allocate(size)
    if not address:
        raise Failure(ERROR_MEMORY_ALLOCATION)
    return address


def free(address: int) -> None:
    if address:
        counters.add("frees")
        memory.device.free(address)


def host_alloc(size: int, flags: int) -> int:
    counters.add("pinned_allocations")
    return memory.pinned.allocate(size)


def memory_type(address: int) -> int:
    if memory.device.contains(address):
        return MEMORY_DEVICE
    return MEMORY_HOST if memory.pinned.contains(address) else MEMORY_UNREGISTERED


# ---- copies ----


def _direction(to: int, source: int, size: int, kind: int) -> int:
    """The direction of a copy, checked against where its ends really lie."""
    to_device, from_device = memory.device.contains(to, size), memory.device.contains(source, size)
    actual = (HOST_TO_HOST, HOST_TO_DEVICE, DEVICE_TO_HOST, DEVICE_TO_DEVICE)[to_device + 2 * from_device]
    if kind not in (actual, DEFAULT_KIND):
        raise Failure(ERROR_INVALID_VALUE)
    return actual


_COPY_NAMES = {
    HOST_TO_HOST: "on_host",
    HOST_TO_DEVICE: "to_device",
    DEVICE_TO_HOST: "to_host",
    DEVICE_TO_DEVICE: "on_device",
}


def _copy(to: int, source: int, size: int, direction: int, stream: int) -> None:
    counters.add(f"copies_{_COPY_NAMES[direction]}")
    counters.add(f"bytes_copied_{_COPY_NAMES[direction]}", size)
    _submit(counters.driver().emulated_copy(to, source, size, stream))


def memcpy(to: int, source: int, size: int, kind: int) -> None:
    if size == 0:
        return
    direction = _direction(to, source, size, kind)
    if direction != DEVICE_TO_DEVICE:
        _synchronized()
    _copy(to, source, size, direction, 0)


def memcpy_async(to: int, source: int, size: int, kind: int, stream: int) -> None:
    if size == 0:
        return
    direction = _direction(to, source, size, kind)
    pageable = direction == DEVICE_TO_HOST and not memory.pinned.contains(to, size)
    if pageable:  # the call returns only when the copy is done
        _synchronized(stream)
    _copy(to, source, size, direction, stream)


def memset(to: int, byte: int, size: int) -> None:
    memset_async(to, byte, size, 0)


def memset_async(to: int, byte: int, size: int, stream: int) -> None:
    if size and not memory.device.contains(to, size):
        raise Failure(ERROR_INVALID_VALUE)
    counters.add("fills")
    _submit(counters.driver().emulated_fill(to, byte, size, stream))


def _submit(code: int) -> None:
    if code:
        raise Failure(code)


# ---- streams, events, graphs ----

_streams: dict[int, tuple[int, int]] = {}  # handle -> (flags, priority)
_events: dict[int, float] = {}  # handle -> when it was recorded
_next_handle = 0x1000


def _handle() -> int:
    global _next_handle
    _next_handle += 16
    return _next_handle


def _captured_stream() -> int:
    return counters.driver().emulated_captured_stream() or 0


def _synchronized(stream: int | None = None) -> None:
    """Count a wait; while a graph is captured a wait for its stream, or for everything, is an error."""
    captured = _captured_stream()
    if captured and stream in (None, 0, captured):
        raise Failure(ERROR_CAPTURE_UNSUPPORTED)
    counters.add("synchronizations")


def stream_create(flags: int = 0, priority: int = 0) -> int:
    handle = _handle()
    _streams[handle] = (flags, priority)
    return handle


def event_create(flags: int = 0) -> int:
    handle = _handle()
    _events[handle] = 0.0
    return handle


def event_record(event: int, stream: int) -> None:
    counters.add("events_recorded")
    _events[event] = time.perf_counter()


def event_elapsed(start: int, end: int) -> float:
    return (_events[end] - _events[start]) * 1e3


def event_synchronize(event: int) -> None:
    _synchronized()


def capture_begin(stream: int, mode_given: int | None = None) -> None:
    if counters.driver().emulated_capture_begin(stream):
        raise RuntimeError("two captures at once are not emulated")


def capture_end(stream: int) -> int:
    graph = counters.driver().emulated_capture_end(stream)
    if not graph:
        raise Failure(ERROR_INVALID_VALUE)
    return graph


def graph_launch(graph: int, stream: int) -> None:
    counters.add("graph_launches")
    _submit(counters.driver().emulated_graph_launch(graph, stream))


def graph_destroy(graph: int) -> None:
    counters.driver().emulated_graph_destroy(graph)


def set_device(device: int) -> None:
    if device != 0:
        raise Failure(ERROR_INVALID_DEVICE)


IMPLEMENTED = {
    "getDevice": lambda: 0, "getDeviceCount": lambda: 1, "setDevice": set_device, "_ensure_context": _nothing,
    "driverGetVersion": lambda: CUDA_VERSION, "runtimeGetVersion": lambda: CUDA_VERSION,
    "_getCUDAMajorVersion": lambda: CUDA_VERSION // 1000,
    "deviceGetAttribute": lambda attribute, device: ATTRIBUTES.get(attribute, 0),
    "getDeviceProperties": lambda device: dict(PROPERTIES), "deviceGetPCIBusId": lambda device: "0000:00:00.0",
    "deviceCanAccessPeer": lambda device, peer: 0, "_deviceEnsurePeerAccess": _nothing,
    "deviceSynchronize": lambda: _synchronized(), "profilerStart": _nothing, "profilerStop": _nothing,
    "malloc": malloc, "free": free, "hostAlloc": host_alloc, "freeHost": lambda address: memory.pinned.free(address),
    "memGetInfo": lambda: (memory.CAPACITY - memory.device.used, memory.CAPACITY),
    "memcpy": memcpy, "memcpyAsync": memcpy_async, "memset": memset, "memsetAsync": memset_async,
    "pointerGetMemoryType": memory_type,
    "streamCreate": stream_create, "streamCreateWithFlags": stream_create, "streamCreateWithPriority": stream_create,
    "streamDestroy": lambda stream: _streams.pop(stream) and None, "streamSynchronize": lambda s: _synchronized(s),
    "streamQuery": _finished, "streamWaitEvent": _nothing,
    "streamGetFlags": lambda stream: _streams.get(stream, (0, 0))[0],
    "streamGetPriority": lambda stream: _streams.get(stream, (0, 0))[1],
    "streamIsCapturing": lambda stream: int(bool(stream) and stream == _captured_stream()),
    "streamBeginCapture": capture_begin, "streamEndCapture": capture_end,
    "graphInstantiate": lambda graph: graph, "graphLaunch": graph_launch, "graphUpload": _nothing,
    "graphDestroy": _nothing, "graphExecDestroy": graph_destroy,
    "eventCreate": event_create, "eventCreateWithFlags": event_create,
    "eventDestroy": lambda event: _events.pop(event) and None, "eventRecord": event_record,
    "eventSynchronize": event_synchronize, "eventQuery": _finished, "eventElapsedTime": event_elapsed,
}  # fmt: skip


# ---- putting them in place of CuPy's ----

_C_TYPES = {
    "int": ctypes.c_int, "unsigned int": ctypes.c_uint, "size_t": ctypes.c_size_t, "intptr_t": ctypes.c_ssize_t,
    "uintmax_t": ctypes.c_size_t, "float": ctypes.c_float, "PyObject *": ctypes.py_object, "void": None,
}  # fmt: skip
_KEPT_AS_THEY_ARE = {"check_status"}
_MAY_FAIL = {"malloc", "memcpy", "memcpyAsync", "memset", "memsetAsync", "deviceSynchronize", "setDevice",
             "streamSynchronize", "eventSynchronize", "streamEndCapture", "graphLaunch"}  # fmt: skip
_alive: list[object] = []  # what C still points to


def _abort(message: str) -> None:
    print(f"cupy_on_cpu: {message}", file=sys.stderr, flush=True)
    os.abort()


def _guarded(name: str, function, report_failure, takes_skip: bool):
    """The callback for C: extra arguments dropped, a Failure left for runtime.cpp, any other exception an abort."""

    def call(*arguments):
        try:
            return function(*(arguments[:-1] if takes_skip else arguments))
        except Failure as failure:
            if report_failure is None:
                _abort(f"{name} failed with CUDA error {failure.code}, which it cannot report")
            report_failure(failure.code)
            return None if name not in ("malloc", "streamEndCapture") else 0
        except BaseException:
            traceback.print_exc()
            return _abort(f"the emulation of {name} failed")

    return call


def _capsule_functions():
    api = ctypes.pythonapi
    get_name, new = api.PyCapsule_GetName, api.PyCapsule_New
    get_name.restype, get_name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    return get_name, new


def replace(module: ModuleType) -> None:
    """Put host memory behind CuPy's runtime module, both for its C callers and for Python."""
    get_name, new = _capsule_functions()
    raising = ctypes.PyDLL(str(build_folder() / "lib" / "libemulated_runtime.so"))
    raising.emulated_error_class.argtypes = [ctypes.py_object]
    raising.emulated_error_class(module.CUDARuntimeError)
    _prepare_driver(counters.driver())
    for name, capsule in list(module.__pyx_capi__.items()):
        signature = get_name(capsule)
        if b"(" not in signature or name in _KEPT_AS_THEY_ARE or name.startswith("make_"):
            continue  # a constant, or arithmetic
        address = _implementation(name, signature.decode(), raising)
        kept = ctypes.create_string_buffer(signature)
        _alive.append(kept)
        module.__pyx_capi__[name] = new(address, ctypes.cast(kept, ctypes.c_char_p), None)
        if hasattr(module, name):
            setattr(module, name, _for_python(name, module.CUDARuntimeError))


def _prepare_driver(driver: ctypes.CDLL) -> None:
    pointer, size = ctypes.c_void_p, ctypes.c_size_t
    driver.emulated_copy.argtypes = [pointer, pointer, size, pointer]
    driver.emulated_fill.argtypes = [pointer, ctypes.c_int, size, pointer]
    driver.emulated_capture_begin.argtypes = driver.emulated_capture_end.argtypes = [pointer]
    driver.emulated_capture_end.restype = driver.emulated_captured_stream.restype = pointer
    driver.emulated_graph_launch.argtypes = [pointer, pointer]
    driver.emulated_graph_destroy.argtypes = [pointer]
    driver.emulated_poison.argtypes = [pointer, ctypes.c_int, size]


def _implementation(name: str, signature: str, raising: ctypes.PyDLL) -> int:
    """The address of the C function that now stands behind the capsule `name`."""
    result, arguments = signature.rstrip(")").split("(", 1)
    names = [a.strip().replace(" __pyx_skip_dispatch", "") for a in arguments.split(",")]
    types = [_C_TYPES.get(n, ctypes.c_void_p) for n in names if n != "void"]
    known = result.strip() in _C_TYPES
    function = IMPLEMENTED.get(name) if known else None
    takes_skip = "__pyx_skip_dispatch" in signature
    if function is None:
        function, takes_skip = (lambda *_: _abort(f"{name} is not emulated")), False
    if "__pyx_optional_args" in signature and name in IMPLEMENTED:
        function = (lambda f: lambda *a: f(a[0]))(function)  # skip flag and options: only the first argument matters
        takes_skip = False
    fails = name in _MAY_FAIL
    call = _guarded(name, function, raising.emulated_fail if fails else None, takes_skip)
    callback = ctypes.PYFUNCTYPE(_C_TYPES.get(result.strip(), ctypes.c_void_p), *types)(call)
    _alive.append(callback)
    if not fails:
        return ctypes.cast(callback, ctypes.c_void_p).value
    getattr(raising, f"emulated_bind_{name}")(callback)
    return ctypes.cast(getattr(raising, f"emulated_{name}"), ctypes.c_void_p).value


def _for_python(name: str, error: type[Exception]):
    """The same function for callers in Python, raising CuPy's own exception."""
    function = IMPLEMENTED.get(name)

    def call(*arguments, **options):
        if function is None:
            return _abort(f"{name} is not emulated")
        try:
            return function(*arguments, **options)
        except Failure as failure:
            raise error(failure.code) from None

    call.__name__ = name
    return call


def poison_new_arrays(cupy: ModuleType) -> None:
    """Fill what the memory pool hands out: it reuses blocks that still hold the last array's values."""
    pool = cupy.get_default_memory_pool()

    def poisoned(size):
        pointer = pool.malloc(size)
        if size:
            counters.driver().emulated_poison(pointer.ptr, memory.POISON, size)
        return pointer

    cupy.cuda.set_allocator(poisoned)
