"""The base of distributions: shapes, and the checks that all share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..engine.grad_mode import no_grad
from ..engine.tensor import Tensor
from ..errors import ArgumentError, UnsupportedError
from ..ops._check.arguments import int_tuple
from ..ops.elementary import exp, sqrt
from ..ops.rearrange import broadcast_tensors
from ..tensors.creation import tensor

Shape = tuple[int, ...]


class Distribution:
    """`batch_shape` independent distributions of values of `event_shape`.

    `validate_args=False` leaves out the checks of arguments and values.
    """

    has_rsample = False
    has_enumerate_support = False

    def __init__(self, batch_shape: Shape = (), event_shape: Shape = (), validate_args: bool | None = None) -> None:
        self._batch_shape, self._event_shape = tuple(batch_shape), tuple(event_shape)
        self._validate = validate_args is not False

    @property
    def batch_shape(self) -> Shape:
        """The shape of independent distributions."""
        return self._batch_shape

    @property
    def event_shape(self) -> Shape:
        """The shape of one value of each."""
        return self._event_shape

    @property
    def mean(self) -> Tensor:
        """The expected value."""
        raise self._lacks("mean")

    @property
    def variance(self) -> Tensor:
        """The expected squared distance from the mean."""
        raise self._lacks("variance")

    @property
    def stddev(self) -> Tensor:
        """The root of the variance."""
        return sqrt(self.variance)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Values drawn at random, (*sample_shape, *batch_shape, *event_shape); no gradient flows through them."""
        with no_grad():
            return self.rsample(sample_shape).detach()

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Values drawn as a function of the parameters, to which gradients flow; UnsupportedError if there is none."""
        raise self._lacks("rsample: its values are not a differentiable function of its parameters; use sample")

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the probability, or of its density, at `value`."""
        raise self._lacks("log_prob")

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of at most `value`."""
        raise self._lacks("cdf")

    def entropy(self) -> Tensor:
        """The expected -log_prob."""
        raise self._lacks("entropy")

    def perplexity(self) -> Tensor:
        """e to the power of the entropy."""
        return exp(self.entropy())

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All possible values, along a new first dimension."""
        raise self._lacks("enumerate_support")

    def _lacks(self, what: str) -> UnsupportedError:
        return UnsupportedError(f"{type(self).__name__} has no {what}")

    def _extended(self, sample_shape: Sequence[int]) -> Shape:
        """The shape of a sample."""
        return (*int_tuple("sample", tuple(sample_shape), "sample_shape"), *self._batch_shape, *self._event_shape)

    def _check(self, name: str, holds: Any, wanted: str) -> None:
        """ArgumentError unless the condition holds everywhere, or checks are left out."""
        if self._validate and not bool(holds.all()):
            raise ArgumentError(f"{type(self).__name__}: {name} must be {wanted}")

    def _value(self, value: Any) -> Tensor:
        if not isinstance(value, Tensor):
            raise ArgumentError(f"{type(self).__name__}: the value must be a Tensor; got {type(value).__name__}")
        return value

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{name}: {value if value.numel() == 1 else value.size()}" for name, value in self._parameters().items()
        )
        return f"{type(self).__name__}({shown})"

    def _parameters(self) -> dict[str, Tensor]:
        return {}


def parameters(*values: Any) -> tuple[Tensor, ...]:
    """The parameters of a distribution, numbers or tensors, as tensors of one shape."""
    known = next((x for x in values if isinstance(x, Tensor)), None)
    options = {} if known is None else {"dtype": known.dtype, "device": known.device}
    return broadcast_tensors(*[x if isinstance(x, Tensor) else tensor(float(x), **options) for x in values])
