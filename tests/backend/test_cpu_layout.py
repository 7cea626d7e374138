"""Images with the batch last: the same elements to the last bit, whatever the shape, dtype or order in memory."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minidl.backend.numpy import memory as cpu_layout
from minidl.backend.numpy import threads

DTYPES = ("bool", "uint8", "int16", "int32", "int64", "float16", "float32", "float64")


@pytest.mark.parametrize("dtype", DTYPES)
@given(
    st.tuples(*[st.integers(0, 9)] * 4), st.sampled_from([*permutations(range(4))]), st.booleans(), st.integers(1, 3)
)
def test_every_bit_arrives(
    dtype: str, shape: tuple[int, ...], order: tuple[int, ...], sliced: bool, workers: int
) -> None:
    size = np.dtype(dtype).itemsize * (int(np.prod(shape)) + 1)
    bits = np.random.default_rng(0).integers(0, 2 if dtype == "bool" else 256, size, np.uint8)
    x = bits.view(dtype)[: int(np.prod(shape))].reshape([shape[axis] for axis in order]).transpose(np.argsort(order))
    x = x[:, :, ::2] if sliced else x
    before = cpu_layout.LEAST, cpu_layout.STRIP, threads.SMALL_WORK, threads.get_num_threads()
    cpu_layout.LEAST, cpu_layout.STRIP, threads.SMALL_WORK = 1, 20, 0.0
    threads.set_num_threads(workers)
    try:
        z = cpu_layout.batch_last(x)
    finally:
        cpu_layout.LEAST, cpu_layout.STRIP, threads.SMALL_WORK = before[:3]
        threads.set_num_threads(before[3])
    assert z.dtype == x.dtype and z.shape == (*x.shape[1:], x.shape[0]) and z.flags.c_contiguous
    assert z.tobytes() == x.transpose(1, 2, 3, 0).tobytes()


def test_memory_that_has_the_order_is_not_copied() -> None:
    x = np.zeros((3, 4, 5, 6)).transpose(3, 0, 1, 2)
    assert np.shares_memory(cpu_layout.batch_last(x), x)
