"""Names of `torchvision.datasets` that `minidl.data.datasets` does not hold."""

from ...data.drawn import CIFAR10, FakeData

__all__ = ["CIFAR10", "FakeData"]
