"""Data sets that need no file: random pictures, and pictures of ten kinds drawn where CIFAR-10 cannot be had."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ArgumentError, DataError
from .dataset import Dataset
from .datasets import ImageDataset

Transform = Callable[[Any], Any]
SIDE, RECORD = 32, 1 + 3 * 32 * 32  # pixels; bytes of one picture in CIFAR-10's binary files: class, red, green, blue
FOLDER = "cifar-10-batches-bin"
DRAWN = {True: 5000, False: 1000}  # pictures that are drawn, to train on and to test


class FakeData(Dataset):
    """`size` random pictures (H, W, C) uint8 of random classes, always the same for one index and `random_offset`.

    `image_size` is (C, H, W), as in torchvision.
    """

    def __init__(
        self,
        size: int = 1000,
        image_size: Sequence[int] = (3, 224, 224),
        num_classes: int = 10,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        random_offset: int = 0,
    ) -> None:
        if len(image_size) != 3 or num_classes < 1:
            raise ArgumentError(
                f"FakeData: image_size is (C, H, W), num_classes at least 1; got {image_size}, {num_classes}"
            )
        self.size, self.num_classes, self.image_size = size, num_classes, tuple(image_size)
        self.transform, self.target_transform, self.random_offset = transform, target_transform, random_offset

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if not 0 <= index < len(self):
            raise IndexError(f"FakeData: index {index} is out of range for {len(self)} pictures")
        random = np.random.default_rng(index + self.random_offset)
        channels, height, width = self.image_size
        image: Any = random.integers(0, 256, (height, width, channels), dtype=np.uint8)
        target: Any = int(random.integers(self.num_classes))
        if self.transform is not None:
            image = self.transform(image)
        return image, target if self.target_transform is None else self.target_transform(target)

    def __len__(self) -> int:
        return self.size


class CIFAR10(ImageDataset):
    """CIFAR-10, colour pictures 32 by 32 of ten kinds, from its binary files in `root`/cifar-10-batches-bin.

    They are `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin`; the Python files of the same data are
    pickles, which could run any code and are never read. Where they are missing and `download=True`, 5,000 (1,000 to
    test) pictures of ten coloured patterns are drawn instead, the same everywhere, and a line on stderr says so;
    `origin` is "root" or "drawn". DataError if they are missing without `download`, or damaged.
    """

    classes: Sequence[str] = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

    def __init__(
        self,
        root: str | os.PathLike[str],
        train: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        self.root, self.train = Path(root), bool(train)
        names = [f"data_batch_{i}.bin" for i in range(1, 6)] if train else ["test_batch.bin"]
        paths = [self.root / FOLDER / name for name in names]
        missing = [path for path in paths if not path.is_file()]
        if not missing:
            self.origin, (images, labels) = "root", _read(paths)
        elif download:
            self.origin, (images, labels) = "drawn", _drawn(DRAWN[self.train], seed=int(self.train))
            with suppress(OSError, AttributeError):  # stderr may be full or missing
                sys.stderr.write(
                    f"minidl: no CIFAR-10 in {self.root / FOLDER}: drawing pictures of ten patterns instead\n"
                )
        else:
            raise DataError(
                f"{missing[0]}: no such file; unpack cifar-10-binary.tar.gz in {self.root}, or use FakeData"
            )
        super().__init__(images, labels, transform, target_transform)


def _read(paths: Sequence[Path]) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (N, 32, 32, 3) and classes (N,)."""
    parts = []
    for path in paths:
        content = np.fromfile(path, np.uint8)
        if not content.size or content.size % RECORD or content[::RECORD].max() > 9:
            raise DataError(f"{path}: is no CIFAR-10 file: its size is {content.size} bytes, or it has classes above 9")
        parts.append(content.reshape(-1, RECORD))
    records = np.concatenate(parts)
    images = records[:, 1:].reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), records[:, 0].astype(np.int64)


def _drawn(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """`count` noisy pictures of ten patterns: each class has its own colour, and stripes of its own direction."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 10
    angle = labels * np.pi / 10
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    shift = random.uniform(0, 2 * np.pi, count)
    along = np.cos(angle)[:, None, None] * x + np.sin(angle)[:, None, None] * y  # (N, 32, 32)
    stripes = np.sin(2 * np.pi * 3 * along + shift[:, None, None])
    colours = 0.5 + 0.4 * np.cos(angle[:, None] * 2 + np.array([0, 2, 4]))  # (N, 3)
    images = colours[:, None, None, :] * (0.7 + 0.3 * stripes[..., None]) + random.normal(
        0, 0.08, (count, SIDE, SIDE, 3)
    )
    return (images.clip(0, 1) * 255).astype(np.uint8), labels.astype(np.int64)
