"""x // y and x % y in vectors are those of `np.divmod` to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl.backend import get_backend
from minidl.backend.numpy.divmod import LARGEST

backend = get_backend("numpy")
LENGTH = 6
SINGLE = st.floats(width=32) | st.integers(-40, 40).map(lambda n: n / 4) | st.sampled_from([0.0, -0.0, LARGEST, 1e-45])


def bits(z: np.ndarray) -> list[int]:
    return np.where(np.isnan(z), np.float32(np.nan), z).view(np.int32).tolist()


@given(st.lists(SINGLE, min_size=LENGTH, max_size=LENGTH), st.lists(SINGLE, min_size=LENGTH, max_size=LENGTH))
def test_any_numbers(x: list[float], y: list[float]) -> None:
    a, b = np.array(x, "f"), np.array(y, "f")
    with pytest.MonkeyPatch.context() as patch, backend.quiet():
        patch.setattr("minidl.backend.numpy.divmod.LEAST", 1)
        patch.setattr("minidl.backend.numpy.divmod.BLOCK", 1)  # no number sends the others to NumPy
        for first, second in ((a, b), (a, b[0]), (a[0], b), (a[::-1], b), (a.reshape(2, 3), b[:3]), (a, float(b[0]))):
            found, expected = backend.floor_divmod(first, second), np.divmod(first, second)
            assert [z.shape for z in found] == [z.shape for z in expected]
            assert [z.dtype for z in found] == [z.dtype for z in expected]
            assert [bits(z) for z in found] == [bits(z) for z in expected]


@given(st.integers(0, 1000), st.sampled_from([0.0, 3.0, 7.0]), st.sampled_from([1, 3]))
def test_many_numbers_of_many_sizes(seed: int, decades: float, threads: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((2, 20_000)).astype("f")
    x *= (10 ** rng.uniform(-decades, decades, x.shape)).astype("f")
    x[::3] = np.round(x[::3]) * y[::3]
    before = minidl.get_num_threads()
    with pytest.MonkeyPatch.context() as patch, backend.quiet():
        patch.setattr("minidl.backend.numpy.divmod.BLOCK", 1 << 13)
        patch.setattr("minidl.backend.numpy.threads.SMALL_WORK", 0.0)
        minidl.set_num_threads(threads)
        found = backend.floor_divmod(x, y)
    minidl.set_num_threads(before)
    assert [bits(z) for z in found] == [bits(z) for z in np.divmod(x, y)]


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_other_dtypes_stay_numpy_s(dtype: str, rng: np.random.Generator) -> None:
    x, y = rng.standard_normal((2, 5000)).astype(dtype)
    for found, expected in zip(backend.floor_divmod(x, y), np.divmod(x, y)):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
