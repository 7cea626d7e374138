"""Independent distributions seen as one, of vectors or of images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..engine.tensor import Tensor
from ..errors import ArgumentError
from ..ops.reduce import sum
from .distribution import Distribution


class Independent(Distribution):
    """The last `reinterpreted_batch_ndims` dimensions of the batch belong to the event: log_prob sums over them."""

    def __init__(
        self, base_distribution: Any, reinterpreted_batch_ndims: int, validate_args: bool | None = None
    ) -> None:
        shape = base_distribution.batch_shape + base_distribution.event_shape
        count = reinterpreted_batch_ndims
        if not 0 <= count <= len(base_distribution.batch_shape):
            raise ArgumentError(
                "Independent: reinterpreted_batch_ndims must be from 0 to "
                f"{len(base_distribution.batch_shape)}; got {count}"
            )
        self.base_dist, self.reinterpreted_batch_ndims = base_distribution, count
        self.has_rsample = base_distribution.has_rsample
        split = len(base_distribution.batch_shape) - count
        super().__init__(shape[:split], shape[split:], validate_args)

    @property
    def mean(self) -> Tensor:
        return self.base_dist.mean

    @property
    def variance(self) -> Tensor:
        return self.base_dist.variance

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        return self.base_dist.sample(sample_shape)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        return self.base_dist.rsample(sample_shape)

    def log_prob(self, value: Tensor) -> Tensor:
        return summed(self.base_dist.log_prob(value), self.reinterpreted_batch_ndims)

    def entropy(self) -> Tensor:
        return summed(self.base_dist.entropy(), self.reinterpreted_batch_ndims)

    def __repr__(self) -> str:
        return f"Independent({self.base_dist!r}, {self.reinterpreted_batch_ndims})"


def summed(x: Tensor, count: int) -> Tensor:
    """The sum over the last `count` dimensions."""
    return sum(x, tuple(range(-count, 0))) if count else x
