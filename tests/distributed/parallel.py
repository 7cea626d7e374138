"""Run by mpiexec: training by several processes against one process, in float64, on whole and uneven batches."""

from __future__ import annotations

import faulthandler
import os
import sys
import time
import traceback

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import minidl
from minidl import distributed as dist
from minidl import nn
from minidl.errors import ArgumentError, DistributedError, UnsupportedError
from minidl.nn import functional as F
from minidl.nn.parallel import DistributedDataParallel as DDP

WATCHDOG = 200  # seconds, then each process says where it waits
CLOSE = 1e-11  # float64: only the order of adding differs


class Rows(nn.Module):
    """An LSTM that reads an image row by row."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(6, 7, batch_first=True)
        self.fc = nn.Linear(7, 3)

    def forward(self, x):
        return self.fc(self.lstm(x[:, 0])[0][:, -1])


def mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(36, 9), nn.Tanh(), nn.Linear(9, 3))


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(64, 5),
        nn.BatchNorm1d(5),
        nn.Linear(5, 3),
    )


def made(make, seed=5):
    minidl.manual_seed(seed)
    return make().double()


def data(count, seed=0):
    random = np.random.default_rng(seed)
    return random.standard_normal((count, 1, 6, 6)), random.integers(0, 3, count)


def loss_of(model, x, y):
    z = model(minidl.tensor(x))
    return F.cross_entropy(z, minidl.tensor(y)) if len(y) else z.sum()


def alone(make, batches):
    """The weights and buffers that one process reaches on whole batches."""
    model = made(make)
    optimizer = minidl.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for x, y in batches:
        optimizer.zero_grad()
        loss_of(model, x, y).backward()
        optimizer.step()
    return state(model)


def state(model):
    return {name: tensor.numpy().astype(np.float64) for name, tensor in model.state_dict().items()}


def together(make, batches, cuts, rank, size, cap=0.0005, pause=None):
    """The same by all processes: of batch i, rank r has the samples from cuts[i][r] to cuts[i][r + 1]."""
    model = nn.SyncBatchNorm.convert_sync_batchnorm(made(make, 5 + rank))  # whose first weights are rank 0's
    shared = DDP(model, bucket_cap_mb=cap)
    optimizer = minidl.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for (x, y), cut in zip(batches, cuts):
        mine = slice(cut[rank], cut[rank + 1])
        optimizer.zero_grad()
        if pause is not None:
            time.sleep(pause.random() * 0.005)
        (loss_of(shared, x[mine], y[mine]) * (len(y[mine]) * size / len(y))).backward()
        optimizer.step()
    return state(model)


def even(batches, size):
    return [np.linspace(0, len(y), size + 1).astype(int) for _, y in batches]


def same(found, wanted, close=CLOSE):
    assert found.keys() == wanted.keys()
    for name, array in wanted.items():
        np.testing.assert_allclose(found[name], array, rtol=close, atol=close, err_msg=name)


def models(rank, size):
    """MLP, CNN with batch normalisation and LSTM: the weights of one process; all processes have the same bits."""
    for make in (mlp, cnn, Rows):
        batches = [data(count, count) for count in (12, 12, 7)]
        found = together(make, batches, even(batches, size), rank, size)
        same(found, alone(make, batches))
        for name, array in found.items():
            everywhere = [None] * size
            dist.all_gather_object(everywhere, array.tobytes())
            assert len(set(everywhere)) == 1, name


def again(rank, size):
    """Bit for bit the same, however late each process comes."""
    batches = [data(13, i) for i in range(6)]
    for make in (mlp, cnn):
        runs = [
            together(make, batches, even(batches, size), rank, size, cap=0.0002, pause=np.random.default_rng([rank, i]))
            for i in range(4)
        ]
        for other in runs[1:]:
            assert all(other[name].tobytes() == runs[0][name].tobytes() for name in other)


def told(value):
    """Rank 0's value."""
    found = [value]
    dist.broadcast_object_list(found, 0)
    return found[0]


