"""minidl.linalg against torch.linalg."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl import linalg
from minidl.errors import ArgumentError, DtypeError, ShapeError
from tests.support.compare import check

pytestmark = pytest.mark.solver
T = torch.linalg
LOOSE = {"float64": 1e-7, "float32": 2e-3}


@st.composite
def matrices(draw, square=True):
    """Well conditioned matrices, one or a batch."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    batch, m = draw(st.sampled_from([(), (2,), (2, 1)])), draw(st.integers(1, 4))
    n = m if square else draw(st.integers(1, 4))
    x = rng.uniform(-0.3, 0.3, (*batch, m, n))
    x[..., np.arange(min(m, n)), np.arange(min(m, n))] += np.arange(1, min(m, n) + 1)
    return x.swapaxes(-1, -2).copy().swapaxes(-1, -2) if draw(st.booleans()) else x


@given(matrices())
def test_det_and_inverse(x):
    check(linalg.det, T.det, x, tolerance=LOOSE)
    check(linalg.inv, T.inv, x, tolerance=LOOSE)


@given(matrices(), st.integers(1, 3), st.booleans())
def test_solve(x, columns, left):
    n = x.shape[-1]
    y = np.arange(n * columns, dtype=float).reshape((n, columns) if left else (columns, n))
    if left or y.shape != x.shape[:-1]:  # PyTorch takes a batch of vectors for what else would be a matrix
        check(linalg.solve, T.solve, x, y, left=left, tolerance=LOOSE)
    check(linalg.solve, T.solve, x, x[..., 0], tolerance=LOOSE)
    check(linalg.solve, T.solve, x, np.arange(1.0, n + 1), tolerance=LOOSE)


@given(matrices(square=False))
def test_svd(x):
    def values(lib, x):
        return lib.svdvals(x)

    def rebuilt(lib, x):
        u, s, vh = lib.svd(x, full_matrices=False)
        return (u * s.exp()[..., None, :]) @ vh, (u * u).cumsum(-1) * 0.1, (vh**2 * s[..., None]).sum(-1)

    check(lambda x: values(linalg, x), lambda x: values(T, x), x, tolerance=LOOSE)
    check(lambda x: rebuilt(linalg, x), lambda x: rebuilt(T, x), x, tolerance=LOOSE)


@given(matrices(square=False), st.sampled_from([1, 2, 3, float("inf")]), st.booleans())
def test_norms(x, p, keepdim):
    check(linalg.vector_norm, T.vector_norm, x, ord=p, dim=-1, keepdim=keepdim, tolerance=LOOSE)
    check(linalg.norm, T.norm, x, ord=p, dim=-1, keepdim=keepdim, tolerance=LOOSE)
    check(linalg.norm, T.norm, x, tolerance=LOOSE)
    check(linalg.norm, T.norm, x, ord="fro", dim=(-2, -1), tolerance=LOOSE)
    check(linalg.matrix_norm, T.matrix_norm, x, keepdim=keepdim, tolerance=LOOSE)


def test_errors():
    x = minidl.ones(2, 2)
    for call, error, says in (
        (lambda: linalg.inv(x), ArgumentError, "inv: a matrix is singular"),
        (lambda: linalg.solve(x, x), ArgumentError, "solve: a matrix is singular"),
        (lambda: linalg.det(minidl.ones(2, 3)), ShapeError, "square matrices"),
        (lambda: linalg.det(x.long()), DtypeError, "floating dtype"),
        (lambda: linalg.solve(x, minidl.ones(3, 1)), ShapeError, "do not fit"),
        (lambda: linalg.svd(x, driver="gesvd"), ArgumentError, "driver='gesvd'"),
        (lambda: linalg.solve(minidl.ones(2, 1, 1), minidl.ones(2, 1), left=False), ShapeError, "a batch of vectors"),
        (lambda: linalg.norm(minidl.ones(2, 2, 2), 1), ShapeError, "say over which dim"),
        (lambda: linalg.norm(x, 3), ArgumentError, "must be 'fro'"),
        (lambda: linalg.det(x.requires_grad_()).backward(), ArgumentError, "det: a matrix is singular"),
    ):
        with pytest.raises(error, match=says):
            call()
