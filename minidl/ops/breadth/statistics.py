"""Statistics: quantiles, the most frequent element, histograms, covariances."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ...backend import backend_of
from ...dtypes import float64
from ...engine.function import Function
from ...engine.tensor import Tensor, wrap
from ...errors import ArgumentError, DimensionError, DtypeError, RangeError, ShapeError
from .._check.arguments import cast, element, float_only, normal_dim, number, tensor_of
from ..arithmetic import div, lerp, mul, sub
from ..elementary import sqrt
from ..gather import gather
from ..linalg import matmul
from ..order import MedianResult, SortResult, sort
from ..reduce import amax, amin, sum
from ..selection import clamp, where
from ..shape import diagonal, flatten, movedim, reshape, squeeze, transpose, unsqueeze
from .running import scan


class KthvalueResult(NamedTuple):
    """The k-th smallest elements, and their indices."""

    values: Tensor
    indices: Tensor


class ModeResult(NamedTuple):
    """The most frequent elements, and their indices."""

    values: Tensor
    indices: Tensor


class AminmaxResult(NamedTuple):
    """The smallest and the largest elements."""

    min: Tensor
    max: Tensor


class ModePlace(Function):
    """z = the index, in sorted order, of the most frequent element along the last dim; no gradient"""

    computes = False

    def forward(self, x: Any) -> Any:
        xp, n = self.xp, x.shape[-1]
        own = xp.arange(n)
        starts = xp.ones(x.shape, bool)
        starts[..., 1:] = x[..., 1:] != x[..., :-1]
        length = own - scan(xp, xp.where(starts, own, 0), x.ndim - 1, xp.maximum)  # of equal ones so far
        return length.argmax(axis=-1)[..., None].astype("int64")


def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> KthvalueResult:
    """(values, indices) of the k-th smallest element along `dim`, k from 1. NaN counts as the largest.

    >>> import minidl
    >>> kthvalue(minidl.tensor([30, 10, 20]), 2).values
    tensor(20)
    """
    x = tensor_of("kthvalue", input)
    dim = normal_dim("kthvalue", dim, x.ndim)
    length = x.shape[dim] if x.ndim else 1
    if length == 0:
        raise DimensionError(f"kthvalue: nothing to choose from: shape {x.shape} has no elements along dim {dim}")
    if isinstance(k, bool) or not hasattr(k, "__index__") or not 1 <= k <= length:
        raise RangeError(f"kthvalue: k must be an integer from 1 to the {length} elements along dim {dim}; got {k!r}")
    values, indices = sort(x, dim)
    if not x.ndim:
        return KthvalueResult(values, indices)
    found = (values.narrow(dim, k - 1, 1), indices.narrow(dim, k - 1, 1))
    return KthvalueResult(*(part if keepdim else squeeze(part, dim) for part in found))


def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> ModeResult:
    """(values, indices) of the most frequent element along `dim`, the smallest of several; the index is its last one.

    >>> import minidl
    >>> mode(minidl.tensor([3, 1, 3, 2])).values
    tensor(3)
    """
    x = tensor_of("mode", input)
    dim = normal_dim("mode", dim, x.ndim)
    if (x.shape or (1,))[dim] == 0:
        raise DimensionError(f"mode: nothing to choose from: shape {x.shape} has no elements along dim {dim}")
    if not x.ndim:
        return ModeResult(*sort(x))
    last = movedim(x, dim, -1)
    order = sort(last, -1)
    places = gather(order.indices, -1, ModePlace.apply(order.values.detach()))
    found = gather(last, -1, places), places
    return ModeResult(*(movedim(part, -1, dim) if keepdim else squeeze(part, -1) for part in found))


def msort(input: Tensor) -> Tensor:
    """The input sorted along its first dimension."""
    return sort(input, 0).values


def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> AminmaxResult:
    """(min, max) of all elements, or along `dim`; equal ones share the gradient."""
    dims = () if dim is None else normal_dim("aminmax", dim, tensor_of("aminmax", input).ndim)
    return AminmaxResult(amin(input, dims, keepdim), amax(input, dims, keepdim))


def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """`median` of the elements that are not NaN; NaN if all are."""
    x = tensor_of("nanmedian", input)
    if x.dtype.kind == "b":
        raise DtypeError("nanmedian: not defined for bool; use .int() first")
    if dim is None:
        if keepdim:
            raise ArgumentError("nanmedian: keepdim=True needs a dim")
        if not x._array.size:
            return x.median()
        return _nanmedian(flatten(x), 0).values.reshape(())
    dim = normal_dim("nanmedian", dim, x.ndim)
    if (x.shape or (1,))[dim] == 0:
        raise DimensionError(f"nanmedian: nothing to choose from: shape {x.shape} has no elements along dim {dim}")
    if not x.ndim:
        return MedianResult(*sort(x))
    return MedianResult(*(part if keepdim else squeeze(part, dim) for part in _nanmedian(x, dim)))


def _nanmedian(x: Tensor, dim: int) -> SortResult:
    """(values, indices) with dim kept: the middle of the numbers, which stand before the NaNs."""
    order = sort(x, dim)
    count = (x.detach() == x.detach()).sum(dim, True)
    middle = clamp(count - 1, min=0).floor_divide(2)
    return SortResult(gather(order.values, dim, middle), gather(order.indices, dim, middle))


def quantile(
    input: Tensor,
    q: Tensor | float,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Tensor:
    """The element below which a part `q` (0 to 1) of all lies, along `dim` or of all; several q become the first dim.

    Between two elements, `interpolation` is "linear", "lower", "higher", "midpoint" or "nearest". NaN if one is NaN.

    >>> import minidl
    >>> quantile(minidl.tensor([1.0, 2.0, 4.0]), minidl.tensor([0.5, 0.75]))
    tensor([2., 3.])
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation)


