"""In which order a loader visits the samples: an iterable of indices, with a length."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from typing import Any

import numpy as np

from ..errors import ArgumentError, ArgumentTypeError
from ..random import Generator, generator_or_default


class Sampler:
    """The base of samplers: iterating gives the indices of one epoch."""

    def __iter__(self) -> Iterator[Any]:
        raise TypeError(f"{type(self).__name__} must define __iter__(self)")


PART = 4096  # indices drawn at a time


def _stream(generator: Generator | None) -> np.random.Generator:
    """A stream for one epoch, unaffected by whatever else the generator is used for meanwhile."""
    return np.random.Generator(np.random.PCG64(int(generator_or_default(generator).integers(1 << 63))))


def _in_parts(total: int, draw: Callable[[int], np.ndarray], part: int = PART) -> Iterator[int]:
    """`total` indices, at most `part` of them drawn at a time."""
    for start in range(0, total, part):
        yield from draw(min(part, total - start)).tolist()


def _whole(sampler: str, num_samples: Any) -> int:
    if isinstance(num_samples, bool) or not isinstance(num_samples, int | np.integer):
        raise ArgumentTypeError(f"{sampler}: num_samples must be an integer; got {num_samples!r}")
    return int(num_samples)


class SequentialSampler(Sampler):
    """0, 1, 2, ... len(data_source) - 1."""

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler):
    """A new random order each epoch; with `replacement`, `num_samples` independent draws.

    Without replacement, `num_samples` may exceed the data: then one order follows another. Indices are drawn on
    demand, from a stream whose seed the generator gives when the epoch starts.
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        if not isinstance(replacement, bool):
            raise ArgumentTypeError(f"RandomSampler: replacement must be True or False; got {replacement!r}")
        self.data_source, self.replacement, self.generator = data_source, replacement, generator
        self.num_samples = len(data_source) if num_samples is None else _whole("RandomSampler", num_samples)
        if len(data_source) == 0 or self.num_samples <= 0:
            raise ArgumentError(
                f"RandomSampler: cannot draw num_samples={self.num_samples} of {len(data_source)} samples; both must "
                "be at least 1"
            )

    def __iter__(self) -> Iterator[int]:
        random, size = _stream(self.generator), len(self.data_source)
        if self.replacement:
            return _in_parts(self.num_samples, lambda count: random.integers(size, size=count))
        return _in_parts(self.num_samples, lambda count: random.permutation(size)[:count], part=size)

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler):
    """The given indices in a new random order each epoch."""

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices, self.generator = indices, generator

    def __iter__(self) -> Iterator[int]:
        order = generator_or_default(self.generator).permutation(len(self.indices)).tolist()
        return iter([self.indices[i] for i in order])

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler):
    """`num_samples` indices, index i drawn with probability weights[i] / sum(weights).

    It evens out classes of unequal size: give each sample the inverse of its class's count.
    """

    def __init__(
        self,
        weights: Sequence[float],
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        self.weights = np.asarray(weights, dtype=np.float64)
        usable = self.weights.ndim == 1 and bool(np.isfinite(self.weights).all()) and bool((self.weights >= 0).all())
        if not usable or not self.weights.sum() > 0:
            raise ArgumentError("WeightedRandomSampler: weights must be a row of finite numbers >= 0, not all zero")
        num_samples = _whole("WeightedRandomSampler", num_samples)
        if num_samples <= 0 or (not replacement and num_samples > np.count_nonzero(self.weights)):
            raise ArgumentError(
                f"WeightedRandomSampler: num_samples={num_samples} must be at least 1 and, without replacement, at "
                f"most the number of positive weights ({np.count_nonzero(self.weights)})"
            )
        self.num_samples, self.replacement, self.generator = num_samples, replacement, generator

    def __iter__(self) -> Iterator[int]:
        random, chances = _stream(self.generator), self.weights / self.weights.sum()
        if self.replacement:
            return _in_parts(self.num_samples, lambda count: random.choice(len(chances), count, p=chances))
        return iter(random.choice(len(chances), self.num_samples, replace=False, p=chances).tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler):
    """The indices of `sampler` in lists of `batch_size`; the last may be shorter, unless `drop_last`."""

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool = False) -> None:
        if isinstance(batch_size, bool) or not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
            raise ArgumentError(f"batch_size must be a whole number of at least 1, got {batch_size!r}")
        self.sampler, self.batch_size, self.drop_last = sampler, int(batch_size), bool(drop_last)

    def __iter__(self) -> Iterator[list[int]]:
        batch: list[int] = []
        for index in self.sampler:
            batch.append(index)
            if len(batch) == self.batch_size:
                yield batch
                batch = []
        if batch and not self.drop_last:
            yield batch

    def __len__(self) -> int:
        samples = len(self.sampler)  # type: ignore[arg-type]  # an iterable without a length has no epoch to count
        return samples // self.batch_size if self.drop_last else -(-samples // self.batch_size)
