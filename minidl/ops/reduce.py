"""Reductions: many numbers become one, along some dims or all. Backward spreads the gradient back over them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from ..dtypes import as_dtype, int64
from ..engine.function import Function
from ..engine.tensor import Tensor
from ..errors import ArgumentError, DimensionError
from ._check.arguments import cast, float_only, floating, normal_dim, normal_dims, number, tensor_of
from .elementary import abs as abs_of
from .elementary import sign_of
from .shape import flatten, reshape

Dims = int | Iterable[int] | None


def keeping(shape: tuple[int, ...], dims: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of a reduction that keeps its dims, with length 1."""
    return tuple([1 if i in dims else n for i, n in enumerate(shape)])


def count(shape: tuple[int, ...], dims: tuple[int, ...]) -> int:
    """How many elements are reduced to one."""
    return math.prod([shape[d] for d in dims])


class Reduction(Function):
    """The common part of reductions: the shape of x, the dims that are reduced, and how dz spreads back over them."""

    def start(self, x: Any, dim: tuple[int, ...]) -> None:
        self.shape, self.narrow, self.dim = x.shape, keeping(x.shape, dim), dim

    def spread(self, dz: Any) -> Any:
        """dz, one number for each group, repeated for all members: a read-only view of the shape of x."""
        return self.backend.broadcast_to(dz.reshape(self.narrow), self.shape)


class Sum(Reduction):
    """z = Σ x        ∂z/∂x = 1"""

    def forward(self, x: Any, dim: tuple[int, ...], keepdim: bool, dtype: Any = None) -> Any:
        self.start(x, dim)
        return x.sum(axis=dim, keepdims=keepdim, dtype=dtype)

    def backward(self, dz: Any) -> Any:
        return self.spread(dz)


class Mean(Reduction):
    """z = Σ x / n        ∂z/∂x = 1 / n"""

    def forward(self, x: Any, dim: tuple[int, ...], keepdim: bool) -> Any:
        self.start(x, dim)
        self.n = count(x.shape, dim)
        return x.sum(axis=dim, keepdims=keepdim) / self.n

    def backward(self, dz: Any) -> Any:
        return self.spread(dz / self.n) if self.n else self.spread(dz)


class Var(Reduction):
    """z = Σ (x - mean)² / (n - c)        ∂z/∂x = 2 (x - mean) / (n - c)"""

    def forward(self, x: Any, dim: tuple[int, ...], keepdim: bool, correction: float) -> Any:
        self.start(x, dim)
        n = count(x.shape, dim)
        self.freedom = n - correction
        self.d = x - x.sum(axis=dim, keepdims=True) / n
        return (self.d * self.d).sum(axis=dim, keepdims=keepdim) / max(0, self.freedom)

    def backward(self, dz: Any) -> Any:
        scale = 2 / self.freedom if self.freedom else math.inf
        return self.spread(dz) * (scale * self.d)

    def backward_d(self, dd: Any) -> Any:
        return dd - dd.sum(axis=self.dim, keepdims=True) / count(self.shape, self.dim)


class Std(Var):
    """z = √(Σ (x - mean)² / (n - c))        ∂z/∂x = (x - mean) / ((n - c) z), and 0 where z = 0"""

    def forward(self, x: Any, dim: tuple[int, ...], keepdim: bool, correction: float) -> Any:
        self.z = self.xp.sqrt(super().forward(x, dim, keepdim, correction))
        return self.z

    def backward(self, dz: Any) -> Any:
        return super().backward(self.xp.where(self.z == 0, dz.dtype.type(0), dz / (2 * self.z)))


