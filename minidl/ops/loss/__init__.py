"""Losses: one number that says how wrong predictions are. Each has a `reduction`: "mean" (default), "sum", "none"."""

from .classification import cross_entropy, hinge_embedding_loss, multi_margin_loss, nll_loss
from .probability import binary_cross_entropy, binary_cross_entropy_with_logits, kl_div
from .regression import huber_loss, l1_loss, mse_loss, rmse_loss, smooth_l1_loss

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "hinge_embedding_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "mse_loss",
    "multi_margin_loss",
    "nll_loss",
    "rmse_loss",
    "smooth_l1_loss",
]
