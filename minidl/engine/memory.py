"""Watching the memory behind tensors: an array that backward needs must not change before it runs."""

from __future__ import annotations

import zlib

import numpy as np

from ..backend import Array, to_host


class Storage:
    """The memory behind a tensor and its views: counts its changes, so that backward can notice them."""

    version = 0  # bumped by every in-place change made through a tensor
    rewrites = 0  # number of recorded in-place writes: views made before the last one have an outdated history
    viewed = False  # another tensor shares the same memory
    frozen: str | None = None  # the reason why this memory must not be changed in place
    exposed: Array | None = None  # the raw array, once the user has been given it
    seal = 0  # its checksum at that moment
    bounds: tuple[int, int, int] | None = None  # its smallest and largest integer, and the version they hold for

    def __init__(self, array: Array) -> None:
        self.owner = id(
            array if array.base is None else array.base
        )  # identifies the memory, for as long as that memory lives

    def expose(self, array: Array) -> None:
        """Note that the user has been given raw memory: from now on only a checksum can detect its changes."""
        if self.exposed is None:
            owner = root(array)
            self.exposed = owner if type(owner) is type(array) else array
            self.seal = checksum(self.exposed)

    def note_bounds(self, low: int, high: int) -> None:
        """Note that all integers in this memory lie in low ... high, as seen on the host before they went to a GPU.

        Asking the GPU would mean waiting for it.
        """
        self.bounds = low, high, self.version

    def known_bounds(self) -> tuple[int, int] | None:
        """The bounds that `note_bounds` noted, if the memory has not changed since."""
        if self.bounds is None or self.exposed is not None or self.bounds[2] != self.version:
            return None
        return self.bounds[:2]


def root(array: Array) -> Array:
    """The array that owns the memory of a view."""
    return array if array.base is None else array.base


def checksum(array: Array) -> int:
    """A number that changes when an element does."""
    return zlib.crc32(np.ascontiguousarray(to_host(array)).data)
