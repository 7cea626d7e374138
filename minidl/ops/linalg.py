"""Products of matrices: matmul and its special cases, linear."""

from __future__ import annotations

from math import prod
from typing import Any

from ..engine.function import Function
from ..engine.tensor import Tensor
from ..errors import ShapeError
from ._check.arguments import Number, broadcast_shape, number, operands, tensor_of
from .arithmetic import add, mul, scale_of
from .linear import Linear as Linear
from .linear import linear as linear
from .linear import rows_of
from .shape import unsqueeze


class MatMul(Function):
    """z = x y, for the last two dimensions        dx = dz yᵀ,  dy = xᵀ dz

    A vector x is a row, a vector y a column; dimensions before the last two are broadcast.
    """

    crosswise = ("x", "y")

    def forward(self, x: Any, y: Any) -> Any:
        self.x, self.y = x, y
        if x.ndim > 2 and y.ndim == 2:  # one large product instead of many small ones
            return self.backend.matmul(rows_of(x), y).reshape(*x.shape[:-1], y.shape[1])
        return self.backend.matmul(x, y)

    def backward(self, dz: Any) -> Any:
        x, y, matmul = self.x, self.y, self.backend.matmul
        if x.ndim == 1 and y.ndim == 1:
            return dz * y, dz * x
        if y.ndim == 1:
            return dz[..., None] * y, matmul(dz.reshape(-1), rows_of(x))  # (..., M, K), (K,)
        if x.ndim == 1:
            return matmul(y, dz[..., None])[..., 0], x[:, None] * dz[..., None, :]  # (..., K), (..., K, N)
        dx = dy = None
        if x.ndim > 2 and y.ndim == 2:
            if self.needs[0]:
                dx = matmul(rows_of(dz), y.T).reshape(x.shape)
            x, dz = rows_of(x), rows_of(dz)
        elif self.needs[0]:
            dx = matmul(dz, y.swapaxes(-1, -2))
        if self.needs[1]:
            dy = matmul(x.swapaxes(-1, -2), dz)
        return dx, dy

    @classmethod
    def multiply_adds(cls, output: Any, /, *inputs: Any, **options: Any) -> int:
        return prod(output.shape) * inputs[0].shape[-1]


def of_ranks(function: str, ranks: tuple[int, ...], **named: Tensor) -> None:
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
    x, y = operands("matmul", input=input, other=other)
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
    x, y = operands("mm", input=input, mat2=mat2)
    of_ranks("mm", (2, 2), input=x, mat2=y)
    return matmul(x, y)


def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """The products of two batches of matrices (B, M, K) and (B, K, N); nothing is broadcast."""
    x, y = operands("bmm", input=input, mat2=mat2)
    of_ranks("bmm", (3, 3), input=x, mat2=y)
    if len(x) != len(y):
        raise ShapeError(f"bmm: batches of {len(x)} and {len(y)} matrices; they must be equally many; or use matmul")
    return matmul(x, y)


def mv(input: Tensor, vec: Tensor) -> Tensor:
    """The product of a matrix (M, K) and a vector (K,)."""
    x, y = operands("mv", input=input, vec=vec)
    of_ranks("mv", (2, 1), input=x, vec=y)
    return matmul(x, y)


def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The scalar product of two vectors (K,)."""
    x, y = operands("dot", input=input, tensor=tensor)
    of_ranks("dot", (1, 1), input=x, tensor=y)
    return matmul(x, y)


def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """z[i, j] = input[i] * vec2[j] for two vectors (M,) and (N,): (M, N)."""
    x, y = tensor_of("outer", input), tensor_of("outer", vec2, "vec2")
    of_ranks("outer", (1, 1), input=x, vec2=y)
    return mul(unsqueeze(x, 1), y)


def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """beta * input + alpha * (mat1 @ mat2); input is broadcast to (M, N). With beta = 0 the input is not looked at."""
    b, x, y = operands("addmm", input=input, mat1=mat1, mat2=mat2)
    of_ranks("addmm", (2, 2), mat1=x, mat2=y)
    return combined("addmm", b, matmul(x, y), beta, alpha)


def combined(function: str, b: Tensor, z: Tensor, beta: Number, alpha: Number) -> Tensor:
    """beta b + alpha z, where b is broadcast to the shape of z; with beta = 0, b is not looked at."""
    if broadcast_shape(function, b.shape, z.shape) != z.shape:
        raise ShapeError(f"{function}: input of shape {b.shape} cannot be broadcast to {z.shape}")
    if type(alpha) is not int or alpha != 1:
        z = mul(z, scale_of(function, alpha, z, b))
    beta = number(function, "beta", beta)
    return z if beta == 0 else add(z, b, alpha=beta)
