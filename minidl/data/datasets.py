"""The data sets: MNIST, FashionMNIST, any folder of IDX files, any folder of pictures."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ..backend import to_host
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, DataError
from .collate import default_collate
from .dataset import Dataset, Indices
from .download import TIMEOUT, DownloadError, UnwritableError
from .idx import encode_idx, read_pair
from .images import EXTENSIONS, read_image
from .sources import (
    FASHION_SOURCE,
    MNIST_SOURCE,
    SAMPLE_FOLDER,
    FileReport,
    FolderReport,
    Source,
    cache_folder,
    digest,
    fetch,
    fetch_file,
    find_file,
    verify,
)
from .transforms import batched

__all__ = [
    "DATASETS", "MNIST", "FashionMNIST", "FileReport", "FolderReport", "IDXFolder", "ImageDataset", "ImageFolder",
    "cache_folder", "fetch", "verify",
]  # fmt: skip

MANY_CLASSES = 100  # more classes than these, most without an image, mean a stray label; fewer too, with many images
IMAGES_A_CLASS = 5
RETRY_AFTER = 60.0  # seconds before a process asks again for a file that no mirror could give
_unreachable: dict[tuple[str, ...], tuple[float, DownloadError]] = {}
_told: set[str] = set()

Transform = Callable[[Any], Any]


class ImageDataset(Dataset):
    """Images in memory, each with a class.

    Attributes:
        data: the images, a uint8 Tensor `(N, H, W)` or `(N, H, W, C)`; also called `train_data` and `test_data`.
        targets: the classes, an int64 Tensor `(N,)`; also `train_labels`, `test_labels`.
        classes: the names of the classes.

    Sample i is `(image, class)`: the image as a NumPy array `(H, W)` or `(H, W, C)` uint8 (where torchvision has a PIL
    image), or what `transform` makes of it; the class as an int, or what `target_transform` makes of it.
    """

    classes: Sequence[str] = ()

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
    ) -> None:
        self.data, self.targets = wrap(images), wrap(labels)
        self.transform, self.target_transform = transform, target_transform

    def __len__(self) -> int:
        return self.data.shape[0]

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image, target = to_host(self.data.array)[index], int(to_host(self.targets.array)[index])
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

    def get_batch(self, indices: Indices) -> list[Any]:
        """The samples at `indices` `(B,)` as one batch: one gather, transformed all at once where possible."""
        images, targets = to_host(self.data.array)[indices], to_host(self.targets.array)[indices]
        if self.target_transform is None:
            labels: Any = wrap(targets)
        else:
            labels = default_collate([self.target_transform(int(target)) for target in targets])
        return [wrap(images) if self.transform is None else batched(self.transform, images), labels]

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The number of each class, by its name."""
        return {name: number for number, name in enumerate(self.classes)}

    @property
    def train_data(self) -> Tensor:
        return self.data

    @property
    def test_data(self) -> Tensor:
        return self.data

    @property
    def train_labels(self) -> Tensor:
        return self.targets

    @property
    def test_labels(self) -> Tensor:
        return self.targets

    def __repr__(self) -> str:
        lines = [f"Dataset {type(self).__name__}", f"    Number of datapoints: {len(self)}"]
        if self.transform is not None:
            lines.append(f"    Transform: {self.transform!r}")
        return "\n".join(lines)


