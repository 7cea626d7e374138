"""These tests are for a process that the launcher started."""

from __future__ import annotations

import os
from types import ModuleType

import pytest


@pytest.fixture
def cp() -> ModuleType:
    """CuPy on the emulated device."""
    if "CUPY_ON_CPU_BUILD" not in os.environ:
        pytest.skip("needs the emulated device; tests/lane/test_inside.py runs this under the launcher")
    import cupy

    return cupy
