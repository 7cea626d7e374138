"""Orthogonal matrices as products of Householder reflections: the form in which `geqrf` gives the Q of Q R."""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

from ..backend import backend_of
from ..engine.function import Function
from ..engine.tensor import Tensor, wrap
from ..errors import DtypeError, GraphError, ShapeError
from ..ops._check.arguments import float_only, tensor_of
from ..ops.arithmetic import add, mul, sub
from ..ops.gather import masked_fill
from ..ops.linalg import matmul
from ..ops.shape import clone, expand, transpose, tril, unsqueeze


class GeqrfResult(NamedTuple):
    """R in the upper triangle of `a`, the reflections below it and in `tau`."""

    a: Tensor
    tau: Tensor


class Geqrf(Function):
    """x = q r        dx = ?

    r is in the upper triangle of a; below it are the reflections whose product is q, and their factors in tau.
    """

    def forward(self, x: Any) -> Any:
        xp, flat = self.xp, x.reshape(prod(x.shape[:-2]), *x.shape[-2:])
        a, tau = xp.empty(flat.shape, x.dtype), xp.empty((len(flat), min(x.shape[-2:])), x.dtype)
        for i, matrix in enumerate(flat):  # CuPy takes no batch here
            turned, tau[i] = self.backend.linalg.qr(matrix, "raw")
            a[i] = turned.T  # LAPACK's is column by column
        return a.reshape(x.shape), tau.reshape(*x.shape[:-2], min(x.shape[-2:]))

    def backward(self, da: Any, dtau: Any) -> Any:
        raise GraphError("geqrf: has no derivative, as in PyTorch; use linalg.qr")


def geqrf(input: Tensor) -> GeqrfResult:
    """LAPACK's form of A = Q R, for matrices (..., M, N): R and the reflections in `a`, their factors in `tau`.

    Q is `householder_product(a, tau)`. Without derivatives: GraphError in a backward pass.
    """
    x = float_only("geqrf", input)
    if x.ndim < 2:
        raise ShapeError(f"geqrf: takes matrices (..., M, N); got shape {x.shape}")
    return GeqrfResult(*Geqrf.apply(x))


def householder_product(input: Tensor, tau: Tensor) -> Tensor:
    """The first N columns of H1 H2 ... HK, for matrices (..., M, N), M >= N, and factors tau (..., K), K <= N.

    Hi = 1 - tau[i] v vᵀ, where v is 0 above row i, 1 in it, and column i of `input` below it; the rest of `input` is
    not read. Raises `ShapeError`, `DtypeError`.

    >>> import minidl
    >>> householder_product(minidl.tensor([[0.0], [1.0]]), minidl.tensor([1.0]))
    tensor([[ 0.],
            [-1.]])
    """
    name = "householder_product"
    x, t = float_only(name, input), tensor_of(name, tau, "tau")
    if x.ndim < 2 or x.shape[-2] < x.shape[-1]:
        raise ShapeError(f"{name}: takes matrices (..., M, N) with M >= N; got shape {x.shape}")
    if t.ndim != x.ndim - 1 or t.shape[:-1] != x.shape[:-2] or t.shape[-1] > x.shape[-1]:
        raise ShapeError(f"{name}: tau must be (..., K), K <= {x.shape[-1]}, for input {x.shape}; got {t.shape}")
    if x.dtype != t.dtype:
        raise DtypeError(f"{name}: input is {x.dtype} but tau is {t.dtype}; bring both to one dtype")
    (m, n), xp = x.shape[-2:], backend_of(x._array).xp
    eye = wrap(xp.eye(m, n, dtype=x.dtype))
    vectors = tril(x, -1) + eye
    z = clone(expand(eye, x.shape))
    if not t.shape[-1]:  # without reflections too, z is of the graph of x
        z = add(z, masked_fill(x, wrap(xp.ones(x.shape, bool)), 0))
    for i in reversed(range(t.shape[-1])):  # from the right, so that each step is a product with a vector
        v = vectors[..., i : i + 1]  # (..., M, 1)
        factor = unsqueeze(t[..., i : i + 1], -1)
        z = sub(z, mul(factor, matmul(v, matmul(transpose(v, -1, -2), z))))
    return z


orgqr = householder_product
