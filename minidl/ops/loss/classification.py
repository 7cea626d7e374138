"""Losses for classes: cross-entropy (softmax and logarithm in one), negative log-likelihood, and the SVM's margins.

Class indices are checked on the host; see `arguments.check_labels`.
"""

from __future__ import annotations

from typing import Any

from ...backend import backend_of, same_backend
from ...dtypes import int64, uint8
from ...engine.function import Function
from ...engine.tensor import Tensor, wrap
from ...errors import ArgumentError, DtypeError, ShapeError
from .._check.arguments import cast, float_only, number, promoted, tensor_of
from ..arithmetic import add, mul, neg
from ..comparison import ne
from ..reduce import sum
from ..selection import where
from ..shape import reshape
from ..softmax import log_softmax
from .arguments import check_labels, check_reduction, check_weight, reduced


class CrossEntropy(Function):
    """z = -log softmax(x)[t], averaged over N samples        dx = (softmax(x) - onehot(t)) / N"""

    def forward(self, x: Any, t: Any) -> Any:  # scores (N, C, d1, ...), labels (N, d1, ...)
        x = x - x.max(axis=1, keepdims=True)  # the same softmax, and no exp overflows
        e = self.xp.exp(x)
        total = e.sum(axis=1, keepdims=True)
        self.softmax, self.t = e / total, t
        losses = self.xp.log(total[:, 0]) - x[own_class(t)]  # -log softmax(x)[t]
        return losses.sum() / t.size

    def backward(self, dz: Any) -> Any:
        softmax, t, classes = self.softmax, self.t, self.softmax.shape[1]
        return (softmax - onehot(t, classes)) * (dz / t.size), None


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
    """z = Σ_n x_n / Σ_n c_n        dx_n = dz / Σ_n c_n        where sample n counts c_n times"""

    def forward(self, x: Any, c: Any) -> Any:
        self.shape, self.count = x.shape, c.sum()
        return x.sum() / self.count

    def backward(self, dz: Any) -> Any:
        return self.xp.broadcast_to(dz / self.count, self.shape), None


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
        dx = (self.r > 0) * share if self.p == 1 else 2 * self.r * share
        dx[own_class(self.t)] = -dx.sum(axis=1)
        return dx, None


def onehot(t: Any, classes: int) -> Any:
    """1 at each label, 0 elsewhere (as bool, a byte each): (N, C, d1, ...) for labels t (N, d1, ...)."""
    return backend_of(t).xp.arange(classes).reshape(-1, *(1,) * (t.ndim - 1)) == t[:, None]


