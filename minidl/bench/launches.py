"""The kernels that a GPU is asked to run, counted by NVIDIA's own interface for profilers (CUPTI)."""

from __future__ import annotations

import ctypes
import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .errors import BenchmarkError

DRIVER_CALLS = 1  # CUPTI_CB_DOMAIN_DRIVER_API
ENTER = 0  # CUPTI_API_ENTER
LAUNCHES = (b"cuLaunch", b"cuGraphLaunch")  # cuLaunchKernel, ...Ex, cuLaunchCooperativeKernel; a graph counts as one


class CallbackData(ctypes.Structure):
    """The beginning of CUpti_CallbackData (cupti_callbacks.h)."""

    _fields_ = [("site", ctypes.c_int), ("function", ctypes.c_char_p)]


Callback = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32, ctypes.POINTER(CallbackData)
)  # user data, domain, number of the function, details of the call


class Counter:
    """Counts driver calls that launch something."""

    def __init__(self) -> None:
        self.count = 0
        self.callback = Callback(self._on_call)  # kept here: CUPTI holds only its address

    def _on_call(self, user: Any, domain: int, number: int, data: Any) -> None:
        call = data.contents
        if call.site == ENTER and call.function.startswith(LAUNCHES):
            self.count += 1


def count_launches(work: Callable[[], object]) -> int:
    """Run `work` and count its launches. Raises `BenchmarkError` if CUPTI is missing or refuses."""
    cupti, counter, subscriber = load(), Counter(), ctypes.c_void_p()
    _checked(cupti, cupti.cuptiSubscribe(ctypes.byref(subscriber), counter.callback, None))
    try:
        _checked(cupti, cupti.cuptiEnableDomain(ctypes.c_uint32(1), subscriber, ctypes.c_int(DRIVER_CALLS)))
        work()
    finally:
        cupti.cuptiUnsubscribe(subscriber)
    return counter.count


def load() -> Any:
    """The library, from NVIDIA's package or the CUDA toolkit."""
    for place in _places():
        try:
            return ctypes.CDLL(place)
        except OSError:
            continue
    raise BenchmarkError(
        "launches need NVIDIA's libcupti, which is not there; install it with pip install nvidia-cuda-cupti-cu12"
    )


def _places() -> Iterator[str]:
    package = importlib.util.find_spec("nvidia")
    for folder in package.submodule_search_locations or () if package else ():
        yield from map(str, Path(folder).glob("cuda_cupti/lib/libcupti.so*"))
    yield from ("libcupti.so.12", "libcupti.so", "/usr/local/cuda/extras/CUPTI/lib64/libcupti.so")


def _checked(cupti: Any, code: int) -> None:
    if code != 0:
        name = ctypes.c_char_p()
        cupti.cuptiGetResultString(ctypes.c_int(code), ctypes.byref(name))
        raise BenchmarkError(f"launches cannot be counted: CUPTI says {(name.value or b'unknown').decode()}")
