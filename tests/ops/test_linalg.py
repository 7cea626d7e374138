"""Matrix products and linear against PyTorch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl.errors import DtypeError, ShapeError
from tests.support.compare import assert_close, check
from tests.support.strategies import arrays, shapes

F, TF = minidl.nn.functional, torch.nn.functional
HALF = ("float64", "float32", "float16")


@st.composite
def factors(draw):
    """Two arrays of any ranks that matmul takes."""
    m, k, n = (draw(st.integers(0, 4)) for _ in range(3))
    batch = draw(shapes(max_dims=2, max_side=3))
    pair = []
    for matrix in ((m, k), (k, n)):
        front = tuple(1 if draw(st.booleans()) else b for b in batch[draw(st.integers(0, len(batch))) :])
        pair.append(draw(arrays(front + matrix)))
    if draw(st.integers(0, 3)) == 0:
        pair[0] = draw(arrays((k,)))
    if draw(st.integers(0, 3)) == 0:
        pair[1] = draw(arrays((k,)))
    return tuple(pair)


@given(factors())
def test_matmul_of_every_rank(pair):
    check(minidl.matmul, torch.matmul, *pair, dtypes=HALF)
    check(lambda x, y: x @ y, lambda x, y: x @ y, *pair)


side = st.integers(0, 4)


@given(side, side, side, side, st.data())
def test_products_of_fixed_rank(b, m, k, n, data):
    def draw(*shape):
        return data.draw(arrays(shape))

    check(minidl.mm, torch.mm, draw(m, k), draw(k, n))
    check(minidl.bmm, torch.bmm, draw(b, m, k), draw(b, k, n))
    check(minidl.mv, torch.mv, draw(m, k), draw(k))
    check(minidl.dot, torch.dot, draw(k), draw(k))
    check(minidl.outer, torch.outer, draw(m), draw(n))
    check(minidl.addmm, torch.addmm, draw(n), draw(m, k), draw(k, n))
    check(minidl.addmm, torch.addmm, draw(m, n), draw(m, k), draw(k, n), beta=0.5, alpha=2)


@given(shapes(max_dims=3, max_side=3), side, side, st.data())
def test_linear(front, inputs, outputs, data):
    x, w = data.draw(arrays((*front, inputs))), data.draw(arrays((outputs, inputs)))
    check(F.linear, TF.linear, x, w, None)
    check(F.linear, TF.linear, x, w, data.draw(arrays((outputs,))), dtypes=HALF)
    check(F.linear, TF.linear, x, data.draw(arrays((inputs,))), None)


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
def test_integer_matrices(dtype):
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 9, (2, 3, 4)).astype(dtype), rng.integers(0, 9, (4, 2)).astype(dtype)
    check(minidl.matmul, torch.matmul, x, y, gradients=False)


def test_beta_0_does_not_look_at_the_input():
    bad = np.full((2, 2), np.nan)
    a, b = np.ones((2, 3)), np.ones((3, 2))
    ours = minidl.addmm(minidl.tensor(bad), minidl.tensor(a), minidl.tensor(b), beta=0)
    assert_close(ours, torch.addmm(torch.tensor(bad), torch.tensor(a), torch.tensor(b), beta=0))


def test_gradients_that_nobody_wants_are_not_computed():
    x, w = minidl.ones(2, 3), minidl.ones(4, 3, requires_grad=True)
    z = F.linear(x, w)
    node = z.grad_fn
    dx, dw, db = node.backward(z.detach()._array)
    assert dx is None
    assert db is None
    assert dw.shape == (4, 3)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (
            lambda: F.linear(minidl.zeros(100, 1280), minidl.zeros(10, 640)),
            ShapeError,
            r"linear: input \(100, 1280\) but weight is \(10, 640\): input must be \(\.\.\., 640\)",
        ),
        (lambda: F.linear(minidl.zeros(2, 3), minidl.zeros(4, 3), minidl.zeros(3)), ShapeError, r"bias must be \(4,\)"),
        (lambda: F.linear(minidl.zeros(2, 3), minidl.zeros(4, 3, dtype=minidl.float64)), DtypeError, "weight float64"),
        (lambda: minidl.zeros(2, 3) @ minidl.zeros(2, 3), ShapeError, r"\(3\) must equal"),
        (lambda: minidl.zeros(2, 3) @ minidl.tensor(1.0), ShapeError, "at least 1 dimension"),
        (lambda: minidl.zeros(2, 2, 3) @ minidl.zeros(3, 3, 1), ShapeError, "broadcast"),
        (lambda: minidl.zeros(2, 3) @ minidl.zeros(3, dtype=minidl.int64), DtypeError, "one dtype"),
        (lambda: (minidl.zeros(2) > 0) @ (minidl.zeros(2) > 0), DtypeError, "bool"),
        (lambda: minidl.zeros(2) @ 2, TypeError, "unsupported operand"),
        (lambda: minidl.mm(minidl.zeros(2), minidl.zeros(2)), ShapeError, "2 and 2 dimensions"),
        (lambda: minidl.bmm(minidl.zeros(1, 2, 2), minidl.zeros(3, 2, 2)), ShapeError, "1 and 3 matrices"),
        (lambda: minidl.dot(minidl.zeros(2), minidl.zeros(3)), ShapeError, "must equal"),
        (lambda: minidl.addmm(minidl.zeros(9), minidl.zeros(2, 3), minidl.zeros(3, 2)), ShapeError, "broadcast"),
    ],
)
def test_what_does_not_fit_is_named(call, error, says):
    with pytest.raises(error, match=says):
        call()
