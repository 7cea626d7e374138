"""Losses: one number that says how wrong predictions are. Each has a `reduction`: "mean" (default), "sum", "none"."""

from .classification import cross_entropy, hinge_embedding_loss, multi_margin_loss, nll_loss
from .ctc import ctc_loss
from .likelihood import gaussian_nll_loss, poisson_nll_loss
from .probability import binary_cross_entropy, binary_cross_entropy_with_logits, kl_div
from .ranking import (
    cosine_embedding_loss,
    margin_ranking_loss,
    triplet_margin_loss,
    triplet_margin_with_distance_loss,
)
from .regression import huber_loss, l1_loss, mse_loss, rmse_loss, smooth_l1_loss
from .several import multilabel_margin_loss, multilabel_soft_margin_loss, soft_margin_loss

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cosine_embedding_loss",
    "cross_entropy",
    "ctc_loss",
    "gaussian_nll_loss",
    "hinge_embedding_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "margin_ranking_loss",
    "mse_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "nll_loss",
    "poisson_nll_loss",
    "rmse_loss",
    "smooth_l1_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]
