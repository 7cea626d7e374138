"""Products of matrices: matmul and its special cases, linear."""

from __future__ import annotations

from math import prod
from typing import Any

from ..engine.function import Function
from ..engine.tensor import Tensor
from ..errors import DtypeError, ShapeError
from ._check.arguments import Number, broadcast_shape, not_bool, number, tensor_of
from .arithmetic import add, mul, scale_of
from .shape import unsqueeze


class MatMul(Function):
    """z = x y, for the last two dimensions        dx = dz yᵀ,  dy = xᵀ dz

    A vector x is a row, a vector y a column; dimensions before the last two are broadcast.
    """

    def forward(self, x: Any, y: Any) -> Any:
        self.x, self.y = x, y
        if x.ndim > 2 and y.ndim == 2:  # one large product instead of many small ones
            return self.backend.matmul(_rows(x), y).reshape(*x.shape[:-1], y.shape[1])
        return self.backend.matmul(x, y)

    def backward(self, dz: Any) -> Any:
        x, y, matmul = self.x, self.y, self.backend.matmul
        if x.ndim == 1 and y.ndim == 1:
            return dz * y, dz * x
        if y.ndim == 1:
            return dz[..., None] * y, matmul(dz.reshape(-1), _rows(x))  # (..., M, K), (K,)
        if x.ndim == 1:
            return matmul(y, dz[..., None])[..., 0], x[:, None] * dz[..., None, :]  # (..., K), (..., K, N)
        dx = dy = None
        if x.ndim > 2 and y.ndim == 2:
            if self.needs[0]:
                dx = matmul(_rows(dz), y.T).reshape(x.shape)
            x, dz = _rows(x), _rows(dz)
        elif self.needs[0]:
            dx = matmul(dz, y.swapaxes(-1, -2))
        if self.needs[1]:
            dy = matmul(x.swapaxes(-1, -2), dz)
        return dx, dy

    @classmethod
    def multiply_adds(cls, output: Any, *inputs: Any, **options: Any) -> int:
        return prod(output.shape) * inputs[0].shape[-1]


class Linear(Function):
    """z = x wᵀ + b        dx = dz w,  dw = dzᵀ x,  db = sum of dz over the rows"""

    def forward(self, x: Any, w: Any, b: Any) -> Any:
        self.x, self.w = x, w
        z = self.backend.matmul(_rows(x), w.T)
        if b is not None:
            z += b
        return z.reshape(*x.shape[:-1], w.shape[0])

    def backward(self, dz: Any) -> Any:
        x, w, dz, matmul = _rows(self.x), self.w, _rows(dz), self.backend.matmul
        with self.backend.one_job():  # the threads share the work of both products
            dx = matmul(dz, w).reshape(self.x.shape) if self.needs[0] else None
            dw = matmul(dz.T, x) if self.needs[1] else None
        return dx, dw, dz.sum(0) if self.needs[2] else None

    @classmethod
    def multiply_adds(cls, output: Any, *inputs: Any, **options: Any) -> int:
        return prod(output.shape) * inputs[1].shape[1]


def _rows(x: Any) -> Any:
    """The last dimension as it is, all others as one: (rows, K)."""
    return x if x.ndim == 2 else x.reshape(prod(x.shape[:-1]), x.shape[-1])


def _operands(function: str, **named: Any) -> tuple[Tensor, ...]:
    """The operands of a product: tensors of one dtype, which is not bool."""
    xs = tuple([tensor_of(function, x, name) for name, x in named.items()])
    if len({x._array.dtype for x in xs}) > 1:
        shown = ", ".join(f"{name} {x.dtype}" for name, x in zip(named, xs))
        raise DtypeError(f"{function}: all must have one dtype; got {shown}; convert with .to(dtype)")
    not_bool(function, xs[0])
    return xs


def _of_ranks(function: str, ranks: tuple[int, ...], **named: Tensor) -> None:
    """ShapeError unless the operands have these numbers of dimensions."""
    if tuple(x.ndim for x in named.values()) != ranks:
        shown = ", ".join(f"{name} {x.shape}" for name, x in named.items())
        raise ShapeError(f"{function}: takes tensors of {' and '.join(map(str, ranks))} dimensions; got {shown}")


