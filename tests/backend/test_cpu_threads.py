"""The threads that share tiles, and the scratch memory each of them keeps."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextvars import copy_context
from types import FrameType

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

from minidl.backend import get_backend
from minidl.backend.numpy import matmul, threads
from minidl.backend.numpy import memory as workspace
from minidl.backend.window import Window
from minidl.errors import ArgumentError


@pytest.fixture(autouse=True)
def _restore_the_number_of_threads() -> Iterator[None]:
    before = threads.get_num_threads()
    yield
    threads.set_num_threads(before)


def blas_threads() -> list[int]:
    controller = ThreadpoolController().select(user_api="blas")
    return [library.get_num_threads() for library in controller.lib_controllers if "numpy" in library.filepath]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_every_tile_once(workers: int) -> None:
    threads.set_num_threads(workers)
    done = [0] * 100

    def task(tile: int) -> None:
        done[tile] += 1

    threads.parallel(task, 100, 1e9)
    assert done == [1] * 100


def test_threads_really_share_the_work() -> None:
    threads.set_num_threads(2)
    both = threading.Barrier(2, timeout=60)
    threads.parallel(lambda tile: both.wait(), 2, 1e9)  # would time out if one thread did both


def test_little_work_stays_with_the_caller() -> None:
    threads.set_num_threads(4)
    seen = set()
    threads.parallel(lambda tile: seen.add(threading.get_ident()), 50, threads.SMALL_WORK / 2)
    assert seen == {threading.get_ident()}


def test_an_error_in_any_tile_is_raised_and_the_pool_lives_on() -> None:
    threads.set_num_threads(2)

    def task(tile: int) -> None:
        if tile == 7:
            raise KeyError("seven")

    for _ in range(3):
        with pytest.raises(KeyError, match="seven"):
            threads.parallel(task, 20, 1e9)
    test_every_tile_once(2)


def test_helpers_treat_floating_point_errors_as_the_caller_does() -> None:
    threads.set_num_threads(2)
    both, seen = threading.Barrier(2, timeout=60), []

    def task(tile: int) -> None:
        both.wait()
        seen.append(np.geterr()["over"])

    for treatment in ("ignore", "raise"):
        with np.errstate(over=treatment):
            threads.parallel(task, 2, 1e9)
    assert seen == ["ignore", "ignore", "raise", "raise"]


def test_no_tiles_at_all() -> None:
    threads.parallel(lambda tile: pytest.fail("there is no tile"), 0, 1e9)


def test_a_helper_that_is_late_is_not_waited_for() -> None:
    threads.set_num_threads(2)
    busy, go_on = threading.Event(), threading.Event()

    def keep_the_helper(tile: int) -> None:
        if threading.current_thread() is user:
            busy.wait(60)
        else:
            busy.set()
            go_on.wait(60)

    user = threading.Thread(target=threads.parallel, args=(keep_the_helper, 2, 1e9))
    user.start()
    assert busy.wait(60)
    done: list[int] = []
    alone = threads._Job(done.append, 3)
    threads._pool.jobs.put((copy_context(), alone))  # the only helper is busy
    alone.work()
    assert alone.running.acquire(blocking=False), "it is not finished"
    assert done == [0, 1, 2]
    go_on.set()
    user.join()


def test_parallel_inside_parallel() -> None:
    threads.set_num_threads(2)
    done = np.zeros((4, 5), int)

    def outer(i: int) -> None:
        def inner(j: int) -> None:
            done[i, j] += 1

        threads.parallel(inner, 5, 1e9)

    threads.parallel(outer, 4, 1e9)
    assert (done == 1).all()


def test_blas_is_held_at_one_thread_and_restored() -> None:
    threads.set_num_threads(2)
    before, inside = blas_threads(), []
    threads.parallel(lambda tile: inside.append(blas_threads()), 2, 1e9)
    assert inside == [[1] * len(before)] * 2
    assert blas_threads() == before
    with pytest.raises(ZeroDivisionError):
        threads.parallel(lambda tile: 1 // 0, 2, 1e9)
    assert blas_threads() == before


@pytest.mark.parametrize("value", [0, -1, 1.5, "2", None, True])
def test_a_number_of_threads_that_is_none(value: object) -> None:
    with pytest.raises(ArgumentError, match="at least 1"):
        threads.set_num_threads(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(("text", "expected"), [("3", "3"), ("0", "ArgumentError"), ("two", "ArgumentError")])
def test_the_environment_variable(text: str, expected: str) -> None:
    code = "from minidl.backend.numpy.threads import get_num_threads; print(get_num_threads())"
    environment = {**os.environ, "MINIDL_NUM_THREADS": text}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert expected in run.stdout + run.stderr
    assert (run.returncode == 0) == (expected == "3")


def test_convolutions_from_several_threads_at_once(rng: np.random.Generator) -> None:
    threads.set_num_threads(2)
    window = Window((5, 5), padding=((3, 3), (3, 3)))
    x = rng.standard_normal((30, 10, 15, 15)).astype(np.float32)
    kernels = rng.standard_normal((6, 20, 10, 5, 5)).astype(np.float32)
    alone = [get_backend("numpy").correlate(x, w, None, window, 1) for w in kernels]
    together: list = [None] * 6

    def run(i: int) -> None:
        for _ in range(5):
            together[i] = get_backend("numpy").correlate(x, kernels[i], None, window, 1)

    users = [threading.Thread(target=run, args=(i,)) for i in range(6)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    for a, b in zip(alone, together):
        np.testing.assert_array_equal(a, b)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_starts_threads_of_its_own() -> None:
    code = (
        "import os, threading\n"
        "from minidl.backend.numpy import threads\n"
        "threads.set_num_threads(2)\n"
        "both = threading.Barrier(2, timeout=60)\n"
        "threads.parallel(lambda tile: both.wait(), 2, 1e9)\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    threads.parallel(lambda tile: both.wait(), 2, 1e9)\n"
        "    os._exit(0)\n"
        "raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=120)


def test_scratch_memory_is_lent_again_and_bounded() -> None:
    workspace.release()
    first = workspace.scratch("a", (10, 10), np.float32)
    again = workspace.scratch("a", (5, 4), np.float64)
    other = workspace.scratch("b", (10, 10), np.float32)
    assert np.shares_memory(first, again)
    assert not np.shares_memory(first, other)
    held = workspace.held_bytes()
    workspace.scratch("a", (workspace.KEEP_BYTES + 1,), np.uint8)
    assert workspace.held_bytes() == held == 800
    assert workspace.scratch("empty", (0, 3), np.float32).shape == (0, 3)
    workspace.release()
    assert workspace.held_bytes() == 0


def test_each_thread_has_scratch_memory_of_its_own() -> None:
    mine = workspace.scratch("a", (100,), np.float32)
    theirs = []
    thread = threading.Thread(target=lambda: theirs.append(workspace.scratch("a", (100,), np.float32)))
    thread.start()
    thread.join()
    assert not np.shares_memory(mine, theirs[0])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc can be asked to keep freed memory")
def test_freed_memory_is_kept_for_the_next_arrays() -> None:
    code = (
        "import resource\n"
        "import numpy as np\n"
        "from minidl.backend.numpy.memory import keep_freed_memory\n"
        "kept = keep_freed_memory()\n"
        "def step():\n"
        "    arrays = [np.empty(n << 20, np.uint8) for n in (3, 5, 9, 17, 24)]\n"
        "    for array in arrays: array[::4096] = 1\n"
        "for _ in range(3): step()\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "for _ in range(10): step()\n"
        "print(kept, (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) // 10)\n"
    )
    outputs = {}
    for mode, setting in (("kept", "1"), ("given back", "0")):
        environment = {**os.environ, "MINIDL_KEEP_MEMORY": setting}
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
        outputs[mode] = run.stdout.split()
    if outputs["kept"][0] == "False":
        pytest.skip("this C library cannot be asked to keep freed memory")
    assert outputs["given back"][0] == "False"
    assert int(outputs["kept"][1]) < 10 <= int(outputs["given back"][1])


@pytest.mark.parametrize("microseconds", [0.0, 1e9])
def test_work_inside_work_leaves_the_setting_of_blas(microseconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    from threadpoolctl import threadpool_info, threadpool_limits

    monkeypatch.setattr(threads._pool.blas, "libraries", None)  # OpenCV, if loaded since, has brought a BLAS of its own
    held: list[int] = []

    def inner(_: int) -> None:
        held.extend(library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas")

    with threadpool_limits(2, user_api="blas"):
        threads.parallel(lambda _: threads.parallel(inner, 2, 0.0), 2, microseconds)
        after = [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]
    assert held and set(held) == {1}
    assert set(after) == {2}


def test_one_job_does_at_its_end_what_was_asked_for_within_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads.sys, "gettrace", lambda: None)
    done: list[str] = []

    def work(name: str, microseconds: float) -> threads.Work:
        return threads.Work(lambda i: done.append(f"{name}{i}"), 2, microseconds, lambda: done.append(name))

    with threads.one_job():
        threads.do(work("short", 1.0))
        with threads.one_job():  # is part of the first
            threads.do(work("long", 2.0))
        assert done == []
    assert done == ["long0", "long1", "short0", "short1", "short", "long"]
    threads.do(work("alone", 1.0))
    assert done[-3:] == ["alone0", "alone1", "alone"]


def test_a_job_that_fails_while_it_is_put_together_is_dropped() -> None:
    with pytest.raises(ZeroDivisionError), threads.one_job():
        if sys.gettrace() is None:
            threads.do(threads.Work(lambda i: pytest.fail("it was dropped"), 1, 1.0))
        raise ZeroDivisionError
    threads.do(threads.Work(lambda i: None, 1, 1.0))


def test_who_follows_the_lines_sees_each_result_at_once() -> None:
    """A debugger, or `minidl explain`: within one job no line may show memory that is not filled yet."""
    done, before = [], sys.gettrace()
    sys.settrace(lambda frame, event, argument: None)
    try:
        with threads.one_job():
            threads.do(threads.Work(done.append, 2, 1.0))
            seen = list(done)
    finally:
        sys.settrace(before)
    assert seen == [0, 1]


def test_walks_take_turns_but_for_what_is_out_of_turn() -> None:
    threads.set_num_threads(2)
    both, busy, most = threading.Barrier(2, timeout=60), 0, 0

    def walk(number: int) -> tuple[int, int]:
        nonlocal busy, most
        for _ in range(200):
            busy += 1
            most = max(most, busy)
            threading.Event().wait(1e-5)  # gives the interpreter away
            busy -= 1
            threads.out_of_turn(both.wait)  # would time out if the other were not let in
        return number, threading.get_ident()

    found = threads.in_turn(walk, 2)
    assert [number for number, _ in found] == [0, 1]
    assert len({thread for _, thread in found}) == 2
    assert most == 1


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_in_one_walk_is_raised_and_the_pool_lives_on(workers: int) -> None:
    threads.set_num_threads(workers)

    def walk(number: int) -> int:
        threads.out_of_turn(divmod, 1, number)
        return number

    with pytest.raises(ZeroDivisionError):
        threads.in_turn(walk, 3)
    assert not threads.is_held()
    assert threads.in_turn(lambda number: number, 3) == [0, 1, 2]


def test_blas_is_held_once_for_a_whole_walk() -> None:
    threads.set_num_threads(2)
    before = blas_threads()
    assert threads.in_turn(lambda number: blas_threads(), 2) == [[1] * len(before)] * 2
    assert blas_threads() == before
    assert threads.out_of_turn(divmod, 7, 2) == (3, 1)  # outside there are no turns


def test_who_follows_the_lines_sees_every_walk() -> None:
    threads.set_num_threads(2)
    seen = []

    def trace(frame: FrameType, event: str, argument: object) -> None:
        if frame.f_code.co_name == "walk":
            seen.append(frame.f_locals["number"])

    def walk(number: int) -> int:
        return number

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        threads.in_turn(walk, 3)
    finally:
        sys.settrace(before)
    assert seen == [0, 1, 2]


def test_halves_of_a_batch_where_each_product_is_worth_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = get_backend("numpy")
    monkeypatch.setattr(matmul, "_speed", lambda: 50_000.0)
    monkeypatch.setattr(matmul, "_handing_over", lambda: 5.0)
    assert backend.walks(100, 512 * 128) == [slice(0, 50), slice(50, 100)]
    assert backend.walks(101, 512 * 128) == [slice(0, 51), slice(51, 101)]
    assert backend.walks(100, 64 * 16) == [slice(0, 100)]  # over before another thread is awake
    assert backend.walks(1000, 512 * 128) == [slice(0, 1000)]  # shared themselves
    assert backend.walks(1, 4096 * 1024) == [slice(0, 1)]
    assert backend.walks(0, 512 * 128) == [slice(0, 0)]


@pytest.mark.parametrize(("speed", "handing_over"), [(100_000.0, 15.0), (50_000.0, 40.0)])
def test_no_halves_where_handing_over_takes_as_long_as_the_product(
    monkeypatch: pytest.MonkeyPatch, speed: float, handing_over: float
) -> None:
    backend = get_backend("numpy")
    monkeypatch.setattr(matmul, "_speed", lambda: speed)
    monkeypatch.setattr(matmul, "_handing_over", lambda: handing_over)
    assert backend.walks(100, 512 * 128) == [slice(0, 100)]
    assert backend.walks(200, 512 * 128) == [slice(0, 100), slice(100, 200)]  # the products are long enough


def test_speed_and_handing_over_are_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for measure in (matmul._speed, matmul._handing_over):
        measure.cache_clear()
        assert 0 < measure() is measure() < np.inf
    matmul._handing_over.cache_clear()

    def no_thread(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_thread)
        assert matmul._handing_over() == np.inf  # nobody to take turns with
    matmul._handing_over.cache_clear()


def test_a_wait_for_the_turn_that_ctrl_c_ends_releases_nothing_of_the_others() -> None:
    class Interrupted:
        """The lock of a turn that does not come."""

        def acquire(self) -> None:
            raise KeyboardInterrupt

        def release(self) -> None:
            released.append(1)

    def walk(number: int) -> None:
        lock, threads._turns.lock = threads._turns.lock, Interrupted()
        before.append(lock)
        threads.out_of_turn(divmod, 7, 2)

    released: list[int] = []
    before: list[threading.Lock] = []
    with pytest.raises(KeyboardInterrupt):
        threads.in_turn(walk, 1)
    assert released == [1]  # by `out_of_turn`, and not once more when the walk ended
    assert before[0].locked()  # as it is another's, in truth
    assert threads._turns.lock is None
    assert threads.in_turn(lambda number: number, 2) == [0, 1]
