"""SqueezeNet: as good as AlexNet with a fiftieth of its weights, with the names of torchvision's parameters."""

from __future__ import annotations

from typing import Any

from .. import nn
from ..engine.tensor import Tensor
from ..errors import ArgumentError
from ..ops.join import cat
from .weights import refuse_weights


class Fire(nn.Module):
    """Few channels by a 1x1 convolution, then many by 1x1 and 3x3 ones side by side.

    (N, inplanes, H, W) -> (N, expand1x1_planes + expand3x3_planes, H, W).
    """

    def __init__(self, inplanes: int, squeeze_planes: int, expand1x1_planes: int, expand3x3_planes: int) -> None:
        super().__init__()
        self.inplanes = inplanes
        self.squeeze = nn.Conv2d(inplanes, squeeze_planes, 1)
        self.squeeze_activation = nn.ReLU()
        self.expand1x1 = nn.Conv2d(squeeze_planes, expand1x1_planes, 1)
        self.expand1x1_activation = nn.ReLU()
        self.expand3x3 = nn.Conv2d(squeeze_planes, expand3x3_planes, 3, padding=1)
        self.expand3x3_activation = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        x = self.squeeze_activation(self.squeeze(x))
        return cat([self.expand1x1_activation(self.expand1x1(x)), self.expand3x3_activation(self.expand3x3(x))], 1)


class SqueezeNet(nn.Module):
    """Eight `Fire` modules between two convolutions: (N, 3, H, W) -> (N, num_classes).

    Version "1_1" shrinks the image earlier than "1_0" and needs less than half of its time. Source: Iandola et al.
    2016, arXiv:1602.07360.
    """

    def __init__(self, version: str = "1_0", num_classes: int = 1000, dropout: float = 0.5) -> None:
        super().__init__()
        self.num_classes = num_classes
        if version not in ("1_0", "1_1"):
            raise ArgumentError(f"SqueezeNet: version must be '1_0' or '1_1'; got {version!r}")
        first = nn.Conv2d(3, 96, 7, stride=2) if version == "1_0" else nn.Conv2d(3, 64, 3, stride=2)
        fires = [
            Fire(first.out_channels, 16, 64, 64), Fire(128, 16, 64, 64), Fire(128, 32, 128, 128),
            Fire(256, 32, 128, 128), Fire(256, 48, 192, 192), Fire(384, 48, 192, 192), Fire(384, 64, 256, 256),
            Fire(512, 64, 256, 256),
        ]  # fmt: skip
        layers: list[nn.Module] = [first, nn.ReLU()]
        for i, fire in enumerate(fires):
            if i in ((0, 3, 7) if version == "1_0" else (0, 2, 4)):
                layers.append(nn.MaxPool2d(3, stride=2, ceil_mode=True))
            layers.append(fire)
        self.features = nn.Sequential(*layers)
        last = nn.Conv2d(512, num_classes, 1)
        self.classifier = nn.Sequential(nn.Dropout(dropout), last, nn.ReLU(), nn.AdaptiveAvgPool2d((1, 1)))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                if module is last:
                    nn.init.normal_(module.weight, 0.0, 0.01)
                else:
                    nn.init.kaiming_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x)).flatten(1)


def squeezenet1_0(weights: Any = None, progress: bool = True, *, pretrained: Any = False, **options: Any) -> SqueezeNet:
    """SqueezeNet 1.0 with new weights: 1,248,424 parameters for 1000 classes; `options` are those of `SqueezeNet`.

    `load_state_dict` takes the state dict of torchvision's. ArgumentError for `weights`: none are downloaded.
    """
    refuse_weights("squeezenet1_0", weights, pretrained)
    return SqueezeNet("1_0", **options)


def squeezenet1_1(weights: Any = None, progress: bool = True, *, pretrained: Any = False, **options: Any) -> SqueezeNet:
    """SqueezeNet 1.1 with new weights: 1,235,496 parameters for 1000 classes; as `squeezenet1_0`."""
    refuse_weights("squeezenet1_1", weights, pretrained)
    return SqueezeNet("1_1", **options)
