"""The device around the kernels: its name, fresh memory, streams, events, graphs, pools, and what is counted."""

from __future__ import annotations

import numpy as np
import pytest

from tests.cupy_on_cpu import DEVICE_NAME, counters


def test_device_says_that_it_is_none(cp):
    assert cp.cuda.runtime.getDeviceProperties(0)["name"].decode() == DEVICE_NAME
    assert cp.cuda.is_available()
    assert cp.cuda.Device().compute_capability == "90"


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int64])
def test_fresh_memory_is_poison_even_when_the_pool_reuses_it(cp, dtype):
    from tests.cupy_on_cpu import memory

    for _ in range(3):
        x = cp.empty(1000, dtype)
        assert set(x.view(np.uint8).get().tolist()) == {memory.POISON}
        x[...] = 1
        del x


def test_what_a_device_computation_does_not_do(cp):
    x = cp.asarray(np.ones((8, 8), np.float32))
    with counters.count() as done:
        y = cp.exp(x) @ x
        y -= 1
        y[:, 0].sum()
    assert done["synchronizations"] == done["copies_to_host"] == done["copies_to_device"] == 0
    assert done["launches"] == sum(counters.launches_of(done).values()) == 4
    assert counters.launches_of(done)["cublasGemmEx"] == 1


@pytest.mark.parametrize("wait", ["item", "get", "float", "if", "device", "stream", "event"])
def test_what_waits_is_counted(cp, wait):
    x = cp.ones(4, np.float32)
    event = cp.cuda.Event()
    event.record()
    calls = {
        "item": lambda: x[0].item(), "get": lambda: x.get(), "float": lambda: float(x[0]), "if": lambda: bool(x[0] > 0),
        "device": lambda: cp.cuda.Device().synchronize(), "stream": lambda: cp.cuda.get_current_stream().synchronize(),
        "event": lambda: event.synchronize(),
    }  # fmt: skip
    with counters.count() as done:
        calls[wait]()
    assert done["synchronizations"] >= 1
    assert done["copies_to_host"] == (wait in ("item", "get", "float", "if"))


def test_upload_does_not_wait_and_is_counted(cp):
    host = np.arange(6, dtype=np.float32)
    with counters.count() as done:
        x = cp.asarray(host)
    assert done["synchronizations"] == 0
    assert (done["copies_to_device"], done["bytes_copied_to_device"]) == (1, 24)
    y = cp.empty_like(x)
    with counters.count() as done:
        y.data.copy_from_device_async(x.data, x.nbytes)
    assert (done["copies_on_device"], done["synchronizations"]) == (1, 0)
    assert y.tolist() == host.tolist()


def test_download_to_pinned_memory_does_not_wait(cp):
    x = cp.arange(6, dtype=np.float32)
    pinned = cp.cuda.alloc_pinned_memory(x.nbytes)
    host = np.frombuffer(pinned, np.float32, x.size)
    with counters.count() as done:
        x.get(stream=cp.cuda.get_current_stream(), out=host, blocking=False)
    assert done["synchronizations"] == 0
    assert host.tolist() == x.tolist()


def test_streams_and_events(cp):
    stream = cp.cuda.Stream(non_blocking=True)
    start, end = cp.cuda.Event(), cp.cuda.Event()
    with stream:
        start.record()
        x = cp.ones(10, np.float32) * 2
        end.record()
    stream.synchronize()
    assert cp.cuda.get_elapsed_time(start, end) > 0
    assert x.sum().item() == 20
    assert stream != cp.cuda.Stream(non_blocking=True)


def test_captured_graph_runs_only_when_launched(cp):
    x = cp.zeros(3, np.float32)
    cp.add(x, 1, out=x)
    stream = cp.cuda.Stream(non_blocking=True)
    with stream:
        stream.begin_capture()
        cp.add(x, 1, out=x)
        cp.multiply(x, 2, out=x)
        graph = stream.end_capture()
    assert x.tolist() == [1, 1, 1]
    with counters.count() as done:
        graph.launch(stream)
        graph.launch(stream)
    assert x.tolist() == [10, 10, 10]
    assert (done["graph_launches"], done["launches"]) == (2, 4)


def test_products_cannot_be_captured(cp):
    """CuPy's own refusal, and the reason why a training step is no graph (benchmarks/GPU.md); may it fall some day.

    That cuBLAS was bound to the stream before makes no difference.
    """
    x = cp.ones((4, 4), np.float32)
    stream = cp.cuda.Stream(non_blocking=True)
    with stream:
        x @ x
        stream.begin_capture()
        with pytest.raises(NotImplementedError, match="cuBLAS API during stream capture is currently unsupported"):
            x @ x
        stream.end_capture()


def test_waiting_inside_a_capture_is_an_error(cp):
    stream = cp.cuda.Stream(non_blocking=True)
    with stream:
        stream.begin_capture()
        with pytest.raises(cp.cuda.runtime.CUDARuntimeError, match="StreamCaptureUnsupported"):
            stream.synchronize()
        stream.end_capture()


def test_memory_pool_figures(cp):
    pool = cp.get_default_memory_pool()
    before = pool.used_bytes()
    x = cp.empty(1 << 20, np.uint8)
    assert pool.used_bytes() == before + (1 << 20)
    del x
    assert pool.used_bytes() == before
    with counters.count() as done:
        pool.free_all_blocks()
    assert done["frees"] > 0
    free, total = cp.cuda.Device().mem_info
    assert 0 < free <= total


def test_errors_reach_the_caller_from_another_thread(cp):
    import threading

    seen = []

    def work():
        x = cp.arange(1000, dtype=np.float32)
        seen.append(float((x * 2).sum()))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [999000.0] * 4