def nanquantile(
    input: Tensor,
    q: Tensor | float,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Tensor:
    """`quantile` of the elements that are not NaN; NaN if all are."""
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation)


def _quantile(name: str, input: Any, q: Any, dim: int | None, keepdim: bool, interpolation: str) -> Tensor:
    x = float_only(name, input)
    if x.dtype.itemsize < 4:
        raise DtypeError(f"{name}: needs float32 or float64; got {x.dtype}")
    if interpolation not in ("linear", "lower", "higher", "midpoint", "nearest"):
        raise ArgumentError(f"{name}: interpolation {interpolation!r} is unknown; use 'linear', 'lower', 'higher', "
                            "'midpoint' or 'nearest'")  # fmt: skip
    parts = _parts(name, x, q)
    place = None if dim is None else normal_dim(name, dim, x.ndim)
    rows = flatten(x) if place is None else movedim(x, place, -1) if x.ndim else reshape(x, (1,))  # (..., n)
    if rows.shape[-1] == 0:
        raise ShapeError(f"{name}: the input has no elements; its shape is {x.shape}")
    found = _at_ranks(sort(rows, -1).values, reshape(parts, (-1,)), name == "nanquantile", interpolation)  # (..., q)
    if keepdim and x.ndim:
        shape = (*(1,) * (x.ndim - 1), 1) if place is None else rows.shape[:-1] + (1,)
        found = reshape(found, (*shape, found.shape[-1]))
        found = found if place is None else movedim(found, -2, place)
    found = movedim(found, -1, 0)
    return found if parts.ndim else squeeze(found, 0)


def _parts(name: str, x: Tensor, q: Any) -> Tensor:
    if not isinstance(q, Tensor):
        q = wrap(backend_of(x._array).asarray(np.asarray(number(name, "q", q), x.dtype)))
    if q.dtype != x.dtype:
        raise DtypeError(f"{name}: q is {q.dtype} but input is {x.dtype}; convert one with .to(...)")
    if q.ndim > 1:
        raise ShapeError(f"{name}: q must be a number or a vector; got shape {q.shape}")
    if q._array.size and not bool(((q._array >= 0) & (q._array <= 1)).all()):
        raise ArgumentError(f"{name}: q must lie in [0, 1]; got {q.tolist()}")
    return q


def _at_ranks(ordered: Tensor, q: Tensor, skip_nan: bool, interpolation: str) -> Tensor:
    """Of rows (..., n) in ascending order, NaN last, the elements at rank q (n - 1): (..., q)."""
    seen = ordered.detach()
    count = (seen == seen).sum(-1, keepdim=True)
    last = cast(clamp(count - 1, min=0) if skip_nan else count * 0 + (ordered.shape[-1] - 1), q.dtype)
    ranks = mul(q, last)  # (..., q)
    if not skip_nan:
        ranks = where(count < ordered.shape[-1], last, ranks)
    if interpolation in ("lower", "higher", "nearest"):
        rounded = {"lower": ranks.floor, "higher": ranks.ceil, "nearest": ranks.round}[interpolation]()
        return gather(ordered, -1, rounded.detach().long())
    below = ranks.floor().detach()
    low, high = (gather(ordered, -1, places.long()) for places in (below, ranks.ceil().detach()))
    weight = sub(ranks, below)
    return lerp(low, high, weight if interpolation == "linear" else weight.detach() * 0 + 0.5)


