"""Tiles of work shared among a few threads, with BLAS held at one thread inside.

NumPy releases the interpreter in copies, elementwise functions and matrix products, so plain Python
threads run side by side as long as each call does enough work. BLAS splits only the product; splitting
tiles also splits the copies around it, and each thread's scratch memory stays in its own cache: the second
convolution of the lecture's network is 1.8 times as fast on two idle cores. Waking a thread takes about 60 µs, and a
thread that wants the interpreter back may wait as long, so a tile should consist of a few calls of 0.1 ms or more.

The caller works too, and a free thread takes the next tile. A tile's result never depends on which thread computes
it, nor on how many there are: results are the same to the bit for every number of threads.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import Context, copy_context
from dataclasses import dataclass
from itertools import count as counter
from queue import SimpleQueue
from typing import Any

from threadpoolctl import ThreadpoolController

from ...errors import ArgumentError

MOST_THREADS = 4096
SMALL_WORK = 200.0  # microseconds; below this, waking a thread costs more than it saves


def available_cores() -> int:
    """The number of cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _initial_threads() -> int:
    text = os.environ.get("MINIDL_NUM_THREADS")
    if text is None:
        return available_cores()
    if not text.isdecimal() or not 1 <= int(text[:9]) <= MOST_THREADS:
        raise ArgumentError(f"MINIDL_NUM_THREADS={text[:80]!r} is not a number of threads; use 1, 2, ...")
    return int(text)


_threads: int | None = None  # looked up only when needed, so that an import raises no error


def get_num_threads() -> int:
    """How many threads share the work of one operation: MINIDL_NUM_THREADS, else the cores of this process."""
    global _threads
    if _threads is None:
        _threads = _initial_threads()
    return _threads


def set_num_threads(threads: int) -> None:
    """Share the work of one operation among this many threads; ArgumentError if it is not at least 1."""
    global _threads
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
        raise ArgumentError(f"set_num_threads takes an integer of at least 1, got {threads!r}")
    _threads = threads


class _OneThreadBlas:
    """A context that holds BLAS at one thread; one user of the pool at a time, the others wait.

    threadpoolctl lets only one thread of the process change BLAS at a time, until that thread is done.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.libraries: Any = None
        self.before: list[int] = []

    def __enter__(self) -> None:
        self.lock.acquire()
        if self.libraries is None:
            self.libraries = ThreadpoolController().select(user_api="blas").lib_controllers
        self.before = [library.get_num_threads() for library in self.libraries]
        self._set(1)

    def __exit__(self, *exception: object) -> None:
        self._set(None)
        self.lock.release()

    def _set(self, threads: int | None) -> None:
        for library, before in zip(self.libraries, self.before):
            if before != 1:
                library.set_num_threads(threads or before)
                if threads is None and hasattr(library, "clear_controlling_thread"):
                    library.clear_controlling_thread()


class _Job:
    """`count` tiles of one operation, taken one by one by any free thread; finished when the last of them is."""

    def __init__(self, task: Callable[[int], object], count: int) -> None:
        self.task: Callable[[int], object] | None = task
        self.count = count
        self.next = counter().__next__  # a single call into C, so two threads never get the same number
        self.done = counter(1).__next__
        self.error: BaseException | None = None
        self.running = threading.Lock()  # held until the last tile is done
        self.running.acquire()

    def work(self) -> None:
        while (tile := self.next()) < self.count:
            try:
                if self.error is None and self.task is not None:
                    self.task(tile)
            except BaseException as error:
                self.error = error
            if self.done() == self.count:
                self.running.release()

    def wait(self) -> None:
        """Wait until the tiles that helpers took are done, but not for helpers that never came."""
        self.running.acquire()


class _Pool:
    """Threads that wait for jobs; they start when first needed and end with the process."""

    def __init__(self) -> None:
        self.jobs: SimpleQueue[tuple[Context, _Job]] = SimpleQueue()
        self.workers = 0
        self.blas = _OneThreadBlas()
        self.local = threading.local()

    def run(self, job: _Job, helpers: int) -> None:
        """Work on the job with that many threads besides the caller; inside another job, with the caller alone."""
        if self.is_inside():
            job.work()
        else:
            with self.inside():
                self._share(job, helpers)
        job.task = None  # a helper that comes too late finds nothing to do, and no arrays to keep alive
        if job.error is not None:
            raise job.error

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Inside it, BLAS is held at one thread, and this thread does its work alone."""
        with self.blas:
            self.local.inside = True
            try:
                yield
            finally:
                self.local.inside = False

    def is_inside(self) -> bool:
        """Whether this thread is working on a job, with BLAS already held."""
        return getattr(self.local, "inside", False)

    def _share(self, job: _Job, helpers: int) -> None:
        for _ in range(self._grow(helpers)):
            self.jobs.put((copy_context(), job))  # with the caller's np.errstate
        job.work()
        job.wait()

    def _grow(self, workers: int) -> int:
        """Start threads until there are that many; returns how many there are, as the system may allow fewer."""
        while self.workers < workers:
            try:
                threading.Thread(target=self._serve, name=f"minidl-{self.workers + 1}", daemon=True).start()
            except RuntimeError:  # no threads here, as in some sandboxes: the caller does the work
                break
            self.workers += 1
        return min(workers, self.workers)

    def _serve(self) -> None:
        self.local.inside = True
        while True:
            context, job = self.jobs.get()
            context.run(job.work)
            del context, job


