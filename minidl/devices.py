"""Where tensors live, with PyTorch's names: `cpu` is the memory of the host (NumPy), `cuda` that of the GPU (CuPy)."""

from __future__ import annotations

from typing import Any

from .backend import Array, Backend, backend_of, current_backend, device_named, get_backend
from .errors import ArgumentError


class device:
    """A place for tensors: `device("cpu")`, `device("cuda")` or `device("cuda:0")`.

    >>> device("cpu"), str(device("cuda:0")), device("cuda", 0) == device("cuda:0")
    (device(type='cpu'), 'cuda:0', True)
    """

    __slots__ = ("index", "type")

    def __init__(self, type: str | device, index: int | None = None) -> None:
        kind, colon, number = str(type).partition(":")
        place = device_named(kind)
        if place is None or (colon and (index is not None or not number.isdecimal())):
            raise ArgumentError(f"device {str(type)!r} is unknown; use 'cpu', 'cuda' or 'cuda:0'")
        self.type: str = place
        self.index: int | None = int(number) if colon else index
        if self.index:
            raise ArgumentError(f"device {self!r}: minidl uses one GPU, number 0; choose it by CUDA_VISIBLE_DEVICES")

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        return f"device(type={self.type!r}{'' if self.index is None else f', index={self.index}'})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))


def device_of(array: Array) -> device:
    """The device on which an array lives."""
    return device(backend_of(array).device_name(array))


def backend_for(place: Any) -> Backend:
    """The backend of a device (a `device` or its name); for None, the one that new tensors are made in."""
    return current_backend() if place is None else get_backend(device(place).type)
