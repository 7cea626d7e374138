"""Losses for classes: cross-entropy (softmax and logarithm in one), negative log-likelihood, and the SVM's margins.

Class indices are checked on the host; see `check_labels`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...backend import backend_of, same_backend
from ...dtypes import int64, uint8
from ...engine.function import Function
from ...engine.tensor import Tensor, wrap
from ...errors import ArgumentError, DtypeError, RangeError, ShapeError
from .._check.arguments import cast, float_only, number, promoted, tensor_of
from .._check.windows import remember
from ..arithmetic import mul
from ..selection import where
from ..shape import reshape
from .arguments import check_reduction, check_weight, reduced
from .cross_entropies import CrossEntropies, ExpectedCrossEntropies
from .cross_entropy import CrossEntropy as CrossEntropy
from .cross_entropy import onehot, own_class


class NegativeLogLikelihood(Function):
    """z = -x[t], for each sample        dx = -onehot(t) · dz"""

    def forward(self, x: Any, t: Any) -> Any:  # (N, C, d1, ...), labels (N, d1, ...)
        self.shape, self.t = x.shape, t
        return -x[own_class(t)]

    def backward(self, dz: Any) -> Any:
        dx = self.xp.zeros(self.shape, dz.dtype)
        dx[own_class(self.t)] = -dz
        return dx, None


class Average(Function):
    """z = Σ_n w_n x_n / Σ_n c_n        dx_n = w_n / Σ_n c_n · dz        w_n: a sample's weight; it counts c_n times"""

    fixed = ("share",)

    def forward(self, x: Any, w: Any, c: Any) -> Any:
        total = c.sum()
        self.share = self.xp.broadcast_to(w / total, x.shape)
        return (w * x).sum() / total  # of no samples: 0 / 0

    def backward(self, dz: Any) -> Any:
        return self.share * dz, None, None


class MultiMargin(Function):
    """z = Σ_{j≠t} max(0, r_j)^p / C with r_j = m - x_t + x_j, for each sample

    dx_j = p · max(0, r_j)^(p - 1) · dz / C where r_j > 0,  dx_t = -Σ_{j≠t} dx_j
    """

    def forward(self, x: Any, t: Any, p: int, margin: float) -> Any:  # (N, C), labels (N,)
        self.p, self.t = p, t
        r = self.xp.maximum(margin - x[own_class(t)][:, None] + x, 0)
        r[own_class(t)] = 0
        self.r = r
        return (r**p).sum(axis=1) / x.shape[1]

    def backward(self, dz: Any) -> Any:
        share = dz[:, None] / self.r.shape[1]
        return self.backward_r(share if self.p == 1 else 2 * self.r * share)

    def backward_r(self, dr: Any) -> Any:
        dx = (self.r > 0) * dr
        dx[own_class(self.t)] = -dx.sum(axis=1)  # r_t is 0
        return dx, None


class HingeEmbedding(Function):
    """z = x where y = 1, max(0, m - x) where y = -1        dx = 1 and -1 (0 beyond the margin); other y: both"""

    def forward(self, x: Any, y: Any, margin: float) -> Any:
        xp = self.xp
        near = margin - x
        self.slope = xp.where(y != -1, 1, 0) - xp.where((y != 1) & (near >= 0), 1, 0)
        return xp.where(y != -1, x, 0) + xp.where(y != 1, xp.maximum(near, 0), 0)

    def backward(self, dz: Any) -> Any:
        return dz * self.slope.astype(dz.dtype), None


