"""The array libraries and their names, the one that new tensors are made in, and the one that an array belongs to.

Everything else asks here: a new library is a class next to these and a line at the end of this file.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from types import TracebackType
from typing import Any

import numpy as np

from ..errors import BackendError
from .base import Array, Backend
from .cupy import make_cupy
from .numpy.backend import NumpyBackend

DEFAULT = "numpy"


@dataclass(frozen=True)
class _Entry:
    name: str
    device: str
    make: Callable[[], Backend]


_entries: dict[str, _Entry] = {}  # by every word for it: its name, its device, its aliases
_made: dict[str, Backend] = {}  # by name


class _ByType(dict[type, Backend]):
    """The backend of each type of arrays; `by_type[type(array)]` is `backend_of(array)` without a call."""

    def __missing__(self, array_type: type) -> Backend:
        for known, backend in self.items():
            if issubclass(array_type, known):
                return backend
        raise BackendError(
            f"{array_type.__name__} is not an array of a backend in use; minidl.tensor(...) makes a tensor of it"
        )


by_type = _ByType()
_lock = threading.RLock()


def register_backend(name: str, make: Callable[[], Backend], device: str, aliases: tuple[str, ...] = ()) -> None:
    """Register a library: under its name, PyTorch's word for where its arrays live, and other words for it.

    `make` is called on first use, and raises `BackendError` if the library cannot be used here.
    BackendError if a word already means another library.
    """
    words = (name, device, *aliases)
    for word in words:
        if word in _entries:
            raise BackendError(f"register_backend: {word!r} is the backend {_entries[word].name!r}; use another word")
    _entries.update(dict.fromkeys(words, _Entry(name, device, make)))


def backend_names() -> tuple[str, ...]:
    """The names of all backends, usable here or not."""
    return tuple(dict.fromkeys(entry.name for entry in _entries.values()))


def backend_named(word: str) -> str | None:
    """The name of the backend that a name, a device or an alias means; None for an unknown word.

    >>> backend_named("cuda"), backend_named("gpu"), backend_named("tpu")
    ('cupy', 'cupy', None)
    """
    entry = _entries.get(word)
    return None if entry is None else entry.name


def device_named(word: str) -> str | None:
    """PyTorch's name for the place that a name, a device or an alias means; None for an unknown word."""
    entry = _entries.get(word)
    return None if entry is None else entry.device


def get_backend(name: str) -> Backend:
    """The backend of that name, device or alias. BackendError, with the reason, if it cannot be used."""
    entry = _entries.get(name)
    if entry is None:
        raise BackendError(f"the backend {name!r} is unknown; use {' or '.join(map(repr, backend_names()))}")
    made = _made.get(entry.name)
    return _make(entry) if made is None else made


def _make(entry: _Entry) -> Backend:
    with _lock:  # made only once, even if two threads ask for it at the same time
        if entry.name in _made:
            return _made[entry.name]
        made = entry.make()
        if (made.name, made.device) != (entry.name, entry.device):
            raise BackendError(
                f"the backend {entry.name!r} on {entry.device!r} calls itself {made.name!r} on {made.device!r}"
            )
        if made.array_type in by_type:
            other = by_type[made.array_type].name
            raise BackendError(
                f"the backend {made.name!r}: arrays of type {made.array_type.__name__} are those of {other!r}; "
                "its arrays need a type of their own"
            )
        by_type[made.array_type] = _made[made.name] = made
        return made


class _Thread(threading.local):
    backend: Backend | None = None  # the one of the innermost `with use_backend(...)` of this thread


_thread = _Thread()
_calls: tuple[tuple[weakref.ref[use_backend], Backend], ...] = ()  # use_backend called but not entered, newest last


def current_backend() -> Backend:
    """The backend in which new tensors are made: the chosen one, else MINIDL_BACKEND, else NumPy."""
    if (chosen := _thread.backend) is not None:
        return chosen
    calls = _calls
    return calls[-1][1] if calls else _from_environment()


@cache
def _from_environment() -> Backend:
    return get_backend(os.environ.get("MINIDL_BACKEND") or DEFAULT)


class use_backend(AbstractContextManager["use_backend"]):
    """Make new tensors in the library `name`: as a call, for the process; as a context, for its thread and block.

    Called within a context, it changes the library of that context.

    >>> with use_backend("numpy"):
    ...     current_backend().name
    'numpy'
    """

    def __init__(self, name: str) -> None:
        global _calls
        self._backend, self._before = get_backend(name), _thread.backend
        if self._before is not None:
            _thread.backend = self._backend
            return
        with _lock:  # a call whose object is gone cannot become a context: the earlier choice is no longer needed
            past = max((i for i, (call, _) in enumerate(_calls) if call() is None), default=0)
            _calls = (*_calls[past:], (weakref.ref(self), self._backend))

    def __enter__(self) -> use_backend:
        global _calls
        with _lock:
            _calls = tuple(call for call in _calls if call[0]() is not self)
        _thread.backend = self._backend
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _thread.backend = self._before


def work_in(backend: Backend) -> None:
    """Make new tensors of the calling thread in `backend`: for a thread that works on behalf of another."""
    _thread.backend = backend


def is_array(thing: Any) -> bool:
    """Whether `thing` is an array of a backend that is in use."""
    return isinstance(thing, tuple(by_type))


def backend_of(array: Array) -> Backend:
    """The backend that this array belongs to."""
    return by_type[type(array)]


def to_host(array: Array) -> np.ndarray:
    """The array in the host's memory: itself if already there, else a copy; a NumPy number becomes an array."""
    return np.asarray(array) if isinstance(array, np.generic) else backend_of(array).to_numpy(array)


def same_backend(what: str, arrays: Sequence[Any]) -> Backend:
    """The one backend of all arrays among `arrays`; if they differ, a BackendError that says where each one is.

    Python numbers and None belong to every backend.
    """
    found: Backend | None = None
    for array in arrays:
        backend = by_type.get(type(array))
        if backend is None or backend is found:
            continue
        if found is not None:
            places = ", ".join(
                f"argument {i} is in {by_type[type(a)].name}" for i, a in enumerate(arrays) if type(a) in by_type
            )
            raise BackendError(f"{what}: arrays of two libraries meet: {places}; move one with tensor.to(...)")
        found = backend
    return current_backend() if found is None else found


register_backend("numpy", NumpyBackend, device="cpu")
register_backend("cupy", make_cupy, device="cuda", aliases=("gpu",))
get_backend("numpy")  # arrays from outside are NumPy's, whichever library tensors are made in
