"""CuPy's answers to the backend's calls, and the CUDA kernels behind some of them; imported when first asked for."""

from __future__ import annotations

from ...errors import BackendError, first_line
from ..base import Backend
from .wheel import for_this_machine


def make_cupy() -> Backend:
    """CuPy's backend. BackendError, with the reason and what to do, if it cannot be used here."""
    try:
        from .backend import CupyBackend
    except Exception as error:  # a broken CuPy raises what it likes, or an ImportError of many lines because of it
        reason = first_line(error.__cause__ or error)
        raise BackendError(
            f"the backend 'cupy' cannot be used: {reason}; install CuPy: {for_this_machine().install}, or use 'numpy'"
        ) from error
    return CupyBackend()
