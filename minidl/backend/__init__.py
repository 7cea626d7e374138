"""The array libraries: what minidl asks of one, and NumPy's and CuPy's answers to it."""

from .base import Array, Backend
from .registry import backend_of, current_backend, get_backend, same_backend, use_backend
from .window import Window

__all__ = [
    "Array",
    "Backend",
    "Window",
    "backend_of",
    "current_backend",
    "get_backend",
    "same_backend",
    "use_backend",
]
