"""The device's memory: host memory with a ledger, filled with poison, so that reading what nothing wrote shows."""

from __future__ import annotations

import bisect
import ctypes
import os

ALIGNMENT = 512
CAPACITY = int(os.environ.get("EMULATED_MEMORY_BYTES", 8 << 30))
POISON = int(os.environ.get("EMULATED_POISON", "0xff"), 0) & 0xFF  # 0xff: NaN in every float type, -1 in every int

_libc = ctypes.CDLL(None)
_libc.aligned_alloc.restype = ctypes.c_void_p
_libc.aligned_alloc.argtypes = [ctypes.c_size_t, ctypes.c_size_t]
_libc.free.argtypes = [ctypes.c_void_p]


class Ledger:
    """Allocations of one kind of memory, by address."""

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.sizes: dict[int, int] = {}

    def allocate(self, size: int) -> int:
        """A new block of at least `size` bytes, poisoned. -> its address, 0 if the host has no more"""
        rounded = max(ALIGNMENT, -(-size // ALIGNMENT) * ALIGNMENT)
        address = _libc.aligned_alloc(ALIGNMENT, rounded) or 0
        if address:
            ctypes.memset(address, POISON, rounded)
            bisect.insort(self.starts, address)
            self.sizes[address] = rounded
        return address

    def free(self, address: int) -> None:
        """Poison the block, so that a use after it is freed shows as long as the host keeps the page, and return it."""
        size = self.sizes.pop(address)
        self.starts.remove(address)
        ctypes.memset(address, POISON, size)
        _libc.free(address)

    def contains(self, address: int, size: int = 1) -> bool:
        """Whether the `size` bytes from `address` lie inside one allocation."""
        index = bisect.bisect_right(self.starts, address) - 1
        if index < 0:
            return False
        start = self.starts[index]
        return address + size <= start + self.sizes[start]

    @property
    def used(self) -> int:
        return sum(self.sizes.values())


device = Ledger()
pinned = Ledger()
