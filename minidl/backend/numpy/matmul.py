"""Matrix products on the CPU, shared among minidl's own threads.

BLAS could use its own threads, but those keep spinning for a while after a product: on two cores that are shared with
other programs, the lecture's last layer then took 30 ms instead of 0.2, and a network of convolutions and large linear
layers 1.3 times as long as with strips, because they get in the way of the threads that share tiles (an MLP alone takes
0.87 times as long). So BLAS stays at one thread, and a large product is cut into strips of its result. Strips depend on
the shape alone, so results do not depend on the number of threads.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from functools import cache, lru_cache
from itertools import pairwise
from time import perf_counter
from typing import Any

import numpy as np

from .threads import Work, do, in_turn, is_held, out_of_turn, parallel

SMALL = 1 << 17  # multiply-adds of a product of matrices that BLAS never shares among threads
SMALL_VECTOR = 1 << 13  # the same, of a product with a vector
STRIP = 1 << 24  # multiply-adds per strip: wide strips multiply faster, and each costs waking a thread
STRIPS = 8
NARROW = 128  # the narrowest strip of many: for each of them BLAS copies all of the other matrix
WAKING = 3_000_000  # multiply-adds that the caller does until another thread is awake
WHOLE = 16  # rows or columns that BLAS takes at a time; strips are multiples of it
UNPACKED = 1_000_000  # multiply-adds up to which OpenBLAS's AVX-512 kernels read matrices where they are
NARROWEST = 96  # a smaller piece of a product is slower than the copies
PRODUCTS = 40_000  # multiply-adds per microsecond on one core, roughly


def matmul(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x @ y, for any shapes that `np.matmul` takes."""
    if x.dtype != y.dtype or x.dtype.kind != "f":
        return np.matmul(x, y)
    if x.ndim == 2 and y.ndim == 2 and x.shape[1] == y.shape[0]:
        work = x.size * y.shape[1]
        if work > SMALL and min(x.shape[0], y.shape[1]) > 1:
            held = is_held()  # then nobody is there to help
            if held and 2 * work <= STRIP:
                return out_of_turn(np.matmul, x, y)
            z = np.empty((x.shape[0], y.shape[1]), x.dtype)
            of_rows, parts = _strips(*x.shape, y.shape[1])

            def multiply(i: int) -> None:
                part = parts[i]
                if of_rows:
                    np.matmul(x[part], y, z[part])
                else:
                    np.matmul(x, y[:, part], z[:, part])

            if held:
                for i in range(len(parts)):
                    out_of_turn(multiply, i)
            else:
                do(Work(multiply, len(parts), work / PRODUCTS))
            return z
    else:
        work = x.size * (y.shape[-1] if y.ndim > 1 else 1)
    if work <= SMALL_VECTOR:
        return np.matmul(x, y)
    if work > SMALL and min(x.ndim, y.ndim) > 2:
        return _stacks(x, y, work)
    result = []
    parallel(lambda _: result.append(np.matmul(x, y)), 1, work / PRODUCTS)
    return result[0]


def walks(length: int, work: int) -> list[slice]:
    """The parts in which to take so many sequences, if each step multiplies `work` times per sequence.

    The steps of a sequence wait for one another, so that a step's product is too small to be shared. Two halves of the
    batch can walk side by side, if each product takes as long as waking a thread: an LSTM of 128 on 200 sequences takes
    0.6 of the time, on 100 sequences 0.8. It depends on the shape and the machine, not on the number of threads.
    """
    half = length - length // 2
    if length < 2 or not WAKING <= half * work <= STRIP // 2:
        return [slice(0, length)]
    if half * work < 2 * WAKING and not _turns_pay(half * work):
        return [slice(0, length)]
    return [slice(0, half), slice(half, length)]


def _turns_pay(work: int) -> bool:
    """Whether so many multiply-adds take three times as long as handing over the turn."""
    return work / _speed() > 3 * _handing_over()


