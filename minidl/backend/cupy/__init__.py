"""The backend's calls in CuPy, and the CUDA kernels behind some of them; imported on first use."""

from __future__ import annotations

from ...errors import BackendError, first_line
from ..base import Backend


def make_cupy() -> Backend:
    """CuPy's backend. BackendError, with the reason and what to do, if it cannot be used here."""
    try:
        from .backend import CupyBackend
    except Exception as error:  # a broken CuPy may raise anything, or an ImportError of many lines caused by it
        from .wheel import for_this_machine  # it loads importlib.metadata, which nothing else needs

        reason = first_line(error.__cause__ or error)
        raise BackendError(
            f"the backend 'cupy' cannot be used: {reason}; install CuPy: {for_this_machine().install}, or use 'numpy'"
        ) from error
    return CupyBackend()
