"""Which samples each of several processes visits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sized
from typing import Any

import numpy as np

from ..distributed import get_rank, get_world_size
from ..errors import ArgumentError
from .sampler import Sampler


class DistributedSampler(Sampler):
    """The indices rank, rank + n, rank + 2n, ... of an order that all n processes share.

    Each process gets as many: the order is filled up from its beginning, or with `drop_last` cut off at its end. With
    `shuffle`, the order depends on `seed` and on the epoch, which `set_epoch` tells; without a call it stays the same.

    Args:
        num_replicas, rank: the number of processes and this one's; by default those of the process group.

    >>> [list(DistributedSampler(range(5), num_replicas=2, rank=rank, shuffle=False)) for rank in (0, 1)]
    [[0, 2, 4], [1, 3, 0]]
    """

    def __init__(
        self,
        dataset: Sized,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        self.num_replicas = get_world_size() if num_replicas is None else num_replicas
        self.rank = get_rank() if rank is None else rank
        if not 0 <= self.rank < self.num_replicas:
            raise ArgumentError(f"DistributedSampler: rank must be 0 to {self.num_replicas - 1}; got {self.rank}")
        size = len(dataset)
        if size == 0:
            raise ArgumentError("DistributedSampler: the data set is empty")
        self.dataset, self.shuffle, self.seed, self.drop_last, self.epoch = dataset, shuffle, seed, drop_last, 0
        self.num_samples = size // self.num_replicas if drop_last else math.ceil(size / self.num_replicas)
        self.total_size = self.num_samples * self.num_replicas

    def __iter__(self) -> Iterator[Any]:
        size = len(self.dataset)
        random = np.random.Generator(np.random.PCG64(self.seed + self.epoch))
        order = random.permutation(size) if self.shuffle else np.arange(size)
        filled = np.resize(order, self.total_size)  # repeated or cut to that length
        return iter(filled[self.rank :: self.num_replicas].tolist())

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Tell the epoch, on every process before each epoch, so that its order is another one."""
        self.epoch = epoch