def divided(rank, size, kind, cuts, cap):
    """What is wrong, on any process, when two batches are divided in this way; None if nothing is."""
    make, batches = globals()[kind], [data(9, 1), data(9, 2)]
    try:
        found = together(make, batches, [[0, *cuts, 9]] * 2, rank, size, cap)
    except Exception:  # hypothesis would go on, and the others wait
        traceback.print_exc()
        os._exit(1)
    verdicts = [None] * size
    try:
        same(found, alone(make, batches), 1e-10)
        dist.all_gather_object(verdicts, None)
    except AssertionError as error:
        dist.all_gather_object(verdicts, f"rank {rank}: {error}")
    return next((verdict for verdict in verdicts if verdict is not None), None)


def uneven(rank, size):
    """Any division of the batch, parts without samples included. Rank 0 draws, and tells the others."""
    if rank:
        while (case := told(None)) is not None:
            divided(rank, size, *case)
        return

    @settings(max_examples=12, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        kind=st.sampled_from(["mlp", "cnn", "Rows"]),
        cuts=st.lists(st.integers(0, 9), min_size=size - 1, max_size=size - 1).map(sorted),
        cap=st.sampled_from([1e-5, 0.0005, 1.0]),
    )
    def check(kind, cuts, cap):
        wrong = divided(rank, size, *told((kind, cuts, cap)))
        assert wrong is None, wrong

    try:
        check()
    finally:
        told(None)


def without_sync(rank, size):
    """no_sync: gradients add up here; the backward after it averages the sums."""
    x, y = data(4 * size, 3)
    parts = np.arange(4 * size).reshape(size, 2, 2)  # per rank, two parts of two samples
    model = made(mlp)
    shared = DDP(model)
    with shared.no_sync():
        loss_of(shared, x[parts[rank, 0]], y[parts[rank, 0]]).backward()
    mine = made(mlp)
    loss_of(mine, x[parts[rank, 0]], y[parts[rank, 0]]).backward()
    for a, b in zip(model.parameters(), mine.parameters()):
        assert np.array_equal(a.grad.numpy(), b.grad.numpy()), "not yet shared"
    loss_of(shared, x[parts[rank, 1]], y[parts[rank, 1]]).backward()
    whole = made(mlp)
    (loss_of(whole, x[parts[:, 0].ravel()], y[parts[:, 0].ravel()])
     + loss_of(whole, x[parts[:, 1].ravel()], y[parts[:, 1].ravel()])).backward()  # fmt: skip
    for a, b in zip(model.parameters(), whole.parameters()):
        np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=CLOSE, atol=CLOSE)


class Forked(nn.Module):
    """Each process may take another way."""

    def __init__(self):
        super().__init__()
        self.ways = nn.ModuleList([nn.Linear(2, 1, bias=False) for _ in range(3)])
        self.never = nn.Linear(2, 1, bias=False)

    def forward(self, x, way):
        return {"y": [self.ways[way](x)]}


def unused(rank, size):
    """Parameters that a backward does not reach: an error that names them, or zeros from this process."""
    x = minidl.ones(1, 2).double()
    shared = DDP(made(Forked))
    shared(x, 0)["y"][0].sum().backward()
    with pytest.raises(DistributedError, match=r"did not reach ways.1.weight, ways.2.weight, never.weight; use all"):
        shared(x, 0)
    shared = DDP(made(Forked), find_unused_parameters=True)
    for _ in range(2):
        shared.zero_grad()
        shared(x, rank % 2)["y"][0].sum().backward()
        for way in range(2):
            count = len(range(way, size, 2))
            if count:
                np.testing.assert_allclose(shared.module.ways[way].weight.grad.numpy(), [[count / size] * 2])
        assert shared.module.ways[2].weight.grad is None
        assert shared.module.never.weight.grad is None