@cache
def _speed() -> float:
    """Multiply-adds per microsecond on one core: by the best of 30 products, so that it is the same each time."""
    x, y, z = (np.zeros(shape, np.float32) for shape in ((64, 128), (128, 512), (64, 512)))

    def microseconds(_: int) -> float:
        best = math.inf
        for _ in range(30):
            start = perf_counter()
            np.matmul(x, y, z)
            best = min(best, perf_counter() - start)
        return best * 1e6

    return x.size * y.shape[1] / in_turn(microseconds, 1)[0]


@cache
def _handing_over() -> float:
    """Microseconds until a thread that waits for its turn goes on: half of the median of 31 round trips.

    A core that is awake takes about 5. A virtual one that falls asleep as soon as it waits takes 40.
    """
    ping, pong = threading.Lock(), threading.Lock()
    ping.acquire()
    pong.acquire()

    def answer() -> None:
        for _ in range(31):
            ping.acquire()
            pong.release()

    try:
        threading.Thread(target=answer, daemon=True).start()
    except RuntimeError:  # no threads here: nobody to take turns with
        return math.inf
    times = []
    for _ in range(31):
        start = perf_counter()
        ping.release()
        pong.acquire()
        times.append(perf_counter() - start)
    return float(np.median(times)) * 1e6 / 2


def side_by_side(walk: Callable[[int], Any], count: int, work: int) -> list[Any]:
    """[walk(0), ..., walk(count - 1)], on threads that take turns; a walk whose products are large shares these."""
    if count == 1 and 2 * work > STRIP:
        return [walk(0)]
    return in_turn(walk, count)


def _stacks(x: np.ndarray, y: np.ndarray, work: int) -> np.ndarray:
    """x @ y of stacks of matrices, in parts along the first axis of the result: each matrix is multiplied as before."""
    z = np.empty((*np.broadcast_shapes(x.shape[:-2], y.shape[:-2]), x.shape[-2], y.shape[-1]), x.dtype)
    length = z.shape[0]
    count = max(1, min(length, STRIPS, 2 * round(work / STRIP)))
    ends = [length * i // count for i in range(count + 1)]

    def part(array: np.ndarray, i: int) -> np.ndarray:
        """What the i-th part of the result needs of a factor: all of one that is broadcast along that axis."""
        cut = array.ndim == z.ndim and array.shape[0] == length
        return array[ends[i] : ends[i + 1]] if cut else array

    parallel(lambda i: np.matmul(part(x, i), part(y, i), part(z, i)), count, work / PRODUCTS)
    return z


@lru_cache(maxsize=1024)
def _strips(m: int, k: int, n: int) -> tuple[bool, list[slice]]:
    """Strips of (m, k) @ (k, n), cut along its longer side: whether they are of rows; the caller's first is longer."""
    length, work = max(m, n), m * k * n
    pairs = max(1, work // (2 * STRIP))  # an even number of strips, so that two threads end together
    most = min(STRIPS, max(2, 2 * (length // (2 * NARROW))), length // WHOLE)
    strips = max(1, min(2 * pairs, most)) if 2 * work > STRIP else 1
    later = max(0, work - WAKING) / (strips * max(1, work))  # the share of each strip but the first
    ends = [round(length * (1 - later * left) / WHOLE) * WHOLE for left in range(strips - 1, 0, -1)]
    return m > n, [slice(*bounds) for bounds in pairwise([0, *ends, length])]


@lru_cache(maxsize=1024)
def piece(length: int, work: int) -> int:
    """How much of one side of a product to take at a time; `work`: multiply-adds per row or column of that side.

    BLAS copies both matrices into its own order before it multiplies. If one of them has few rows, that takes as long
    as the product: 20 x 250 times 250 x 1700 runs at 83 GFLOP/s, and at 104 in ten pieces that need no copies.
    Kernels for AVX2 always copy; they lose 6 % to the pieces.
    """
    most = UNPACKED // max(1, work)
    if most < NARROWEST or most >= length:
        return max(1, length)
    fewest = -(-length // most)
    even = (length // count for count in range(fewest, 2 * fewest) if length % count == 0)
    return next(even, -(-length // fewest))