_plain: dict[Any, bool] = {}  # calls of cross_entropy that were checked, and need nothing around the rule


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
    known = x.shape, x.dtype, t.shape, t.dtype, weight is None, options
    if known in _plain and not check_labels(name, t, x.shape[min(1, x.ndim - 1)], ignore_index):
        return CrossEntropy.apply(*_batch(x, t))
    check_reduction(name, reduction, size_average, reduce)
    smoothing = number(name, "label_smoothing", label_smoothing)
    if not 0 <= smoothing <= 1:
        raise ArgumentError(f"{name}: label_smoothing must be in 0 ... 1; got {smoothing!r}")
    x = _scores(name, input)
    check_weight(name, x, weight, (x.shape[min(1, x.ndim - 1)],))
    if t.dtype.kind == "f" and t.shape == x.shape:
        if ignore_index != -100:
            raise ArgumentError(f"{name}: ignore_index {ignore_index} has no meaning for class probabilities")
        scores, expected = [y if y.ndim > 1 else reshape(y, (1, y.shape[0])) for y in promoted(name, x, t)]
        losses = ExpectedCrossEntropies.apply(scores, _spread(expected, weight, smoothing))
        return reduced(losses if x.ndim > 1 else reshape(losses, ()), reduction)
    ignore = _checked_labels(name, x, t, ignore_index)
    if not smoothing and weight is None and ignore is None and reduction == "mean":
        remember(_plain, known, True)
        return CrossEntropy.apply(*_batch(x, t))
    if not smoothing:
        return _by_label(name, CrossEntropies, x, t, weight, ignore, reduction)
    scores, labels = _batch(x, t)
    labels, kept, counts = _counts(name, labels, weight, ignore, x.dtype)
    hot = onehot(labels._array, scores.shape[1]).astype(x.dtype)
    expected = wrap(_spread(hot, None if weight is None else weight._array, smoothing))
    losses = ExpectedCrossEntropies.apply(scores, expected)
    return _reduced(losses, None, kept, counts, reduction, t.shape)


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
    return _by_label("nll_loss", NegativeLogLikelihood, x, t, weight, ignore, reduction)


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
    scores, labels = _batch(x, t)
    losses = MultiMargin.apply(scores, labels, p=p, margin=number(name, "margin", margin))
    weights = None if weight is None else _weights(name, labels, weight)
    return _reduced(losses, weights, None, None, reduction, t.shape)


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


def _batch(x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    """Scores and labels of a single sample, (C,) and (), as those of a batch of one; of a batch as they are."""
    return (x, t) if x.ndim > 1 else (reshape(x, (1, x.shape[0])), reshape(t, (1,)))


def _by_label(
    name: str, rule: type[Function], x: Tensor, t: Tensor, weight: Tensor | None, ignore: int | None, reduction: str
) -> Tensor:
    """The rule's loss for each sample, times the weight of its class; then the reduction."""
    scores, labels = _batch(x, t)
    labels, kept, counts = _counts(name, labels, weight, ignore, x.dtype)
    weights = None if weight is None else _weights(name, labels, weight)
    return _reduced(rule.apply(scores, labels), weights, kept, counts, reduction, t.shape)


def _spread(q: Any, weight: Any, smoothing: float) -> Any:
    """How much each class counts: q (N, C, ...), a part of it spread evenly, times the weights. Tensors or arrays."""
    if smoothing:
        q = (1 - smoothing) * q + smoothing / q.shape[1]
    return q if weight is None else weight.reshape(-1, *(1,) * (q.ndim - 2)) * q


def _counts(
    name: str, t: Tensor, weight: Tensor | None, ignore: int | None, dtype: Any
) -> tuple[Tensor, Tensor | None, Tensor | None]:
    """The labels, 0 in place of `ignore`; which samples are kept (None: all); how much each counts (None: once)."""
    if ignore is None:
        return t, None, None if weight is None else _weights(name, t, weight)
    kept = t._array != ignore
    t = wrap(t._array * kept)
    return (
        t,
        wrap(kept),
        cast(wrap(kept), dtype) if weight is None else where(wrap(kept), _weights(name, t, weight), 0.0),
    )


def _weights(name: str, t: Tensor, weight: Tensor) -> Tensor:
    """The weight of each sample's class."""
    same_backend(name, (t._array, weight._array))
    return wrap(weight._array[t._array])


def _reduced(
    losses: Tensor, weights: Tensor | None, kept: Tensor | None, counts: Tensor | None, reduction: str, shape: Any
) -> Tensor:
    """The losses in `shape`, weighted, or their sum or mean: what is not kept is 0, even where it was NaN."""
    if kept is not None:
        losses = where(kept, losses, 0.0)
    if reduction == "mean" and counts is not None:
        return Average.apply(losses, 1.0 if weights is None else weights, counts)
    if weights is not None:
        losses = mul(losses, weights)
    return reduced(losses if losses.shape == shape else reshape(losses, shape), reduction)
