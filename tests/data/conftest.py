"""Data tests see no network, no cache but an empty one of their own, and no memory of earlier tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from minidl.data import datasets
from minidl.data.idx import write_idx

from .mirror import Mirror

FULL_MNIST = Path(__file__).parents[3] / "shared" / "data" / "mnist"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, mirrors that refuse connections, and nothing remembered."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("MINIDL_DATA", str(folder))
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    for kind in datasets.DATASETS.values():
        monkeypatch.setattr(kind, "mirrors", ("http://127.0.0.1:9/",))
    monkeypatch.setattr(datasets, "_told", set())
    monkeypatch.setattr(datasets, "_unreachable", {})
    return folder


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    with Mirror() as running:
        yield running


@pytest.fixture(scope="session")
def full_mnist() -> Path:
    """The folder of the real MNIST files."""
    if not (FULL_MNIST / "train-images-idx3-ubyte.gz").is_file():
        pytest.skip(f"the full MNIST is not on this machine ({FULL_MNIST})")
    return FULL_MNIST


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """A folder with four small files named as MNIST's: 30 to train, 10 to test."""
    folder = tmp_path / "digits"
    folder.mkdir()
    random = np.random.default_rng(0)
    for split, size in (("train", 30), ("t10k", 10)):
        write_idx(folder / f"{split}-images-idx3-ubyte.gz", random.integers(0, 256, (size, 28, 28)).astype(np.uint8))
        write_idx(folder / f"{split}-labels-idx1-ubyte.gz", (np.arange(size) % 10).astype(np.uint8))
    return folder
