"""MobileNetV2: convolutions of one channel each between 1x1 ones, with the names of torchvision's parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import nn
from ..engine.tensor import Tensor
from ..errors import ArgumentError
from .weights import refuse_weights

Norm = Callable[[int], nn.Module]

# Table 2 of the source: expansion, channels, how many blocks, stride of the first.
SETTING = (
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
)  # fmt: skip


def _convolution(
    inp: int, oup: int, kernel: int, stride: int = 1, groups: int = 1, norm: Norm = nn.BatchNorm2d
) -> nn.Sequential:
    """A convolution that keeps the size, its normalisation and ReLU6."""
    conv = nn.Conv2d(inp, oup, kernel, stride, (kernel - 1) // 2, groups=groups, bias=False)
    return nn.Sequential(conv, norm(oup), nn.ReLU6())


class InvertedResidual(nn.Module):
    """Many channels between few: 1x1 to `expand_ratio` times as many, 3x3 each by itself, 1x1 back to few.

    (N, inp, H, W) -> (N, oup, H/s, W/s); where these are equal, the input is added.
    """

    def __init__(self, inp: int, oup: int, stride: int, expand_ratio: float, norm_layer: Norm | None = None) -> None:
        super().__init__()
        if stride not in (1, 2):
            raise ArgumentError(f"InvertedResidual: stride must be 1 or 2; got {stride!r}")
        norm = nn.BatchNorm2d if norm_layer is None else norm_layer
        hidden = round(inp * expand_ratio)
        self.stride, self.use_res_connect, self.out_channels = stride, stride == 1 and inp == oup, oup
        layers = [] if expand_ratio == 1 else [_convolution(inp, hidden, 1, norm=norm)]
        layers.append(_convolution(hidden, hidden, 3, stride, groups=hidden, norm=norm))
        self.conv = nn.Sequential(*layers, nn.Conv2d(hidden, oup, 1, bias=False), norm(oup))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.use_res_connect else self.conv(x)


class MobileNetV2(nn.Module):
    """17 inverted residual blocks between two convolutions: (N, 3, H, W) -> (N, num_classes).

    Source: Sandler et al. 2018, arXiv:1801.04381.

    Args:
        width_mult: this many times the channels of each layer, rounded to a multiple of `round_nearest`.
        inverted_residual_setting: rows (expansion, channels, blocks, stride), by default `SETTING`.
        norm_layer: makes a normalisation of so many channels; by default BatchNorm2d.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        width_mult: float = 1.0,
        inverted_residual_setting: Sequence[Sequence[int]] | None = None,
        round_nearest: int = 8,
        block: Callable[..., nn.Module] | None = None,
        norm_layer: Norm | None = None,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        norm = nn.BatchNorm2d if norm_layer is None else norm_layer
        make = InvertedResidual if block is None else block
        setting = SETTING if inverted_residual_setting is None else inverted_residual_setting
        if not setting or any(len(row) != 4 for row in setting):
            raise ArgumentError(f"MobileNetV2: inverted_residual_setting must be rows of 4 numbers; got {setting!r}")
        channels = _multiple(32 * width_mult, round_nearest)
        self.last_channel = _multiple(1280 * max(1.0, width_mult), round_nearest)
        features: list[nn.Module] = [_convolution(3, channels, 3, 2, norm=norm)]
        for expansion, wanted, count, stride in setting:
            width = _multiple(wanted * width_mult, round_nearest)
            for i in range(count):
                features.append(make(channels, width, 1 if i else stride, expansion, norm_layer=norm))
                channels = width
        features.append(_convolution(channels, self.last_channel, 1, norm=norm))
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(self.last_channel, num_classes))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
            elif isinstance(module, nn.Linear) and module.bias is not None:
                nn.init.normal_(module.weight, 0, 0.01)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).mean((2, 3)))  # (N, 1280, H/32, W/32) -> (N, 1280)


def _multiple(number: float, of: int) -> int:
    """The nearest multiple, at least one, and at least nine tenths of the number."""
    nearest = max(of, int(number + of / 2) // of * of)
    return nearest + of if nearest < 0.9 * number else nearest


def mobilenet_v2(weights: Any = None, progress: bool = True, *, pretrained: Any = False, **options: Any) -> MobileNetV2:
    """MobileNetV2 with new weights: 3,504,872 parameters for 1000 classes; `options` are those of `MobileNetV2`.

    `load_state_dict` takes the state dict of torchvision's. ArgumentError for `weights`: none are downloaded.
    """
    refuse_weights("mobilenet_v2", weights, pretrained)
    return MobileNetV2(**options)
