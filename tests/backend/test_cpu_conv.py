"""Tiled convolution equals the plain array version and PyTorch, whatever the shape, tile size or number of threads."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from minidl.backend.base import Backend
from minidl.backend.numpy import columns, threads
from minidl.backend.numpy import conv as cpu_conv
from minidl.backend.numpy import matmul as cpu_matmul
from minidl.backend.numpy.backend import NumpyBackend
from minidl.backend.numpy.elementwise import channel_sums
from minidl.backend.numpy.matmul import piece
from minidl.backend.window import Window
from tests.support.strategies import arrays

DTYPES = {np.float16: 2e-2, np.float32: 1e-4, np.float64: 1e-11}


@dataclass
class Problem:
    x: np.ndarray
    w: np.ndarray
    bias: np.ndarray | None
    dz: np.ndarray
    window: Window
    groups: int

    @property
    def size(self) -> tuple[int, int]:
        return self.x.shape[2], self.x.shape[3]

    def results(self, library) -> list[np.ndarray]:
        """The correlation and its two gradients, one by one and together, with the bias's."""
        z = library.correlate(self.x, self.w, self.bias, self.window, self.groups)
        alone = self.gradients(library)
        with threads.one_job():
            together = [*self.gradients(library), library.channel_sums(self.dz)]
        return [z, *alone, *together]

    def gradients(self, library) -> list[np.ndarray]:
        return [
            library.correlate_grad_input(self.dz, self.w, self.window, self.groups, self.size),
            library.correlate_grad_weight(self.dz, self.x, self.window, self.groups),
        ]


class Plain:
    """The array-call versions of the base class."""

    correlate = staticmethod(lambda *a: Backend.correlate(NumpyBackend(), *a))
    correlate_grad_input = staticmethod(lambda *a: Backend.correlate_grad_input(NumpyBackend(), *a))
    correlate_grad_weight = staticmethod(lambda *a: Backend.correlate_grad_weight(NumpyBackend(), *a))

    channel_sums = staticmethod(lambda *a: Backend.channel_sums(NumpyBackend(), *a))


class Tuned:
    """The versions of the NumPy backend."""

    correlate = NumpyBackend().correlate
    correlate_grad_input = NumpyBackend().correlate_grad_input
    correlate_grad_weight = NumpyBackend().correlate_grad_weight
    channel_sums = staticmethod(channel_sums)


