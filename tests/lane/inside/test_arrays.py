"""The array calls that the engine is built from, on the emulated device against NumPy: values, shapes and dtypes."""

from __future__ import annotations

import numpy as np
import pytest

random = np.random.default_rng(0)
X = random.standard_normal((3, 4, 5)).astype(np.float32)
INDEX = random.integers(0, 4, (3, 2, 5))
LABELS = random.integers(0, 5, 12)


def set_along_axis(xp, x):
    x = x.copy()
    xp.put_along_axis(x, xp.asarray(INDEX), 7, 1)
    return x


def set_masked(xp, x):
    x = x.copy()
    x[x > 0] = 0
    return x


def scale_masked(xp, x):
    x = x.copy()
    x[x > 0] *= 2
    return x


def subtract_one_at_labels(xp, x):
    x = x.copy()
    x[xp.arange(3), xp.asarray([1, 2, 0])] -= 1
    return x


def into_given_array(xp, x):
    out = xp.empty_like(x)
    xp.exp(x, out=out)
    xp.add(out, x, out=out)
    return out


def add_at(xp, x):
    counts = xp.zeros(5, np.float32)
    xp.add.at(counts, xp.asarray(LABELS), 1)
    return counts


CALLS = {
    "sum of axes": lambda xp, x: x.sum((0, 2)),
    "sum keeping dims": lambda xp, x: x.sum(1, keepdims=True),
    "sum of many": lambda xp, x: xp.ones(100_000, np.float32).sum(),
    "sum of none": lambda xp, x: x[:0].sum(0),
    "sum to empty": lambda xp, x: x[:0].sum(1),
    "mean": lambda xp, x: x.mean((0, 1)),
    "var": lambda xp, x: x.var(1),
    "prod": lambda xp, x: x.prod(2),
    "max": lambda xp, x: x.max((0, 1)),
    "max with NaN": lambda xp, x: xp.where(x > 1, np.float32(np.nan), x).max(1),
    "min": lambda xp, x: xp.min(x, 2),
    "argmax": lambda xp, x: x.argmax(1),
    "argmin of all": lambda xp, x: x.argmin(),
    "argmax of ties": lambda xp, x: (x > 0).argmax(1),
    "any": lambda xp, x: (x > 2).any(1),
    "all": lambda xp, x: (x > -9).all(),
    "count_nonzero": lambda xp, x: xp.count_nonzero(x > 0),
    "cumsum": lambda xp, x: xp.cumsum(x, 1),
    "cumsum of all": lambda xp, x: xp.cumsum(x),
    "cumsum in blocks": lambda xp, x: xp.cumsum(xp.ones(3000, np.int64)),
    "cumprod": lambda xp, x: xp.cumprod(x, 2),
    "sort": lambda xp, x: xp.sort(x, 1),
    "sort of all": lambda xp, x: xp.sort(x.ravel()),
    "argsort": lambda xp, x: xp.argsort(x, 1),
    "take_along_axis": lambda xp, x: xp.take_along_axis(x, xp.asarray(INDEX), 1),
    "put_along_axis": set_along_axis,
    "take": lambda xp, x: xp.take(x, xp.asarray([1, 0]), 1),
    "mask": lambda xp, x: x[x > 0],
    "mask of rows": lambda xp, x: x[xp.asarray([True, False, True])],
    "set by mask": set_masked,
    "in place by mask": scale_masked,
    "nonzero": lambda xp, x: xp.stack(xp.nonzero(x > 0)),
    "nonzero in blocks": lambda xp, x: xp.nonzero(xp.arange(5000) % 3 == 0)[0],
    "argwhere": lambda xp, x: xp.argwhere(x > 0),
    "in place at labels": subtract_one_at_labels,
    "add.at": add_at,
    "bincount": lambda xp, x: xp.bincount(xp.asarray(LABELS), minlength=7),
    "where": lambda xp, x: xp.where(x > 0, x, np.float32(0)),
    "clip": lambda xp, x: xp.clip(x, np.float32(-0.5), np.float32(0.5)),
    "pad": lambda xp, x: xp.pad(x, ((0, 0), (1, 2), (0, 1)), constant_values=-np.inf),
    "concatenate": lambda xp, x: xp.concatenate([x, x], 1),
    "stack": lambda xp, x: xp.stack([x, x], 2),
    "repeat": lambda xp, x: xp.repeat(x, 2, 1),
    "flip": lambda xp, x: xp.flip(x, 1),
    "tril": lambda xp, x: xp.tril(x),
    "as_strided": lambda xp, x: xp.lib.stride_tricks.as_strided(x, (2, 3, 4, 4), (4, *x.strides)),
    "unique": lambda xp, x: xp.unique(xp.asarray(LABELS)),
    "matmul in batches": lambda xp, x: x @ x.transpose(0, 2, 1),
    "matmul broadcast": lambda xp, x: xp.matmul(x[:, None], x.transpose(0, 2, 1)[None]),
    "matrix @ vector": lambda xp, x: x[0] @ x[0, 0],
    "vector @ vector": lambda xp, x: x[0, 0] @ x[0, 0],
    "matmul of ints": lambda xp, x: xp.asarray(INDEX[0]) @ xp.asarray(INDEX[0]).T,
    "outer": lambda xp, x: xp.outer(x[0, 0], x[0, 1]),
    "tensordot": lambda xp, x: xp.tensordot(x, x, ((1, 2), (1, 2))),
    "einsum": lambda xp, x: xp.einsum("bij,bkj->bik", x, x),
    "einsum optimized": lambda xp, x: xp.einsum("bij,bkj,bi->k", x, x, x[..., 0], optimize=True),
    "out=": into_given_array,
    "tanh": lambda xp, x: xp.tanh(x),
    "power": lambda xp, x: xp.abs(x) ** np.float32(1.7),
    "maximum": lambda xp, x: xp.maximum(x, np.float32(0)),
    "maximum with NaN": lambda xp, x: xp.maximum(x, np.float32(np.nan)),
    "fmax with NaN": lambda xp, x: xp.fmax(x, np.float32(np.nan)),
    "isfinite": lambda xp, x: xp.isfinite(x),
    "logaddexp": lambda xp, x: xp.logaddexp(x, 2 * x),
    "integer division": lambda xp, x: xp.asarray(INDEX) // 3,
    "to uint8": lambda xp, x: (xp.abs(x) * 50).astype(np.uint8),
    "complex magnitude": lambda xp, x: xp.abs(x + np.complex64(1j)),
}


