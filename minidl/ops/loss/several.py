"""Losses for samples that belong to several classes at once, and for signs."""

from __future__ import annotations

from typing import Any

from ...backend import backend_of
from ...dtypes import int64
from ...engine.tensor import Tensor, wrap
from ...errors import ArgumentError, DtypeError, RangeError, ShapeError
from .._check.arguments import float_only, tensor_of
from ..activation import logsigmoid, relu
from ..arithmetic import add, div, mul, neg, sub
from ..elementary import exp, log1p
from ..gather import gather
from ..reduce import mean, sum
from ..shape import reshape, unsqueeze
from .arguments import alike, check_reduction, check_weight, reduced


def soft_margin_loss(
    input: Tensor, target: Tensor, size_average: None = None, reduce: None = None, reduction: str = "mean"
) -> Tensor:
    """log(1 + exp(-target · input)) for scores and targets that are 1 or -1, of one shape."""
    name = "soft_margin_loss"
    check_reduction(name, reduction, size_average, reduce)
    x, y = alike(name, input, target)
    if y.requires_grad:
        raise ArgumentError(f"{name}: no gradient is computed for target; use target.detach()")
    return reduced(log1p(exp(mul(neg(y), x))), reduction)


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
) -> Tensor:
    """`binary_cross_entropy_with_logits`, averaged over the classes: scores and targets (N, C) in 0 ... 1 -> (N,).

    `weight`, (C,), multiplies the loss of each class.
    """
    name = "multilabel_soft_margin_loss"
    check_reduction(name, reduction, size_average, reduce)
    x, t = alike(name, input, target)
    if not x.ndim:
        raise ShapeError(f"{name}: input must be (..., C); got a tensor without dimensions")
    check_weight(name, x, weight, None)
    losses = neg(add(mul(t, logsigmoid(x)), mul(sub(1, t), logsigmoid(neg(x)))))
    if weight is not None:
        losses = mul(losses, weight)
    return reduced(mean(losses, -1), reduction)


def multilabel_margin_loss(
    input: Tensor, target: Tensor, size_average: None = None, reduce: None = None, reduction: str = "mean"
) -> Tensor:
    """Σ over right classes j and wrong classes i of max(0, 1 - input[j] + input[i]) / C: (N, C) -> (N,).

    `target`, int64, of the input's shape, lists the right classes of each sample; -1 ends the list. RangeError for a
    class outside -1 ... C - 1.
    """
    name = "multilabel_margin_loss"
    check_reduction(name, reduction, size_average, reduce)
    x, t = float_only(name, input), tensor_of(name, target, "target")
    if t.dtype != int64:
        raise DtypeError(f"{name}: target must be class indices of dtype int64; got {t.dtype}; use .long()")
    if x.shape != t.shape or x.ndim > 2 or x.shape[-1:] == (0,):
        raise ShapeError(f"{name}: input and target must both be (N, C) or (C,); got {x.shape} and {t.shape}")
    classes = x.shape[-1] if x.ndim else 1
    scores, labels = reshape(x, (-1, classes)), t._array.reshape(-1, classes)  # (N, C)
    if labels.size and not (int(labels.min()) >= -1 and int(labels.max()) < classes):
        raise RangeError(f"{name}: target must be in -1 ... {classes - 1}; got {labels.min()} to {labels.max()}")
    listed, wrong = _listed_and_wrong(labels)
    right = gather(scores, 1, wrap(labels.clip(0, None)))  # (N, C): the score of each listed class
    short = relu(add(sub(unsqueeze(scores, 1), unsqueeze(right, 2)), 1))  # (N, listed, C)
    pairs = (listed[:, :, None] & wrong[:, None, :]).astype(x.dtype)
    losses = div(sum(mul(short, wrap(pairs)), (1, 2)), classes)
    return reduced(reshape(losses, x.shape[:-1]), reduction)


def _listed_and_wrong(labels: Any) -> tuple[Any, Any]:
    """Which entries of lists (N, C) come before the first -1, and which classes (N, C) they do not name."""
    listed = (labels < 0).astype("int64").cumsum(axis=1) == 0
    each = labels[:, :, None] == backend_of(labels).xp.arange(labels.shape[1])  # (N, entry, class)
    return listed, ~(each & listed[:, :, None]).any(axis=1)
