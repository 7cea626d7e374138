"""The uniform distribution over an interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..engine.tensor import Tensor
from ..ops.arithmetic import add, mul, sub
from ..ops.elementary import log
from ..ops.selection import clamp
from ..tensors.sampling import rand
from .distribution import Distribution, parameters


class Uniform(Distribution):
    """Any number from `low` up to `high`, numbers or tensors, broadcast; low must be below high."""

    has_rsample = True

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None) -> None:
        self.low, self.high = parameters(low, high)
        super().__init__(self.low.shape, validate_args=validate_args)
        self._check("low", self.low < self.high, "below high")

    @property
    def mean(self) -> Tensor:
        return (self.high + self.low) / 2

    @property
    def variance(self) -> Tensor:
        return (self.high - self.low) ** 2 / 12

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        drawn = rand(self._extended(sample_shape), dtype=self.low.dtype, device=self.low.device)
        return add(self.low, mul(drawn, sub(self.high, self.low)))

    def log_prob(self, value: Tensor) -> Tensor:
        inside = (self.low <= self._value(value)) & (self.high > value)
        if self._validate:
            self._check("the value", (self.low <= value) & (value <= self.high), "from low to high")
        return log(inside.to(self.low.dtype)) - log(self.high - self.low)

    def cdf(self, value: Tensor) -> Tensor:
        return clamp((self._value(value) - self.low) / (self.high - self.low), 0, 1)

    def entropy(self) -> Tensor:
        return log(self.high - self.low)

    def _parameters(self) -> dict[str, Tensor]:
        return {"low": self.low, "high": self.high}
