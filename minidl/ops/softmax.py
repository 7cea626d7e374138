"""Softmax and its logarithm, stable for scores of any size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..dtypes import as_dtype
from ..engine.function import Function
from ..engine.tensor import Tensor
from ..errors import ArgumentError
from ._check.arguments import cast, float_only, normal_dim, tensor_of


class Rowwise(Function):
    """An operation on rows, the elements along `dim`, each row by itself.

    A subclass defines the rule for some rows: `value(x)` and `gradient(z, dz)`. The backend may apply them to part of
    the rows at a time, so that intermediate results stay in the cache, and on several threads.
    """

    value: Callable[..., Any]  # x -> z; or z and the array that `gradient` needs instead of it
    gradient: Callable[..., Any]  # (z, dz) -> dx

    def forward(self, x: Any, dim: int) -> Any:
        self.dim = dim
        found = self.backend.along(dim, self.value, x)
        z, self.kept = found if isinstance(found, tuple) else (found, found)
        return z

    def backward(self, dz: Any) -> Any:
        return self.backend.along(self.dim, self.gradient, self.kept, dz)

    def sum(self, x: Any) -> Any:
        """Σ x over each row, keeping its axis."""
        return x.sum(axis=self.dim, keepdims=True)


class Softmax(Rowwise):
    """z_i = e^(x_i) / Σ_j e^(x_j) along dim        dx = z (dz - Σ_j dz_j z_j)"""

    def value(self, x: Any) -> Any:
        e = self.backend.exp(shifted(x, self.dim))
        return e / self.sum(e)

    def gradient(self, z: Any, dz: Any) -> Any:
        return z * (dz - self.backend.inner(dz, z, self.dim))


class LogSoftmax(Rowwise):
    """z_i = x_i - log Σ_j e^(x_j) along dim        dx = dz - softmax(x) Σ_j dz_j"""

    def value(self, x: Any) -> Any:
        return logs_and_softmax(self.xp, x, self.dim)  # softmax(x) is for the gradient

    def gradient(self, softmax: Any, dz: Any) -> Any:
        return dz - softmax * self.sum(dz)

    def backward_kept(self, ds: Any) -> Any:
        return softmax_gradient(self.kept, ds, self.dim)


def logs_and_softmax(xp: Any, x: Any, dim: int) -> tuple[Any, Any]:
    """log softmax(x) along dim, and softmax(x)."""
    x = shifted(x, dim)
    e = xp.exp(x)
    total = e.sum(axis=dim, keepdims=True)
    return x - xp.log(total), e / total


def softmax_gradient(s: Any, ds: Any, dim: int) -> Any:
    """The gradient of x, given that of s = softmax(x)."""
    return s * (ds - (ds * s).sum(axis=dim, keepdims=True))


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