def matmul(input: Tensor, other: Tensor) -> Tensor:
    """The matrix product (..., M, K) @ (..., K, N) -> (..., M, N); dimensions before the last two are broadcast.

    A vector (K,) on the left is a row, on the right a column; its dimension does not appear in the result. Both
    must have the same dtype.

    >>> import minidl
    >>> minidl.tensor([[1, 2], [3, 4]]) @ minidl.tensor([1, 10])
    tensor([21, 43])
    """
    x, y = _operands("matmul", input=input, other=other)
    if x.ndim == 0 or y.ndim == 0:
        raise ShapeError(f"matmul: takes at least 1 dimension each; got {x.shape} and {y.shape}; use * for numbers")
    if x.shape[-1] != y.shape[max(y.ndim - 2, 0)]:
        raise ShapeError(
            f"matmul: {x.shape} and {y.shape}: the last dimension of the first ({x.shape[-1]}) must equal the last "
            f"but one of the second ({y.shape[max(y.ndim - 2, 0)]})"
        )
    broadcast_shape("matmul", x.shape[:-2], y.shape[:-2])
    return MatMul.apply(x, y)


def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of two matrices (M, K) and (K, N)."""
    x, y = _operands("mm", input=input, mat2=mat2)
    _of_ranks("mm", (2, 2), input=x, mat2=y)
    return matmul(x, y)


def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """The products of two batches of matrices (B, M, K) and (B, K, N); nothing is broadcast."""
    x, y = _operands("bmm", input=input, mat2=mat2)
    _of_ranks("bmm", (3, 3), input=x, mat2=y)
    if len(x) != len(y):
        raise ShapeError(f"bmm: batches of {len(x)} and {len(y)} matrices; they must be equal in number; or use matmul")
    return matmul(x, y)


def mv(input: Tensor, vec: Tensor) -> Tensor:
    """The product of a matrix (M, K) and a vector (K,)."""
    x, y = _operands("mv", input=input, vec=vec)
    _of_ranks("mv", (2, 1), input=x, vec=y)
    return matmul(x, y)


def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The scalar product of two vectors (K,)."""
    x, y = _operands("dot", input=input, tensor=tensor)
    _of_ranks("dot", (1, 1), input=x, tensor=y)
    return matmul(x, y)


def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """z[i, j] = input[i] * vec2[j] for two vectors (M,) and (N,): (M, N)."""
    x, y = tensor_of("outer", input), tensor_of("outer", vec2, "vec2")
    _of_ranks("outer", (1, 1), input=x, vec2=y)
    return mul(unsqueeze(x, 1), y)


def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """beta * input + alpha * (mat1 @ mat2); input is broadcast to (M, N). With beta = 0 the input is ignored."""
    b, x, y = _operands("addmm", input=input, mat1=mat1, mat2=mat2)
    _of_ranks("addmm", (2, 2), mat1=x, mat2=y)
    z = matmul(x, y)
    if broadcast_shape("addmm", b.shape, z.shape) != z.shape:
        raise ShapeError(f"addmm: input of shape {b.shape} cannot be broadcast to {z.shape}")
    if type(alpha) is not int or alpha != 1:
        z = mul(z, scale_of("addmm", alpha, z, b))
    beta = number("addmm", "beta", beta)
    return z if beta == 0 else add(z, b, alpha=beta)


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """z = input weightᵀ + bias: input (..., in), weight (out, in) or (in,), bias (out,) -> (..., out).

    ShapeError if the lengths do not fit, DtypeError if the dtypes differ.
    """
    if bias is None:
        x, w = _operands("linear", input=input, weight=weight)
    else:
        x, w, _ = _operands("linear", input=input, weight=weight, bias=bias)
    if w.ndim not in (1, 2) or x.ndim == 0 or x.shape[-1] != w.shape[-1]:
        raise ShapeError(
            f"linear: input {x.shape} but weight is {w.shape}: "
            f"input must be (..., {w.shape[-1] if w.ndim else 'in'}) for a weight (out, in)"
        )
    if w.ndim == 1:
        z = matmul(x, w)
        return z if bias is None else add(z, bias)
    if bias is not None and bias.shape not in ((w.shape[0],), (1,), ()):
        raise ShapeError(f"linear: bias {bias.shape} but weight is {w.shape}: bias must be ({len(w)},)")
    return Linear.apply(x, w, bias)