def compare(name, call, x, cp, rtol):
    expected = np.asarray(call(np, x))
    actual = cp.asnumpy(call(cp, cp.asarray(x)))
    assert actual.dtype == expected.dtype, name
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=rtol, err_msg=name)


@pytest.mark.parametrize("name", CALLS)
def test_float32(cp, name):
    compare(name, CALLS[name], X, cp, rtol=1e-5)


@pytest.mark.parametrize("name", ["sum of axes", "var", "max", "argmax", "cumsum", "sort", "mask", "matmul in batches",
                                  "einsum", "set by mask", "in place at labels"])  # fmt: skip
def test_float64(cp, name):
    compare(name, CALLS[name], X.astype(np.float64), cp, rtol=1e-12)


HALF_CALLS = (
    "sum of axes", "mean", "max", "max with NaN", "argmax", "cumsum", "sort", "argsort", "mask", "set by mask",
    "in place at labels", "matmul in batches", "matrix @ vector", "tensordot", "concatenate", "tanh", "out=",
    "maximum", "isfinite", "pad", "take_along_axis",
)  # fmt: skip


@pytest.mark.parametrize("name", HALF_CALLS)
def test_float16(cp, name):
    def call(xp, x):
        return CALLS[name](xp, x).astype(np.float16)

    compare(name, call, X.astype(np.float16), cp, rtol=4e-3)


def test_products_are_summed_as_cuda_cores_sum_them(cp):
    """One term after the other, fused, in the result's precision (single for half): no more exact than a GPU's."""
    terms = np.float32([2**24] + 100 * [1])
    found = cp.asarray(np.tile(terms, (2, 1))) @ cp.ones((101, 2), np.float32)
    assert found.tolist() == [[2**24] * 2] * 2  # 2^24 + 1 is 2^24, a hundred times
    x, y = np.float32([-1 - 2.0**-11, 1 + 2.0**-12]), np.float32([1, 1 + 2.0**-12])
    fused = 2.0**-24  # the square is 1 + 2^-11 + 2^-24; rounded by itself it would leave 0
    rows, columns = cp.asarray(np.tile(x, (2, 1))), cp.asarray(np.tile(y, (2, 1)).T)
    assert (rows @ columns).tolist() == [[fused] * 2] * 2
    assert (rows @ cp.asarray(y)).tolist() == [fused] * 2
    half = cp.asarray([[2048, 1, 1]] * 2, np.float16) @ cp.ones((3, 2), np.float16)
    assert half.tolist() == [[2050] * 2] * 2  # half itself has no 2049, single has


def test_float16_rounds_as_numpy_does(cp):
    """Every finite half there and back, ties to even, overflow at 65520, subnormals: bit for bit."""
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    finite = halves[np.isfinite(halves)]
    back = cp.asnumpy(cp.asarray(finite).astype(np.float32).astype(np.float16))
    assert np.array_equal(back.view(np.uint16), finite.view(np.uint16))
    edges = [65504, 65519.99, 65520, 1e9, 2.0**-24, 2.0**-25, 2.0**-25 * 1.0001, 6.1e-5, 1 + 2**-11, 1 + 3 * 2**-11]
    values = np.concatenate([random.standard_normal(2000) * 10.0 ** random.integers(-9, 6, 2000), edges])
    with np.errstate(over="ignore"):
        for dtype in (np.float32, np.float64):
            expected = values.astype(dtype).astype(np.float16)
            actual = cp.asnumpy(cp.asarray(values.astype(dtype)).astype(np.float16))
            assert np.array_equal(actual.view(np.uint16), expected.view(np.uint16))
