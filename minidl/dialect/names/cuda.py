"""`torch.cuda` beside `minidl.cuda`: the one GPU's name and memory; types of its tensors."""

from __future__ import annotations

from typing import Any

from ...backend import get_backend
from ...cuda import is_available
from ...random import manual_seed, seed
from ..typed import TYPES

__all__ = [
    "current_device", "empty_cache", "get_device_name", "is_bf16_supported", "is_initialized", "manual_seed_all",
    "get_device_capability", "ipc_collect", "max_memory_allocated", "max_memory_reserved", "memory_allocated",
    "memory_reserved", "reset_peak_memory_stats", "seed_all", "set_device", *TYPES["cuda"],
]  # fmt: skip

globals().update(TYPES["cuda"])
manual_seed_all = manual_seed


def seed_all() -> None:
    """Seed the default generator at random."""
    seed()


def current_device() -> int:
    """0, the one GPU; BackendError, with the reason, if none can be used."""
    get_backend("cuda")
    return 0


def set_device(device: Any) -> None:
    """Nothing to choose: minidl uses GPU number 0. ArgumentError for another."""
    from ...devices import device as place

    place("cuda", device) if isinstance(device, int) else place(device)


def get_device_name(device: Any = None) -> str:
    """The name of the GPU; BackendError, with the reason, if none can be used."""
    backend: Any = get_backend("cuda")
    return backend.device_label()


def empty_cache() -> None:
    """Give unused memory of the GPU back to the driver; nothing without a GPU."""
    if is_available():
        get_backend("cuda").xp.get_default_memory_pool().free_all_blocks()


def memory_allocated(device: Any = None) -> int:
    """The bytes of the GPU's memory that are in use; 0 without a GPU."""
    return int(get_backend("cuda").xp.get_default_memory_pool().used_bytes()) if is_available() else 0


def max_memory_allocated(device: Any = None) -> int:
    """The bytes that CuPy has taken from the driver; 0 without a GPU."""
    return int(get_backend("cuda").xp.get_default_memory_pool().total_bytes()) if is_available() else 0


def memory_reserved(device: Any = None) -> int:
    """The bytes that CuPy has taken from the driver; 0 without a GPU."""
    return max_memory_allocated()


max_memory_reserved = memory_reserved  # CuPy keeps no highest mark: this is what it holds now


def reset_peak_memory_stats(device: Any = None) -> None:
    """Nothing: no highest mark is kept."""


def ipc_collect() -> None:
    """Nothing: no memory is shared between processes."""


def get_device_capability(device: Any = None) -> tuple[int, int]:
    """The GPU's compute capability; BackendError, with the reason, if none can be used."""
    backend: Any = get_backend("cuda")
    digits = backend.xp.cuda.Device().compute_capability
    return int(digits[:-1]), int(digits[-1])


def is_initialized() -> bool:
    """Whether a GPU is there and in use."""
    return is_available()


def is_bf16_supported() -> bool:
    """False: minidl has no bfloat16."""
    return False
