"""minidl or PyTorch behind one interface. Nearly all names are the same; here is the little that differs."""

from __future__ import annotations

import importlib
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ..backend import Backend

CHANNELS_LAST = "channels_last"


@dataclass(frozen=True)
class Entry:
    """A contestant: the library, its threads, minidl's array library, PyTorch's order of images in memory.

    `backend` is empty for the usual one and for PyTorch.
    """

    library: str
    threads: int
    backend: str = ""
    layout: str = "NCHW"

    @property
    def name(self) -> str:
        """The contestant's name in the tables."""
        if self.library == "minidl":
            return f"minidl {self.backend}".rstrip()
        return "torch" if self.layout == "NCHW" else f"torch {self.layout}"


class Library:
    """The library of one contestant: its modules `T` and `F`, made ready to run on `entry.threads` threads."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.T: Any = importlib.import_module(entry.library)
        self.F: Any = importlib.import_module(f"{entry.library}.nn.functional")
        self.T.set_num_threads(entry.threads)
        self.device: Backend | None = None  # if the work waits for a device, rather than for the host
        if entry.library == "minidl":
            from ..backend import DEFAULT, get_backend  # not at the top: PyTorch's process does without the engine

            self.T.use_backend(entry.backend or DEFAULT)
            backend = get_backend(entry.backend or DEFAULT)
            self.device = None if backend.device == "cpu" else backend

    def tensor(self, array: np.ndarray) -> Any:
        """A tensor with a copy of the array, on this contestant's device and in its memory order."""
        return self.in_layout(self.T.tensor(array))

    def in_layout(self, thing: Any) -> Any:
        """A module or tensor in this contestant's order of images in memory."""
        if self.entry.layout != CHANNELS_LAST or getattr(thing, "ndim", 4) != 4:
            return thing
        return thing.to(memory_format=self.T.channels_last)

    def numpy(self, tensor: Any) -> np.ndarray:
        """The tensor's values on the host."""
        return np.asarray(tensor.detach().cpu().numpy())

    def no_recording(self) -> AbstractContextManager[Any]:
        """A context in which nothing is kept for a backward pass; in PyTorch the fastest one, `inference_mode`."""
        return self.T.inference_mode() if self.entry.library == "torch" else self.T.no_grad()

    def synchronize(self) -> None:
        """Wait until the device has done all that was asked for."""
        if self.device is not None:
            self.device.synchronize()

    def clock(self) -> HostClock | DeviceClock:
        """The clock that times this contestant's work."""
        return HostClock() if self.device is None else DeviceClock(self.device)


class HostClock:
    """Adds up the seconds between marks, by name."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.times = [time.perf_counter()]

    def mark(self, name: str) -> None:
        """The time since the last mark counts as `name`."""
        self.names.append(name)
        self.times.append(time.perf_counter())

    def seconds(self) -> dict[str, float]:
        """The sums so far."""
        sums: dict[str, float] = {}
        for name, before, after in zip(self.names, self.times, self.times[1:]):
            sums[name] = sums.get(name, 0.0) + after - before
        return sums


class DeviceClock:
    """The same in a device's own time: the host does not wait for the work it queues."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.names: list[str] = []
        self.marks = [backend.mark()]

    def mark(self, name: str) -> None:
        """The work queued since the last mark counts as `name`."""
        self.names.append(name)
        self.marks.append(self.backend.mark())

    def seconds(self) -> dict[str, float]:
        """The sums so far, once the last of the work is done."""
        sums: dict[str, float] = {}
        for name, before, after in zip(self.names, self.marks, self.marks[1:]):
            sums[name] = sums.get(name, 0.0) + self.backend.seconds_between(before, after)
        return sums
