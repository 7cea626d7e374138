"""docs/AS_TORCH.md tells the truth: every feature is tried again, and those that are missing are those known to be."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from .features import ABSENT, DOCUMENT, TABLES, document

ASK = """
import minidl.as_torch, json
from tests.as_torch.features import results
print("\\n" + json.dumps(results()))
"""


CLEAR = ("ImportError", "AttributeError", "MinidlError", "GraphError", "ModuleNotFoundError", "UnsupportedError")


@pytest.fixture(scope="module")
def found() -> dict[str, dict[str, str | None]]:
    """What comes of each feature: in a process of its own, where `torch` is minidl."""
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(("title", "name"), [(title, name) for title, rows in TABLES.items() for name in rows])
def test_feature(title: str, name: str, found: dict[str, dict[str, str | None]]) -> None:
    error = found[title][name]
    if name in ABSENT:
        assert error is not None, "it is there now: take it out of ABSENT"
        assert error.split(":")[0] in CLEAR, error
    else:
        assert error is None


def test_the_document_is_of_now(found: dict[str, dict[str, str | None]]) -> None:
    assert DOCUMENT.read_text("utf-8") == document(found), "run python -m tests.as_torch.features"
