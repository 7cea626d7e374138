"""The gradient of a slice, kept at the slice's size until it is added up."""

from __future__ import annotations

from typing import Any

from ..backend import Array, backend_of


class Part:
    """The gradient dx of a slice: dx[index] = dz, and 0 elsewhere. Many of them are added into one array, not many."""

    __slots__ = ("dz", "index", "shape")

    def __init__(self, dz: Array, index: tuple[Any, ...], shape: tuple[int, ...]) -> None:
        self.dz, self.index, self.shape = dz, index, shape  # the index takes no element twice

    def whole(self) -> Array:
        """dx itself, in its own memory."""
        dx = backend_of(self.dz).xp.zeros(self.shape, self.dz.dtype)
        dx[self.index] = self.dz
        return dx

    def add_to(self, total: Array) -> None:
        """total += dx, in place."""
        place = total[self.index]
        place += self.dz
