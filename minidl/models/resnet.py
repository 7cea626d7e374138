"""ResNet-18, with the names of torchvision's parameters."""

from __future__ import annotations

from typing import Any

from .. import nn
from ..engine.tensor import Tensor
from ..errors import ArgumentError


class BasicBlock(nn.Module):
    """Two 3x3 convolutions, each normalised, whose result is added to the input: (N, C, H, W) -> (N, planes, H/s, W/s).

    Where the shapes differ, the input is brought to the new one by a 1x1 convolution, `downsample`.
    """

    def __init__(self, inplanes: int, planes: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inplanes, planes, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample = None
        if stride != 1 or inplanes != planes:
            self.downsample = nn.Sequential(nn.Conv2d(inplanes, planes, 1, stride, bias=False), nn.BatchNorm2d(planes))

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return self.relu(out + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """Four stages of basic blocks: the first keeps the image's size, each later one halves it and doubles the channels.

    (N, channels, H, W) -> (N, num_classes) for images of any size. `layers`: how many blocks each stage has;
    `channels`: 3 in torchvision, 1 for grey images. Source: He et al. 2016.
    """

    layer1: nn.Sequential
    layer2: nn.Sequential
    layer3: nn.Sequential
    layer4: nn.Sequential

    def __init__(self, layers: tuple[int, int, int, int], num_classes: int = 1000, channels: int = 3) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        planes = (64, 64, 128, 256, 512)
        for i, blocks in enumerate(layers):
            stage = [BasicBlock(planes[i], planes[i + 1], stride=2 if i else 1)]
            stage += [BasicBlock(planes[i + 1], planes[i + 1]) for _ in range(blocks - 1)]
            setattr(self, f"layer{i + 1}", nn.Sequential(*stage))
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(512, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))  # (N, 64, H/4, W/4)
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = stage(x)
        return self.fc(self.avgpool(x).flatten(1))  # (N, 512, H/32, W/32) -> (N, 512) -> (N, num_classes)


def resnet18(weights: Any = None, *, num_classes: int = 1000, channels: int = 3) -> ResNet:
    """ResNet-18 with new weights: 11,689,512 parameters for 1000 classes.

    `load_state_dict` takes the state dict of torchvision's. ArgumentError for `weights`: none are shipped.
    """
    if weights is not None:
        raise ArgumentError(
            f"resnet18: weights={weights!r}: minidl ships no trained weights; save torchvision's state dict, read it "
            "by minidl.load_pt and pass it to load_state_dict"
        )
    return ResNet((2, 2, 2, 2), num_classes, channels)
