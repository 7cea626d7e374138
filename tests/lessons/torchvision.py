"""A torchvision for PyTorch's runs of the lessons: minidl's pictures and transforms, as PyTorch's tensors."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import torch

from minidl.data import datasets, transforms
from minidl.data.drawn import FakeData


class _Pictures(torch.utils.data.Dataset):
    def __init__(self, pictures: Any, transform: Any, target_transform: Any) -> None:
        self.pictures, self.transform, self.target_transform = pictures, transform, target_transform
        self.classes = getattr(pictures, "classes", ())

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> Any:
        image, target = self.pictures[index]
        image = self.transform(image) if self.transform else image
        return image, self.target_transform(target) if self.target_transform else target


def mnist(
    root: str, train: bool = True, transform: Any = None, target_transform: Any = None, download: bool = False
) -> Any:
    return _Pictures(datasets.MNIST(train=train, sample=True), transform, target_transform)


def fake(size: int = 1000, image_size: Any = (3, 224, 224), num_classes: int = 10, transform: Any = None) -> Any:
    return _Pictures(FakeData(size, image_size, num_classes), transform, None)


def to_tensor() -> Any:
    return lambda image: torch.tensor(np.array(transforms.ToTensor()(image).tolist(), np.float32))


def normalize(mean: Any, std: Any) -> Any:
    def call(x: Any) -> Any:
        shape = (-1, 1, 1)
        return (x - torch.tensor(mean).reshape(shape)) / torch.tensor(std).reshape(shape)

    return call


def make_grid(tensor: Any, **options: Any) -> Any:
    import minidl
    from minidl.data.grid import make_grid

    return torch.tensor(make_grid(minidl.tensor(tensor.detach().numpy()), **options).tolist())


def modules() -> dict[str, ModuleType]:
    """The modules that the lessons import."""
    found = {
        name: ModuleType(name)
        for name in ("torchvision", *(f"torchvision.{part}" for part in ("datasets", "transforms", "utils")))
    }
    for name in ("datasets", "transforms", "utils"):
        setattr(found["torchvision"], name, found[f"torchvision.{name}"])
    vars(found["torchvision.datasets"]).update(MNIST=mnist, FakeData=fake)
    vars(found["torchvision.transforms"]).update(
        ToTensor=to_tensor, Normalize=normalize, Compose=transforms.Compose, Lambda=transforms.Lambda,
        Resize=transforms.Resize, CenterCrop=transforms.CenterCrop,
    )  # fmt: skip
    vars(found["torchvision.utils"]).update(make_grid=make_grid, save_image=lambda *args, **options: None)
    return found
