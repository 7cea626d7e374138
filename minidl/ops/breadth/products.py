"""Products of vectors and matrices, added to something: by PyTorch's names, put together from `matmul` and `mul`."""

from __future__ import annotations

from typing import Any

from ...engine.tensor import Tensor
from ...errors import DtypeError, ShapeError
from .._check.arguments import Number, operands, promoted, tensor_of
from ..arithmetic import add, div, mul
from ..linalg import bmm, combined, dot, mv, of_ranks, outer
from ..rearrange import tensordot
from ..reduce import sum


def inner(input: Tensor, other: Tensor) -> Tensor:
    """Σ input[..., k] · other[..., k], for all pairs of rows; with a number (a tensor without dimensions), the product.

    >>> import minidl
    >>> inner(minidl.tensor([[1, 2], [3, 4]]), minidl.tensor([1, 10]))
    tensor([21, 43])
    """
    x, y = operands("inner", input=input, other=other)
    if x.ndim == 0 or y.ndim == 0:
        return mul(x, y)
    if x.shape[-1] != y.shape[-1]:
        raise ShapeError(f"inner: the last dimensions of {x.shape} and {y.shape} must be equal")
    return tensordot(x, y, ([-1], [-1]))


def vdot(input: Tensor, other: Tensor) -> Tensor:
    """The scalar product of two vectors, as `dot`: there are no complex numbers to conjugate."""
    return dot(input, other)


def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """beta · input + alpha · (mat @ vec), a vector; with beta = 0 the input is not looked at."""
    b, x, y = operands("addmv", input=input, mat=mat, vec=vec)
    of_ranks("addmv", (2, 1), mat=x, vec=y)
    return combined("addmv", b, mv(x, y), beta, alpha)


def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """beta · input + alpha · outer(vec1, vec2), a matrix; with beta = 0 the input is not looked at."""
    b, x, y = (tensor_of("addr", v, n) for v, n in ((input, "input"), (vec1, "vec1"), (vec2, "vec2")))
    of_ranks("addr", (1, 1), vec1=x, vec2=y)
    return combined("addr", b, outer(x, y), beta, alpha)


def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """beta · input + alpha · (batch1 @ batch2), matrix by matrix: (B, M, N)."""
    b, x, y = operands("baddbmm", input=input, batch1=batch1, batch2=batch2)
    of_ranks("baddbmm", (3, 3), batch1=x, batch2=y)
    return combined("baddbmm", b, bmm(x, y), beta, alpha)


def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """beta · input + alpha · the sum of all products batch1[i] @ batch2[i]: (M, N)."""
    b, x, y = operands("addbmm", input=input, batch1=batch1, batch2=batch2)
    of_ranks("addbmm", (3, 3), batch1=x, batch2=y)
    products = bmm(x, y)
    return combined("addbmm", b, sum(products, 0, dtype=products.dtype), beta, alpha)


def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """input + value · tensor1 · tensor2, elementwise, broadcast.

    >>> import minidl
    >>> addcmul(minidl.tensor([1.0]), minidl.tensor([2.0]), minidl.tensor([3.0]), value=10)
    tensor([61.])
    """
    x, y, z = _three("addcmul", input, tensor1, tensor2)
    return add(x, mul(y, z), alpha=value)


def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """input + value · tensor1 / tensor2, elementwise, broadcast; DtypeError for integers, which would be divided."""
    x, y, z = _three("addcdiv", input, tensor1, tensor2)
    if y.dtype.kind != "f" and z.dtype.kind != "f":
        raise DtypeError(f"addcdiv: divides no integers; got {y.dtype} and {z.dtype}; use .float()")
    return add(x, div(y, z), alpha=value)


def _three(name: str, input: Any, tensor1: Any, tensor2: Any) -> tuple[Tensor, ...]:
    named = (("input", input), ("tensor1", tensor1), ("tensor2", tensor2))
    return promoted(name, *(tensor_of(name, x, what) for what, x in named))