def buffers(rank, size):
    """Each process's own statistics; before a forward, rank 0's are everybody's, as in PyTorch."""
    layer = nn.BatchNorm1d(2, affine=True).double()
    shared = DDP(layer)
    x = np.arange(6.0).reshape(3, 2) + 10 * rank
    shared(minidl.tensor(x)).sum().backward()
    own = nn.BatchNorm1d(2).double()
    own(minidl.tensor(x))
    assert np.array_equal(layer.running_mean.numpy(), own.running_mean.numpy())
    first = nn.BatchNorm1d(2).double()
    first(minidl.tensor(np.arange(6.0).reshape(3, 2)))
    first(minidl.tensor(x))
    shared(minidl.tensor(x))
    assert np.array_equal(layer.running_mean.numpy(), first.running_mean.numpy())
    assert layer.num_batches_tracked.item() == 2


def wrong(rank, size):
    for make, words in (
        (lambda: nn.Linear(2, 3 if rank else 2), "rank 1 has the parameter weight .3, 2. float32 where rank 0 has"),
        (lambda: nn.Linear(2, 2, bias=rank != 1), "rank 1 has nothing where rank 0 has the parameter bias"),
    ):
        if size > 1:
            with pytest.raises(DistributedError, match=words):
                DDP(make())
    frozen = nn.Linear(1, 1).requires_grad_(False)
    with pytest.raises(ArgumentError, match="no parameter of the module requires gradients"):
        DDP(frozen)
    with pytest.raises(UnsupportedError, match="static_graph=True"):
        DDP(nn.Linear(1, 1), static_graph=True)
    shared = DDP(nn.Linear(1, 1))
    with pytest.raises(UnsupportedError, match="create_graph=True"):
        shared(minidl.ones(1, 1)).square().sum().backward(create_graph=True)
    assert list(shared.state_dict()) == ["module.weight", "module.bias"]


def beside_pytorch(rank, size):
    """PyTorch's own DistributedDataParallel, over gloo: gradients, buffers and no_sync are the same."""
    import tempfile

    import torch

    path = [tempfile.mkdtemp() + "/store" if rank == 0 else None]
    dist.broadcast_object_list(path, 0)
    torch.distributed.init_process_group("gloo", init_method=f"file://{path[0]}", rank=rank, world_size=size)
    ours = made(cnn)
    theirs = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(64, 5),
        torch.nn.BatchNorm1d(5), torch.nn.Linear(5, 3),
    ).double()  # fmt: skip
    theirs.load_state_dict({name: torch.tensor(array.numpy()) for name, array in ours.state_dict().items()})
    pair = DDP(ours), torch.nn.parallel.DistributedDataParallel(theirs)
    for step in range(5):
        x, y = data(4 + rank, 10 * step + rank)
        for library, model in zip((minidl, torch), pair):
            if step != 2:
                model.zero_grad()
            with model.no_sync() if step == 1 else minidl.enable_grad():
                library.nn.functional.cross_entropy(model(library.tensor(x)), library.tensor(y)).backward()
        for mine, other in zip(ours.parameters(), theirs.parameters()):
            np.testing.assert_allclose(mine.grad.numpy(), other.grad.numpy(), rtol=1e-10, atol=1e-11)
        for mine, other in zip(ours.buffers(), theirs.buffers()):
            np.testing.assert_allclose(mine.numpy(), other.numpy(), rtol=1e-10, atol=1e-11)
    torch.distributed.destroy_process_group()


def main():
    faulthandler.dump_traceback_later(WATCHDOG, exit=True)
    dist.init_process_group()
    rank, size = dist.get_rank(), dist.get_world_size()
    cases = [models, again, uneven, without_sync, unused, buffers, wrong]
    for case in [globals()[name] for name in sys.argv[1:]] or cases:
        case(rank, size)
        dist.barrier()
    dist.destroy_process_group()
    print("done", file=sys.stderr)


if __name__ == "__main__":
    main()
