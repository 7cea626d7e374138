"""Guards against unnoticed losses: memory kept, memory allocated, calls, and speed against a plain sketch.

Counts are exact; times are ratios within one run, with room for a busy machine.
"""

from __future__ import annotations

import gc
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from statistics import median

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from minidl.backend import current_backend
from minidl.backend.numpy.threads import get_num_threads, set_num_threads
from minidl.bench.library import Entry, HostClock, Library
from minidl.bench.training import BATCHES, Training
from minidl.bench.works import WORKS
from tests.bench.sketches import MLP, LectureCNN

pytestmark = pytest.mark.skipif(
    current_backend().name != "numpy", reason="counts NumPy's memory and times the CPU; there is neither on a GPU"
)


def training(name: str, batch: int | None = None, threads: int | None = None) -> Training:
    work = WORKS[name]
    return Training(Library(Entry("minidl", threads or get_num_threads())), work, batch or work.batch)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """With one thread, processor time is measured, which other work on the machine does not affect."""
    before = get_num_threads()
    with threadpool_limits(1):
        yield
    set_num_threads(before)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("lecture-100", 1.8), ("mlp-128", 1.2), ("lenet-128", 1.05), ("vgg-32", 1.2), ("lstm-100", 1.05),
        ("gru-100", 1.05), ("transformer-32", 1.12),
    ],
)  # fmt: skip
def test_bytes_kept_grow_with_the_batch_by_no_more_than(name: str, most: float) -> None:
    batch = 32
    slope = (training(name, 2 * batch, threads=1).kept() - training(name, batch, threads=1).kept()) / batch
    must = WORKS[name].must_keep
    assert 0.9 * must < slope < most * must, f"{slope:.0f} bytes an image, of which {must} must be kept"


@pytest.mark.parametrize(("name", "most"), [("lecture-100", 10.0), ("mlp-128", 2.5), ("tiny-4", 8.0)])
def test_the_highest_memory_within_a_step(name: str, most: float) -> None:
    """Memory beyond that before the step, in multiples of what must be kept for its images and weights."""
    steps = training(name)
    for _ in range(3):
        steps.step(HostClock())
    tracemalloc.start()
    steps.step(HostClock())
    highest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    weights = sum(parameter.nbytes for parameter in steps.model.parameters())
    least = WORKS[name].must_keep * steps.batch + weights
    python_objects = 100_000
    assert highest < most * least + python_objects, f"{highest:,} bytes, {least:,} at least"


def test_no_memory_stays_from_step_to_step_without_the_garbage_collector() -> None:
    steps = training("lecture-32")
    for _ in range(2 * BATCHES):
        steps.step(HostClock())
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        steps.step(HostClock())
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(10):
            steps.step(HostClock())
        until = time.monotonic() + 5
        while (grown := tracemalloc.get_traced_memory()[0] - before) >= 200_000 and time.monotonic() < until:
            time.sleep(0.01)  # a helper that was taken off its core may still hold what it has worked on
    finally:
        tracemalloc.stop()
        gc.enable()
    assert grown < 200_000, "one step kept is 2 MB; the interpreter keeps some small objects for later use"


@pytest.mark.parametrize(("name", "most"), [("tiny-4", 1500), ("mlp-128", 4000), ("lecture-100", 12000)])
def test_python_calls_of_a_step(name: str, most: int) -> None:
    """The engine's own overhead, as a count of calls: the same on every machine, but for the threads."""
    steps = training(name)
    for _ in range(3):
        steps.step(HostClock())
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        steps.step(HostClock())
    finally:
        sys.setprofile(before)
    assert 50 < calls < most, f"{calls} calls"


def interleaved(ours: Callable[[], object], theirs: Callable[[], object], rounds: int = 9) -> float:
    """The median over rounds of our processor time divided by theirs."""
    ratios = []
    for _ in range(rounds):
        seconds = []
        for work in (ours, theirs):
            work()
            began = time.process_time()
            work()
            seconds.append(time.process_time() - began)
        ratios.append(seconds[0] / seconds[1])
    return median(ratios)


def test_the_sketches_learn() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.random((10, 1, 28, 28), np.float32), rng.integers(0, 10, 10)
    cnn, mlp = LectureCNN(), MLP([(64, 784), (10, 64)])
    losses = [cnn.step(x, y) for _ in range(40)], [mlp.step(x.reshape(10, -1), y) for _ in range(40)]
    assert all(loss[-1] < 0.6 * loss[0] for loss in losses)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_the_lectures_cnn_is_faster_than_a_plain_numpy_sketch() -> None:
    steps, sketch = training("lecture-100", threads=1), LectureCNN()
    x, y = steps.images.numpy()[:100], steps.labels.numpy()[:100]
    assert interleaved(lambda: steps.step(HostClock()), lambda: sketch.step(x, y)) < 0.6


@pytest.mark.usefixtures("one_thread")
def test_the_mlp_costs_little_more_than_its_products_in_numpy() -> None:
    steps, sketch = training("mlp-128", threads=1), MLP([(512, 784), (512, 512), (10, 512)])
    x, y = steps.images.numpy()[:128].reshape(128, -1), steps.labels.numpy()[:128]
    assert interleaved(lambda: steps.step(HostClock()), lambda: sketch.step(x, y)) < 2.0
