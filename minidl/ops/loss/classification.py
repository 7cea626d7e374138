"""Losses for classes: cross-entropy (softmax and logarithm in one), negative log-likelihood, and the SVM's margins.

Class indices are checked on the host; see `arguments.check_labels`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...dtypes import int64, uint8
from ...engine.function import Function
from ...engine.tensor import Tensor
from ...errors import ArgumentError, DtypeError, ShapeError
from .._check.arguments import cast, float_only, number, promoted, tensor_of
from ..arithmetic import add, div, mul, neg
from ..reduce import sum
from ..shape import reshape
from ..softmax import log_softmax, shifted
from .arguments import check_labels, check_reduction, check_weight, reduced


class LabelLoss(Function):
    """What losses of scores x (N, C, d1, ...) with labels t (N, d1, ...) share: ignored samples, weights, reduction."""

    def start(self, x: Any, t: Any, w: Any, reduction: str, ignore: int | None) -> Any:
        """The labels, 0 for what is ignored. Notes how much each sample counts, and what the sum is divided by."""
        self.reduction = reduction
        self.valid = None if ignore is None else t != ignore
        if self.valid is not None:
            t = self.xp.where(self.valid, t, 0)
        self.count: Any = None if w is None else self.unignored(w[t])
        self.divisor: Any = 1
        if reduction == "mean":
            self.divisor = t.size or np.nan
            if self.count is not None:
                self.divisor = self.count.sum()
            elif self.valid is not None:
                self.divisor = self.valid.sum().astype(x.dtype)
        return t

    def unignored(self, values: Any) -> Any:
        """values (N, d1, ...), or one for all samples, with 0 for the ignored ones, whatever they were."""
        return values if self.valid is None else self.xp.where(self.valid, values, values.dtype.type(0))

    def counted(self, values: Any) -> Any:
        """The same, times the weight of each sample's class."""
        return self.unignored(values if self.count is None else values * self.count)

    def total(self, losses: Any) -> Any:
        """The losses themselves, their sum, or their mean."""
        return losses if self.reduction == "none" else losses.sum() / self.divisor


class CrossEntropy(LabelLoss):
    """z = -log softmax(x)[t], averaged over N samples        dx = (softmax(x) - onehot(t)) / N

    With weights sample i counts w[t_i] times, and N is their sum.
    """

    def forward(self, x: Any, t: Any, w: Any, reduction: str, ignore: int | None) -> Any:
        t = self.start(x, t, w, reduction, ignore)
        self.shape, batch = x.shape, x if x.ndim > 1 else x[None]  # (N, C, d1, ...)
        self.t = t.reshape(batch.shape[0], *batch.shape[2:])
        losses, self.softmax = self.backend.cross_entropy(batch, self.t)
        return self.total(self.counted(losses.reshape(t.shape)))

    def backward(self, dz: Any) -> Any:
        share = self.counted(dz / self.divisor)  # dz / N: (N, d1, ...), or one number for all
        dx = self.backend.softmax_minus_onehot(self.softmax, self.t, share)  # (softmax - onehot(t)) · share
        return dx.reshape(self.shape), None, None


class SmoothedCrossEntropy(LabelLoss):
    """z = -Σ_c q_c log softmax(x)_c, averaged        dx = (Σ_c q_c · softmax(x) - q) / N

    with q = w · ((1 - ε) onehot(t) + ε / C): a part ε of each label is spread over all classes.
    """

    def forward(self, x: Any, t: Any, w: Any, reduction: str, ignore: int | None, smoothing: float) -> Any:
        self.own = self.backend.own_class(self.start(x, t, w, reduction, ignore))
        self.dim = dim = min(1, x.ndim - 1)
        x = shifted(x, dim)
        logs = x - self.xp.log(self.xp.exp(x).sum(axis=dim, keepdims=True))
        q = self.xp.full_like(logs, smoothing / x.shape[dim])
        q[self.own] += 1 - smoothing
        if w is not None:
            q *= w.reshape((-1,) + (1,) * (x.ndim - dim - 1))
        self.q, self.softmax = q, self.xp.exp(logs)
        return self.total(self.unignored(-(q * logs).sum(axis=dim)))

    def backward(self, dz: Any) -> Any:
        share = self.unignored(dz / self.divisor)
        dx = self.softmax * self.q.sum(axis=self.dim, keepdims=True) - self.q
        return dx * (self.xp.expand_dims(share, self.dim) if share.ndim else share), None, None


