"""Which array libraries there are, which one new tensors are made in, and which one an array belongs to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

from ..errors import BackendError, first_line
from .base import Array, Backend
from .numpy.backend import NumpyBackend

_numpy = NumpyBackend()
_made: dict[str, Backend] = {"numpy": _numpy}
by_type: dict[type, Backend] = {_numpy.array_type: _numpy}
_current: Backend | None = None


def get_backend(name: str) -> Backend:
    """The backend of that name: "numpy" or "cupy". BackendError, with the reason, if it cannot be used."""
    name = {"cpu": "numpy", "cuda": "cupy", "gpu": "cupy"}.get(name, name)
    if name not in ("numpy", "cupy"):
        raise BackendError(f"the backend {name!r} is unknown; use 'numpy' or 'cupy'")
    if name not in _made:
        try:
            from .cupy.backend import CupyBackend
        except Exception as error:  # a broken CuPy raises what it likes, or an ImportError of many lines because of it
            reason = first_line(error.__cause__ or error)
            raise BackendError(
                f"the backend 'cupy' cannot be used: {reason}; install CuPy: pip install cupy-cuda12x, or use 'numpy'"
            ) from error
        made = CupyBackend()
        _made[name], by_type[made.array_type] = made, made
    return _made[name]


def current_backend() -> Backend:
    """The backend in which new tensors are made: the one chosen, else MINIDL_BACKEND, else NumPy."""
    global _current
    if _current is None:
        _current = get_backend(os.environ.get("MINIDL_BACKEND") or "numpy")
    return _current


class use_backend(AbstractContextManager["use_backend"]):
    """Make new tensors in the library `name`; as a context, only within it.

    >>> with use_backend("numpy"):
    ...     current_backend().name
    'numpy'
    """

    def __init__(self, name: str) -> None:
        global _current
        self._before = _current
        _current = get_backend(name)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        global _current
        _current = self._before


def backend_of(array: Array) -> Backend:
    """The backend whose array this is."""
    try:
        return by_type[type(array)]
    except KeyError:
        for array_type, backend in by_type.items():
            if isinstance(array, array_type):
                return backend
        raise BackendError(
            f"{type(array).__name__} is no array of a backend in use; minidl.tensor(...) makes a tensor of it"
        ) from None


def same_backend(what: str, arrays: Sequence[Any]) -> Backend:
    """The one backend of all arrays among `arrays`; BackendError that says which is where if they differ.

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
