"""The Kullback-Leibler divergence of one distribution from another, where there is a formula for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..engine.tensor import Tensor
from ..errors import ShapeError, UnsupportedError
from ..ops.activation import softplus
from ..ops.elementary import log
from ..ops.reduce import sum
from ..ops.selection import where
from .bernoulli import Bernoulli
from .categorical import Categorical
from .distribution import Distribution
from .independent import Independent, summed
from .normal import Normal
from .uniform import Uniform

INF = float("inf")


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """The expected log p(x) - log q(x) of x drawn from p; UnsupportedError for a pair without a formula.

    >>> kl_divergence(Normal(0.0, 1.0), Normal(1.0, 1.0))
    tensor(0.5000)
    """
    formula = FORMULAS.get((type(p), type(q)))
    if formula is None:
        known = ", ".join(f"{a.__name__} and {b.__name__}" for a, b in FORMULAS)
        raise UnsupportedError(
            f"kl_divergence: no formula for {type(p).__name__} and {type(q).__name__}; there is: {known}"
        )
    return formula(p, q)


def _normals(p: Normal, q: Normal) -> Tensor:
    ratio, distance = (p.scale / q.scale) ** 2, ((p.loc - q.loc) / q.scale) ** 2
    return 0.5 * (ratio + distance - 1 - log(ratio))


def _uniforms(p: Uniform, q: Uniform) -> Tensor:
    inside = (q.low <= p.low) & (q.high >= p.high)
    return where(inside, log((q.high - q.low) / (p.high - p.low)), INF)


def _bernoullis(p: Bernoulli, q: Bernoulli) -> Tensor:
    one = p.probs * (softplus(-q.logits) - softplus(-p.logits))
    zero = (1 - p.probs) * (softplus(q.logits) - softplus(p.logits))
    one = where(q.probs == 0, INF, where(p.probs == 0, 0.0, one))
    return one + where(q.probs == 1, INF, where(p.probs == 1, 0.0, zero))


def _categoricals(p: Categorical, q: Categorical) -> Tensor:
    each = p.probs * (p.logits - q.logits)
    return sum(where(p.probs == 0, 0.0, where(q.probs == 0, INF, each)), -1)


def _independents(p: Independent, q: Independent) -> Tensor:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise ShapeError("kl_divergence: both must have the same number of reinterpreted dimensions")
    return summed(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


FORMULAS: dict[tuple[type, type], Callable[[Any, Any], Tensor]] = {
    (Bernoulli, Bernoulli): _bernoullis,
    (Categorical, Categorical): _categoricals,
    (Independent, Independent): _independents,
    (Normal, Normal): _normals,
    (Uniform, Uniform): _uniforms,
}
