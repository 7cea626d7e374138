"""Make the bundled sample of real digits, minidl/data/sample/, from the four original MNIST files.

    python scripts/make_sample.py FOLDER_WITH_MNIST

The sample is every sixth training digit and every fifth test digit of each class, in the original order: 10,000
and 2,000 digits with the classes in the original proportions (to one digit) and from all parts of the
files, whose second halves were written by other people than the first. The pixels are untouched. The same
originals give the same arrays; the originals are checked by SHA-256 before anything is written.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from minidl.data.idx import read_idx, write_idx
from minidl.data.sources import MNIST_SOURCE, SAMPLE_FOLDER, find_file, is_genuine
from minidl.errors import DataError

KEEP_EVERY = {"train": 6, "t10k": 5}
LIMIT = 2_000_000  # bytes, all files together


def choose(labels: np.ndarray, every: int) -> np.ndarray:
    """Positions of every `every`-th digit of each class, ascending."""
    by_class = np.argsort(labels, kind="stable")
    return np.sort(by_class[::every])


def make(source: Path, target: Path) -> int:
    """Write the sample of the originals in `source` into `target`; returns its size in bytes."""
    originals = {}
    for resource in MNIST_SOURCE.resources:
        path = find_file(source, resource.name)
        if path is None:
            raise DataError(f"{source}: has no {resource.name} (nor .gz)")
        if not is_genuine(path, resource):
            raise DataError(f"{path}: is not the original MNIST file: its SHA-256 differs")
        originals[resource.name] = read_idx(path)

    target.mkdir(parents=True, exist_ok=True)
    for split, every in KEEP_EVERY.items():
        keep = choose(originals[f"{split}-labels-idx1-ubyte"], every)
        for name in (f"{split}-images-idx3-ubyte", f"{split}-labels-idx1-ubyte"):
            write_idx(target / f"{name}.xz", originals[name][keep])
    return sum(path.stat().st_size for path in target.glob("*.xz"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("source", type=Path, help="folder with the four MNIST files, raw or .gz")
    parser.add_argument("--out", type=Path, default=SAMPLE_FOLDER, help="folder to write (default: the package's)")
    options = parser.parse_args()
    try:
        size = make(options.source, options.out)
    except DataError as error:
        print(f"make_sample: {error}", file=sys.stderr)
        return 1
    print(f"{options.out}: {size:,} bytes")
    return 0 if size <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
