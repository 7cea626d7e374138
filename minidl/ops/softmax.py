"""Softmax and its logarithm, stable for scores of any size."""

from __future__ import annotations

from typing import Any

from ..dtypes import as_dtype
from ..engine.function import Function
from ..engine.tensor import Tensor
from ..errors import ArgumentError
from ._check.arguments import cast, float_only, normal_dim, tensor_of


class Softmax(Function):
    """z_i = e^(x_i) / Σ_j e^(x_j) along dim        dx = z (dz - Σ_j dz_j z_j)"""

    def forward(self, x: Any, dim: int) -> Any:
        self.dim = dim

        def softmax(x: Any) -> Any:
            e = self.xp.exp(shifted(x, dim))
            return e / e.sum(axis=dim, keepdims=True)

        self.z = self.backend.along(dim, softmax, x)
        return self.z

    def backward(self, dz: Any) -> Any:
        def gradient(z: Any, dz: Any) -> Any:
            return z * (dz - self.backend.inner(dz, z, self.dim))

        return self.backend.along(self.dim, gradient, self.z, dz)


class LogSoftmax(Function):
    """z_i = x_i - log Σ_j e^(x_j) along dim        dx = dz - e^z Σ_j dz_j"""

    def forward(self, x: Any, dim: int) -> Any:
        self.dim = dim

        def log_softmax(x: Any) -> Any:
            x = shifted(x, dim)
            e = self.xp.exp(x)
            norm = e.sum(axis=dim, keepdims=True)
            return x - self.xp.log(norm), e, norm

        z, self.e, self.norm = self.backend.along(dim, log_softmax, x)
        return z

    def backward(self, dz: Any) -> Any:
        def gradient(e: Any, norm: Any, dz: Any) -> Any:
            return dz - e * (dz.sum(axis=self.dim, keepdims=True) / norm)  # e^z is e / norm

        return self.backend.along(self.dim, gradient, self.e, self.norm, dz)


def shifted(x: Any, dim: int) -> Any:
    """x minus its maximum along dim: the same softmax, and no exp of it can overflow."""
    return x - x.max(axis=dim, keepdims=True) if x.size else x


def softmax(input: Tensor, dim: int | None = None, dtype: Any = None) -> Tensor:
    """exp(input) normalised to sum 1 along `dim`; `dtype` converts the input first. The shape stays.

    >>> import minidl
    >>> minidl.softmax(minidl.tensor([1000.0, 1000.0, -1000.0]), dim=0)
    tensor([0.5000, 0.5000, 0.0000])
    """
    return _apply("softmax", Softmax, input, dim, dtype)


def log_softmax(input: Tensor, dim: int | None = None, dtype: Any = None) -> Tensor:
    """log(softmax(input)) along `dim`, without rounding small probabilities to 0; `dtype` converts the input first."""
    return _apply("log_softmax", LogSoftmax, input, dim, dtype)


def _apply(name: str, function: type[Function], input: Tensor, dim: int | None, dtype: Any) -> Tensor:
    x = tensor_of(name, input) if dtype is None else cast(tensor_of(name, input), as_dtype(dtype))
    if dim is None:
        raise ArgumentError(f"{name}: say along which dim the results sum to 1, e.g. dim=1 for (N, classes)")
    dim = normal_dim(name, dim, x.ndim)
    float_only(name, x)
    return function.apply(x, dim=dim if x.ndim else ())
