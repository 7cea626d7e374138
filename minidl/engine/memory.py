"""The memory behind tensors, watched: an array that backward needs must not change before it."""

from __future__ import annotations

import zlib

import numpy as np

from ..backend import Array, to_host


class Storage:
    """The memory behind a tensor and its views: counts its changes, so that backward can notice them."""

    version = 0  # bumped by every in-place change made through a tensor
    rewrites = 0  # recorded in-place writes: views made before the last one have an old history
    viewed = False  # some other tensor sees the same memory
    frozen: str | None = None  # why this memory must not be changed in place
    exposed: Array | None = None  # the raw array, once it has been handed out
    seal = 0  # its checksum at that moment
    bounds: tuple[int, int, int] | None = None  # its least and largest integer, and at which version

    def __init__(self, array: Array) -> None:
        self.owner = id(
            array if array.base is None else array.base
        )  # tells which memory it is, as long as that memory lives

    def expose(self, array: Array) -> None:
        """Note that raw memory leaves the engine: from now on its changes can only be seen by checksum."""
        if self.exposed is None:
            owner = root(array)
            self.exposed = owner if type(owner) is type(array) else array
            self.seal = checksum(self.exposed)

    def note_bounds(self, low: int, high: int) -> None:
        """Note that all integers in this memory lie in low ... high, seen on the host before they went to a GPU.

        Asking the GPU would mean waiting for it.
        """
        self.bounds = low, high, self.version

    def known_bounds(self) -> tuple[int, int] | None:
        """What `note_bounds` noted, if the memory was not changed since."""
        if self.bounds is None or self.exposed is not None or self.bounds[2] != self.version:
            return None
        return self.bounds[:2]


def root(array: Array) -> Array:
    """The array that owns the memory of a view."""
    return array if array.base is None else array.base


def checksum(array: Array) -> int:
    """A number that changes when an element does."""
    return zlib.crc32(np.ascontiguousarray(to_host(array)).data)
