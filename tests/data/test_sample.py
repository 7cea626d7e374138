"""The bundled sample: real digits, in the original proportions, small and quick."""

from __future__ import annotations

import hashlib
import importlib.util
import time
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from minidl.data.datasets import MNIST
from minidl.data.idx import read_idx
from minidl.data.sources import SAMPLE_FOLDER
from minidl.errors import DataError

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_sample.py"
PIXELS = {  # SHA-256 of the arrays' bytes
    "train-images-idx3-ubyte": "f997fb0689cd9c1a9348bc41663b930a2ab1d7f04c4412f6ea10d403199e527e",
    "train-labels-idx1-ubyte": "035c3471d1917a1cbd16b22452f372873e1130b6d6b2df837b925b492a7e51fe",
    "t10k-images-idx3-ubyte": "a70c8a586ffa25b26ed0fd0ea03764272ad00c492073224e3598849721d2bd0d",
    "t10k-labels-idx1-ubyte": "a26bd6eaa5c5701bf8c06afa663fc70c2192bacc9d22aaf68da82b46a12bd201",
}


@pytest.fixture(scope="module")
def make_sample() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_sample", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_sample_is_small_and_has_its_licence() -> None:
    files = list(SAMPLE_FOLDER.iterdir())
    assert sorted(path.name for path in files) == ["LICENSE.txt", *sorted(f"{name}.xz" for name in PIXELS)]
    assert sum(path.stat().st_size for path in files) <= 2_000_000
    assert "Attribution-Share Alike" in (SAMPLE_FOLDER / "LICENSE.txt").read_text().replace("\n", " ")


@pytest.mark.parametrize("name", PIXELS)
def test_the_sample_is_the_one_that_was_made(name: str) -> None:
    assert hashlib.sha256(read_idx(SAMPLE_FOLDER / f"{name}.xz").tobytes()).hexdigest() == PIXELS[name]


def test_the_sample_loads_quickly() -> None:
    best = min(timed(lambda: (MNIST(SAMPLE_FOLDER), MNIST(SAMPLE_FOLDER, train=False))) for _ in range(3))
    assert best < 1.0  # measured: 0.13 s


def timed(action: object) -> float:
    start = time.perf_counter()
    action()  # type: ignore[operator]
    return time.perf_counter() - start


def test_the_choice_keeps_proportions_and_order(make_sample: ModuleType) -> None:
    labels = np.random.default_rng(0).choice(10, 6000, p=np.arange(1, 11) / 55)
    keep = make_sample.choose(labels, 6)
    assert len(keep) == 1000
    assert (np.diff(keep) > 0).all()
    assert np.abs(np.bincount(labels[keep], minlength=10) - np.bincount(labels, minlength=10) / 6).max() < 1


def test_the_sample_is_of_the_real_digits(full_mnist: Path, make_sample: ModuleType) -> None:
    for split, every in (("train", 6), ("t10k", 5)):
        keep = make_sample.choose(read_idx(full_mnist / f"{split}-labels-idx1-ubyte.gz"), every)
        for name in (f"{split}-images-idx3-ubyte", f"{split}-labels-idx1-ubyte"):
            original = read_idx(full_mnist / f"{name}.gz")
            np.testing.assert_array_equal(read_idx(SAMPLE_FOLDER / f"{name}.xz"), original[keep])


def test_the_script_refuses_what_is_not_the_original(digits: Path, tmp_path: Path, make_sample: ModuleType) -> None:
    with pytest.raises(DataError, match="not the original"):
        make_sample.make(digits, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    with pytest.raises(DataError, match="has no train-images"):
        make_sample.make(tmp_path / "nowhere", tmp_path / "out")
