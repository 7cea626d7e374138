"""Names of `torchvision.datasets`: its data sets give Pillow's pictures where Pillow is installed."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...backend import to_host
from ...data import datasets, drawn, transforms
from ...data.collate import default_collate
from ...data.dataset import Dataset, Indices
from ...data.images import EXTENSIONS, read_image
from ...engine.tensor import Tensor, wrap
from ...errors import DataError

__all__ = [
    "CIFAR10",
    "MNIST",
    "DatasetFolder",
    "FakeData",
    "FashionMNIST",
    "ImageFolder",
    "VisionDataset",
]  # fmt: skip


def picture(image: Any) -> Any:
    """The array (H, W) or (H, W, 3) of uint8 as a picture of Pillow's; as it is if Pillow is not installed."""
    try:
        from PIL import Image
    except ImportError:
        return image
    return Image.fromarray(image)


def _our_own(transform: Any) -> bool:
    """Whether every step is minidl's, and so makes the same of an array as of a picture."""
    if isinstance(transform, transforms.Compose):
        return all(_our_own(step) for step in transform.transforms)
    return isinstance(transform, transforms.Transform | transforms.BatchTransform)


class VisionDataset(Dataset):
    """What torchvision's data sets share: where the files are, and what is done to pictures and classes."""

    def __init__(
        self,
        root: str | os.PathLike[str] | None = None,
        transforms: Any = None,
        transform: Any = None,
        target_transform: Any = None,
    ) -> None:
        self.root, self.transforms = root, transforms
        self.transform, self.target_transform = transform, target_transform

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError

    def __repr__(self) -> str:
        return described(self)


def described(data: Any) -> str:
    """A data set as torchvision prints it."""
    lines = [f"Dataset {type(data).__name__}", f"    Number of datapoints: {len(data)}"]
    if getattr(data, "root", None) is not None:
        lines.append(f"    Root location: {data.root}")
    if hasattr(data, "train") and not isinstance(data, ImageFolder):
        lines.append(f"    Split: {'Train' if data.train else 'Test'}")
    if data.transform is not None or data.target_transform is not None:
        lines.append("    StandardTransform")
        for words, transform in (("Transform", data.transform), ("Target transform", data.target_transform)):
            if transform is not None:
                first, *rest = repr(transform).splitlines()
                lines += [f"{words}: {first}", *(" " * (len(words) + 2) + line for line in rest)]
    return "\n".join(lines)


def _array(values: Any) -> np.ndarray:
    return to_host(values.array) if isinstance(values, Tensor) else np.asarray(values)


class _Pictures(datasets.ImageDataset):
    """Images in memory that are asked for as Pillow's pictures; `data` and `targets` may be arrays or lists too."""

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image, target = picture(_array(self.data)[index]), int(self.targets[index])
        if self.transform is not None:
            image = self.transform(image)
        return image, target if self.target_transform is None else self.target_transform(target)

    def get_batch(self, indices: Indices) -> list[Any]:
        """The samples at `indices` as one batch; one by one if the transform may want pictures."""
        rows = np.asarray(indices)
        if self.target_transform is not None or not (self.transform is None or _our_own(self.transform)):
            return default_collate([self[int(row)] for row in rows])
        images = _array(self.data)[rows]
        listed = isinstance(self.targets, list)
        labels = [int(self.targets[row]) for row in rows] if listed else _array(self.targets)[rows]
        changed = wrap(images) if self.transform is None else transforms.batched(self.transform, images)
        return [changed, wrap(np.asarray(labels, np.int64))]

    __repr__ = described


DIGITS = "zero one two three four five six seven eight nine"


class MNIST(_Pictures, datasets.MNIST):
    """`minidl.data.datasets.MNIST` of pictures."""

    classes: Sequence[str] = [f"{digit} - {word}" for digit, word in enumerate(DIGITS.split())]


class FashionMNIST(_Pictures, datasets.FashionMNIST):
    """`minidl.data.datasets.FashionMNIST` of pictures."""

    classes: Sequence[str] = list(datasets.FashionMNIST.classes)


class CIFAR10(_Pictures, drawn.CIFAR10):
    """`minidl.data.CIFAR10` of pictures: as in torchvision, `data` is an array (N, 32, 32, 3) and `targets` a list."""

    classes: Sequence[str] = list(drawn.CIFAR10.classes)

    def __init__(
        self,
        root: str | os.PathLike[str],
        train: bool = True,
        transform: Any = None,
        target_transform: Any = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, train, transform, target_transform, download)
        self.data: Any = self.data.numpy()
        self.targets: Any = self.targets.tolist()


class FakeData(drawn.FakeData):
    """`minidl.data.FakeData` of pictures."""

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        chosen, self.transform = self.transform, None
        try:
            image, target = super().__getitem__(index)
        finally:
            self.transform = chosen
        image = picture(image)
        return image if chosen is None else chosen(image), target

    __repr__ = described


def pil_loader(path: str) -> Any:
    """The picture in a file, in colour."""
    return picture(read_image(path))


class ImageFolder(datasets.ImageFolder):
    """`minidl.data.datasets.ImageFolder` of pictures."""

    def __init__(
        self,
        root: str | os.PathLike[str],
        transform: Any = None,
        target_transform: Any = None,
        loader: Callable[[str], Any] = pil_loader,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        super().__init__(root, transform, target_transform, loader, is_valid_file, allow_empty)
        self.imgs = self.samples
        self.extensions: tuple[str, ...] = EXTENSIONS

    __repr__ = described


class DatasetFolder(ImageFolder):
    """Files of any kind in one folder per class, each read by `loader`; `extensions` are those of the files."""

    def __init__(
        self,
        root: str | os.PathLike[str],
        loader: Callable[[str], Any],
        extensions: tuple[str, ...] | None = None,
        transform: Any = None,
        target_transform: Any = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        if (extensions is None) == (is_valid_file is None):
            raise DataError("DatasetFolder: takes either extensions or is_valid_file; got both or neither")
        wanted = is_valid_file or (lambda path: path.lower().endswith(tuple(extensions or ())))
        super().__init__(root, transform, target_transform, loader, wanted, allow_empty)
        self.extensions = extensions or ()