def own_class(t: Any) -> tuple[Any, ...]:
    """The index of each sample's own class in scores (N, C, d1, ...): x[own_class(t)] is x[n, t[n], ...]."""
    arange = backend_of(t).xp.arange
    n, *rest = [arange(length).reshape(-1, *(1,) * (t.ndim - 1 - axis)) for axis, length in enumerate(t.shape)]
    return (n, t, *rest)


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
        ignore_index: samples with this index do not count; only for class indices.
        label_smoothing: this fraction of the target is spread evenly over all classes.

    Raises `RangeError` for a class outside 0 ... C - 1 (naming its place), `ShapeError`, `DtypeError`, `ArgumentError`.

    >>> import minidl
    >>> cross_entropy(minidl.tensor([[0.0, 0.0], [0.0, 1000.0]]), minidl.tensor([1, 0]), reduction="none")
    tensor([6.9315e-01, 1.0000e+03])
    """
    name = "cross_entropy"
    check_reduction(name, reduction, size_average, reduce)
    smoothing = number(name, "label_smoothing", label_smoothing)
    if not 0 <= smoothing <= 1:
        raise ArgumentError(f"{name}: label_smoothing must be in 0 ... 1; got {smoothing!r}")
    x, t = _scores(name, input), tensor_of(name, target, "target")
    check_weight(name, x, weight, (x.shape[min(1, x.ndim - 1)],))
    if t.dtype.kind == "f" and t.shape == x.shape:
        if ignore_index != -100:
            raise ArgumentError(f"{name}: ignore_index {ignore_index} has no meaning for class probabilities")
        x, t = promoted(name, x, t)
        return reduced(_expected(x, t, weight, smoothing), reduction)
    ignore = _checked_labels(name, x, t, ignore_index)
    if not smoothing and weight is None and ignore is None and reduction == "mean":
        return CrossEntropy.apply(*_batch(x, t))
    if not smoothing:
        return _nll(name, log_softmax(x, min(1, x.ndim - 1)), t, weight, ignore, reduction)
    scores, labels = _batch(x, t)
    labels, kept, counts = _counts(name, labels, weight, ignore, x.dtype)
    target = wrap(onehot(labels._array, scores.shape[1]).astype(x.dtype))
    losses = _expected(scores, target, weight, smoothing)
    return _reduced(losses, kept, counts, reduction, t.shape)


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
    return _nll("nll_loss", x, t, weight, ignore, reduction)


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
    if weight is not None:
        losses = mul(losses, _weights(name, labels, weight))
    return _reduced(losses, None, None, reduction, t.shape)


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
    """Check that labels fit x and its classes; returns `ignore_index` if some may have to be ignored, else None."""
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


def _batch(x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    """Scores and labels of a single sample, (C,) and (), as a batch of one; those of a batch unchanged."""
    return (x, t) if x.ndim > 1 else (reshape(x, (1, x.shape[0])), reshape(t, (1,)))


def _nll(name: str, x: Tensor, t: Tensor, weight: Tensor | None, ignore: int | None, reduction: str) -> Tensor:
    """-x[t] for each sample, times the weight of its class."""
    scores, labels = _batch(x, t)
    labels, kept, counts = _counts(name, labels, weight, ignore, x.dtype)
    losses = NegativeLogLikelihood.apply(scores, labels)
    if weight is not None:
        losses = mul(losses, _weights(name, labels, weight))
    return _reduced(losses, kept, counts, reduction, t.shape)


def _expected(x: Tensor, t: Tensor, weight: Tensor | None, smoothing: float) -> Tensor:
    """Σ_c -t_c w_c log softmax(x)_c, for class probabilities t, a fraction of which is spread evenly."""
    dim = min(1, x.ndim - 1)
    classes = x.shape[dim]
    if smoothing:
        t = add(mul(t, 1 - smoothing), smoothing / classes)
    terms = mul(log_softmax(x, dim), t)
    if weight is not None:
        terms = mul(terms, reshape(weight, (classes,) + (1,) * (x.ndim - dim - 1)))
    return neg(sum(terms, dim))


def _counts(
    name: str, t: Tensor, weight: Tensor | None, ignore: int | None, dtype: Any
) -> tuple[Tensor, Tensor | None, Tensor | None]:
    """The labels with 0 instead of `ignore`; which samples are kept (None: all); how much each counts (None: once)."""
    if ignore is None:
        return t, None, None if weight is None else _weights(name, t, weight)
    kept = ne(t, ignore)
    t = where(kept, t, 0)
    return t, kept, cast(kept, dtype) if weight is None else where(kept, _weights(name, t, weight), 0.0)


def _weights(name: str, t: Tensor, weight: Tensor) -> Tensor:
    """The weight of each sample's class."""
    same_backend(name, (t._array, weight._array))
    return wrap(weight._array[t._array])


def _reduced(
    losses: Tensor, kept: Tensor | None, counts: Tensor | None, reduction: str, shape: tuple[int, ...]
) -> Tensor:
    """The losses in `shape`, their sum or their mean; losses that are not kept are 0, even where they were NaN."""
    if kept is not None:
        losses = where(kept, losses, 0.0)
    if reduction == "mean" and counts is not None:
        return Average.apply(losses, counts)
    return reduced(losses if losses.shape == shape else reshape(losses, shape), reduction)
