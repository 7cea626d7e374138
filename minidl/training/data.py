"""The three sets of a run: for training, validation and testing."""

from __future__ import annotations

import copy
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backend import current_backend, to_host
from ..data import DataLoader, Subset, datasets, random_split, transforms
from ..data.datasets import ImageDataset
from ..engine.tensor import Tensor
from ..errors import DataError
from ..random import Generator
from .options import OptionError, Options, flag

EVALUATION_BATCH = 500
BATCHES_AHEAD = 2
MOST_IMAGES = 60_000  # training images in MNIST and in FashionMNIST: a larger number is refused at once


@dataclass(frozen=True)
class Splits:
    """The training, validation (None: none) and test sets, and their description in `config.json`."""

    train: Subset
    validation: Subset | None
    test: ImageDataset
    classes: list[str]
    description: dict[str, Any]


def open_dataset(options: Options, train: bool, origin: str | None = None, download: bool = True) -> ImageDataset:
    """The training or test set that the options name, its images unaugmented: floats from 0 to 1.

    If no folder is named, the set is looked for in the cache, and downloaded if `download` is on; a run that had the
    bundled sample (`origin` is "sample") gets it again. Raises `DataError` if a named folder has no such files,
    if they are damaged, or if there is no image.
    """
    if options.dataset == "idx":
        if options.data is None:
            raise OptionError(f"{flag('dataset')} idx needs {flag('data')} DIR, the folder with the IDX files")
        found: ImageDataset = datasets.IDXFolder(options.data, train=train)
    else:
        kind = datasets.DATASETS[options.dataset]
        if options.data is None and origin == "sample" and kind.sample is not None:
            found = kind(train=train, sample=True)
        else:
            found = kind(options.data, train=train, download=download and options.data is None)
    if len(found) == 0:
        raise DataError(
            f"{options.data}: the {'training' if train else 'test'} set holds no images; name another folder by --data"
        )
    found.transform = transforms.ToTensor()
    return found


def open_splits(options: Options, origin: str | None = None, download: bool = True) -> Splits:
    """All three sets. Raises `DataError` as above, `OptionError` if a size does not fit the data."""
    if options.limit is not None:
        _held_back(options, options.limit)
    elif options.data is None:
        _held_back(options, MOST_IMAGES)
    images, test = (open_dataset(options, train, origin, download) for train in (True, False))
    classes = [str(name) for name in (images.classes if len(images.classes) >= len(test.classes) else test.classes)]
    if images.data.shape[1:] != test.data.shape[1:]:
        raise DataError(
            f"training images are {images.data.shape[1:]}, test images {test.data.shape[1:]}: not one data set"
        )
    count = len(images) if options.limit is None else options.limit
    if count > len(images):
        raise OptionError(f"{flag('limit')} {count} is more than the {len(images)} training images there are")
    held = _held_back(options, count)
    order = random_split(range(count), [count - held, held], Generator(options.seed))
    seen = copy.copy(images)
    if options.augment:
        seen.transform = transforms.Compose([augmentation(), transforms.ToTensor()])
    return Splits(
        train=Subset(seen, order[0].indices),
        validation=Subset(images, order[1].indices) if held else None,
        test=test,
        classes=classes,
        description={
            "train": count - held,
            "validation": held,
            "test": len(test),
            "origin": getattr(images, "origin", "root"),
            "shape": list(images.data.shape[1:]),
            "classes": classes,
            "crc32": fingerprint(images),
            "published": published(images, test),
        },
    )


def _held_back(options: Options, count: int) -> int:
    """How many of `count` training images are for validation. Raises `OptionError` if too few are left."""
    held = int(options.val_split if options.val_split >= 1 else count * options.val_split)
    if held == 0 and options.val_split not in (0, Options.val_split):
        raise OptionError(
            f"{flag('val_split')} {options.val_split:g} of {count} training images is not one image; give a larger "
            "share, a number of images, or 0 for no validation"
        )
    if held >= count:
        raise OptionError(
            f"{flag('val_split')} holds back {held} of {count} training images and leaves none to train on"
        )
    if options.batch_size > count - held:
        raise OptionError(
            f"{flag('batch_size')} {options.batch_size} is more than the {count - held} images there are to train on"
        )
    return held


def augmentation() -> transforms.Transform:
    """Small random changes that leave a digit the same digit."""
    return transforms.RandomAffine(degrees=10, translate=(0.08, 0.08), scale=(0.9, 1.1))


def fingerprint(images: ImageDataset) -> int:
    """A checksum of the data, so that a run is not resumed on another data set unnoticed."""
    return zlib.crc32(_bytes(images.targets), zlib.crc32(_bytes(images.data)))


def published(*sets: ImageDataset) -> bool | None:
    """Whether these sets are MNIST or FashionMNIST bit for bit; None if that cannot be told."""
    found = [images.is_published() if isinstance(images, datasets.MNIST) else None for images in sets]
    return None if None in found else all(found)


def train_loader(splits: Splits, options: Options, kind: Callable[..., DataLoader] = DataLoader) -> DataLoader:
    """Shuffled batches, made in the background and moved to the run's device."""
    return kind(
        splits.train, batch_size=options.batch_size, shuffle=True, prefetch=BATCHES_AHEAD, device=current_backend().name
    )


def evaluation_loader(dataset: Any, kind: Callable[..., DataLoader] = DataLoader) -> DataLoader:
    """Large batches in order; draws nothing from the run's own random stream."""
    return kind(
        dataset,
        batch_size=EVALUATION_BATCH,
        prefetch=BATCHES_AHEAD,
        generator=Generator(0),
        device=current_backend().name,
    )


def _bytes(tensor: Tensor) -> memoryview:
    return np.ascontiguousarray(to_host(tensor._array)).data