_pool = _Pool()


def _after_fork() -> None:
    global _pool
    _pool = _Pool()  # a forked child has none of the threads


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def is_held() -> bool:
    """Whether this thread does its products alone, with BLAS held already."""
    return _pool.is_inside()


def parallel(task: Callable[[int], object], count: int, microseconds: float, products: bool = True) -> None:
    """Call task(0) ... task(count - 1), shared among the threads; an error in one of them is raised here.

    `microseconds` estimates how long one thread takes for all of it: if too short, the caller does it alone. Without
    `products` in the tasks, BLAS need not be held then.
    """
    if count == 0:
        return
    helpers = min(_threads or get_num_threads(), count) - 1 if microseconds >= SMALL_WORK else 0
    if helpers > 0:
        _pool.run(_Job(task, count), helpers)
        return
    with _pool.inside() if products and not _pool.is_inside() else nullcontext():
        for tile in range(count):
            task(tile)


@dataclass(slots=True)
class Work:
    """The pending work for a result: `task(0)` ... `task(count - 1)`, in any order on any thread, then `finish()`."""

    task: Callable[[int], object]
    count: int
    microseconds: float  # an estimate of how long one thread takes for all of it
    finish: Callable[[], object] | None = None


_put_off = threading.local()  # .works: the pending work of the `one_job` that this thread is in


def do(*works: Work) -> None:
    """Do all of it, longest tasks first, so that threads finish together; within `one_job`, at its end."""
    if (put_off := getattr(_put_off, "works", None)) is not None:
        put_off += works
        return
    if len(works) == 1:
        (work,) = works
        parallel(work.task, work.count, work.microseconds)
        if work.finish is not None:
            work.finish()
        return
    longest_first = sorted(works, key=lambda work: -work.microseconds / max(1, work.count))
    tasks = [(work.task, i) for work in longest_first for i in range(work.count)]

    def run(number: int) -> None:
        task, i = tasks[number]
        task(i)

    parallel(run, len(tasks), sum(work.microseconds for work in works))
    for work in works:
        if work.finish is not None:
            work.finish()


class one_job:
    """Collects the pending work of results inside it into one job at its end: none of them may be read before.

    Threads are woken once, and share all the tiles. A tool that follows a program line by line (a debugger, `minidl
    explain`) does read results: then each of them is computed at once.
    """

    def __enter__(self) -> None:
        self._collects = sys.gettrace() is None and getattr(_put_off, "works", None) is None
        if self._collects:
            _put_off.works = []

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if not self._collects:
            return
        works, _put_off.works = _put_off.works, None
        if works and kind is None:
            do(*works)


_turns = threading.local()  # .lock: that of the walks of which this thread does one, while it is its turn


def in_turn(walk: Callable[[int], Any], count: int) -> list[Any]:
    """[walk(0), ..., walk(count - 1)]: many short calls each, with a product here and there (`out_of_turn`).

    A short call gives the interpreter away and wants it back. Two threads that make such calls would wake one another
    each time, so only the one whose turn it is makes them, while another multiplies.
    """
    lock = threading.Lock()
    results = [None] * count

    def task(number: int) -> None:
        lock.acquire()
        outer, _turns.lock = getattr(_turns, "lock", None), lock
        try:
            results[number] = walk(number)
        finally:
            if _turns.lock is lock:
                lock.release()
            _turns.lock = outer

    alone = count == 1 or sys.gettrace() is not None  # a debugger follows one thread
    parallel(task, count, 0 if alone else SMALL_WORK)
    return results


def out_of_turn(function: Callable[..., Any], *arguments: Any) -> Any:
    """function(*arguments), a call that leaves the interpreter alone: meanwhile it is another's turn."""
    lock = getattr(_turns, "lock", None)
    if lock is None:
        return function(*arguments)
    _turns.lock = None
    lock.release()
    try:
        return function(*arguments)
    finally:
        lock.acquire()
        _turns.lock = lock  # not if Ctrl-C ended the wait: what is another's may not be released
