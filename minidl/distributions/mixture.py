"""Mixtures: first which component, then a value from it."""

from __future__ import annotations

from collections.abc import Sequence

from ..engine.grad_mode import no_grad
from ..engine.tensor import Tensor
from ..errors import ArgumentError, ShapeError
from ..ops.gather import gather
from ..ops.index import select
from ..ops.reduce import logsumexp, sum
from ..ops.shape import expand, reshape, unsqueeze
from .categorical import Categorical
from .distribution import Distribution


class MixtureSameFamily(Distribution):
    """A value from one of K components, which a `Categorical` chooses: log p(x) = log Σ_k π_k p_k(x).

    The last dimension of the components' batch numbers them, (..., K); the choice has the same batch (...) or one that
    broadcasts to it. ArgumentError for what is no such pair, ShapeError for batches that do not fit.

    >>> import minidl
    >>> from minidl.distributions import Normal
    >>> choice = Categorical(minidl.tensor([1.0, 3.0]))
    >>> MixtureSameFamily(choice, Normal(minidl.tensor([0.0, 4.0]), 1.0)).mean
    tensor(3.)
    """

    def __init__(
        self,
        mixture_distribution: Categorical,
        component_distribution: Distribution,
        validate_args: bool | None = None,
    ) -> None:
        if not isinstance(mixture_distribution, Categorical):
            raise ArgumentError(
                "MixtureSameFamily: mixture_distribution must be a Categorical; "
                f"got {type(mixture_distribution).__name__}"
            )
        if not isinstance(component_distribution, Distribution):
            raise ArgumentError(
                "MixtureSameFamily: component_distribution must be a Distribution; "
                f"got {type(component_distribution).__name__}"
            )
        choices, components = mixture_distribution.batch_shape, component_distribution.batch_shape
        count = mixture_distribution.param_shape[-1]
        if components[-1:] != (count,):
            raise ShapeError(
                f"MixtureSameFamily: the batch of the components must be (..., {count}), "
                f"for a choice among {count}; got {tuple(components)}"
            )
        pairs = zip(reversed(choices), reversed(components[:-1]))
        if len(choices) >= len(components) or any(mine not in (1, theirs) for mine, theirs in pairs):
            raise ShapeError(
                f"MixtureSameFamily: the choice has a batch of {tuple(choices)}, "
                f"the components of {tuple(components[:-1])}, to which it must broadcast"
            )
        self.mixture_distribution, self.component_distribution = mixture_distribution, component_distribution
        super().__init__(components[:-1], component_distribution.event_shape, validate_args)

    @property
    def mean(self) -> Tensor:
        return self._weighted(self.component_distribution.mean)

    @property
    def variance(self) -> Tensor:
        parts = self.component_distribution  # the variance within components, and that of their means
        return self._weighted(parts.variance + (parts.mean - self._for_each(self.mean)) ** 2)

    def cdf(self, value: Tensor) -> Tensor:
        each = self.component_distribution.cdf(self._for_each(self._value(value)))
        return sum(each * self.mixture_distribution.probs, -1)

    def log_prob(self, value: Tensor) -> Tensor:
        each = self.component_distribution.log_prob(self._for_each(self._value(value)))  # (..., K)
        return logsumexp(each + self.mixture_distribution.logits, -1)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        with no_grad():
            drawn = self.component_distribution.sample(sample_shape)  # (*sample_shape, *batch_shape, K, *event_shape)
            axis = drawn.ndim - len(self._event_shape) - 1
            probs = expand(self.mixture_distribution.probs, self.component_distribution.batch_shape)
            places = Categorical(probs).sample(sample_shape)
            places = reshape(places, (*places.shape, *[1] * (drawn.ndim - axis)))
            chosen = gather(drawn, axis, expand(places, (*drawn.shape[:axis], 1, *self._event_shape)))
            return select(chosen, axis, 0)

    def _for_each(self, x: Tensor) -> Tensor:
        """With a dimension where the components have theirs."""
        return unsqueeze(x, -1 - len(self._event_shape))

    def _weighted(self, each: Tensor) -> Tensor:
        """Σ_k π_k x_k, over the components' dimension."""
        probs, dims = self.mixture_distribution.probs, len(self._event_shape)
        return sum(reshape(probs, (*probs.shape, *[1] * dims)) * each, -1 - dims)

    def __repr__(self) -> str:
        return f"MixtureSameFamily(\n  {self.mixture_distribution},\n  {self.component_distribution})"
