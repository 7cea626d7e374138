"""Weights that stay orthogonal: a parametrization by the exponential, Cayley's map or Householder's reflections."""

from __future__ import annotations

from typing import TypeVar

from ...backend import backend_of
from ...engine.grad_mode import no_grad
from ...engine.tensor import Tensor, wrap
from ...errors import ArgumentError, ShapeError
from ...linalg.factors import qr
from ...linalg.products import matrix_exp
from ...linalg.reflections import geqrf, householder_product
from ...linalg.solving import solve
from ...ops.arithmetic import add, div, mul, neg, sub
from ...ops.join import cat
from ...ops.linalg import matmul
from ...ops.reduce import sum
from ...ops.shape import clone, diagonal, expand, transpose, tril, unsqueeze
from ...tensors.sampling import randn
from ..module import Module
from .parametrize import NoInverse, register_parametrization

M = TypeVar("M", bound=Module)
MAPS = ("matrix_exp", "cayley", "householder")


class _Orthogonal(Module):
    """Q (..., n, k), with QᵀQ = 1 if n >= k, else QQᵀ = 1, from any X of that shape.

    With A = X - Xᵀ of the lower triangle of X, which is skew-symmetric, so that the first two are orthogonal:

    * matrix_exp: Q = e^A
    * cayley: Q = (1 - A/2)⁻¹ (1 + A/2)
    * householder: Q is the product of the reflections by the columns of X below its diagonal, which holds signs

    The first two take place in n dimensions, and Q has the first k columns. With `base`, Q is turned by it: training
    starts from the weight, at X = -1 and so at A = 0.
    """

    def __init__(self, weight: Tensor, orthogonal_map: str, use_trivialization: bool) -> None:
        super().__init__()
        self.shape, self.orthogonal_map, self.use_trivialization = weight.shape, orthogonal_map, use_trivialization
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, x: Tensor) -> Tensor:
        wide = x.shape[-2] < x.shape[-1]
        if wide:
            x = transpose(x, -1, -2)
        q = _reflected(x) if self.orthogonal_map == "householder" else self._of_skew(x)
        if self.use_trivialization:
            q = matmul(self.base, q)
        return transpose(q, -1, -2) if wide else q

    def _of_skew(self, x: Tensor) -> Tensor:
        n, k = x.shape[-2:]
        x = tril(x)
        if n != k:
            zeros = wrap(backend_of(x._array).xp.zeros((*x.shape[:-1], n - k), x.dtype))
            x = cat([x, zeros], -1)
        a = sub(x, transpose(x, -1, -2))
        if self.orthogonal_map == "matrix_exp":
            q = matrix_exp(a)
        else:
            eye, half = _eye(a), div(a, 2)
            q = solve(sub(eye, half), add(eye, half))
        return q if n == k else q[..., :k]

    @no_grad()
    def right_inverse(self, q: Tensor) -> Tensor:
        """The X from which `forward` makes q, made orthogonal if it is not."""
        if q.shape != self.shape:
            raise ShapeError(f"orthogonal: the weight is of shape {self.shape}; got {q.shape}")
        wide = q.shape[-2] < q.shape[-1]
        tall = transpose(q, -1, -2) if wide else q
        if not self.use_trivialization:
            x = self._reflections_of(tall.detach())
            return transpose(x, -1, -2) if wide else x
        n, k = tall.shape[-2:]
        if n > k:  # any further columns complete it to a square matrix
            rest = randn(*tall.shape[:-2], n, n - k, dtype=q.dtype, device=q.device)
            self.base = _made_orthogonal(cat([tall, rest], -1))
        else:
            self.base = clone(tall.detach()) if _is_orthogonal(tall) else _made_orthogonal(tall)
        return clone(expand(neg(_eye(q)), q.shape))

    def _reflections_of(self, q: Tensor) -> Tensor:
        if self.orthogonal_map != "householder":
            raise NoInverse(
                f"orthogonal: with use_trivialization=False, no weight can be assigned to {self.orthogonal_map!r}; "
                "use 'householder', or use_trivialization=True"
            )
        a, tau = geqrf(q)
        signs = diagonal(a, 0, -2, -1)  # a view: of R, whose diagonal is made positive by a sign in its place
        signs.sign_()
        signs[tau == 0] *= -1  # LAPACK's way to say that there is no reflection
        return a


def _reflected(x: Tensor) -> Tensor:
    vectors = tril(x, -1)
    tau = div(2.0, add(sum(mul(vectors, vectors), -2), 1.0))
    q = householder_product(vectors, tau)
    return mul(q, unsqueeze(diagonal(x.detach(), 0, -2, -1).int().to(x.dtype), -2))


def _eye(x: Tensor) -> Tensor:
    return wrap(backend_of(x._array).xp.eye(*x.shape[-2:], dtype=x.dtype))


def _is_orthogonal(q: Tensor) -> bool:
    xp = backend_of(q._array).xp
    rounding = 10 * q.shape[-2] * float(xp.finfo(q.dtype).eps)
    found = q._array.swapaxes(-1, -2) @ q._array
    return bool(xp.allclose(found, xp.eye(q.shape[-1], dtype=q.dtype), atol=rounding))


def _made_orthogonal(x: Tensor) -> Tensor:
    """The Q of Q R, with a positive diagonal of R: then it is unique, and near x if x is nearly orthogonal."""
    q, r = qr(x.detach())
    return mul(q, unsqueeze(diagonal(r, 0, -2, -1).sign(), -2))


def orthogonal(
    module: M, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> M:
    """Keep the weight `name`, matrices (..., n, k), orthogonal: its columns or its rows; see `_Orthogonal`.

    `orthogonal_map` is by default "matrix_exp" for square matrices, else "householder". With `use_trivialization`, the
    start is the weight itself, made orthogonal by QR. Returns the module. Source: Lezcano-Casado 2019, arXiv
    1909.09501. Raises `ArgumentError`, `ShapeError`.
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ArgumentError(f"orthogonal: {type(module).__name__} has no parameter or buffer {name!r}")
    if weight.ndim < 2:
        raise ShapeError(f"orthogonal: {name} must be matrices (..., n, k); got shape {weight.shape}")
    if orthogonal_map is None:
        orthogonal_map = "matrix_exp" if weight.shape[-1] == weight.shape[-2] else "householder"
    if orthogonal_map not in MAPS:
        raise ArgumentError(f"orthogonal: orthogonal_map must be one of {', '.join(MAPS)}; got {orthogonal_map!r}")
    made = _Orthogonal(weight, orthogonal_map, use_trivialization)
    return register_parametrization(module, name, made, unsafe=True)
