"""Run by mpiexec: every collective against the same thing computed from what all processes hold."""

from __future__ import annotations

import sys
import time

import numpy as np
import pytest

import minidl
from minidl import distributed as dist
from minidl.errors import ArgumentError, ArgumentTypeError, DistributedError, DtypeError, ShapeError, UnsupportedError

SHAPES = [(), (0,), (1,), (5,), (3, 4), (2, 0, 3), (300, 40)]
DTYPES = ["float32", "float64", "float16", "int64", "int32", "int8", "uint8"]
OPS = {
    dist.ReduceOp.SUM: lambda a: a.sum(0), dist.ReduceOp.PRODUCT: lambda a: a.prod(0),
    dist.ReduceOp.MIN: lambda a: a.min(0), dist.ReduceOp.MAX: lambda a: a.max(0),
    dist.ReduceOp.AVG: lambda a: a.mean(0), dist.ReduceOp.BAND: np.bitwise_and.reduce,
    dist.ReduceOp.BOR: np.bitwise_or.reduce, dist.ReduceOp.BXOR: np.bitwise_xor.reduce,
}  # fmt: skip


def held(rank, shape, dtype):
    """What process `rank` holds: small whole numbers, so that every order of adding gives the same."""
    return np.random.default_rng(rank).integers(1, 4, shape).astype(dtype)


def mine(everyone, rank):
    return minidl.tensor(everyone[rank].copy())


def like(everyone):
    return [minidl.tensor(np.zeros_like(one)) for one in everyone]


def agree(tensor, wanted):
    assert tensor.dtype == wanted.dtype, (tensor.dtype, wanted.dtype)
    np.testing.assert_allclose(tensor.numpy(), wanted, rtol=1e-3 if wanted.dtype == np.float16 else 1e-6)


def collectives(rank, size):
    for shape in SHAPES:
        for dtype in DTYPES:
            everyone = np.stack([held(r, shape, dtype) for r in range(size)])
            for op, wanted in OPS.items():
                if (op is dist.ReduceOp.AVG) == dtype.startswith("float") or op in list(OPS)[:4]:
                    total = mine(everyone, rank)
                    dist.all_reduce(total, op)
                    agree(total, np.asarray(wanted(everyone)).astype(dtype))
                    part = mine(everyone, rank)
                    dist.reduce(part, size - 1, op)
                    agree(part, np.asarray(wanted(everyone)).astype(dtype) if rank == size - 1 else everyone[rank])
            for src in (0, size - 1):
                sent = mine(everyone, rank)
                dist.broadcast(sent, src)
                agree(sent, everyone[src])
            found = like(everyone)
            dist.all_gather(found, mine(everyone, rank))
            for r in range(size):
                agree(found[r], everyone[r])
            if shape:
                rows = minidl.zeros(size * shape[0], *shape[1:], dtype=mine(everyone, rank).dtype)
                dist.all_gather_into_tensor(rows, mine(everyone, rank))
                agree(rows, everyone.reshape(rows.shape))
            here = like(everyone) if rank == 0 else None
            dist.gather(mine(everyone, rank), here, 0)
            for r in range(size if here else 0):
                agree(here[r], everyone[r])
            got = minidl.zeros_like(mine(everyone, rank))
            dist.scatter(got, [minidl.tensor(a.copy()) for a in everyone] if rank == 0 else None, 0)
            agree(got, everyone[rank])


def in_pieces(rank, size):
    """Tensors that do not lie in one piece, and bools."""
    square = minidl.tensor(np.arange(12.0).reshape(3, 4) + rank)
    dist.all_reduce(square.t()[1:])
    wanted = np.arange(12.0).reshape(3, 4) + rank
    wanted[:, 1:] = size * (np.arange(12.0).reshape(3, 4))[:, 1:] + sum(range(size))
    agree(square, wanted)
    mask = minidl.tensor(np.array([rank == 0, True]))
    dist.broadcast(mask, 0)
    assert mask.tolist() == [True, True]


