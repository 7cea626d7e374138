"""Run by mpiexec on the imitated GPU: CuPy's arrays through host memory, and through a stand-in for NCCL.

The stand-in has the signatures of CuPy's own class, and carries the arrays by MPI: that NCCL itself does is not shown.
"""

from __future__ import annotations

import inspect
import sys
from typing import ClassVar

import cupy
import numpy as np
import pytest
from cupyx import distributed as cupyx_distributed
from cupyx.distributed import NCCLBackend

import minidl
from minidl import distributed as dist
from minidl import nn
from minidl.errors import BackendError
from minidl.nn.parallel import DistributedDataParallel
from tests.distributed.parallel import data, loss_of

DEVICE = "cuda"


class StandIn:
    """What `cupyx.distributed.init_process_group` would return, by MPI; `calls`: the names of those that were made."""

    calls: ClassVar[list[str]] = []

    def __init__(self, n_devices, rank, *, backend, use_mpi):
        from mpi4py import MPI

        assert (backend, use_mpi) == ("nccl", True)
        self.comm = MPI.COMM_WORLD.Dup()
        assert (n_devices, rank) == (self.comm.size, self.comm.rank)

    def _note(self, name, *arguments, **options):
        inspect.signature(getattr(NCCLBackend, name)).bind(self, *arguments, **options)
        assert isinstance(options["stream"], cupy.cuda.Stream)
        self.calls.append(name)

    def all_reduce(self, in_array, out_array, op="sum", stream=None):
        self._note("all_reduce", in_array, out_array, op, stream=stream)
        out_array.set(sum(self.comm.allgather(in_array.get())))

    def reduce(self, in_array, out_array, root=0, op="sum", stream=None):
        self._note("reduce", in_array, out_array, root, op, stream=stream)
        total = sum(self.comm.allgather(in_array.get()))
        if self.comm.rank == root:
            out_array.set(total)

    def broadcast(self, in_out_array, root=0, stream=None):
        self._note("broadcast", in_out_array, root, stream=stream)
        in_out_array.set(self.comm.bcast(in_out_array.get(), root))

    def all_gather(self, in_array, out_array, count, stream=None):
        self._note("all_gather", in_array, out_array, count, stream=stream)
        assert count == in_array.size
        out_array.set(np.stack(self.comm.allgather(in_array.get())))

    def stop(self):
        pass


def network():
    minidl.manual_seed(5)
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Tanh(), nn.Flatten(), nn.Linear(32, 3)).double()


def trained(model, rank, size, shared):
    run = DistributedDataParallel(model) if shared else model
    optimizer = minidl.optim.SGD(model.parameters(), lr=0.1)
    for seed in range(3):
        x, y = data(4 * size, seed)
        if shared:
            x, y = x[rank::size], y[rank::size]
        optimizer.zero_grad()
        loss_of(run, x, y).backward()
        optimizer.step()
    return {name: tensor.cpu().numpy() for name, tensor in model.state_dict().items()}


def check(rank, size):
    with minidl.use_backend("cupy"):
        total = minidl.tensor(np.array([1.0, 2.0]) + rank)
        assert total.device.type == DEVICE
        dist.all_reduce(total, dist.ReduceOp.AVG)
        assert total.tolist() == [1 + (size - 1) / 2, 2 + (size - 1) / 2]
        part = minidl.tensor(np.array([1, 2]) + rank)
        dist.reduce(part, 0)
        assert part.tolist() == (
            [size + sum(range(size)), 2 * size + sum(range(size))] if rank == 0 else [1 + rank, 2 + rank]
        )
        found = [minidl.zeros(3) for _ in range(size)]
        dist.all_gather(found, minidl.full((3,), float(rank)))
        assert [one.tolist() for one in found] == [[r] * 3 for r in range(size)]
        shared = trained(nn.SyncBatchNorm.convert_sync_batchnorm(network()), rank, size, True)
        alone = trained(network(), rank, size, False)
    for name, array in alone.items():
        np.testing.assert_allclose(shared[name], array, rtol=1e-10, atol=1e-11, err_msg=name)


def main():
    dist.init_process_group()
    rank, size = dist.get_rank(), dist.get_world_size()
    check(rank, size)
    dist.destroy_process_group()
    with pytest.raises(BackendError, match="NCCL cannot be used: NCCL is not available"):
        dist.init_process_group("nccl")
    cupyx_distributed.init_process_group = StandIn
    dist.init_process_group("nccl")
    assert dist.get_backend() == "nccl"
    check(rank, size)
    assert set(StandIn.calls) == {"all_reduce", "reduce", "broadcast", "all_gather"}
    dist.destroy_process_group()
    print("done", file=sys.stderr)


if __name__ == "__main__":
    main()
