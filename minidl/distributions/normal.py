"""The normal distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..engine.tensor import Tensor
from ..ops.arithmetic import add, div, mul, sub
from ..ops.elementary import erf, log
from ..tensors.sampling import randn
from .distribution import Distribution, parameters


class Normal(Distribution):
    """Mean `loc` and standard deviation `scale`, numbers or tensors, broadcast; the scale must be above 0.

    >>> import minidl
    >>> Normal(0.0, 1.0).log_prob(minidl.tensor(0.0))
    tensor(-0.9189)
    """

    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = parameters(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)
        self._check("scale", self.scale > 0, "above 0")

    @property
    def mean(self) -> Tensor:
        return self.loc

    mode = mean

    @property
    def stddev(self) -> Tensor:
        return self.scale

    @property
    def variance(self) -> Tensor:
        return self.scale**2

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        noise = randn(self._extended(sample_shape), dtype=self.loc.dtype, device=self.loc.device)
        return add(self.loc, mul(noise, self.scale))

    def log_prob(self, value: Tensor) -> Tensor:
        z = div(sub(self._value(value), self.loc), self.scale)
        return sub(-(z * z) / 2, log(self.scale) + math.log(math.sqrt(2 * math.pi)))

    def cdf(self, value: Tensor) -> Tensor:
        return 0.5 * (1 + erf(sub(self._value(value), self.loc) / (self.scale * math.sqrt(2))))

    def entropy(self) -> Tensor:
        return log(self.scale) + (0.5 + 0.5 * math.log(2 * math.pi))

    def _parameters(self) -> dict[str, Tensor]:
        return {"loc": self.loc, "scale": self.scale}