class Prod(Reduction):
    """z = Π x along one dim        ∂z/∂x_i = the product of all the others"""

    def forward(self, x: Any, dim: int, keepdim: bool, dtype: Any = None) -> Any:
        self.start(x, (dim,) if x.ndim else ())
        self.x, self.z = x, x.prod(axis=self.dim, keepdims=True, dtype=dtype)
        return self.z if keepdim else self.z.squeeze(self.dim)

    def backward(self, dz: Any) -> Any:
        if not self.dim:
            return dz
        dz, x, z = dz.reshape(self.narrow), self.x, self.z
        size = self.xp.abs(z)
        exact = (size >= self.xp.finfo(z.dtype).tiny) & (size < math.inf)  # z has its full precision
        return dz * (z / x if exact.all() else self.xp.where(exact, z / x, self.others()))

    def plain(self, dz: Any) -> Any:
        """`backward` in few steps, each of which can be differentiated: all the others, in a row for each x_i."""
        if not self.dim:
            return dz
        xp, dim = self.xp, self.dim[0]
        x = xp.moveaxis(self.x, dim, -1)
        rows = xp.where(xp.eye(x.shape[-1], dtype=bool), 1.0, x[..., None, :])  # (..., n, n)
        return dz.reshape(self.narrow) * xp.moveaxis(rows.prod(axis=-1), -1, dim)

    def others(self) -> Any:
        """The product of all but x_i, for every i, in the shape of x. Zeros and overflows do no harm."""
        xp, dim = self.xp, self.dim[0]
        x = xp.moveaxis(self.x.astype("float64"), dim, -1)  # a wider range, as in PyTorch
        before, after = xp.ones_like(x), xp.ones_like(x)
        before[..., 1:] = x[..., :-1].cumprod(axis=-1)  # x_0 ... x_(i-1)
        after[..., :-1] = x[..., :0:-1].cumprod(axis=-1)[..., ::-1]  # x_(i+1) ... x_(n-1)
        found = xp.moveaxis(before * after, -1, dim).astype(self.x.dtype)
        found = xp.where(xp.isnan(found), self.z / self.x, found)  # one of them overflowed, the other underflowed
        several = (self.x == 0).sum(axis=dim, keepdims=True) > 1
        return xp.where(several, 0, found)  # there is another zero among the others, so infinities do not matter


class LogSumExp(Reduction):
    """z = log Σ e^x        ∂z/∂x = e^(x - z): the softmax of x"""

    def forward(self, x: Any, dim: tuple[int, ...], keepdim: bool) -> Any:
        xp = self.xp
        self.start(x, dim)
        largest = x.max(axis=dim, keepdims=True) if x.size else xp.zeros(self.narrow, x.dtype)
        largest = xp.where(xp.isfinite(largest), largest, x.dtype.type(0))
        self.x, self.z = x, xp.log(xp.exp(x - largest).sum(axis=dim, keepdims=True)) + largest
        return self.z if keepdim else self.z.squeeze(dim)

    def backward(self, dz: Any) -> Any:
        return self.spread(dz) * self.xp.exp(self.x - self.z)

    backward_z = backward


class Norm(Reduction):
    """z = (Σ |x|^p)^(1/p)        ∂z/∂x = sign(x) (|x| / z)^(p-1), and 0 where z = 0; for p = 2: x / z"""

    def forward(self, x: Any, p: float, dim: tuple[int, ...], keepdim: bool) -> Any:
        xp = self.xp
        self.start(x, dim)
        self.x, self.p = x, p
        if p == 0:
            self.z = (x != 0).sum(axis=dim, keepdims=True, dtype=x.dtype)
        elif p == 2:
            self.z = xp.sqrt((x * x).sum(axis=dim, keepdims=True))
        elif p == 1:
            self.z = xp.abs(x).sum(axis=dim, keepdims=True)
        else:
            self.z = (xp.abs(x) ** p).sum(axis=dim, keepdims=True) ** (1 / p)
        return self.z if keepdim else self.z.squeeze(dim)

    def backward(self, dz: Any) -> Any:
        x, z, p, xp = self.x, self.z, self.p, self.xp
        if p == 0:
            return None  # a count: no gradient, as in PyTorch
        if p == 1:
            return self.spread(dz) * sign_of(x)
        slope = x / z if p == 2 else sign_of(x) * xp.abs(x) ** (p - 1) * z ** (1 - p)
        flat = (z == 0) | (x == 0)
        return self.spread(dz) * xp.where(flat, dz.dtype.type(0), slope)

    backward_z = backward


class Amax(Reduction):
    """z = max x (or min)        ∂z/∂x = 1 at the extreme; k equal ones get 1/k each"""

    def forward(self, x: Any, dim: tuple[int, ...], keepdim: bool, how: str) -> Any:
        self.start(x, dim)
        z = getattr(x, how)(axis=dim, keepdims=True)
        self.hit = x == z
        return z if keepdim else z.squeeze(dim)

    def backward(self, dz: Any) -> Any:
        hits = self.hit.sum(axis=self.dim, keepdims=True, dtype=dz.dtype)
        return dz.reshape(self.narrow) / hits * self.hit


