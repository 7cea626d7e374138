"""ResNet and its relatives ResNeXt and Wide ResNet, with the names of torchvision's parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import nn
from ..engine.tensor import Tensor
from ..errors import ArgumentError
from .weights import refuse_weights

Norm = Callable[[int], nn.Module]


class BasicBlock(nn.Module):
    """Two 3x3 convolutions, each normalised, whose result is added to the input: (N, C, H, W) -> (N, planes, H/s, W/s).

    Where the shapes differ, `downsample` brings the input to the new one. ArgumentError for groups, another width or a
    dilation, which are those of `Bottleneck`.
    """

    expansion = 1  # how many times `planes` the output has

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: Norm | None = None,
    ) -> None:
        super().__init__()
        if groups != 1 or base_width != 64 or dilation != 1:
            raise ArgumentError(
                f"BasicBlock: takes groups=1, base_width=64 and dilation=1; got {groups}, {base_width} and {dilation}; "
                "use Bottleneck"
            )
        norm = nn.BatchNorm2d if norm_layer is None else norm_layer
        self.conv1 = nn.Conv2d(inplanes, planes, 3, stride, padding=1, bias=False)
        self.bn1 = norm(planes)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False)
        self.bn2 = norm(planes)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return self.relu(out + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    """A 3x3 convolution of few channels between two of 1x1: (N, C, H, W) -> (N, 4 · planes, H/s, W/s).

    The few are planes · base_width / 64 in each of the groups. The stride is that of the 3x3 convolution, as in
    torchvision, where He et al. 2016 have it in the first.
    """

    expansion = 4

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: Norm | None = None,
    ) -> None:
        super().__init__()
        norm = nn.BatchNorm2d if norm_layer is None else norm_layer
        width = int(planes * (base_width / 64.0)) * groups
        self.conv1 = nn.Conv2d(inplanes, width, 1, bias=False)
        self.bn1 = norm(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, dilation, dilation, groups, bias=False)
        self.bn2 = norm(width)
        self.conv3 = nn.Conv2d(width, planes * self.expansion, 1, bias=False)
        self.bn3 = norm(planes * self.expansion)
        self.relu = nn.ReLU()
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        return self.relu(out + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """Four stages of blocks: the first keeps the image's size, each later one halves it and doubles the channels.

    (N, channels, H, W) -> (N, num_classes) for images of any size. Source: He et al. 2016.

    Args:
        block: `BasicBlock` or `Bottleneck`; layers: how many of them each stage has.
        zero_init_residual: each block starts as the identity: the last factors of its normalisation are 0.
        groups, width_per_group: of the 3x3 convolutions of `Bottleneck`.
        replace_stride_with_dilation: for the last three stages, whether they keep the size and read farther instead.
        norm_layer: makes a normalisation of so many channels; by default BatchNorm2d.
        channels: of the images, 3 in torchvision, 1 for grey ones.
    """

    def __init__(
        self,
        block: type[BasicBlock | Bottleneck],
        layers: Sequence[int],
        num_classes: int = 1000,
        zero_init_residual: bool = False,
        groups: int = 1,
        width_per_group: int = 64,
        replace_stride_with_dilation: Sequence[bool] | None = None,
        norm_layer: Norm | None = None,
        *,
        channels: int = 3,
    ) -> None:
        super().__init__()
        dilated = (False, False, False) if replace_stride_with_dilation is None else replace_stride_with_dilation
        if len(dilated) != 3:
            raise ArgumentError(f"ResNet: replace_stride_with_dilation must be None or 3 bools; got {dilated!r}")
        norm = nn.BatchNorm2d if norm_layer is None else norm_layer
        self.inplanes, self.dilation = 64, 1  # of the next block
        self.groups, self.base_width = groups, width_per_group
        self.conv1 = nn.Conv2d(channels, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = norm(64)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = self._stage(block, 64, layers[0], 1, False, norm)
        self.layer2 = self._stage(block, 128, layers[1], 2, dilated[0], norm)
        self.layer3 = self._stage(block, 256, layers[2], 2, dilated[1], norm)
        self.layer4 = self._stage(block, 512, layers[3], 2, dilated[2], norm)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(512 * block.expansion, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        for module in self.modules() if zero_init_residual else ():
            if isinstance(module, BasicBlock | Bottleneck):
                last: Any = module.bn3 if isinstance(module, Bottleneck) else module.bn2
                nn.init.zeros_(last.weight)

    def _stage(
        self, block: type[BasicBlock | Bottleneck], planes: int, blocks: int, stride: int, dilate: bool, norm: Norm
    ) -> nn.Sequential:
        before = self.dilation
        if dilate:
            self.dilation, stride = self.dilation * stride, 1
        width, downsample = planes * block.expansion, None
        if stride != 1 or self.inplanes != width:
            downsample = nn.Sequential(nn.Conv2d(self.inplanes, width, 1, stride, bias=False), norm(width))
        shared = self.groups, self.base_width
        stage = [block(self.inplanes, planes, stride, downsample, *shared, before, norm)]
        stage += [block(width, planes, 1, None, *shared, self.dilation, norm) for _ in range(blocks - 1)]
        self.inplanes = width
        return nn.Sequential(*stage)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))  # (N, 64, H/4, W/4)
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = stage(x)
        return self.fc(self.avgpool(x).flatten(1))  # (N, C, H/32, W/32) -> (N, C) -> (N, num_classes)


def resnet18(weights: Any = None, progress: bool = True, *, pretrained: Any = False, **options: Any) -> ResNet:
    """ResNet-18 with new weights: 11,689,512 parameters for 1000 classes; `options` are those of `ResNet`.

    `load_state_dict` takes the state dict of torchvision's. ArgumentError for `weights`: none are downloaded.
    """
    refuse_weights("resnet18", weights, pretrained)
    return ResNet(BasicBlock, (2, 2, 2, 2), **options)


def resnet34(weights: Any = None, progress: bool = True, *, pretrained: Any = False, **options: Any) -> ResNet:
    """ResNet-34 with new weights: 21,797,672 parameters for 1000 classes; as `resnet18`."""
    refuse_weights("resnet34", weights, pretrained)
    return ResNet(BasicBlock, (3, 4, 6, 3), **options)


def resnet50(weights: Any = None, progress: bool = True, *, pretrained: Any = False, **options: Any) -> ResNet:
    """ResNet-50 with new weights: 25,557,032 parameters for 1000 classes; as `resnet18`."""
    refuse_weights("resnet50", weights, pretrained)
    return ResNet(Bottleneck, (3, 4, 6, 3), **options)


def resnet101(weights: Any = None, progress: bool = True, *, pretrained: Any = False, **options: Any) -> ResNet:
    """ResNet-101 with new weights: 44,549,160 parameters for 1000 classes; as `resnet18`."""
    refuse_weights("resnet101", weights, pretrained)
    return ResNet(Bottleneck, (3, 4, 23, 3), **options)


def resnet152(weights: Any = None, progress: bool = True, *, pretrained: Any = False, **options: Any) -> ResNet:
    """ResNet-152 with new weights: 60,192,808 parameters for 1000 classes; as `resnet18`."""
    refuse_weights("resnet152", weights, pretrained)
    return ResNet(Bottleneck, (3, 8, 36, 3), **options)


def resnext50_32x4d(weights: Any = None, progress: bool = True, *, pretrained: Any = False, **options: Any) -> ResNet:
    """ResNeXt-50 with 32 groups of 4 channels: 25,028,904 parameters. Source: Xie et al. 2017. As `resnet18`."""
    refuse_weights("resnext50_32x4d", weights, pretrained)
    return ResNet(Bottleneck, (3, 4, 6, 3), **{"groups": 32, "width_per_group": 4, **options})


def wide_resnet50_2(weights: Any = None, progress: bool = True, *, pretrained: Any = False, **options: Any) -> ResNet:
    """ResNet-50, 3x3 convolutions twice as wide: 68,883,240 parameters. Source: Zagoruyko & Komodakis 2016."""
    refuse_weights("wide_resnet50_2", weights, pretrained)
    return ResNet(Bottleneck, (3, 4, 6, 3), **{"width_per_group": 128, **options})
