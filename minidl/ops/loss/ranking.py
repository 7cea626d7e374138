"""Losses of pairs and triplets: what belongs together should be nearer, or rank higher, than what does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...engine.tensor import Tensor
from ...errors import ArgumentError, ShapeError
from .._check.arguments import broadcast_shape, float_only, number, promoted, tensor_of
from ..arithmetic import add, div, mul, neg, sub
from ..comparison import eq
from ..distance import pairwise_distance
from ..elementary import sqrt
from ..reduce import sum
from ..selection import clamp, minimum, where
from .arguments import check_reduction, reduced

Distance = Callable[[Tensor, Tensor], Tensor]
LEAST = 1e-12  # added to squared lengths, as in PyTorch


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
) -> Tensor:
    """max(0, margin - target · (input1 - input2)): where target is 1, input1 should rank higher, where -1, input2.

    The three are broadcast, and must have the same number of dimensions.
    """
    name = "margin_ranking_loss"
    check_reduction(name, reduction, size_average, reduce)
    x, y, t = _tensors(name, input1=input1, input2=input2, target=target)
    _same_ndim(name, input1=x, input2=y, target=t)
    x, y, t = promoted(name, x, y, t)
    lead = mul(neg(t), sub(x, y))
    return reduced(clamp(add(lead, number(name, "margin", margin)), min=0), reduction)


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
) -> Tensor:
    """1 - cos of pairs of vectors where target is 1; max(0, cos - margin) where it is -1; 0 for another target.

    Vectors (N, D) with targets (N,), or (D,) with (). Shapes (N, D) may be broadcast.
    """
    name = "cosine_embedding_loss"
    check_reduction(name, reduction, size_average, reduce)
    x, y, t = _tensors(name, input1=input1, input2=input2, target=target)
    if t.ndim > 1 or not x.ndim == y.ndim == t.ndim + 1:
        raise ShapeError(
            f"{name}: inputs (N, D) need a target (N,), and inputs (D,) a target (); "
            f"got {x.shape}, {y.shape} and {t.shape}"
        )
    x, y = promoted(name, float_only(name, x), float_only(name, y))
    lengths = [add(sum(mul(v, v), t.ndim), LEAST) for v in (x, y)]  # squared
    cosine = div(sum(mul(x, y), t.ndim), sqrt(mul(*lengths)))  # (N,)
    broadcast_shape(name, cosine.shape, t.shape)
    near = where(eq(t, 1), sub(1, cosine), 0.0)
    far = where(eq(t, -1), clamp(sub(cosine, number(name, "margin", margin)), min=0), 0.0)
    return reduced(add(near, far), reduction)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
) -> Tensor:
    """max(0, margin + |anchor - positive| - |anchor - negative|) for vectors (N, D) or (D,).

    Distances are `pairwise_distance` with `p` and `eps`. With `swap`, the negative's distance from the positive counts
    where it is smaller (Balntas et al. 2016). ArgumentError unless margin is positive.
    """
    check_reduction("triplet_margin_loss", reduction, size_average, reduce)

    def distance(x: Tensor, y: Tensor) -> Tensor:
        return pairwise_distance(x, y, p, eps)

    return _triplet("triplet_margin_loss", anchor, positive, negative, distance, margin, swap, reduction)


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Distance | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """`triplet_margin_loss` with a distance of your own; `pairwise_distance` if None."""
    name = "triplet_margin_with_distance_loss"
    check_reduction(name, reduction)
    distance = pairwise_distance if distance_function is None else distance_function
    return _triplet(name, anchor, positive, negative, distance, margin, swap, reduction)


def _triplet(
    name: str, anchor: Any, positive: Any, negative: Any, distance: Distance, margin: float, swap: bool, reduction: str
) -> Tensor:
    anchor, positive, negative = _tensors(name, anchor=anchor, positive=positive, negative=negative)
    _same_ndim(name, anchor=anchor, positive=positive, negative=negative)
    if not number(name, "margin", margin) > 0:
        raise ArgumentError(f"{name}: margin must be greater than 0; got {margin!r}")
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = minimum(far, distance(positive, negative))
    return reduced(clamp(sub(add(near, margin), far), min=0), reduction)


def _tensors(name: str, **given: Any) -> list[Tensor]:
    return [tensor_of(name, x, argument) for argument, x in given.items()]


def _same_ndim(name: str, **given: Tensor) -> None:
    if len({x.ndim for x in given.values()}) > 1:
        shown = ", ".join(f"{argument} {x.shape}" for argument, x in given.items())
        raise ShapeError(f"{name}: all must have the same number of dimensions; got {shown}")
