"""NumPy's backend takes OpenCV's exponential for float32; nobody may notice but by the clock."""

import numpy as np
import pytest

from minidl.backend.numpy.elementwise import FEW, exp

SPECIAL = [np.inf, -np.inf, np.nan, 0.0, -0.0, 88.7, 88.8, 1e30, -87.4, -100.0, -103.9, -104.0, -1e30, 1e-45]


def values(size: int = 4 * FEW) -> np.ndarray:
    return (np.random.default_rng(0).standard_normal(size) * 30).astype(np.float32)


def test_it_is_right_to_two_units_in_the_last_place():
    x = values()
    true = np.exp(x.astype(np.float64))
    shown = (true < np.finfo(np.float32).max) & (true > np.finfo(np.float32).tiny)
    assert np.max(np.abs(exp(x)[shown] / true[shown] - 1)) < 2 * np.finfo(np.float32).eps


def test_the_special_values_are_numpys():
    x = np.resize(np.array(SPECIAL, np.float32), 2 * FEW)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(exp(x), np.exp(x), rtol=3e-7, atol=3e-45)


def test_an_element_does_not_depend_on_its_place():
    x = values()
    for start in (1, 3, 7, 16):
        np.testing.assert_array_equal(exp(x[start:]), exp(x)[start:])


@pytest.mark.parametrize("order", ["C", "F"])
def test_the_order_in_memory_is_kept(order):
    x = np.asarray(values().reshape(-1, 4, 8), order=order)
    z = exp(x)
    assert z.strides == x.strides
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(z, np.exp(x), rtol=3e-7, atol=3e-45)


def test_other_layouts_dtypes_and_sizes_are_numpys_own():
    x = values().reshape(-1, 64)
    for other in (x[:, ::2], x.astype(np.float64), x[0], x[:0]):
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(exp(other), np.exp(other))


def test_the_input_stays():
    x = values()
    before = x.copy()
    exp(x)
    np.testing.assert_array_equal(x, before)