class MNIST(ImageDataset):
    """The MNIST digits: 60,000 to train, 10,000 to test, 28 by 28 gray.

    The files are looked for in `root`, or in the cache folder (`MINIDL_DATA`, else the platform's) if `root` is None.
    With `download=True` they are then looked for in the cache too, and fetched from the mirrors into `root`. If no
    mirror can be reached, the bundled sample of real digits (10,000 / 2,000) takes their place, and a line on stderr
    says so. Without `root` and `download`, it does so if the cache is empty. `sample=True` always takes that sample,
    whatever this machine has: `MNIST(sample=True)` is the same digits everywhere.
    `origin` tells which it was: 'root', 'cache', 'download' or 'sample'; `files` are the image and the label file.

    Raises `DataError` if `root` was named and has no such files (and `download` is off), or if a file is damaged;
    `ArgumentError` if `sample` is asked for together with `root` or `download`.
    """

    source: ClassVar[Source] = MNIST_SOURCE
    sample: ClassVar[Path | None] = SAMPLE_FOLDER
    mirrors: ClassVar[Sequence[str]] = MNIST_SOURCE.mirrors
    classes: Sequence[str] = (
        "0 - zero", "1 - one", "2 - two", "3 - three", "4 - four",
        "5 - five", "6 - six", "7 - seven", "8 - eight", "9 - nine",
    )  # fmt: skip

    def __init__(
        self,
        root: str | os.PathLike[str] | None = None,
        train: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
        *,
        sample: bool = False,
    ) -> None:
        self.train = bool(train)
        if sample:
            self.root, self.files, self.origin = *self._sample(root, download), "sample"
        else:
            self.root = cache_folder() if root is None else Path(root)
            self.files, self.origin = self._locate(named=root is not None, download=download)
        images, labels = read_pair(*self.files)
        self._check(self.files[1], labels)
        super().__init__(images, labels, transform, target_transform)

    def is_published(self) -> bool | None:
        """Whether images and labels are the published ones, bit for bit.

        None if that cannot be told: it is another set, of another size, or the digest of its unpacked files is not
        known.
        """
        arrays = (to_host(self.data._array), to_host(self.targets._array).astype(np.uint8))
        resources = self.source.split(self.train)
        if any(array.shape != resource.shape or not resource.sha256 for array, resource in zip(arrays, resources)):
            return None
        return all(digest(encode_idx(array)) == resource.sha256 for array, resource in zip(arrays, resources))

    def _sample(self, root: Any, download: bool) -> tuple[Path, tuple[Path, Path]]:
        """The folder and the files of the bundled sample."""
        kind = type(self).__name__
        if root is not None or download:
            raise ArgumentError(f"{kind}: sample=True is the bundled digits; leave root and download out")
        if self.sample is None or (files := self._find(self.sample)) is None:
            raise ArgumentError(f"{kind}: there is no bundled sample of it; leave sample out")
        return self.sample, files

    def _locate(self, named: bool, download: bool) -> tuple[tuple[Path, Path], str]:
        """The image file and the label file, and where they were found."""
        if paths := self._find(self.root):
            return paths, "root" if named else "cache"
        if named and not download:
            missing = " and ".join(r.name for r in self.source.split(self.train) if not self._has(self.root, r.name))
            word = next((word for word, kind in DATASETS.items() if kind.source is self.source), "mnist")
            raise DataError(
                f"{self.root}: has no {missing} (raw or .gz; also looked for in {self.source.name}/raw/, raw/); name "
                "the folder that holds the four files, or fetch them into this one: minidl data fetch "
                f"{word} --data {self.root} (in Python: download=True)"
            )
        if paths := self._find(cache_folder()):
            return paths, "cache"
        try:
            if not download:
                raise DownloadError(f"no {self.source.name} in {self.root}; fetch it with download=True", offline=True)
            return self._download(), "download"
        except (DownloadError, UnwritableError) as error:
            possible = error.offline if isinstance(error, DownloadError) else not named
            sample = None if self.sample is None or not possible else self._find(self.sample)
            if sample is None:
                raise
            self._say_sample(error)
            return sample, "sample"

    def _has(self, folder: Path, name: str) -> bool:
        return find_file(folder, name, self.source.name) is not None

    def _find(self, folder: Path) -> tuple[Path, Path] | None:
        images, labels = (find_file(folder, r.name, self.source.name) for r in self.source.split(self.train))
        return None if images is None or labels is None else (images, labels)

    def _download(self) -> tuple[Path, Path]:
        mirrors = tuple(self.mirrors)
        when, failure = _unreachable.get(mirrors, (0.0, None))
        if failure is not None and time.monotonic() - when < RETRY_AFTER:
            raise failure
        try:
            images, labels = self._fetch(self.train, mirrors)
        except DownloadError as error:
            _unreachable[mirrors] = time.monotonic(), error
            raise
        with suppress(DownloadError):  # the other two files, as torchvision does; they may fail until asked for
            self._fetch(not self.train, mirrors)
        return images, labels

    def _fetch(self, train: bool, mirrors: tuple[str, ...]) -> list[Path]:
        return [
            fetch_file(self.source, resource, self.root, mirrors, TIMEOUT, progress=True)
            for resource in self.source.split(train)
        ]

    def _say_sample(self, error: DownloadError | UnwritableError) -> None:
        """Print one line, once per process."""
        if self.source.name in _told:
            return
        _told.add(self.source.name)
        why = f"no {self.source.name} on this machine"
        if isinstance(error, UnwritableError):
            why = f"{self.root} cannot be written (set MINIDL_DATA to a folder that can)"
        elif error.reasons:
            why = "no mirror could be reached"
        with suppress(OSError, AttributeError):  # stderr may be full or missing
            sys.stderr.write(
                f"minidl: {why}: using the bundled sample of real digits (10,000 to train, 2,000 to test); "
                "`minidl data fetch` gets all 70,000\n"
            )

    def _check(self, path: Path, labels: np.ndarray) -> None:
        """Labels in range, and not those of another data set, whose files have the same names."""
        if labels.size and not (labels.min() >= 0 and labels.max() < len(self.classes)):
            raise DataError(
                f"{path}: labels must be 0 to {len(self.classes) - 1}, got {labels.min()} to {labels.max()}; "
                "use --dataset idx for a set with other classes (in Python: IDXFolder)"
            )
        found = digest(encode_idx(labels.astype(np.uint8)))
        for word, kind in DATASETS.items():
            other = kind.source
            if other is not self.source and any(found == resource.sha256 for resource in other.resources):
                raise DataError(
                    f"{path}: holds the labels of {other.name}, not {self.source.name}; use --dataset {word} "
                    f"(in Python: {kind.__name__}(...))"
                )

    def __repr__(self) -> str:
        split = "Train" if self.train else "Test"
        return f"{super().__repr__()}\n    Root location: {self.root} ({self.origin})\n    Split: {split}"


