"""The categorical distribution: one of K numbers."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ..engine.grad_mode import no_grad
from ..engine.tensor import Tensor
from ..errors import ArgumentError, ShapeError
from ..ops.arithmetic import mul
from ..ops.elementary import log
from ..ops.gather import gather
from ..ops.index import select
from ..ops.order import argmax
from ..ops.rearrange import broadcast_tensors
from ..ops.reduce import logsumexp, sum
from ..ops.selection import clamp
from ..ops.shape import reshape, t, unsqueeze
from ..ops.softmax import softmax
from ..tensors.creation import arange
from ..tensors.sampling import multinomial
from .bernoulli import EPS
from .distribution import Distribution


class Categorical(Distribution):
    """A number from 0 to K - 1 with probabilities in proportion to `probs` (..., K), or to e^`logits`; one of the two.

    >>> import minidl
    >>> Categorical(minidl.tensor([1.0, 3.0])).probs
    tensor([0.2500, 0.7500])
    """

    has_enumerate_support = True

    def __init__(
        self, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None
    ) -> None:
        if (probs is None) == (logits is None):
            raise ArgumentError("Categorical: give probs or logits, one of them")
        given: Any = logits if probs is None else probs
        if not isinstance(given, Tensor) or given.ndim < 1:
            raise ShapeError(f"Categorical: probs or logits must be a Tensor (..., K); got {given!r}")
        super().__init__(given.shape[:-1], validate_args=validate_args)
        if probs is None:
            self.logits = given - logsumexp(given, -1, keepdim=True)
            self.probs = softmax(self.logits, -1)
        else:
            self._check("probs", given >= 0, "at least 0")
            self.probs = given / sum(given, -1, keepdim=True)
            eps = EPS[given._array.dtype.name]
            self.logits = log(clamp(self.probs, eps, 1 - eps))
        self._events = given.shape[-1]

    @property
    def param_shape(self) -> tuple[int, ...]:
        """The shape of probs."""
        return self.probs.shape

    @property
    def mode(self) -> Tensor:
        """The most probable number."""
        return argmax(self.probs, -1)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        shape = self._extended(sample_shape)
        with no_grad():
            rows = reshape(self.probs, (-1, self._events))
            return reshape(t(multinomial(rows, prod(map(int, sample_shape)), True)), shape)

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._value(value)
        self._check(
            "the value", (value >= 0) & (value < self._events) & (value == value.floor()), f"0 to {self._events - 1}"
        )
        places, logits = broadcast_tensors(unsqueeze(value.long(), -1), self.logits)
        return select(gather(logits, -1, places[..., :1]), -1, 0)

    def entropy(self) -> Tensor:
        least = float(np.finfo(self.logits._array.dtype).min)  # 0 · log 0 is 0
        return -sum(mul(clamp(self.logits, min=least), self.probs), -1)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        values = arange(self._events, device=self.probs.device).view((-1,) + (1,) * len(self._batch_shape))
        return values.expand((self._events, *self._batch_shape)) if expand else values

    def _parameters(self) -> dict[str, Tensor]:
        return {"probs": self.probs, "logits": self.logits}
