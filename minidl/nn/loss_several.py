"""Losses for samples that belong to several classes at once, and for signs, as modules."""

from __future__ import annotations

from ..engine.tensor import Tensor
from . import functional as F
from .loss import _Loss, _WeightedLoss


class SoftMarginLoss(_Loss):
    """log(1 + e^(-y x)) for y = 1 or -1."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class MultiLabelMarginLoss(_Loss):
    """Σ over right classes j and wrong classes i of max(0, 1 - x[j] + x[i]) / C."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(_WeightedLoss):
    """`BCEWithLogitsLoss`, averaged over the classes; `weight` (C,) counts them."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_soft_margin_loss(input, target, self.weight, reduction=self.reduction)
