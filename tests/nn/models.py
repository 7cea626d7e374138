"""A small network of most kinds of layers, the same in PyTorch and in minidl."""

from __future__ import annotations

from typing import Any

import torch

from minidl import nn


def small(library: Any) -> Any:
    """A convolutional network with names at several depths, made of `library` (minidl.nn or torch.nn)."""

    class Block(library.Module):  # type: ignore[misc]
        def __init__(self, channels: int) -> None:
            super().__init__()
            self.conv = library.Conv2d(channels, channels, 3, padding=1, bias=False)
            self.norm = library.BatchNorm2d(channels)
            self.act = library.ReLU()

        def forward(self, x: Any) -> Any:
            return x + self.act(self.norm(self.conv(x)))

    class Net(library.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.layer1 = library.Sequential(library.Conv2d(1, 3, 3), library.Tanh(), library.MaxPool2d(2))
            self.blocks = library.ModuleList([Block(3), Block(3)])
            self.heads = library.ModuleDict({"digit": library.Linear(27, 10), "odd": library.Linear(27, 1)})
            self.dropout = library.Dropout(0.5)

        def forward(self, x: Any) -> Any:
            x = self.layer1(x)
            for block in self.blocks:
                x = block(x)
            x = self.dropout(x.flatten(1))
            return self.heads["digit"](x) * self.heads["odd"](x)

    return Net()


def both() -> tuple[nn.Module, torch.nn.Module]:
    """The network in both libraries."""
    return small(nn), small(torch.nn)
