"""P L U and reflections against torch.linalg: values, gradients, and what is refused."""

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl import linalg
from minidl.errors import ArgumentError, DtypeError, GraphError, LinAlgError, ShapeError
from tests.linalg.test_linalg import LOOSE, matrices
from tests.support.compare import assert_close, check

pytestmark = pytest.mark.solver
T = torch.linalg


@given(matrices(square=False), st.permutations(range(4)))
def test_factors(x, order):
    x = x[..., [i for i in order if i < x.shape[-2]], :]  # so that rows have to be exchanged
    check(linalg.lu_factor, T.lu_factor, x, tolerance=LOOSE)
    check(linalg.lu, T.lu, x, tolerance=LOOSE)
    p, lower, upper = linalg.lu(minidl.tensor(x))
    np.testing.assert_allclose((p @ lower @ upper).numpy(), x, atol=1e-12)
    found = minidl.lu_unpack(*linalg.lu_factor(minidl.tensor(x)))
    for part, wanted in zip(found, torch.lu_unpack(*T.lu_factor(torch.tensor(x)))):
        assert_close(part, wanted)


@given(matrices(), st.integers(1, 3), st.booleans(), st.booleans())
def test_solving(x, columns, left, adjoint):
    n = x.shape[-1]
    b = np.arange(n * columns, dtype=float).reshape((n, columns) if left else (columns, n))

    def solved(lib):
        return lambda x, b: lib.lu_solve(*lib.lu_factor(x), b, left=left, adjoint=adjoint)

    check(solved(linalg), solved(T), x, b, tolerance=LOOSE)


def test_older_names():
    x = np.array([[[1.0, 2.0], [4.0, 4.0]], [[0.0, 0.0], [0.0, 3.0]]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = torch.lu(torch.tensor(x), get_infos=True)
        solved = torch.lu_solve(torch.ones(2, 1).double(), theirs[0][0], theirs[1][0])
    ours = minidl.tensor(x).lu(get_infos=True)
    for a, b in zip(ours, theirs, strict=True):
        assert_close(a, b)
    assert_close(minidl.lu_solve(minidl.ones(2, 1).double(), ours[0][0], ours[1][0]), solved)
    assert [a.shape for a in minidl.lu(minidl.tensor(x))] == [(2, 2, 2), (2, 2)]
    assert_close(linalg.lu_factor_ex(minidl.tensor(x)).info, T.lu_factor_ex(torch.tensor(x)).info)


@given(matrices(square=False))
def test_reflections(x):
    tall = x if x.shape[-2] >= x.shape[-1] else x.swapaxes(-1, -2)
    check(linalg.geqrf, torch.geqrf, tall, gradients=False, tolerance=LOOSE)
    a, tau = (part.numpy() for part in linalg.geqrf(minidl.tensor(tall)))
    check(linalg.householder_product, T.householder_product, a, tau, tolerance=LOOSE)


def test_errors():
    x, one = minidl.eye(2), minidl.tensor([1, 2]).int()
    for call, error, says in (
        (lambda: linalg.lu_factor(minidl.zeros(2, 2)), LinAlgError, "lu_factor: a matrix is singular"),
        (lambda: linalg.lu_factor(minidl.ones(2)), ShapeError, r"takes matrices \(..., M, N\); got shape \(2,\)"),
        (lambda: linalg.lu(x, pivot=False), ArgumentError, "lu: pivot must be True"),
        (lambda: linalg.lu(x.long()), DtypeError, "floating dtype"),
        (lambda: linalg.lu_solve(x, one, minidl.ones(3, 1)), ShapeError, r"B must be \(..., 2, K\)"),
        (
            lambda: linalg.lu_solve(x, one, x, left=False).double() + linalg.lu_solve(x, one, x.double()),
            DtypeError,
            "B",
        ),
        (lambda: linalg.lu_solve(x, one[:1], x), ShapeError, "LU .* and pivots"),
        (lambda: linalg.lu_solve(x, one * 3, x), ArgumentError, "pivots must be from 1 to 2"),
        (lambda: linalg.lu_solve(x, one.float(), x), DtypeError, "pivots must be integers"),
        (lambda: linalg.lu_solve(minidl.zeros(2, 2), one, x), LinAlgError, "singular"),
        (lambda: linalg.householder_product(minidl.ones(2, 3), minidl.ones(2)), ShapeError, "M >= N"),
        (lambda: linalg.householder_product(x, minidl.ones(3)), ShapeError, r"tau must be \(..., K\), K <= 2"),
        (lambda: linalg.householder_product(x, minidl.ones(2).double()), DtypeError, "bring both to one dtype"),
        (lambda: linalg.geqrf(x.clone().requires_grad_()).a.sum().backward(), GraphError, "geqrf: has no derivative"),
    ):
        with pytest.raises(error, match=says):
            call()
