"""VGG: many small convolutions, one after another, with the names of torchvision's parameters."""

from __future__ import annotations

from typing import Any

from .. import nn
from ..engine.tensor import Tensor
from .weights import refuse_weights

# The channels of each convolution; M halves the image. Figure 1 of the source, columns A, B, D and E.
COLUMNS: dict[str, list[int | str]] = {
    "vgg11": [64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"],
    "vgg13": [64, 64, "M", 128, 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"],
    "vgg16": [64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"],
    "vgg19": [
        64, 64, "M", 128, 128, "M", 256, 256, 256, 256, "M", 512, 512, 512, 512, "M", 512, 512, 512, 512, "M",
    ],
}  # fmt: skip


class VGG(nn.Module):
    """Convolutions (`features`, as `make_layers` makes them) and three linear layers.

    (N, 3, H, W) -> (N, num_classes), for images of 32 and more pixels. Source: Simonyan & Zisserman 2015,
    arXiv:1409.1556.
    """

    def __init__(
        self, features: nn.Module, num_classes: int = 1000, init_weights: bool = True, dropout: float = 0.5
    ) -> None:
        super().__init__()
        self.features = features
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, 4096),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(4096, num_classes),
        )
        for module in self.modules() if init_weights else ():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, 0, 0.01)
            if isinstance(module, nn.Conv2d | nn.Linear) and module.bias is not None:
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.avgpool(self.features(x)).flatten(1))  # (N, 512, 7, 7) -> (N, 25088)


def make_layers(column: list[int | str], batch_norm: bool = False) -> nn.Sequential:
    """The convolutions of a column, each normalised if `batch_norm`."""
    layers: list[nn.Module] = []
    channels = 3
    for entry in column:
        if isinstance(entry, str):
            layers.append(nn.MaxPool2d(2, 2))
            continue
        layers.append(nn.Conv2d(channels, entry, 3, padding=1))
        if batch_norm:
            layers.append(nn.BatchNorm2d(entry))
        layers.append(nn.ReLU())
        channels = entry
    return nn.Sequential(*layers)


def _vgg(name: str, weights: Any, pretrained: Any, options: dict[str, Any]) -> VGG:
    refuse_weights(name, weights, pretrained)
    return VGG(make_layers(COLUMNS[name.removesuffix("_bn")], name.endswith("_bn")), **options)


def vgg11(weights: Any = None, progress: bool = True, *, pretrained: Any = False, **options: Any) -> VGG:
    """VGG of 11 layers with new weights: 132,863,336 parameters for 1000 classes; `options` are those of `VGG`.

    `load_state_dict` takes the state dict of torchvision's. ArgumentError for `weights`: none are downloaded.
    """
    return _vgg("vgg11", weights, pretrained, options)


def vgg11_bn(weights: Any = None, progress: bool = True, *, pretrained: Any = False, **options: Any) -> VGG:
    """`vgg11` with batch normalisation: 132,868,840 parameters."""
    return _vgg("vgg11_bn", weights, pretrained, options)


def vgg13(weights: Any = None, progress: bool = True, *, pretrained: Any = False, **options: Any) -> VGG:
    """VGG of 13 layers: 133,047,848 parameters; as `vgg11`."""
    return _vgg("vgg13", weights, pretrained, options)


def vgg13_bn(weights: Any = None, progress: bool = True, *, pretrained: Any = False, **options: Any) -> VGG:
    """`vgg13` with batch normalisation: 133,053,736 parameters."""
    return _vgg("vgg13_bn", weights, pretrained, options)


def vgg16(weights: Any = None, progress: bool = True, *, pretrained: Any = False, **options: Any) -> VGG:
    """VGG of 16 layers: 138,357,544 parameters; as `vgg11`."""
    return _vgg("vgg16", weights, pretrained, options)


def vgg16_bn(weights: Any = None, progress: bool = True, *, pretrained: Any = False, **options: Any) -> VGG:
    """`vgg16` with batch normalisation: 138,365,992 parameters."""
    return _vgg("vgg16_bn", weights, pretrained, options)


def vgg19(weights: Any = None, progress: bool = True, *, pretrained: Any = False, **options: Any) -> VGG:
    """VGG of 19 layers: 143,667,240 parameters; as `vgg11`."""
    return _vgg("vgg19", weights, pretrained, options)


def vgg19_bn(weights: Any = None, progress: bool = True, *, pretrained: Any = False, **options: Any) -> VGG:
    """`vgg19` with batch normalisation: 143,678,248 parameters."""
    return _vgg("vgg19_bn", weights, pretrained, options)