class Cumsum(Function):
    """z_i = x_0 + ... + x_i along dim        dx_i = dz_i + dz_(i+1) + ... + dz_(n-1)"""

    def forward(self, x: Any, dim: int, dtype: Any = None) -> Any:
        self.dim = dim
        return x.cumsum(axis=dim, dtype=dtype)

    def backward(self, dz: Any) -> Any:
        xp = self.xp
        return xp.flip(xp.cumsum(xp.flip(dz, self.dim), axis=self.dim), self.dim)


class Decide(Function):
    """z = whether all (any) of x are not 0; no gradient"""

    computes = False

    def forward(self, x: Any, how: str, dim: tuple[int, ...], keepdim: bool) -> Any:
        true = x if x.dtype.kind == "b" else x != 0
        z = getattr(true, how)(axis=dim, keepdims=keepdim)
        return z.astype(x.dtype) if x.dtype == "uint8" else z


class CountNonzero(Function):
    """z = how many of x are not 0; no gradient"""

    computes = False

    def forward(self, x: Any, dim: tuple[int, ...]) -> Any:
        everything = len(dim) == x.ndim
        return self.backend.asarray(self.xp.count_nonzero(x != 0, axis=None if everything else dim), int64)


def sum(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum over `dim` (an integer, several, or None or () for all); integers and bools give int64.

    `dtype` converts the input first. Empty dims sum to 0.

    >>> import minidl
    >>> minidl.sum(minidl.tensor([[1, 2], [3, 4]]), dim=0)
    tensor([4, 6])
    """
    x, options = _accumulated("sum", input, dtype)
    return Sum.apply(x, dim=normal_dims("sum", dim, x.ndim), keepdim=keepdim, **options)


def _accumulated(name: str, input: Tensor, dtype: Any) -> tuple[Tensor, dict[str, Any]]:
    """The input in `dtype`; without one, integers and bools stay as they are and are summed as int64."""
    x = tensor_of(name, input)
    if dtype is not None:
        x = cast(x, as_dtype(dtype))
        return x, {} if x.dtype.kind == "f" else {"dtype": x.dtype}
    return x, {} if x._array.dtype.kind == "f" else {"dtype": int64}


def mean(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean over `dim` (an integer, several, or None or () for all); NaN if there is nothing to average.

    DtypeError for integers and bools: convert them, or give a floating `dtype`.
    """
    x = tensor_of("mean", input) if dtype is None else cast(tensor_of("mean", input), as_dtype(dtype))
    x = float_only("mean", x)
    return Mean.apply(x, dim=normal_dims("mean", dim, x.ndim), keepdim=keepdim)


def var(
    input: Tensor, dim: Dims = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None
) -> Tensor:
    """The variance over `dim`: Σ (x - mean)² / (n - correction), with correction 1 (Bessel's) by default.

    `unbiased=False` is correction=0. NaN where n is not larger than the correction.

    >>> import minidl
    >>> minidl.var(minidl.tensor([1.0, 2.0, 3.0, 4.0]), correction=0)
    tensor(1.2500)
    """
    return _spread_of("var", Var, input, dim, unbiased, keepdim, correction)


def std(
    input: Tensor, dim: Dims = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None
) -> Tensor:
    """The standard deviation over `dim`: the root of `var`, with the same arguments; at 0 its gradient is 0."""
    return _spread_of("std", Std, input, dim, unbiased, keepdim, correction)


def _spread_of(
    name: str, function: type[Function], input: Tensor, dim: Any, unbiased: Any, keepdim: bool, correction: Any
) -> Tensor:
    x = float_only(name, input)
    if isinstance(dim, bool):  # PyTorch's var(input, unbiased)
        if unbiased is not None:
            raise ArgumentError(f"{name}: unbiased is given twice")
        dim, unbiased = None, dim
    if unbiased is not None:
        if correction is not None:
            raise ArgumentError(f"{name}: give unbiased or correction, not both")
        correction = int(unbiased)
    correction = 1 if correction is None else number(name, "correction", correction)
    return function.apply(x, dim=normal_dims(name, dim, x.ndim), keepdim=keepdim, correction=correction)


def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The product along `dim`, or of all; integers and bools give int64. The gradient is right even with zeros.

    `dtype` converts the input first. An empty product is 1.
    """
    x, options = _accumulated("prod", input, dtype)
    if dim is not None:
        return Prod.apply(x, dim=normal_dim("prod", dim, x.ndim), keepdim=keepdim, **options)
    z = Prod.apply(x if x.ndim <= 1 else flatten(x), dim=0, keepdim=False, **options)
    return reshape(z, (1,) * x.ndim) if keepdim else z


def logsumexp(input: Tensor, dim: int | Iterable[int], keepdim: bool = False) -> Tensor:
    """log Σ exp(input) over `dim`, without overflow; -inf for an empty dim. Integers give the default float dtype."""
    x = floating("logsumexp", input)
    dims = normal_dims("logsumexp", dim, x.ndim)
    if dim is None or (not isinstance(dim, int) and not tuple(dim) and x.ndim):
        raise ArgumentError(f"logsumexp: dim={dim!r} names no dimension; give one or several")
    return LogSumExp.apply(x, dim=dims, keepdim=keepdim)


def norm(
    input: Tensor, p: float | str | None = "fro", dim: Dims = None, keepdim: bool = False, dtype: Any = None
) -> Tensor:
    """(Σ |input|^p)^(1/p) over `dim` (None: all); p may be any number, inf, -inf, 0 (counts) or "fro" (2).

    DtypeError unless floating. Where the norm is 0 the gradient is 0. `dtype` converts the input first.

    >>> import minidl
    >>> minidl.norm(minidl.tensor([3.0, -4.0]))
    tensor(5.)
    """
    x = float_only("norm", input)
    x = x if dtype is None else float_only("norm", cast(x, as_dtype(dtype)))
    order = number("norm", "p", 2 if p is None or p == "fro" else p)
    dims = normal_dims("norm", dim, x.ndim)
    if math.isinf(order):
        return amax(abs_of(x), dims, keepdim) if order > 0 else amin(abs_of(x), dims, keepdim)
    if order < 0:
        _not_empty("norm", x, dims)
    return Norm.apply(x, p=order, dim=dims, keepdim=keepdim)


def amax(input: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """The largest element over `dim` (() for all); equal ones share the gradient. ArgumentError if it is empty."""
    return _extreme("amax", input, dim, keepdim, "max")


def amin(input: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """The smallest element over `dim` (() for all); equal ones share the gradient. ArgumentError if it is empty."""
    return _extreme("amin", input, dim, keepdim, "min")


def _extreme(name: str, input: Tensor, dim: Dims, keepdim: bool, how: str) -> Tensor:
    dims = normal_dims(name, dim, tensor_of(name, input).ndim)
    _not_empty(name, input, dims)
    return Amax.apply(input, dim=dims, keepdim=keepdim, how=how)


def _not_empty(name: str, x: Tensor, dims: tuple[int, ...]) -> None:
    if count(x.shape, dims) == 0:
        raise DimensionError(f"{name}: nothing to choose from: shape {x.shape} has no elements along dim {dims}")


def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The sums of the first 1, 2, ... n elements along `dim`; integers and bools give int64.

    >>> import minidl
    >>> minidl.cumsum(minidl.tensor([1, 2, 3]), dim=0)
    tensor([1, 3, 6])
    """
    x, options = _accumulated("cumsum", input, dtype)
    dim = normal_dim("cumsum", dim, x.ndim)
    return Cumsum.apply(x, dim=dim, **options) if x.ndim else Sum.apply(x, dim=(), keepdim=False, **options)


def all(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether all elements over `dim` (None: of all) are true (not 0); uint8 stays uint8, as in PyTorch."""
    return _decide("all", input, dim, keepdim)


def any(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether any element over `dim` (None: of all) is true (not 0); uint8 stays uint8, as in PyTorch."""
    return _decide("any", input, dim, keepdim)


def _decide(name: str, input: Tensor, dim: Dims, keepdim: bool) -> Tensor:
    x = tensor_of(name, input)
    if dim is not None and not isinstance(dim, int) and not tuple(dim):
        raise ArgumentError(f"{name}: dim=() names no dimension; leave it out to reduce all")
    return Decide.apply(x, how=name, dim=normal_dims(name, dim, x.ndim), keepdim=keepdim)


def count_nonzero(input: Tensor, dim: Dims = None) -> Tensor:
    """How many elements over `dim` (None or (): of all) are not 0, as int64."""
    x = tensor_of("count_nonzero", input)
    return CountNonzero.apply(x, dim=normal_dims("count_nonzero", dim, x.ndim))