class NegativeLogLikelihood(LabelLoss):
    """z = -x[t], averaged over N samples        dx = -onehot(t) / N        with weights as CrossEntropy"""

    def forward(self, x: Any, t: Any, w: Any, reduction: str, ignore: int | None) -> Any:
        self.own = self.backend.own_class(self.start(x, t, w, reduction, ignore))
        self.shape = x.shape
        return self.total(self.counted(-x[self.own]))

    def backward(self, dz: Any) -> Any:
        dx = self.xp.zeros(self.shape, dz.dtype)
        dx[self.own] = self.counted(-dz / self.divisor)
        return dx, None, None


class MultiMargin(LabelLoss):
    """z = w[t] / C · Σ_{j≠t} max(0, r_j)^p with r_j = m - x_t + x_j, averaged over N samples

    dx_j = w[t] / C · p · max(0, r_j)^(p - 1) / N where r_j > 0,  dx_t = -Σ_{j≠t} dx_j
    """

    def forward(self, x: Any, t: Any, w: Any, reduction: str, p: int, margin: float) -> Any:
        self.own = self.backend.own_class(self.start(x, t, w, reduction, None))
        self.p = p
        if reduction == "mean":
            self.divisor = t.size or np.nan  # not the sum of the weights
        room = self.xp.maximum(x - x[self.own][:, None] + margin, 0)  # r, (N, C)
        room[self.own] = 0
        self.room = room
        return self.total(self.counted((room if p == 1 else room * room).sum(axis=1)) / x.shape[1])

    def backward(self, dz: Any) -> Any:
        share = self.counted(dz / self.divisor) / self.room.shape[1]
        share = share[:, None] if share.ndim else share
        dx = (self.room > 0) * share if self.p == 1 else 2 * self.room * share
        dx[self.own] = -dx.sum(axis=1)
        return dx, None, None


class HingeEmbedding(Function):
    """z = x where y = 1, max(0, m - x) where y = -1        dx = 1 and -1 (0 beyond the margin); other y: both"""

    def forward(self, x: Any, y: Any, margin: float) -> Any:
        xp = self.xp
        near = margin - x
        self.slope = xp.where(y != -1, 1, 0) - xp.where((y != 1) & (near >= 0), 1, 0)
        return xp.where(y != -1, x, 0) + xp.where(y != 1, xp.maximum(near, 0), 0)

    def backward(self, dz: Any) -> Any:
        return dz * self.slope.astype(dz.dtype), None


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: None = None,
    ignore_index: int = -100,
    reduce: None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """-log softmax(input)[target]: how surprised the scores `input` (N, C, d1, ...) or (C,) are by the true classes.

    Args:
        target: class indices (N, d1, ...) or (), int64 or uint8; or probabilities of the classes, in input's shape.
        weight: (C,), how much each class counts. The mean is then divided by the sum of the weights used (with class
            probabilities, as in PyTorch, by the number of samples).
        ignore_index: samples with this index count nothing; only for class indices.
        label_smoothing: this part of the target is spread evenly over all classes.

    Raises `RangeError` for a class outside 0 ... C - 1 (with the place), `ShapeError`, `DtypeError`, `ArgumentError`.

    >>> import minidl
    >>> cross_entropy(minidl.tensor([[0.0, 0.0], [1000.0, 0.0]]), minidl.tensor([1, 0]), reduction="none")
    tensor([0.6931, 0.0000])
    """
    name = "cross_entropy"
    check_reduction(name, reduction, size_average, reduce)
    label_smoothing = number(name, "label_smoothing", label_smoothing)
    if not 0 <= label_smoothing <= 1:
        raise ArgumentError(f"{name}: label_smoothing must be in 0 ... 1; got {label_smoothing!r}")
    x, t = _scores(name, input), tensor_of(name, target, "target")
    classes = x.shape[min(1, x.ndim - 1)]
    check_weight(name, x, weight, (classes,))
    if t.dtype.kind == "f" and t.shape == x.shape:
        if ignore_index != -100:
            raise ArgumentError(f"{name}: ignore_index {ignore_index} has no meaning for class probabilities")
        return _soft_cross_entropy(x, t, weight, reduction, label_smoothing)
    ignore = _checked_labels(name, x, t, ignore_index)
    if label_smoothing == 0:
        return CrossEntropy.apply(x, t, weight, reduction=reduction, ignore=ignore)
    return SmoothedCrossEntropy.apply(x, t, weight, reduction=reduction, ignore=ignore, smoothing=label_smoothing)


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: None = None,
    ignore_index: int = -100,
    reduce: None = None,
    reduction: str = "mean",
) -> Tensor:
    """-input[target] for logarithms of probabilities (N, C, d1, ...) or (C,), such as `log_softmax` gives.

    Arguments and errors as in `cross_entropy`, with class indices.
    """
    check_reduction("nll_loss", reduction, size_average, reduce)
    x, t = _scores("nll_loss", input), tensor_of("nll_loss", target, "target")
    check_weight("nll_loss", x, weight, (x.shape[min(1, x.ndim - 1)],))
    ignore = _checked_labels("nll_loss", x, t, ignore_index)
    return NegativeLogLikelihood.apply(x, t, weight, reduction=reduction, ignore=ignore)


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
) -> Tensor:
    """The loss of a multi-class SVM: Σ over wrong classes j of max(0, margin - x[target] + x[j])^p / C.

    `input` is (N, C) or (C,), `target` (N,) or () class indices (int64), `p` is 1 or 2, `weight` (C,).
    Raises `RangeError` for a class outside 0 ... C - 1, `ShapeError`, `DtypeError`, `ArgumentError`.
    """
    name = "multi_margin_loss"
    check_reduction(name, reduction, size_average, reduce)
    x, t = _scores(name, input), tensor_of(name, target, "target")
    if type(p) is not int or p not in (1, 2):
        raise ArgumentError(f"{name}: p must be 1 or 2; got {p!r}")
    if x.ndim > 2:
        raise ShapeError(f"{name}: input must be (N, C) or (C,); got {x.shape}")
    check_weight(name, x, weight, (x.shape[-1],))
    _checked_labels(name, x, t, None)
    batch, labels = (x, t) if x.ndim == 2 else (reshape(x, (1, x.shape[0])), reshape(t, (1,)))
    z = MultiMargin.apply(batch, labels, weight, reduction=reduction, p=p, margin=number(name, "margin", margin))
    return z if z.shape == () or x.ndim == 2 else reshape(z, ())


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
) -> Tensor:
    """For distances `input` between pairs: small where target is 1, at least `margin` where it is -1. Equal shapes."""
    name = "hinge_embedding_loss"
    check_reduction(name, reduction, size_average, reduce)
    x, y = float_only(name, input), tensor_of(name, target, "target")
    if x.shape != y.shape:
        raise ShapeError(f"{name}: input {x.shape} and target {y.shape} must have the same shape")
    if y.requires_grad:
        raise ArgumentError(f"{name}: no gradient is computed for target; use target.detach()")
    return reduced(HingeEmbedding.apply(x, cast(y, x.dtype), margin=number(name, "margin", margin)), reduction)


