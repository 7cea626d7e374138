"""These tests are for a process that the launcher started; elsewhere `tests/lane/conftest.py` leaves them out."""

from __future__ import annotations

from types import ModuleType

import pytest


@pytest.fixture
def cp() -> ModuleType:
    """CuPy on the emulated device."""
    import cupy

    return cupy