def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """How many elements fall into each of `bins` intervals of equal length from `min` to `max`, in the input's dtype.

    If both are equal, they are those of the input. What lies outside, and NaN, is not counted.

    >>> import minidl
    >>> histc(minidl.tensor([1.0, 2.0, 1.0]), bins=4, min=0, max=3)
    tensor([0., 2., 1., 0.])
    """
    x = float_only("histc", input)
    if isinstance(bins, bool) or not hasattr(bins, "__index__") or bins < 1:
        raise ArgumentError(f"histc: bins must be an integer of at least 1; got {bins!r}")
    low, high = (float(element("histc", n, v, x.dtype)) for n, v in (("min", min), ("max", max)))
    array = x._array.reshape(-1)
    xp = backend_of(array).xp
    if low == high and array.size:
        low, high = float(array.min()), float(array.max())
    if low == high:
        low, high = low - 1, high + 1
    if not (np.isfinite(low) and np.isfinite(high)) or low > high:
        raise ArgumentError(f"histc: min and max must be finite, min not above max; got {low} and {high}")
    inside = array[(array >= low) & (array <= high)].astype(float64)
    places = xp.minimum(((inside - low) / (high - low) * bins).astype("int64"), bins - 1)
    return wrap(xp.bincount(places, minlength=bins).astype(x.dtype))


def cov(
    input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None
) -> Tensor:
    """The covariances of the rows of a matrix (variables, observations): (N, N); of a vector, its variance.

    `fweights` (integers) tells how often each observation counts, `aweights` how important it is.
    """
    x = tensor_of("cov", input)
    if x.ndim > 2:
        raise ShapeError(f"cov: takes a vector or a matrix; got shape {x.shape}")
    if x.dtype.kind == "b":
        raise DtypeError("cov: not defined for bool; use .float() first")
    rows = reshape(x, (1, -1)) if x.ndim < 2 else x
    w = _weights(rows.shape[1], fweights, aweights)
    rows = rows if rows.dtype.kind == "f" else rows.float()
    total: Any = rows.shape[1] if w is None else sum(w)
    mean = div(sum(rows if w is None else mul(rows, w), 1, keepdim=True), total)
    freedom = total - correction
    if w is not None and aweights is not None:  # those of more weight count for more of the observations
        freedom = sub(total, mul(div(sum(mul(w, aweights)), total), correction))
    freedom = clamp(freedom, min=0) if isinstance(freedom, Tensor) else max(freedom, 0)
    d = sub(rows, mean)
    z = div(matmul(d, transpose(d if w is None else mul(d, cast(w, d.dtype)), 0, 1)), freedom)
    return squeeze(z)


def _weights(count: int, fweights: Tensor | None, aweights: Tensor | None) -> Tensor | None:
    """The product of both kinds of weights."""
    for name, w in (("fweights", fweights), ("aweights", aweights)):
        if w is None:
            continue
        if tensor_of("cov", w, name).ndim > 1 or w._array.size != count:
            raise ShapeError(f"cov: {name} must be one number for each of the {count} observations; got {w.shape}")
        if (w.dtype.kind in "iu") != (name == "fweights"):
            raise DtypeError(f"cov: {name} must be {'integers' if name == 'fweights' else 'floats'}; got {w.dtype}")
        if bool((w._array < 0).any()):
            raise ArgumentError(f"cov: {name} must be at least 0")
    if fweights is None or aweights is None:
        return aweights if fweights is None else fweights
    return mul(fweights, aweights)


def corrcoef(input: Tensor) -> Tensor:
    """The correlations, from -1 to 1, of the rows of a matrix (variables, observations): (N, N); of a vector, 1."""
    c = cov(input)
    if c.ndim == 0:
        return div(c, c)
    deviation = sqrt(diagonal(c))
    z = div(div(c, unsqueeze(deviation, 1)), unsqueeze(deviation, 0))
    return clamp(z, -1, 1)