def under_way(rank, size):
    """async_op: the result is there after wait, whoever comes first; backward notices the change."""
    if rank == size - 1:
        time.sleep(0.2)
    tensors = [minidl.tensor(np.full(1000, float(rank + i))) for i in range(5)]
    works = [dist.all_reduce(tensor, async_op=True) for tensor in tensors]
    while not works[2].is_completed():
        time.sleep(0.001)
    for i, (work, tensor) in enumerate(zip(works, tensors)):
        assert work.wait()
        assert work.wait()
        assert work.is_completed()
        assert tensor[0].item() == sum(range(size)) + size * i
    half = minidl.tensor(np.full(3, 1.5 + rank, np.float16))
    work = dist.all_reduce(half, dist.ReduceOp.AVG, async_op=True)
    work.wait()
    assert half.tolist() == [1.5 + (size - 1) / 2] * 3
    x = minidl.tensor([1.0, 2.0], requires_grad=True)
    scale = minidl.tensor([3.0, 4.0])
    z = (x * scale).sum()
    dist.broadcast(scale, 0)
    with pytest.raises(minidl.MinidlError, match="changed"):
        z.backward()


def objects(rank, size):
    found = [None] * size
    dist.all_gather_object(found, {"rank": rank})
    assert found == [{"rank": r} for r in range(size)]
    told = ["a", (1, 2)] if rank == 1 % size else [None, None]
    dist.broadcast_object_list(told, 1 % size)
    assert told == ["a", (1, 2)]
    here = [None] * size if rank == 0 else None
    dist.gather_object(rank, here, 0)
    assert here is None or here == list(range(size))


def wrong_calls(rank, size):
    x = minidl.ones(2)
    for call, kind, words in (
        (lambda: dist.init_process_group(), DistributedError, "in a group already"),
        (lambda: dist.all_reduce(x, "sum"), ArgumentTypeError, "ReduceOp.SUM"),
        (lambda: dist.all_reduce([1.0]), ArgumentTypeError, "takes a Tensor"),
        (lambda: dist.all_reduce(x, group=1), UnsupportedError, "group=1"),
        (lambda: dist.all_reduce(x, dist.ReduceOp.BOR), DtypeError, "BOR of float32"),
        (lambda: dist.all_reduce(x.long(), dist.ReduceOp.AVG), DtypeError, "AVG of int64"),
        (lambda: dist.all_reduce(x > 0), DtypeError, "SUM of bool"),
        (lambda: dist.broadcast(x, size), ArgumentError, f"src must be a rank, 0 to {size - 1}"),
        (lambda: dist.reduce(x, -1), ArgumentError, "dst must be a rank"),
        (lambda: dist.all_gather([x], x) if size > 1 else dist.all_gather([], x), ArgumentError, "give one each"),
        (lambda: dist.all_gather([minidl.ones(3)] * size, x), ShapeError, "must be alike"),
        (lambda: dist.all_gather_into_tensor(minidl.ones(1), x), ShapeError, "make it"),
        (lambda: dist.gather(x, None if rank == 0 else [x], 0), ArgumentError, "only there"),
        (lambda: dist.all_reduce(minidl.ones(1).expand(3)), minidl.MinidlError, "expand"),
        (lambda: dist.all_gather_object([], 1), ArgumentError, "0 places"),
    ):
        with pytest.raises(kind, match=words):
            call()


def main():
    for options, words in (
        ({"backend": "gloo"}, "'gloo' is not in minidl; use mpi or nccl"),
        ({"init_method": "tcp://10.0.0.1:1"}, "mpiexec starts the processes"),
        ({"world_size": 99}, "world_size=99, but by MPI it is"),
        ({"timeout": 3}, "timeout=3"),
    ):
        with pytest.raises(minidl.MinidlError, match=words):
            dist.init_process_group(**options)
    assert not dist.is_initialized()
    dist.init_process_group("mpi", "env://")
    rank, size = dist.get_rank(), dist.get_world_size()
    assert dist.is_initialized()
    assert dist.is_available()
    assert dist.get_backend() == "mpi"
    for case in (collectives, in_pieces, under_way, objects, wrong_calls):
        case(rank, size)
        dist.barrier()
    dist.destroy_process_group()
    assert not dist.is_initialized()
    dist.init_process_group()
    dist.destroy_process_group()
    print("done", file=sys.stderr)


if __name__ == "__main__":
    main()
