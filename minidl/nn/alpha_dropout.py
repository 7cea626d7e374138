"""Dropout for networks of selu, which keeps mean and variance; it acts only in training."""

from __future__ import annotations

from ..engine.tensor import Tensor
from .dropout import Dropout
from .functional import alpha_dropout, feature_alpha_dropout


class AlphaDropout(Dropout):
    """In training, each element is selu's lowest value with probability `p`; see `F.alpha_dropout`."""

    def forward(self, input: Tensor) -> Tensor:
        return alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(Dropout):
    """`AlphaDropout` of whole channels of (N, C, ...)."""

    def forward(self, input: Tensor) -> Tensor:
        return feature_alpha_dropout(input, self.p, self.training)
