"""The categorical distribution, of vectors that are 1 at one place and 0 elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from ..backend import backend_of
from ..engine.tensor import Tensor, wrap
from ..errors import ShapeError
from ..ops.embedding import one_hot
from ..ops.order import argmax
from ..ops.reduce import sum
from ..ops.shape import expand as expanded
from ..ops.shape import reshape
from .categorical import Categorical
from .distribution import Distribution


class OneHotCategorical(Distribution):
    """Vectors (..., K) that are 1 at the place that a `Categorical` of the same arguments draws, and 0 elsewhere.

    >>> import minidl
    >>> OneHotCategorical(minidl.tensor([1.0, 0.0])).sample()
    tensor([1., 0.])
    """

    has_enumerate_support = True

    def __init__(
        self, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None
    ) -> None:
        self._categorical = Categorical(probs, logits, validate_args)
        super().__init__(self._categorical.batch_shape, self._categorical.param_shape[-1:], validate_args)

    @property
    def probs(self) -> Tensor:
        """The probabilities (..., K); their sum is 1."""
        return self._categorical.probs

    @property
    def logits(self) -> Tensor:
        """The logarithms of probs."""
        return self._categorical.logits

    @property
    def param_shape(self) -> tuple[int, ...]:
        """The shape of probs."""
        return self._categorical.param_shape

    @property
    def mean(self) -> Tensor:
        return self.probs

    @property
    def mode(self) -> Tensor:
        """1 at the most probable place."""
        return self._vectors(self._categorical.mode)

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        return self._vectors(self._categorical.sample(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._value(value)
        if value.ndim < 1 or value.shape[-1:] != self._event_shape:
            raise ShapeError(
                f"{type(self).__name__}: the value must be (..., {self._event_shape[0]}); got {tuple(value.shape)}"
            )
        is_one = sum(value, -1) == 1
        self._check("the value", ((value == 0) | (value == 1)).all() & is_one.all(), "1 at one place and 0 elsewhere")
        return self._categorical.log_prob(argmax(value, -1))

    def entropy(self) -> Tensor:
        return self._categorical.entropy()

    def enumerate_support(self, expand: bool = True) -> Tensor:
        (k,) = self._event_shape
        eye = wrap(backend_of(self.probs._array).xp.eye(k, dtype=self.probs.dtype))
        values = reshape(eye, (k, *[1] * len(self._batch_shape), k))
        return expanded(values, (k, *self._batch_shape, k)) if expand else values

    def _vectors(self, places: Tensor) -> Tensor:
        return one_hot(places, self._event_shape[0]).to(self.probs.dtype)


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """OneHotCategorical whose `rsample` passes the gradient straight to probs, as if the sample were probs."""

    has_rsample = True

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        return self.sample(sample_shape) + (self.probs - self.probs.detach())
