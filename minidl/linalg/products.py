"""Products of vectors and matrices: powers, exponentials, chains; put together from other operations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from ..backend import backend_of
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, DtypeError, ShapeError
from ..ops import rearrange, shape
from ..ops._check.arguments import int_tuple, normal_dim, promoted, tensor_of
from ..ops.arithmetic import div, mul
from ..ops.breadth.diagonals import powers
from ..ops.gather import masked_fill
from ..ops.linalg import matmul
from ..ops.reduce import sum
from .solving import inv, square

TERMS = 18  # of e^A for |A| <= 1/2: the next one is below the rounding error of float64


def matrix_power(input: Tensor, n: int) -> Tensor:
    """Matrices (..., N, N) multiplied by themselves n times over, by squaring; of negative n, their inverses.

    >>> import minidl
    >>> matrix_power(minidl.tensor([[1.0, 1.0], [0.0, 1.0]]), 5)
    tensor([[1., 5.],
            [0., 1.]])
    """
    x = square("matrix_power", input)
    (times,) = int_tuple("matrix_power", (n,), "n")
    if times < 0:
        x, times = inv(x), -times
    if times == 0:
        everywhere = wrap(backend_of(x._array).xp.ones(x.shape, bool))
        return masked_fill(x, everywhere, 0) + _ones(x)
    z = None
    while times:
        if times % 2:
            z = x if z is None else matmul(z, x)
        times //= 2
        if times:
            x = matmul(x, x)
    return shape.clone(z)  # type: ignore[arg-type]


def _ones(x: Tensor) -> Tensor:
    eye = wrap(backend_of(x._array).xp.eye(x.shape[-1], dtype=x.dtype))
    return shape.clone(shape.expand(eye, x.shape))


def matrix_exp(input: Tensor) -> Tensor:
    """1 + A + A² / 2 + A³ / 6 + ... for matrices (..., N, N): of A / 2^k, whose terms are small, squared k times.

    >>> import minidl
    >>> matrix_exp(minidl.zeros(2, 2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    x = square("matrix_exp", input)
    if not x._array.size:
        return shape.clone(x)
    size = float(abs(x._array).sum(axis=-1).max())
    halvings = max(0, math.ceil(math.log2(2 * size))) if 0 < size < math.inf else 0
    x = div(x, 2.0**halvings)
    z = _ones(x)
    for k in range(TERMS, 0, -1):  # 1 + A (1 + A/2 (1 + A/3 (...)))
        z = _ones(x) + div(matmul(x, z), k)
    for _ in range(halvings):
        z = matmul(z, z)
    return z


def multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    """The product of two or more matrices, in the order that takes the fewest multiplications.

    The first and the last may be vectors: a row and a column.
    """
    xs = [tensor_of("multi_dot", x, f"tensors[{i}]") for i, x in enumerate(tensors)]
    if len(xs) < 2:
        raise ArgumentError(f"multi_dot: takes at least two tensors; got {len(xs)}")
    if len({x.dtype for x in xs}) > 1:
        raise DtypeError(f"multi_dot: all must have one dtype; got {', '.join(str(x.dtype) for x in xs)}")
    row, column = xs[0].ndim == 1, xs[-1].ndim == 1
    xs[0] = shape.unsqueeze(xs[0], 0) if row else xs[0]
    xs[-1] = shape.unsqueeze(xs[-1], 1) if column else xs[-1]
    if any(x.ndim != 2 for x in xs) or any(x.shape[1] != y.shape[0] for x, y in pairwise(xs)):
        raise ShapeError(f"multi_dot: shapes {', '.join(str(x.shape) for x in xs)} cannot be multiplied in a row")
    z = _product(xs, *_cheapest([x.shape[0] for x in xs] + [xs[-1].shape[1]]))
    z = shape.squeeze(z, 1) if column else z
    return shape.squeeze(z, 0) if row else z


def _cheapest(lengths: list[int]) -> tuple[dict[tuple[int, int], int], int, int]:
    """For each part i ... j of the chain, before which matrix to cut it; and the ends of the whole."""
    n = len(lengths) - 1
    cost = {(i, i): 0 for i in range(n)}
    cuts: dict[tuple[int, int], int] = {}
    for width in range(1, n):
        for i in range(n - width):
            j = i + width
            ways = [
                (cost[i, k - 1] + cost[k, j] + lengths[i] * lengths[k] * lengths[j + 1], k) for k in range(i + 1, j + 1)
            ]
            cost[i, j], cuts[i, j] = min(ways)
    return cuts, 0, n - 1


def _product(xs: list[Tensor], cuts: dict[tuple[int, int], int], i: int, j: int) -> Tensor:
    if i == j:
        return xs[i]
    k = cuts[i, j]
    return matmul(_product(xs, cuts, i, k - 1), _product(xs, cuts, k, j))


def cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """The vectors perpendicular to both, of three numbers along `dim`; the other dimensions are broadcast."""
    x, y = tensor_of("cross", input), tensor_of("cross", other, "other")
    if x.ndim != y.ndim:
        raise ShapeError(f"cross: both must have as many dimensions; got {x.shape} and {y.shape}")
    i = normal_dim("cross", dim, x.ndim)
    if x.ndim == 0 or x.shape[i] != 3 or y.shape[i] != 3:
        raise ShapeError(f"cross: dimension {dim} must have 3 elements; got {x.shape} and {y.shape}")
    return rearrange.cross(x, y, dim=i)


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """Σ x · y along `dim`; the other dimensions are broadcast."""
    a, b = promoted("vecdot", tensor_of("vecdot", x, "x"), tensor_of("vecdot", y, "y"))
    z = mul(a, b)
    return sum(z, dim, dtype=z.dtype)


def vander(x: Tensor, *, N: int | None = None) -> Tensor:
    """The powers 1, x, ..., x^(N-1) of every element, in a new last dimension; N is the length of the last one."""
    v = tensor_of("vander", x, "x")
    v = v if v.ndim else v.reshape((1,))
    (count,) = int_tuple("vander", (v.shape[-1] if N is None else N,), "N")
    if count <= 1:
        raise ArgumentError(f"vander: N must be greater than 1; got {count}")
    return powers(v, count, increasing=True)


def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """A view of a diagonal of matrices (..., M, N)."""
    return shape.diagonal(A, offset, dim1, dim2)
