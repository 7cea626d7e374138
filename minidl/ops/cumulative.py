"""Products from the beginning up to each element."""

from __future__ import annotations

from typing import Any

from ..dtypes import as_dtype, int64
from ..engine.function import Function
from ..engine.tensor import Tensor
from ._check.arguments import cast, normal_dim, tensor_of


class Cumprod(Function):
    """z_i = x_0 · ... · x_i along dim        dx_i = z_(i-1) r_i,  r_i = dz_i + x_(i+1) r_(i+1)"""

    def forward(self, x: Any, dim: int) -> Any:
        self.dim, self.x, self.z = dim, x, self.xp.cumprod(x, axis=dim) if x.ndim else x.copy()
        return self.z

    def backward(self, dz: Any) -> Any:
        if not dz.ndim:
            return dz
        x, z, dz = (self.xp.moveaxis(a, self.dim, 0) for a in (self.x, self.z, dz))
        dx = self.xp.empty_like(dz)
        r = self.xp.zeros_like(dz[:1])  # no division by x: it may be 0
        for i in reversed(range(len(dz))):
            r = dz[i : i + 1] + (x[i + 1 : i + 2] * r if i + 1 < len(dz) else 0)
            dx[i : i + 1] = r * z[i - 1 : i] if i else r
        return self.xp.moveaxis(dx, 0, self.dim)


def cumprod(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The product of all elements up to each along `dim`; integers give int64. The gradient is right even with zeros.

    >>> import minidl
    >>> cumprod(minidl.tensor([1, 2, 3]), 0)
    tensor([1, 2, 6])
    """
    x = tensor_of("cumprod", input)
    wanted = as_dtype(dtype) if dtype is not None else int64 if x._array.dtype.kind in "biu" else x._array.dtype
    return Cumprod.apply(cast(x, wanted), dim=normal_dim("cumprod", dim, x.ndim))
