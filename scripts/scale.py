"""What more processes bring: measured with two, simulated, and on paper for many.

    mpiexec -n 2 python scripts/scale.py measure scale.json [ROUNDS]
    python scripts/scale.py tables scale.json                   the tables of benchmarks/SCALE.md

A step on one process and the same step shared by two take turns, so that both meet the same load. The simulation gets
the times of a step without communication, of copying gradients into buckets and back, and of all_reduce alone, and must
foretell the shared step.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

SIZES = [8, 1 << 10, 1 << 14, 1 << 17, 1 << 20, 1 << 23]  # bytes
MODELS = {"lecture": 100, "mlp": 128, "lstm": 128}  # name: images in a batch
NODES = (2, 8, 64, 1024)
CACHE = 128 << 20  # bytes, more than a processor's cache holds
# What the wires of a cluster give: seconds for a message, bytes per second. For comparison; not measured here.
WIRES = {"10 Gbit Ethernet": (30e-6, 1.1e9), "100 Gbit InfiniBand": (2e-6, 11e9)}


def ring(nodes: int, size: float, latency: float, bandwidth: float) -> float:
    """Seconds of an all_reduce of `size` bytes around a ring: 2 (n - 1) messages of size / n."""
    return 2 * (nodes - 1) * (latency + size / nodes / bandwidth)


def tree(nodes: int, size: float, latency: float, bandwidth: float) -> float:
    """Seconds of an all_reduce up and down a tree: 2 log2 n messages of the whole size."""
    return 2 * math.ceil(math.log2(nodes)) * (latency + size / bandwidth)


def shared_step(
    ready: Sequence[float], compute: float, update: float, costs: Sequence[float], own_wires: bool = True
) -> float:
    """Seconds of a step whose buckets are complete at the times `ready`, and whose gradients are at `compute`.

    A bucket starts when it is complete and the one before it has arrived, and takes its cost. With `own_wires` it moves
    while the processor computes; without, the same core must move it, and computing waits.
    """
    if not own_wires:
        return compute + sum(costs) + update
    end = 0.0
    for when, cost in zip(ready, costs):
        end = max(end, when) + cost
    return max(compute, end) + update


def fitted(sizes: Sequence[int], seconds: Sequence[float]) -> tuple[float, float]:
    """The latency and bandwidth of which a ring of two takes these times: by the smallest and the largest size."""
    latency = seconds[0] / 2
    return latency, sizes[-1] / max(seconds[-1] - 2 * latency, 1e-9)


def measure(path: str, rounds: str = "60") -> None:
    """Measure on the processes that mpiexec started, one thread each, and write what was found."""
    os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "MINIDL_NUM_THREADS"), "1")  # before NumPy is loaded
    import numpy as np

    import minidl
    from minidl import distributed as dist
    from minidl.training.run import machine

    dist.init_process_group()
    size = dist.get_world_size()
    seconds = []
    for count in SIZES:
        # In a step each bucket has just been written anew, so none may lie in the cache from the round before.
        arrays = [minidl.tensor(np.zeros(max(count // 8, 1))) for _ in range(min(30, 1 + CACHE // count))]
        turn = itertools.cycle(arrays)
        seconds.append(_together(lambda turn=turn: dist.all_reduce(next(turn)), 30))
    found = {
        "machine": machine(), "processes": size, "sizes": SIZES, "all_reduce": seconds,
        "models": {name: _steps(name, batch, int(rounds)) for name, batch in MODELS.items()},
    }  # fmt: skip
    if dist.get_rank() == 0:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(found, file, indent=1)
    dist.destroy_process_group()


def _together(call: Callable[[], Any], rounds: int) -> float:
    """The median over the rounds of how long the slowest process takes for the call."""
    from minidl import distributed as dist

    found = []
    for _ in range(rounds):
        dist.barrier()
        began = time.perf_counter()
        call()
        slowest = [0.0] * dist.get_world_size()
        dist.all_gather_object(slowest, time.perf_counter() - began)
        found.append(max(slowest))
    return statistics.median(found)


def _steps(name: str, batch: int, rounds: int) -> dict[str, Any]:
    """Rounds of a step on one process, one on each process for itself, and one that is shared."""
    import numpy as np

    import minidl
    from minidl import distributed as dist
    from minidl.models.networks import make_model
    from minidl.nn import functional as F
    from minidl.nn.parallel import DistributedDataParallel

    rank, size = dist.get_rank(), dist.get_world_size()
    minidl.manual_seed(0)
    random = np.random.default_rng(0)
    x = minidl.tensor(random.random((batch, 1, 28, 28), np.float32))
    y = minidl.tensor(random.integers(0, 10, batch))
    mine = slice(rank * batch // size, (rank + 1) * batch // size)
    model = make_model(name)
    shared = DistributedDataParallel(model)
    optimizer = minidl.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    marks: list[float] = []

    def step(network: Any, part: slice) -> tuple[float, float, float]:
        began = time.perf_counter()
        optimizer.zero_grad()
        F.cross_entropy(network(x[part]), y[part]).backward()
        computed = time.perf_counter()
        optimizer.step()
        return began, computed - began, time.perf_counter() - began

    buckets = shared.reducer.buckets
    place = {key: number for number, bucket in enumerate(buckets) for key in bucket.part}
    for parameter in model.parameters():
        parameter.register_post_accumulate_grad_hook(
            lambda p: marks.__setitem__(place[id(p)], time.perf_counter()) if marks else None
        )
    rows = []
    for number in range(rounds + 5):
        dist.barrier()
        alone = step(model, slice(0, batch))[2] if rank == 0 else 0.0
        _nap_until_all_are_here()
        marks[:] = [0.0] * len(buckets)
        with shared.no_sync():
            began, computed, apart = step(shared, mine)
        ready = [mark - began for mark in marks]
        marks.clear()
        copied = _copy(buckets, size)
        dist.barrier()
        both = step(shared, mine)[2]
        everyone: list[Any] = [None] * size
        dist.all_gather_object(everyone, (alone, computed, apart - computed, ready, both, copied))
        if number >= 5:
            rows.append(everyone)
    return {"batch": batch, "bytes": [bucket.flat.array.nbytes for bucket in buckets], "rounds": rows}


def _copy(buckets: Sequence[Any], share: int) -> float:
    """Seconds that it takes to put the gradients into their buckets and back, which only a shared step does."""
    began = time.perf_counter()
    for bucket in buckets:
        for parameter in bucket.parameters:
            bucket.take(parameter, share)
            parameter.grad._array[...] = bucket.part[id(parameter)]
        bucket.empty()
    return time.perf_counter() - began


def _nap_until_all_are_here() -> None:
    from minidl import distributed as dist

    work = dist.barrier(async_op=True)
    while not work.is_completed():
        time.sleep(0.0005)


def foretold(row: dict[str, Any], cost: Callable[[int], float]) -> tuple[float, float, float]:
    """The medians over the rounds of a step on one process, of the shared one, and of what the simulation says."""
    alone, shared, said = [], [], []
    for everyone in row["rounds"]:
        slowest = max(everyone, key=lambda one: one[1] + one[2])
        _, compute, update, ready, _, copied = slowest
        alone.append(everyone[0][0])
        shared.append(max(one[4] for one in everyone))
        costs = [cost(size) for size in row["bytes"]]
        said.append(shared_step(ready, compute + copied, update, costs, own_wires=False))
    return statistics.median(alone), statistics.median(shared), statistics.median(said)


def cost_of(found: dict[str, Any]) -> Callable[[int], float]:
    """Seconds of an all_reduce of so many bytes: between the measured sizes, a straight line."""
    sizes, seconds = found["sizes"], found["all_reduce"]

    def cost(size: int) -> float:
        if size <= sizes[0]:
            return seconds[0]
        for i in range(1, len(sizes)):
            if size <= sizes[i] or i == len(sizes) - 1:
                share = (size - sizes[i - 1]) / (sizes[i] - sizes[i - 1])
                return seconds[i - 1] + share * (seconds[i] - seconds[i - 1])
        raise AssertionError

    return cost


def tables(path: str) -> None:
    """Print the tables of what was measured, and those on paper."""
    with open(path, encoding="utf-8") as file:
        found = json.load(file)
    cost = cost_of(found)
    print("| bytes | " + " | ".join(f"{size:,}" for size in found["sizes"]) + " |")
    print("|---|" + "---|" * len(found["sizes"]))
    print("| all_reduce | " + " | ".join(f"{1e6 * t:,.0f} µs" for t in found["all_reduce"]) + " |\n")
    print("| work | one process | two | speed-up | simulated | off by |\n|---|---|---|---|---|---|")
    for name, row in found["models"].items():
        alone, shared, said = foretold(row, cost)
        print(
            f"| {name}, batch {row['batch']} | {1e3 * alone:.1f} ms | {1e3 * shared:.1f} ms | {alone / shared:.2f} | "
            f"{1e3 * said:.1f} ms | {said / shared - 1:+.0%} |"
        )
    print()
    wires = {"measured here": fitted(found["sizes"], found["all_reduce"]), **WIRES}
    for place, (latency, bandwidth) in wires.items():
        print(f"{place}: {1e6 * latency:.0f} µs, {bandwidth / 1e9:.2f} GB/s\n")
        print("| work | way | " + " | ".join(f"{nodes:,} nodes" for nodes in NODES) + " | fastest at |")
        print("|---|---|" + "---|" * (len(NODES) + 1))
        for name, row in found["models"].items():
            for way in (ring, tree):
                gains = {n: on_paper(row, n, way, latency, bandwidth) for n in (*NODES, *(2**k for k in range(11)))}
                best = max(gains, key=lambda n: (gains[n], -n))
                cells = " | ".join(f"{gains[nodes]:.2f}" for nodes in NODES)
                print(f"| {name} | {way.__name__} | {cells} | {best:,} |")
        print()


def on_paper(row: dict[str, Any], nodes: int, way: Any, latency: float, bandwidth: float) -> float:
    """How many times as fast `nodes` are on the same batch, if each has its own wires and computing divides evenly."""
    alone = statistics.median(everyone[0][0] for everyone in row["rounds"])
    update = statistics.median(everyone[0][2] for everyone in row["rounds"])
    compute = statistics.median(everyone[0][1] for everyone in row["rounds"])
    ready = [statistics.median(everyone[0][3][i] for everyone in row["rounds"]) for i in range(len(row["bytes"]))]
    if nodes == 1:
        return 1.0
    copied = statistics.median(everyone[0][5] for everyone in row["rounds"])
    shrink = (alone - update) / nodes / compute
    costs = [way(nodes, size, latency, bandwidth) for size in row["bytes"]]
    return alone / shared_step([shrink * when for when in ready], shrink * compute + copied, update, costs)


if __name__ == "__main__":
    {"measure": measure, "tables": tables}[sys.argv[1]](*sys.argv[2:])