class FashionMNIST(MNIST):
    """Fashion-MNIST: MNIST's format and size, with clothes. There is no bundled sample of it."""

    source: ClassVar[Source] = FASHION_SOURCE
    sample: ClassVar[Path | None] = None
    mirrors: ClassVar[Sequence[str]] = FASHION_SOURCE.mirrors
    classes: Sequence[str] = (
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    )  # fmt: skip


DATASETS: dict[str, type[MNIST]] = {"mnist": MNIST, "fashion": FashionMNIST}  # by the command's words for them


class IDXFolder(ImageDataset):
    """Any folder with IDX files (KMNIST, EMNIST, your own): one of images, one of labels for each of train and test.

    The image file has `images` in its name, its labels file the same name with `labels`; training files have
    `train`, test files `t10k` or `test`. Raw, `.gz` or `.xz`. The classes are named by their numbers.

    Raises `DataError` if there is no such pair, or more than one.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        train: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
    ) -> None:
        self.root, self.train = Path(root), bool(train)
        images_path, labels_path = self._only("images"), self._only("labels")
        images, labels = read_pair(images_path, labels_path)
        _check_stray(labels_path, labels)
        super().__init__(images, labels, transform, target_transform)
        self.classes = [str(number) for number in range(int(labels.max()) + 1 if labels.size else 0)]

    def _only(self, what: str) -> Path:
        """The one file of this split with `what` in its name."""
        words = ("train",) if self.train else ("t10k", "test")
        if not self.root.is_dir():
            raise DataError(f"{self.root}: no such folder")
        named = [
            path for path in sorted(self.root.iterdir()) if what in path.name and path.suffix not in (".part", ".tmp")
        ]
        found = [path for path in named if any(word in path.name for word in words) and path.is_file()]
        if len(found) != 1:
            listed = ", ".join(path.name for path in found) or "none"
            raise DataError(
                f"{self.root}: expected one file with {what!r} and {' or '.join(map(repr, words))} in its name, "
                f"found {listed}"
            )
        return found[0]


def _check_stray(path: Path, labels: np.ndarray) -> None:
    """Raise `DataError` for a label so high that most classes would have no image: a marker, or damage."""
    if not labels.size:
        return
    wrong = "" if labels.min() >= 0 else "is below 0"
    label = int(labels.min()) if wrong else int(labels.max())
    present = len(np.unique(labels))
    few = label + 1 > MANY_CLASSES or len(labels) >= IMAGES_A_CLASS * (label + 1)
    if not wrong and present < (label + 1) / 2 and few:
        wrong = f"would make {label + 1:,} classes, of which {present:,} have images"
    if wrong:
        first = int(np.argmax(labels == label))
        raise DataError(
            f"{path}: the label {label} (image {first:,}) {wrong}; number the classes from 0, and leave out images "
            "that are marked as of no class"
        )


class ImageFolder(Dataset):
    """A folder of pictures, one folder per class: `ROOT/cat/1.png`, `ROOT/dog/a.jpg`, ...

    Sample i is `(image, class)`: `(H, W, 3)` uint8 RGB, or what `transform` makes of it; pictures are read when asked
    for.

    Attributes:
        classes: the folders' names, sorted; `class_to_idx` their numbers.
        samples: `(path, class)` of every picture; `targets` the classes alone.

    Raises `DataError` if there is no class folder, or one without a picture.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        loader: Callable[[str], Any] = read_image,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        self.root, self.loader = Path(root), loader
        self.transform, self.target_transform = transform, target_transform
        self.classes = (
            sorted(entry.name for entry in self.root.iterdir() if entry.is_dir()) if self.root.is_dir() else []
        )
        if not self.classes:
            raise DataError(f"{self.root}: expected one folder per class in it, found none")
        self.class_to_idx = {name: number for number, name in enumerate(self.classes)}
        wanted = is_valid_file or (lambda path: path.lower().endswith(EXTENSIONS))
        self.samples: list[tuple[str, int]] = []
        for name, number in self.class_to_idx.items():
            paths = [
                str(path) for path in sorted((self.root / name).rglob("*")) if path.is_file() and wanted(str(path))
            ]
            if not paths and not allow_empty:
                raise DataError(f"{self.root / name}: holds no picture ({', '.join(EXTENSIONS)})")
            self.samples += [(path, number) for path in paths]
        self.targets = [number for _, number in self.samples]

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        path, target = self.samples[index]
        image = self.loader(path)
        if self.transform is not None:
            image = self.transform(image)
        return image, target if self.target_transform is None else self.target_transform(target)
