"""Losses for classes: cross-entropy (softmax and logarithm in one), negative log-likelihood, and the SVM's margins.

Class indices are checked on the host; see `check_labels`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...backend import backend_of
from ...dtypes import int64, uint8
from ...engine.function import Function
from ...engine.tensor import Tensor, wrap
from ...errors import ArgumentError, DtypeError, RangeError, ShapeError
from .._check.arguments import cast, float_only, number, promoted, tensor_of
from .._check.windows import remember
from .arguments import check_reduction, check_weight, reduced
from .class_loss import ClassLoss, batch, class_weights, kept_labels, loss_of
from .cross_entropies import CrossEntropies, ExpectedCrossEntropies
from .cross_entropy import CrossEntropy as CrossEntropy
from .cross_entropy import onehot, own_class


class NegativeLogLikelihood(ClassLoss):
    """l = -x[t], for each sample        dx = -onehot(t) · dl"""

    def losses(self, x: Any, t: Any) -> Any:  # (N, C, d1, ...), labels (N, d1, ...)
        self.scores, self.own = x.shape, own_class(t)
        return -x[self.own]

    def gradients(self, dl: Any) -> Any:
        dx = self.xp.zeros(self.scores, dl.dtype)
        dx[self.own] = -dl
        return dx, None


class MultiMargin(ClassLoss):
    """l = Σ_{j≠t} max(0, r_j)^p / C with r_j = m - x_t + x_j, for each sample

    dx_j = p · max(0, r_j)^(p - 1) · dl / C where r_j > 0,  dx_t = -Σ_{j≠t} dx_j
    """

    def losses(self, x: Any, t: Any, p: int, margin: float) -> Any:  # (N, C), labels (N,)
        self.p, self.own = p, own_class(t)
        r = self.xp.maximum(margin - x[self.own][:, None] + x, 0)
        r[self.own] = 0
        self.r = r
        return (r**p).sum(axis=1) / x.shape[1]

    def gradients(self, dl: Any) -> Any:
        dl = dl[:, None] / self.r.shape[1]
        return self._from_r(dl if self.p == 1 else 2 * self.r * dl), None

    def _from_r(self, dr: Any) -> Any:
        dx = (self.r > 0) * dr
        dx[self.own] = -dx.sum(axis=1)  # r_t is 0
        return dx

    def backward_r(self, dr: Any) -> Any:
        return self._from_r(dr), None, None, None, None


class HingeEmbedding(Function):
    """z = x where y = 1, max(0, m - x) where y = -1        dx = 1 and -1 (0 beyond the margin); other y: both"""

    def forward(self, x: Any, y: Any, margin: float) -> Any:
        xp = self.xp
        near = margin - x
        self.slope = xp.where(y != -1, 1, 0) - xp.where((y != 1) & (near >= 0), 1, 0)
        return xp.where(y != -1, x, 0) + xp.where(y != 1, xp.maximum(near, 0), 0)

    def backward(self, dz: Any) -> Any:
        return dz * self.slope.astype(dz.dtype), None


_plain: dict[Any, bool] = {}  # calls that were checked, and need neither weights nor ignored labels around the rule


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
    >>> cross_entropy(minidl.tensor([[0.0, 0.0], [0.0, 1000.0]]), minidl.tensor([1, 0]), reduction="none")
    tensor([6.9315e-01, 1.0000e+03])
    """
    name = "cross_entropy"
    x, t = tensor_of(name, input), tensor_of(name, target, "target")
    options = str((size_average, ignore_index, reduce, reduction, label_smoothing))  # text: 0 is 0.0 as a key
    known = name, x.shape, x.dtype, t.shape, t.dtype, weight is None, options
    if known in _plain and not check_labels(name, t, x.shape[min(1, x.ndim - 1)], ignore_index):
        return CrossEntropy.apply(*((x, t) if x.ndim > 1 else batch(x, t)))
    check_reduction(name, reduction, size_average, reduce)
    smoothing = number(name, "label_smoothing", label_smoothing)
    if not 0 <= smoothing <= 1:
        raise ArgumentError(f"{name}: label_smoothing must be in 0 ... 1; got {smoothing!r}")
    x = _scores(name, input)
    check_weight(name, x, weight, (x.shape[min(1, x.ndim - 1)],))
    if t.dtype.kind == "f" and t.shape == x.shape:
        if ignore_index != -100:
            raise ArgumentError(f"{name}: ignore_index {ignore_index} has no meaning for class probabilities")
        x, q = promoted(name, x, t)
        return loss_of(ExpectedCrossEntropies, x, _spread(q, weight, smoothing), reduction)
    ignore = _checked_labels(name, x, t, ignore_index)
    if not smoothing and weight is None and ignore is None and reduction == "mean":
        remember(_plain, known, True)
        return CrossEntropy.apply(*batch(x, t))
    t, kept = kept_labels(t, ignore)
    weights = class_weights(name, t, weight, kept)
    counts = kept if weights is None else weights
    if not smoothing:
        return loss_of(CrossEntropies, x, t, reduction, weights, counts, kept)
    hot = onehot(batch(x, t)[1]._array, x.shape[min(1, x.ndim - 1)]).reshape(x.shape).astype(x.dtype)
    q = wrap(_spread(hot, None if weight is None else weight._array, smoothing))
    return loss_of(ExpectedCrossEntropies, x, q, reduction, None, counts, kept)


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
    name = "nll_loss"
    x, t = tensor_of(name, input), tensor_of(name, target, "target")
    check_reduction(name, reduction, size_average, reduce)
    x = _scores(name, input)
    check_weight(name, x, weight, (x.shape[min(1, x.ndim - 1)],))
    t, kept = kept_labels(t, _checked_labels(name, x, t, ignore_index))
    weights = class_weights(name, t, weight, kept)
    return loss_of(NegativeLogLikelihood, x, t, reduction, weights, kept if weights is None else weights, kept)


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
    weights = class_weights(name, t, weight)
    margin = number(name, "margin", margin)
    return loss_of(MultiMargin, x, t, reduction, weights, p=p, margin=margin)


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


def check_labels(function: str, labels: Tensor, classes: int, ignore_index: int | None = None) -> bool:
    """Whether some labels may have to be ignored; RangeError for one that is neither a class nor `ignore_index`.

    Out of range, a GPU library would silently take another class. Checking there means waiting for the GPU, so code
    that uploads labels from the host notes their bounds (`Storage.note_bounds`), and no wait is needed.
    """
    array = labels._array
    if array.size == 0:
        return False
    known = None if isinstance(array, np.ndarray) else labels._storage.known_bounds()
    low, high = (int(array.min()), int(array.max())) if known is None else known
    if low < 0 or high >= classes:
        host = backend_of(array).to_numpy(array)
        wrong = (host < 0) | (host >= classes)
        if ignore_index is not None:
            wrong &= host != ignore_index
        if wrong.any():
            place = tuple(int(i) for i in np.argwhere(wrong)[0])
            raise RangeError(
                f"{function}: label {host[place]} at index {place[0] if len(place) == 1 else place} is outside "
                f"0..{classes - 1} (the input has {classes} classes); check the labels, or the model's output size"
            )
        return True
    return ignore_index is not None and low <= ignore_index <= high


def _spread(q: Any, weight: Any, smoothing: float) -> Any:
    """How much each class counts: q (N, C, ...) or (C,), a part spread evenly, times the weights. Tensors or arrays."""
    if smoothing:
        q = (1 - smoothing) * q + smoothing / q.shape[min(1, q.ndim - 1)]
    return q if weight is None else weight.reshape(-1, *(1,) * (q.ndim - 2)) * q
