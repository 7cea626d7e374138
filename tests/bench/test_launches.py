"""Counting launches: a GPU's reports are imitated by hand, since no test machine has one."""

from __future__ import annotations

import ctypes
from typing import Any

import pytest

from minidl.bench import launches
from minidl.bench.errors import BenchmarkError
from minidl.bench.launches import CallbackData, Counter, count_launches

ENTER, EXIT = 0, 1
CALLS = [(ENTER, b"cuLaunchKernel"), (EXIT, b"cuLaunchKernel"), (ENTER, b"cuMemcpyHtoDAsync_v2")]
CALLS += [(ENTER, b"cuLaunchKernelEx"), (ENTER, b"cuGraphLaunch"), (ENTER, b"cuMemAlloc_v2")]


class Cupti:
    """Replaces the library: calls back for each of `CALLS` while someone has subscribed."""

    def __init__(self, refuses: int = 0) -> None:
        self.refuses, self.callback, self.enabled = refuses, None, False

    def cuptiSubscribe(self, subscriber: Any, callback: Any, user: Any) -> int:
        self.callback = callback
        return self.refuses

    def cuptiEnableDomain(self, enable: Any, subscriber: Any, domain: Any) -> int:
        self.enabled = enable.value == 1 and domain.value == 1
        return 0

    def cuptiUnsubscribe(self, subscriber: Any) -> int:
        self.callback = None
        return 0

    def cuptiGetResultString(self, code: Any, name: Any) -> int:
        ctypes.cast(name, ctypes.POINTER(ctypes.c_char_p))[0] = b"CUPTI_ERROR_MULTIPLE_SUBSCRIBERS"
        return 0

    def run(self) -> None:
        for site, function in CALLS:
            if self.callback and self.enabled:
                self.callback(None, 1, 0, ctypes.pointer(CallbackData(site, function)))


def test_launches_are_counted_once_each_and_copies_not(monkeypatch: pytest.MonkeyPatch) -> None:
    cupti = Cupti()
    monkeypatch.setattr(launches, "load", lambda: cupti)
    assert count_launches(lambda: (cupti.run(), cupti.run())) == 6
    cupti.run()
    assert cupti.callback is None
    assert Counter().count == 0


def test_a_refusal_is_told_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launches, "load", lambda: Cupti(refuses=39))
    with pytest.raises(BenchmarkError, match="CUPTI says CUPTI_ERROR_MULTIPLE_SUBSCRIBERS"):
        count_launches(lambda: None)


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launches, "_places", lambda: iter(["libnone.so.0"]))
    with pytest.raises(BenchmarkError, match="nvidia-cuda-cupti-cu12"):
        count_launches(lambda: None)


def test_the_record_of_a_call_is_laid_out_as_in_cupti() -> None:
    assert (CallbackData.site.offset, CallbackData.function.offset) == (0, 8)
