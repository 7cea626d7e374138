"""The Kullback-Leibler divergence of one distribution from another, where there is a formula for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..engine.tensor import Tensor
from ..errors import ShapeError, UnsupportedError
from ..linalg.inverses import solve_triangular
from ..ops.activation import softplus
from ..ops.elementary import log
from ..ops.reduce import sum
from ..ops.selection import where
from .bernoulli import Bernoulli
from .categorical import Categorical
from .distribution import Distribution
from .independent import Independent, summed
from .multivariate_normal import MultivariateNormal, half_log_det, squared_distance
from .normal import Normal
from .one_hot import OneHotCategorical
from .uniform import Uniform

INF = float("inf")


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """The expected log p(x) - log q(x) of x drawn from p; UnsupportedError for a pair without a formula.

    >>> kl_divergence(Normal(0.0, 1.0), Normal(1.0, 1.0))
    tensor(0.5000)
    """
    pairs = (pair for pair in FORMULAS if isinstance(p, pair[0]) and isinstance(q, pair[1]))
    pair = next(pairs, None)
    if pair is None:
        known = ", ".join(f"{a.__name__} and {b.__name__}" for a, b in FORMULAS)
        raise UnsupportedError(
            f"kl_divergence: no formula for {type(p).__name__} and {type(q).__name__}; there is: {known}"
        )
    return FORMULAS[pair](p, q)


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


def _one_hot_categoricals(p: OneHotCategorical, q: OneHotCategorical) -> Tensor:
    return _categoricals(p._categorical, q._categorical)


def _multivariate_normals(p: MultivariateNormal, q: MultivariateNormal) -> Tensor:
    if p.event_shape != q.event_shape:
        raise ShapeError(
            f"kl_divergence: both must be of vectors of one size; got {p.event_shape[0]} and {q.event_shape[0]}"
        )
    mine, other = p.scale_tril, q.scale_tril
    if mine.ndim < other.ndim:
        mine = mine.expand(other.shape)
    trace = sum(solve_triangular(other, mine, upper=False) ** 2, (-2, -1))  # of Σ_q⁻¹ Σ_p
    distance = squared_distance(other, q.loc - p.loc)
    return half_log_det(other) - half_log_det(mine) + 0.5 * (trace + distance - p.event_shape[0])


FORMULAS: dict[tuple[type, type], Callable[[Any, Any], Tensor]] = {
    (Bernoulli, Bernoulli): _bernoullis,
    (Categorical, Categorical): _categoricals,
    (Independent, Independent): _independents,
    (MultivariateNormal, MultivariateNormal): _multivariate_normals,
    (Normal, Normal): _normals,
    (OneHotCategorical, OneHotCategorical): _one_hot_categoricals,
    (Uniform, Uniform): _uniforms,
}
