"""Data sets: something with a length whose samples are asked for by number, and the ways to combine them.

A data set may offer `get_batch(indices)`, which returns what `default_collate([self[i] for i in indices])` would, made
in one go; `DataLoader` then asks for entire batches. That is how 60,000 digits are loaded in a fraction of a second.
`__getitems__(indices)`, PyTorch's protocol, returns the list of samples and is used too.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np

from ..engine.tensor import Tensor
from ..errors import ArgumentError, ShapeError
from ..random import Generator, generator_or_default
from .collate import default_collate

Indices = np.ndarray  # (B,) int64
Sample = TypeVar("Sample", covariant=True)


class SizedDataset(Protocol[Sample]):
    """All that the functions here need of a data set; a list has it too."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Sample: ...


class Dataset:
    """The base of data sets: a subclass says how many samples there are and what sample `index` is."""

    def __getitem__(self, index: int) -> Any:
        raise TypeError(f"{type(self).__name__} must define __getitem__(self, index)")

    def __len__(self) -> int:
        raise TypeError(f"{type(self).__name__} must define __len__(self)")

    def __add__(self, other: SizedDataset[Any]) -> ConcatDataset:
        return ConcatDataset([self, other])


def offers(dataset: object, method: str) -> bool:
    """Whether `dataset` has that batch method, defined no higher in its class hierarchy than `__getitem__`.

    A subclass that overrides `__getitem__` alone is taken at its word: the inherited batch method misses the change.
    """
    for kind in type(dataset).__mro__:
        if method in vars(kind):
            return True
        if "__getitem__" in vars(kind):
            return False
    return False


def get_samples(dataset: SizedDataset[Any], indices: Iterable[Any]) -> list[Any]:
    """The samples at `indices`, in order, as a list."""
    numbers = [int(i) if isinstance(i, np.integer) else i for i in indices]
    if offers(dataset, "__getitems__"):
        return list(dataset.__getitems__(numbers))  # type: ignore[attr-defined]
    return [dataset[i] for i in numbers]


def get_batch(dataset: SizedDataset[Any], indices: Iterable[Any], collate: Callable[[list[Any]], Any]) -> Any:
    """The samples at `indices` as one batch, in one go where the data set can and `collate` is the default."""
    if collate is default_collate and offers(dataset, "get_batch"):
        return dataset.get_batch(np.asarray(list(indices), dtype=np.int64))  # type: ignore[attr-defined]
    return collate(get_samples(dataset, indices))


class TensorDataset(Dataset):
    """Sample i is the tuple of row i of every tensor; all have the same first dimension.

    >>> import minidl
    >>> data = TensorDataset(minidl.tensor([[1.0, 2.0], [3.0, 4.0]]), minidl.tensor([0, 1]))
    >>> data[1]
    (tensor([3., 4.]), tensor(1))
    """

    def __init__(self, *tensors: Tensor) -> None:
        for tensor in tensors:
            if not isinstance(tensor, Tensor):
                raise ArgumentError(f"TensorDataset: expected tensors, got {type(tensor).__name__}; use minidl.tensor")
        sizes = [tensor.shape[0] if tensor.ndim else None for tensor in tensors]
        if not tensors or None in sizes or len(set(sizes)) > 1:
            shapes = ", ".join(str(tensor.shape) for tensor in tensors) or "none"
            raise ShapeError(f"TensorDataset: tensors must have the same first dimension, got shapes {shapes}")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return self.tensors[0].shape[0]

    def get_batch(self, indices: Indices) -> list[Tensor]:
        """Rows `indices` of every tensor, one gather per tensor."""
        return list(self[indices])


class Subset(Dataset):
    """The samples of `dataset` at `indices`, in that order."""

    def __init__(self, dataset: SizedDataset[Any], indices: Sequence[int]) -> None:
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):  # the data set itself may take a list, as in PyTorch
            return self.dataset[[self.indices[i] for i in index]]  # type: ignore[index]
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices: Sequence[int]) -> list[Any]:
        return get_samples(self.dataset, [self.indices[i] for i in indices])

    def get_batch(self, indices: Indices) -> Any:
        """The batch of `dataset` at the positions that `indices` refer to."""
        return get_batch(self.dataset, [self.indices[i] for i in indices], default_collate)

    def __len__(self) -> int:
        return len(self.indices)


class ConcatDataset(Dataset):
    """Several data sets one after the other; `a + b` makes one."""

    def __init__(self, datasets: Iterable[SizedDataset[Any]]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ArgumentError("ConcatDataset: got no data sets")
        self.cumulative_sizes = list(itertools.accumulate(len(dataset) for dataset in self.datasets))

    def __getitem__(self, index: int) -> Any:
        if not -len(self) <= index < len(self):
            raise IndexError(f"ConcatDataset: index {index} is out of range for {len(self)} samples")
        index %= len(self)
        which = bisect.bisect_right(self.cumulative_sizes, index)
        before = self.cumulative_sizes[which - 1] if which else 0
        return self.datasets[which][index - before]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]


def random_split(
    dataset: SizedDataset[Any], lengths: Sequence[int | float], generator: Generator | None = None
) -> list[Subset]:
    """Split into parts of `lengths`, drawn without replacement: training, validation, test.

    Fractions that sum to 1 are rounded down and the remainder goes to the parts in turn, as in PyTorch. Raises
    `ArgumentError` for negative lengths, or lengths whose sum is neither 1 nor `len(dataset)`.

    >>> [len(part) for part in random_split(range(11), [0.5, 0.3, 0.2])]
    [6, 3, 2]
    """
    total = len(dataset)
    sizes = _fractions(lengths, total) if _are_fractions(lengths) else list(lengths)
    if any(size != int(size) or size < 0 for size in sizes) or sum(sizes) != total:
        raise ArgumentError(
            f"random_split: lengths {list(lengths)} must be whole numbers >= 0 that sum to {total}, the number of "
            "samples, or fractions that sum to 1"
        )
    order = generator_or_default(generator).permutation(total).tolist()
    ends = list(itertools.accumulate(int(size) for size in sizes))
    return [Subset(dataset, order[end - int(size) : end]) for end, size in zip(ends, sizes, strict=True)]


def _are_fractions(lengths: Sequence[int | float]) -> bool:
    return math.isclose(sum(lengths), 1) and all(0 <= length <= 1 for length in lengths)


def _fractions(fractions: Sequence[float], total: int) -> list[int]:
    sizes = [math.floor(total * fraction) for fraction in fractions]
    for i in range(total - sum(sizes)):
        sizes[i % len(sizes)] += 1
    return sizes
