"""Whether a GPU can be used, with the names of `torch.cuda`. minidl uses one GPU, through CuPy."""

from __future__ import annotations

from .backend import get_backend
from .random import manual_seed


def is_available() -> bool:
    """Whether tensors can be made on a GPU: CuPy is installed and finds one. Never raises."""
    try:
        get_backend("cuda")
    except Exception:
        return False
    return True


def device_count() -> int:
    """The number of GPUs that minidl can use: 1 or 0."""
    return int(is_available())


def synchronize() -> None:
    """Wait until the GPU has done everything asked for so far. BackendError if there is none."""
    get_backend("cuda").synchronize()


def manual_seed_all(seed: int) -> None:
    """Seed the default generator, like `minidl.manual_seed`: random numbers are drawn on the host for every device."""
    manual_seed(seed)


__all__ = ["device_count", "is_available", "manual_seed", "manual_seed_all", "synchronize"]
