"""DistributedDataParallel and SyncBatchNorm on 1, 2 and 4 processes, and the sampler beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl import nn
from minidl.data import DataLoader, DistributedSampler
from minidl.errors import ArgumentError, DistributedError
from minidl.nn.parallel.reducer import split

from .launch import needs_mpi, run


@needs_mpi
@pytest.mark.parametrize("processes", [1, 2, 4])
def test_several_processes_against_one(processes):
    done = run(processes, "-m", "tests.distributed.parallel")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("done") == processes


@needs_mpi
@pytest.mark.slow
def test_beside_pytorchs_own():
    done = run(2, "-m", "tests.distributed.parallel", "beside_pytorch")
    assert done.returncode == 0, done.stderr


@given(st.integers(1, 20), st.integers(1, 6), st.booleans())
def test_the_sampler_is_pytorchs(size, processes, drop_last):
    for rank in range(processes):
        options = {"num_replicas": processes, "rank": rank, "shuffle": False, "drop_last": drop_last}
        mine, theirs = (
            DistributedSampler(range(size), **options),
            torch.utils.data.DistributedSampler(range(size), **options),
        )
        assert len(mine) == len(theirs)
        assert list(mine) == list(theirs)


@given(st.integers(1, 20), st.integers(1, 6))
def test_the_shuffled_sampler_shares_one_order_per_epoch(size, processes):
    samplers = [DistributedSampler(range(size), processes, rank, seed=3) for rank in range(processes)]
    seen = []
    for epoch in range(2):
        for sampler in samplers:
            sampler.set_epoch(epoch)
        orders = [list(sampler) for sampler in samplers]
        assert orders == [list(sampler) for sampler in samplers]
        assert {index for order in orders for index in order} == set(range(size))
        seen.append(orders)
    assert size < 8 or seen[0] != seen[1]


def test_the_sampler_in_a_loader_and_what_it_refuses():
    data = DataLoader(range(5), batch_size=2, sampler=DistributedSampler(range(5), 2, 1, shuffle=False))
    assert [batch.tolist() for batch in data] == [[1, 3], [0]]
    with pytest.raises(ArgumentError, match="rank must be 0 to 1; got 2"):
        DistributedSampler(range(5), 2, 2)
    with pytest.raises(DistributedError, match="no process group"):
        DistributedSampler(range(5))


@given(st.lists(st.integers(1, 9), min_size=1, max_size=12), st.integers(1, 60))
def test_buckets_hold_each_parameter_once_from_the_last_on(sizes, cap):
    parameters = [nn.Parameter(minidl.zeros(size)) for size in sizes]
    buckets = split(parameters, [4, cap])
    assert [id(p) for bucket in buckets for p in bucket] == [id(p) for p in reversed(parameters)]
    for number, bucket in enumerate(buckets):
        room = 4 if number == 0 else cap
        assert sum(p.nbytes for p in bucket[:-1]) < room
        assert number == len(buckets) - 1 or sum(p.nbytes for p in bucket) >= room


def test_one_process_without_a_group_is_plain_batch_normalisation():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Sequential(nn.BatchNorm2d(2)))
    twice = network[1]
    network.append(twice)
    before = dict(network.named_parameters())
    converted = nn.SyncBatchNorm.convert_sync_batchnorm(network)
    assert converted is network
    assert [type(m).__name__ for m in network] == ["Conv2d", "SyncBatchNorm", "Sequential", "SyncBatchNorm"]
    assert network[1] is network[3]
    assert all(before[name] is parameter for name, parameter in network.named_parameters())
    x, plain = np.random.default_rng(0).standard_normal((3, 2, 4, 4)), nn.BatchNorm2d(2).double()
    layer = nn.SyncBatchNorm.convert_sync_batchnorm(nn.BatchNorm2d(2).double())
    assert isinstance(layer, nn.SyncBatchNorm)
    for one, other in zip((layer(minidl.tensor(x)), layer.running_var), (plain(minidl.tensor(x)), plain.running_var)):
        assert np.array_equal(one.detach().numpy(), other.detach().numpy())


def test_a_hook_after_accumulation():
    x, seen = minidl.tensor([1.0, 2.0], requires_grad=True), []
    handle = x.register_post_accumulate_grad_hook(lambda leaf: seen.append(leaf.grad.tolist()))
    (x * x + x).sum().backward()
    (x * 3).sum().backward()
    (x * x).sum().backward(create_graph=True)
    minidl.grad((x * x).sum(), x)
    assert seen == [[3.0, 5.0], [6.0, 8.0], [8.0, 12.0]]
    handle.remove()
    (x * x).sum().backward()
    assert len(seen) == 3
    with pytest.raises(minidl.MinidlError, match="only a leaf"):
        (x * x).register_post_accumulate_grad_hook(print)
    with pytest.raises(minidl.MinidlError, match="only a leaf"):
        minidl.ones(1).register_post_accumulate_grad_hook(print)
