"""AlexNet in its later form of one column, with the names of torchvision's parameters."""

from __future__ import annotations

from typing import Any

from .. import nn
from ..engine.tensor import Tensor
from .weights import refuse_weights


class AlexNet(nn.Module):
    """Five convolutions and three linear layers: (N, 3, H, W) -> (N, num_classes), for images of 63 and more pixels.

    Source: Krizhevsky 2014, arXiv:1404.5997.
    """

    def __init__(self, num_classes: int = 1000, dropout: float = 0.5) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 11, stride=4, padding=2),  # 224 -> 55
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2),  # 27
            nn.Conv2d(64, 192, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2),  # 13
            nn.Conv2d(192, 384, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(384, 256, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2),  # 6
        )
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
        self.classifier = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(256 * 6 * 6, 4096),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(),
            nn.Linear(4096, num_classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.avgpool(self.features(x)).flatten(1))  # (N, 256, 6, 6) -> (N, 9216)


def alexnet(weights: Any = None, progress: bool = True, *, pretrained: Any = False, **options: Any) -> AlexNet:
    """AlexNet with new weights: 61,100,840 parameters for 1000 classes; `options` are those of `AlexNet`.

    `load_state_dict` takes the state dict of torchvision's. ArgumentError for `weights`: none are downloaded.
    """
    refuse_weights("alexnet", weights, pretrained)
    return AlexNet(**options)