def _scores(name: str, input: Any) -> Tensor:
    x = float_only(name, input)
    if x.ndim == 0 or x.shape[min(1, x.ndim - 1)] == 0:
        raise ShapeError(
            f"{name}: input must be (N, C), (C,) or (N, C, d1, ...) with at least one class; got {x.shape}"
        )
    return x


def _checked_labels(name: str, x: Tensor, t: Tensor, ignore_index: int | None) -> int | None:
    """Labels that fit x and their classes: `ignore_index` if some may have to be ignored, else None."""
    if t.dtype not in (int64, uint8):
        hint = f"; probabilities need the shape of the input, {x.shape}" if t.dtype.kind == "f" else ""
        raise DtypeError(
            f"{name}: target must be class indices of dtype int64; got {t.dtype} {t.shape}; use .long(){hint}"
        )
    expected = x.shape[:1] + x.shape[2:] if x.ndim > 1 else ()
    if t.shape != expected:
        raise ShapeError(f"{name}: input {x.shape} needs a target of shape {expected}; got {t.shape}")
    if ignore_index is not None and (isinstance(ignore_index, bool) or not isinstance(ignore_index, int)):
        raise ArgumentError(f"{name}: ignore_index must be an integer; got {ignore_index!r}")
    return ignore_index if check_labels(name, t, x.shape[min(1, x.ndim - 1)], ignore_index) else None


def _soft_cross_entropy(x: Tensor, t: Tensor, weight: Tensor | None, reduction: str, smoothing: float) -> Tensor:
    """Σ_c -t_c w_c log softmax(x)_c, for a target of class probabilities."""
    x, t = promoted("cross_entropy", x, t)
    dim = min(1, x.ndim - 1)
    classes = x.shape[dim]
    if smoothing:
        t = add(mul(t, 1 - smoothing), smoothing / classes)
    terms = mul(log_softmax(x, dim), t)
    if weight is not None:
        terms = mul(terms, reshape(weight, (classes,) + (1,) * (x.ndim - dim - 1)))
    losses = neg(sum(terms, dim))
    return div(sum(losses), float(losses._array.size)) if reduction == "mean" else reduced(losses, reduction)
