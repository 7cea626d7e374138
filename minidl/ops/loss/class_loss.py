"""What lies around a loss for classes: the weights of samples, ignored labels, and the sum or mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...backend import backend_of, same_backend
from ...engine.function import Function
from ...engine.tensor import Tensor, wrap
from ..shape import reshape


class ClassLoss(Function):
    """z = Σ_n w_n l_n        dx = w_n · ∂l_n/∂x        w_n: the weight of sample n

    A subclass states l_n and its gradient, where dl is ∂L/∂l. The mean is Σ_n w_n l_n / Σ_n c_n: sample n counts c_n
    times. Without w, w_n is 1; without c, c_n is. A sample that is not kept counts nothing, even where l_n is NaN.
    """

    fixed = ("share",)

    losses: Callable[..., Any]  # x (N, C, d1, ...), t, the rule's own options -> l (N, d1, ...)
    gradients: Callable[..., Any]  # dl (N, d1, ...), or of ones where all are equal -> dx (N, C, d1, ...), dt

    def forward(self, x: Any, t: Any, w: Any, c: Any, kept: Any, reduction: str, **options: Any) -> Any:
        losses = self.losses(x, t, **options)
        self.shape, self.kept = losses.shape, kept
        losses = self.of_kept(losses if w is None else losses * w)
        if reduction == "none":
            self.share = w
            return losses
        total = 1 if reduction == "sum" else losses.size if c is None else c.sum(dtype=losses.dtype)
        self.share = (1 if w is None else w) / total if losses.size else None
        return losses.sum() / total  # the mean of no samples: 0 / 0

    def backward(self, dz: Any) -> Any:
        dl = dz if self.share is None else dz * self.share
        if self.kept is not None:
            dl = self.of_kept(self.backend.broadcast_to(dl, self.shape))
        elif not dl.ndim:
            dl = dl.reshape((1,) * len(self.shape))  # one number for all samples
        return *self.gradients(dl), None, None, None

    def of_kept(self, values: Any) -> Any:
        """The values, 0 for the samples that are not kept."""
        return values if self.kept is None else self.backend.masked(values, self.kept)


def loss_of(
    rule: type[ClassLoss],
    x: Tensor,
    t: Tensor,
    reduction: str,
    weights: Tensor | None = None,
    counts: Tensor | None = None,
    kept: Tensor | None = None,
    **options: Any,
) -> Tensor:
    """The rule's loss for a batch, or for a single sample: scores (C,), whose loss has no dimensions."""
    if x.ndim > 1:
        return rule.apply(x, t, weights, counts, kept, reduction=reduction, **options)
    z = rule.apply(*batch(x, t), weights, counts, kept, reduction=reduction, **options)
    return reshape(z, ()) if reduction == "none" else z


def batch(x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    """Scores and labels of a single sample, (C,) and (), as those of a batch of one; of a batch as they are."""
    return (x, t) if x.ndim > 1 else (reshape(x, (1, x.shape[0])), reshape(t, (1, *t.shape)))


def kept_labels(t: Tensor, ignore: int | None) -> tuple[Tensor, Tensor | None]:
    """The labels, 0 in place of `ignore`; and which samples are kept (None: all)."""
    if ignore is None:
        return t, None
    asarray = backend_of(t._array).asarray  # NumPy makes scalars of arrays without dimensions
    kept = asarray(t._array != ignore)
    return wrap(asarray(t._array * kept)), wrap(kept)


def class_weights(name: str, t: Tensor, weight: Tensor | None, kept: Tensor | None = None) -> Tensor | None:
    """The weight of each sample's class, and 0 for what is not kept; None without weights."""
    if weight is None:
        return None
    backend = same_backend(name, (t._array, weight._array))
    weights = backend.asarray(weight._array[t._array])
    return wrap(weights if kept is None else backend.asarray(backend.masked(weights, kept._array)))
