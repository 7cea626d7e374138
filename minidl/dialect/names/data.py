"""`torch.utils.data` beside `minidl.data`: a loader that takes PyTorch's hints, data sets without an index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from ... import data
from ...data.collate import default_collate, default_convert
from ...errors import ArgumentError

__all__ = ["ChainDataset", "DataLoader", "IterableDataset", "StackDataset", "get_worker_info"]


class IterableDataset(data.Dataset):
    """A data set that is read from its beginning on: a subclass defines `__iter__`."""

    def __iter__(self) -> Iterator[Any]:
        raise TypeError(f"{type(self).__name__} must define __iter__(self)")


class ChainDataset(IterableDataset):
    """Several data sets without an index, one after the other."""

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = datasets

    def __iter__(self) -> Iterator[Any]:
        for part in self.datasets:
            yield from part

    def __len__(self) -> int:
        return sum(len(part) for part in self.datasets)


class StackDataset(data.Dataset):
    """Data sets of one length side by side: tuples of their samples, or dicts where they are given by name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if bool(args) == bool(kwargs):
            raise ArgumentError("StackDataset: takes data sets by place or by name; got both or none")
        self.datasets: Any = kwargs or args
        parts = list(kwargs.values() or args)
        self._length = len(parts[0])
        if any(len(part) != self._length for part in parts):
            raise ArgumentError(f"StackDataset: all must have one length; got {[len(part) for part in parts]}")

    def __getitem__(self, index: int) -> Any:
        if isinstance(self.datasets, dict):
            return {name: part[index] for name, part in self.datasets.items()}
        return tuple(part[index] for part in self.datasets)

    def __len__(self) -> int:
        return self._length


def get_worker_info() -> None:
    """None: workers are threads, which all see the same data set."""


class DataLoader(data.DataLoader):
    """`minidl.data.DataLoader` that takes the hints of PyTorch's.

    `pin_memory`: with `device=`, batches go to a GPU through page-locked memory; on the host there is nothing to do.
    `persistent_workers`: threads start at once. An `IterableDataset` is read in order, `batch_size` samples at a time.
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[list[int]] | None = None,
        num_workers: int = 0,
        collate_fn: Any = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        *args: Any,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        **options: Any,
    ) -> None:
        self.pin_memory, self.persistent_workers = pin_memory, persistent_workers
        self._iterable = dataset if isinstance(dataset, IterableDataset) else None
        if self._iterable is None:
            super().__init__(
                dataset, batch_size, shuffle, sampler, batch_sampler, num_workers, collate_fn, False, drop_last, *args,
                **options,
            )  # fmt: skip
            return
        if shuffle or sampler is not None or batch_sampler is not None:
            raise ArgumentError(
                "DataLoader: an IterableDataset decides its order itself; leave shuffle and samplers out"
            )
        self.dataset, self.batch_size, self.drop_last = dataset, batch_size, drop_last
        self.collate_fn = collate_fn or (default_convert if batch_size is None else default_collate)

    def __iter__(self) -> Iterator[Any]:
        return super().__iter__() if self._iterable is None else self._read(self._iterable)

    def _read(self, stream: Iterable[Any]) -> Iterator[Any]:
        if self.batch_size is None:
            yield from map(self.collate_fn, stream)
            return
        samples = iter(stream)
        while batch := list(islice(samples, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield self.collate_fn(batch)

    def __len__(self) -> int:
        if self._iterable is None:
            return super().__len__()
        count = len(self.dataset)
        return count // (self.batch_size or 1) if self.drop_last else -(-count // (self.batch_size or 1))


def _subscriptable(kind: Any) -> None:
    """`Dataset[int]`, for annotations."""
    kind.__class_getitem__ = classmethod(lambda cls, item: cls)


for _kind in (data.Dataset, data.Sampler, data.DataLoader):
    _subscriptable(_kind)