@st.composite
def problems(draw: st.DrawFn, symmetric: bool = False) -> Problem:
    """Convolutions of every kind, small: padding wider than the kernel, strides that skip taps, no images at all."""
    small = st.integers(1, 4)
    pad = st.integers(0, 5)
    ph, pw = draw(pad), draw(pad)
    padding = ((ph, ph), (pw, pw)) if symmetric else ((ph, draw(pad)), (pw, draw(pad)))
    window = Window((draw(small), draw(small)), (draw(small), draw(small)), padding, (draw(small), draw(small)))
    groups = draw(st.integers(1, 3))
    c, o = groups * draw(st.integers(1, 3)), groups * draw(st.integers(1, 5))
    n, h, w = draw(st.integers(0, 4)), draw(st.integers(1, 9)), draw(st.integers(1, 9))
    (top, bottom), (left, right) = padding
    assume(window.extent[0] <= h + top + bottom and window.extent[1] <= w + left + right)
    return Problem(
        draw(arrays((n, c, h, w))),
        draw(arrays((o, c // groups, *window.kernel))),
        draw(st.none() | arrays((o,))),
        draw(arrays((n, o, *window.output_size((h, w))))),
        window,
        groups,
    )


NAMES = ("COLUMNS", "PANEL", "BUFFER_BYTES", "ENTRIES", "WORTH_SKIPPING", "piece")


@contextmanager
def tuned(workers: int, **sizes: Any) -> Iterator[None]:
    """Tiles of those sizes, shared among that many threads however little there is to do."""
    before = {name: getattr(columns, name) for name in NAMES}, threads.SMALL_WORK, threads.get_num_threads()
    vars(columns).update(sizes)
    cpu_conv.piece = columns.piece
    threads.SMALL_WORK = 0.0
    threads.set_num_threads(workers)
    columns.tiles.cache_clear()
    try:
        yield
    finally:
        columns.tiles.cache_clear()
        vars(columns).update(before[0])
        cpu_conv.piece = columns.piece
        threads.SMALL_WORK = before[1]
        threads.set_num_threads(before[2])


@given(
    problems(),
    st.sampled_from([(1, 1), (1, 8), (512, 2048)]),
    st.sampled_from([1, 100, 1 << 18]),
    st.sampled_from([1, 1 << 20]),
    st.sampled_from([-1, 1 << 30]),
    st.sampled_from([1, 2, 3, 1 << 30]),
    st.integers(1, 3),
)
def test_equals_the_plain_version(
    problem: Problem, run: tuple[int, int], panel: int, buffer: int, skipping: int, longest: int, workers: int
) -> None:
    sizes: dict[str, Any] = {"COLUMNS": run, "PANEL": panel, "BUFFER_BYTES": buffer, "WORTH_SKIPPING": skipping}
    sizes["ENTRIES"] = buffer
    with tuned(workers, **sizes, piece=lambda length, _: max(1, min(length, longest))):
        found = problem.results(Tuned)
    for ours, plain in zip(found, problem.results(Plain)):
        assert ours.shape == plain.shape
        np.testing.assert_allclose(ours, plain, rtol=0, atol=1e-10)


@given(problems(symmetric=True))
def test_equals_pytorch(problem: Problem) -> None:
    x, w = torch.tensor(problem.x.copy(), requires_grad=True), torch.tensor(problem.w.copy(), requires_grad=True)
    window, bias = problem.window, torch.zeros(len(problem.w), dtype=x.dtype, requires_grad=True)
    if problem.bias is not None:
        bias = torch.tensor(problem.bias.copy(), requires_grad=True)
    padding = (window.padding[0][0], window.padding[1][0])
    z = torch.nn.functional.conv2d(x, w, bias, window.stride, padding, window.dilation, problem.groups)
    z.backward(torch.tensor(problem.dz.copy()))
    for ours, theirs in zip(problem.results(Tuned), (z.detach(), x.grad, w.grad, x.grad, w.grad, bias.grad)):
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=0, atol=1e-10)


@pytest.mark.parametrize("dtype", DTYPES)
@given(problem=problems())
def test_keeps_the_dtype_and_its_precision(dtype: type, problem: Problem) -> None:
    exact = problem.results(Plain)
    problem.x, problem.w, problem.dz = (a.astype(dtype) for a in (problem.x, problem.w, problem.dz))
    problem.bias = None if problem.bias is None else problem.bias.astype(dtype)
    for ours, plain in zip(problem.results(Tuned), exact):
        assert ours.dtype == dtype
        scale = max(1.0, float(np.abs(plain).max(initial=0.0)))
        np.testing.assert_allclose(ours.astype(float), plain, rtol=0, atol=DTYPES[dtype] * scale)


@given(st.integers(0, 5000), st.integers(0, 300_000))
def test_pieces_of_a_product_fit_and_are_few(length: int, work: int) -> None:
    width = piece(length, work)
    assert 1 <= width <= max(1, length)
    if width < length:
        assert width * work <= cpu_matmul.UNPACKED
        assert length // width < 2 * -(-length // (cpu_matmul.UNPACKED // work))


def test_half_precision_is_summed_in_single() -> None:
    ones = np.ones((1, 16, 16, 16), np.float16)
    window = Window((16, 16))
    z = NumpyBackend().correlate(ones, ones, None, window, 1)
    assert z.item() == 4096  # in half precision, 2048 + 1 is 2048


@pytest.mark.parametrize("shape", [(100, 1, 28, 10, 5, 3), (32, 10, 15, 20, 5, 3), (4, 64, 16, 64, 3, 1)])
def test_as_close_to_the_truth_as_pytorch(shape: tuple[int, ...], rng: np.random.Generator) -> None:
    n, c, h, o, k, p = shape
    window = Window((k, k), padding=((p, p), (p, p)))
    x, w = rng.standard_normal((n, c, h, h)), rng.standard_normal((o, c, k, k))
    dz = rng.standard_normal((n, o, *window.output_size((h, h))))
    exact = Problem(x, w, None, dz, window, 1).results(Plain)
    single = [a.astype(np.float32) for a in (x, w, dz)]
    ours = Problem(single[0], single[1], None, single[2], window, 1).results(Tuned)
    tx, tw, tdz = (torch.tensor(a) for a in single)
    z = torch.nn.functional.conv2d(tx.requires_grad_(), tw.requires_grad_(), padding=p)
    z.backward(tdz)
    for mine, theirs, truth in zip(ours, (z.detach(), tx.grad, tw.grad), exact):
        error, bar = np.abs(mine - truth).max(), np.abs(theirs.numpy() - truth).max()
        assert error <= 4 * bar + 1e-6 * np.abs(truth).max()


@pytest.mark.parametrize("groups", [1, 2])
def test_same_bits_every_time_and_with_any_number_of_threads(groups: int, rng: np.random.Generator) -> None:
    window = Window((5, 5), padding=((3, 3), (3, 3)))
    x = rng.standard_normal((40, 10, 15, 15)).astype(np.float32)
    w = rng.standard_normal((20, 10 // groups, 5, 5)).astype(np.float32)
    dz = rng.standard_normal((40, 20, 17, 17)).astype(np.float32)
    problem = Problem(x, w, None, dz, window, groups)
    with tuned(1):
        first = problem.results(Tuned)
    for workers in (1, 2, 3, 2, 1):
        with tuned(workers):
            for a, b in zip(first, problem.results(Tuned)):
                np.testing.assert_array_equal(a, b)


def test_inputs_are_left_as_they_were(rng: np.random.Generator) -> None:
    x, w, dz = rng.standard_normal((2, 4, 6, 6)), rng.standard_normal((4, 4, 3, 3)), rng.standard_normal((2, 4, 4, 4))
    for a in (x, w, dz):
        a.flags.writeable = False
    Problem(x, w, None, dz, Window((3, 3)), 1).results(Tuned)


@pytest.mark.parametrize("n", [64, 256])
def test_memory_beyond_the_result_does_not_grow_with_the_batch(n: int, rng: np.random.Generator) -> None:
    window = Window((5, 5), padding=((2, 2), (2, 2)))
    x = rng.standard_normal((8, 20, 20, n)).astype(np.float32).transpose(3, 0, 1, 2)  # batch last in memory
    w = rng.standard_normal((8, 8, 5, 5)).astype(np.float32)
    problem = Problem(x, w, None, x, window, 1)
    tracemalloc.start()
    try:
        results = problem.results(Tuned)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < sum(r.nbytes for r in results) + (10 << 20)  # all columns of 256 images would be 82 MB


def test_results_are_contiguous_with_the_batch_last(rng: np.random.Generator) -> None:
    x, w = rng.standard_normal((3, 2, 7, 7)), rng.standard_normal((4, 2, 3, 3))
    z = NumpyBackend().correlate(x, w, None, Window((3, 3)), 1)
    assert z.transpose(1, 2, 3, 0).flags.c_contiguous


@given(problems(), st.tuples(st.booleans(), st.booleans(), st.booleans()), st.integers(1, 3))
def test_gradients_that_are_done_together_are_those_that_are_done_alone(
    problem: Problem, needs: tuple[bool, bool, bool], workers: int
) -> None:
    calls = [
        lambda: Tuned.correlate_grad_input(problem.dz, problem.w, problem.window, problem.groups, problem.size),
        lambda: Tuned.correlate_grad_weight(problem.dz, problem.x, problem.window, problem.groups),
        lambda: Tuned.channel_sums(problem.dz),
    ]
    wanted = [call for call, needed in zip(calls, needs) if needed]
    with tuned(workers):
        alone = [call() for call in wanted]
        with threads.one_job():
            together = [call() for call in wanted]
    for found, expected in zip(together, alone, strict=True):
        np.testing.assert_array_equal(found, expected)
