"""`torch.accelerator`: the GPU, if CuPy finds one."""

from __future__ import annotations

from ...cuda import device_count, is_available, synchronize
from ...devices import device

__all__ = ["current_accelerator", "current_device_index", "device_count", "is_available", "synchronize"]


def current_accelerator(check_available: bool = False) -> device | None:
    """The device of the GPU; None if there is none."""
    return device("cuda") if is_available() else None


def current_device_index() -> int:
    """Always 0: minidl uses one GPU."""
    return 0
