"""The Bernoulli distribution: 1 or 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..engine.grad_mode import no_grad
from ..engine.tensor import Tensor
from ..errors import ArgumentError
from ..ops.activation import sigmoid
from ..ops.elementary import log, log1p
from ..ops.loss import binary_cross_entropy_with_logits
from ..ops.rearrange import broadcast_tensors
from ..ops.selection import clamp
from ..ops.shape import expand
from ..tensors.creation import tensor
from ..tensors.sampling import bernoulli
from .distribution import Distribution, parameters


class Bernoulli(Distribution):
    """1 with probability `probs`, else 0; or give `logits`, the log odds. One of the two, a number or a tensor.

    >>> Bernoulli(0.5).entropy()
    tensor(0.6931)
    """

    has_enumerate_support = True

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        if (probs is None) == (logits is None):
            raise ArgumentError("Bernoulli: give probs or logits, one of them")
        (given,) = parameters(logits if probs is None else probs)
        super().__init__(given.shape, validate_args=validate_args)
        if probs is None:
            self.logits, self.probs = given, sigmoid(given)
        else:
            self._check("probs", (given >= 0) & (given <= 1), "from 0 to 1")
            self.probs, self.logits = given, logits_of(given)

    @property
    def mean(self) -> Tensor:
        return self.probs

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        with no_grad():
            return bernoulli(expand(self.probs, self._extended(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._value(value)
        self._check("the value", (value == 0) | (value == 1), "0 or 1")
        logits, value = broadcast_tensors(self.logits, value.to(self.logits.dtype))
        return -binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self) -> Tensor:
        return clamp(self.logits, min=0) - self.logits * self.probs + log1p((-self.logits.abs()).exp())

    def enumerate_support(self, expand: bool = True) -> Tensor:
        values = tensor([0.0, 1.0], dtype=self.probs.dtype, device=self.probs.device)
        values = values.view((-1,) + (1,) * len(self._batch_shape))
        return values.expand((2, *self._batch_shape)) if expand else values

    def _parameters(self) -> dict[str, Tensor]:
        return {"probs": self.probs, "logits": self.logits}


def logits_of(probs: Tensor) -> Tensor:
    """log p - log(1 - p), finite also at 0 and 1."""
    eps = EPS[probs._array.dtype.name]
    p = clamp(probs, eps, 1 - eps)
    return log(p) - log1p(-p)


EPS = {"float16": 2.0**-10, "float32": 2.0**-23, "float64": 2.0**-52}
