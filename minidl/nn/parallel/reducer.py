"""Gradients in buckets, averaged over the processes while backward is still computing the rest.

Backward reaches the last layer's parameters first, so buckets are filled from the end. A bucket that is full starts on
its way at once, after those before it: every process must start them in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ...backend import backend_of
from ...distributed.reduce_op import ReduceOp
from ...distributed.work import Work
from ...engine.tensor import RemovableHook, Tensor, wrap
from ...errors import DistributedError, UnsupportedError
from .flat import Flat, alike


class Bucket:
    """Parameters whose gradients travel together."""

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        self.parameters, self.flat = parameters, Flat(parameters)
        self.part = dict(zip(map(id, parameters), self.flat.parts))
        self.empty()

    def empty(self) -> None:
        """Wait for all gradients anew."""
        self.missing = {id(parameter) for parameter in self.parameters}
        self.work: Work | None = None

    def take(self, parameter: Tensor, share: int) -> None:
        """Put 1/share of the gradient into its place; zeros if there is none."""
        part = self.part[id(parameter)]
        if parameter.grad is None:
            part[...] = 0
        else:
            backend_of(part).xp.divide(parameter.grad._array, share, out=part)
        self.missing.discard(id(parameter))

    def give_back(self, unused: set[int]) -> None:
        """Wait for the averages, and put them into `.grad`; `unused` on every process stay as they are."""
        assert self.work is not None
        self.work.wait()
        for parameter in self.parameters:
            if id(parameter) in unused:
                continue
            part = self.part[id(parameter)]
            if parameter._grad is None:
                parameter._grad = wrap(part.copy())
            else:
                parameter._grad._array[...] = part
                parameter._grad._storage.version += 1


class Reducer:
    """Averages the gradients of `named` parameters over the `group` in the backward after each `prepare`."""

    def __init__(self, group: Any, named: Sequence[tuple[str, Tensor]], caps: Sequence[int]) -> None:
        """`caps`: the bytes at which a bucket is full; the last one holds for all that follow."""
        self.group = group
        self.names = {id(parameter): name for name, parameter in named}
        self.buckets = [Bucket(some) for some in split([parameter for _, parameter in named], caps)]
        self.bucket_of = {key: bucket for bucket in self.buckets for key in bucket.part}
        self.armed = False
        self.arrived = False  # whether this backward has reached any parameter
        self.started = 0  # buckets on their way
        self.used: np.ndarray | None = None  # per parameter, on how many processes; None: not asked
        self.hooks: list[RemovableHook] = [
            parameter.register_post_accumulate_grad_hook(self._on_gradient) for _, parameter in named
        ]

    def disarm(self) -> None:
        """Leave the gradients of the next backward to this process alone."""
        self._check_finished()
        self.armed = False

    def prepare(self, unused: Iterable[Tensor] | None = None) -> None:
        """Be ready for a backward. `unused`: parameters that it will not reach; None says that it reaches all."""
        self._check_finished()
        for bucket in self.buckets:
            bucket.empty()
        self.armed, self.arrived, self.started, self.used = True, False, 0, None
        if unused is not None:
            self._mark(list(unused))

    def _mark(self, unused: list[Tensor]) -> None:
        """Tell the others which parameters this process will not reach, and wait for none of them."""
        keys = {id(parameter) for parameter in unused}
        self.used = np.array([key not in keys for key in self.names], np.int32)
        self.group.all_reduce(self.used, ReduceOp.SUM).wait()
        if not self.used.any():
            self.armed = False
            return
        for parameter in unused:
            self.bucket_of[id(parameter)].take(parameter, self.group.size)
        self._start_full_ones()
        if len(keys) == len(self.names):  # no backward will come, and the others wait
            self._finish()

    def _check_finished(self) -> None:
        """DistributedError if the last backward left out some parameters: the others wait for them."""
        if not (self.armed and self.arrived):
            return
        left = [name for key, name in self.names.items() if key in self.bucket_of[key].missing]
        raise DistributedError(
            f"the last backward did not reach {', '.join(left[:5])}"
            f"{' and others' if len(left) > 5 else ''}; use all of the module, or pass find_unused_parameters=True"
        )

    def _on_gradient(self, parameter: Tensor) -> None:
        if not self.armed:
            return
        if parameter.grad is not None and parameter.grad.requires_grad:
            raise UnsupportedError(
                "DistributedDataParallel: backward(create_graph=True) is left out: sums go unrecorded"
            )
        self.arrived = True
        self.bucket_of[id(parameter)].take(parameter, self.group.size)
        self._start_full_ones()
        if self.started == len(self.buckets):
            self._finish()
        elif self.started:
            work = self.buckets[self.started - 1].work
            assert work is not None
            work.is_completed()  # MPI moves data only while it is called

    def _start_full_ones(self) -> None:
        while self.started < len(self.buckets) and not self.buckets[self.started].missing:
            bucket = self.buckets[self.started]
            bucket.work = self.group.all_reduce(bucket.flat.array, ReduceOp.SUM)
            self.started += 1

    def _finish(self) -> None:
        nowhere = set() if self.used is None else {key for key, count in zip(self.names, self.used) if not count}
        for bucket in self.buckets:
            bucket.give_back(nowhere)
        self.armed = False


def split(parameters: Sequence[Tensor], caps: Sequence[int]) -> list[list[Tensor]]:
    """The parameters from the last to the first, in lists of one kind, each ended by the one that reaches its cap."""
    lists: list[list[Tensor]] = []
    for some in alike(reversed(parameters)):
        size, room = 0, 0
        for parameter in some:
            if size >= room:
                room, size = caps[min(len(lists), len(caps) - 1)], 0
                lists.append([])
            lists[-1].append(parameter)
            size += parameter._array.nbytes
    return lists
