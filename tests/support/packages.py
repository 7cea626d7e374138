"""Optional packages that judge: skipped where they are missing, with the reason; in CI, where they must be, failed."""

from __future__ import annotations

import importlib
import os
from typing import Any

import pytest


def judge(name: str) -> Any:
    """The module of that name. Skips the test (or the file) without it, and fails in CI."""
    try:
        return importlib.import_module(name)
    except ImportError as reason:
        if os.environ.get("CI", "").lower() in ("1", "true"):
            raise
        pytest.skip(f"needs pip install -e '.[exchange]': {reason}", allow_module_level=True)
