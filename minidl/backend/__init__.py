"""The array libraries: what minidl requires of one, and its implementations for NumPy and CuPy."""

from .base import Array, Backend
from .registry import (
    DEFAULT,
    backend_named,
    backend_names,
    backend_of,
    current_backend,
    device_named,
    get_backend,
    is_array,
    register_backend,
    same_backend,
    to_host,
    use_backend,
    work_in,
)
from .window import Window

__all__ = [
    "DEFAULT",
    "Array",
    "Backend",
    "Window",
    "backend_named",
    "backend_names",
    "backend_of",
    "current_backend",
    "device_named",
    "get_backend",
    "is_array",
    "register_backend",
    "same_backend",
    "to_host",
    "use_backend",
    "work_in",
]
