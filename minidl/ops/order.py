"""Operations that depend on the order of the elements: argmax, max and min with indices, sort, topk, median."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..engine.function import Function
from ..engine.tensor import Tensor
from ..errors import ArgumentError, DimensionError, DtypeError, refuse
from ._check.arguments import normal_dim, tensor_of
from .selection import maximum, minimum
from .shape import squeeze


class MaxResult(NamedTuple):
    """The largest elements, and their indices."""

    values: Tensor
    indices: Tensor


class MinResult(NamedTuple):
    """The smallest elements, and their indices."""

    values: Tensor
    indices: Tensor


class SortResult(NamedTuple):
    """The sorted elements, and their original indices."""

    values: Tensor
    indices: Tensor


class TopkResult(NamedTuple):
    """The k largest (or smallest) elements, and their indices."""

    values: Tensor
    indices: Tensor


class MedianResult(NamedTuple):
    """The medians, and their indices."""

    values: Tensor
    indices: Tensor


class ArgExtreme(Function):
    """z = the first index of the largest (smallest) element; no gradient"""

    computes = False

    def forward(self, x: Any, how: str, dim: int | None, keepdim: bool) -> Any:
        if x.dtype.kind == "b":
            x = x.astype("uint8")
        return getattr(x, how)(axis=dim if x.ndim else None, keepdims=keepdim).astype("int64", copy=False)


class Argsort(Function):
    """z = the places of the elements in ascending (descending) order, equal ones in the order they had; no gradient"""

    computes = False

    def forward(self, x: Any, dim: int, descending: bool) -> Any:
        return self.backend.argsort(x, dim, descending) if x.ndim else self.xp.zeros((), "int64")


class TopPlaces(Function):
    """z = the places of the k largest (smallest) elements, in order, equal ones in the order they had; no gradient"""

    computes = False

    def forward(self, x: Any, k: int, dim: int, largest: bool) -> Any:
        return self.backend.top_places(x, k, dim, largest) if x.ndim else self.xp.zeros((), "int64")


class TakeAlong(Function):
    """z = x at the given places along dim, no place twice        dx = dz at those places, else 0"""

    computes = False

    def forward(self, x: Any, places: Any, dim: int) -> Any:
        self.shape = x.shape
        if x.ndim == 0:
            return x.copy()
        self.flat = self.backend.places(x.shape, places, dim)
        return self.backend.take(x, self.flat)

    def backward(self, dz: Any) -> Any:
        if not self.shape:
            return dz, None
        dx = self.xp.zeros(self.shape, dz.dtype)
        dx.reshape(-1)[self.flat] = dz
        return dx, None


class Chosen(Function):
    """z = one element of all: the largest, smallest or median        ∂z/∂x = 1 there; k equal ones get 1/k each"""

    computes = False

    def forward(self, x: Any, how: str) -> Any:
        if how == "median":
            z = _middle(self.xp, x)
        else:
            z = getattr(x, how)()
        if self.needs[0]:
            self.hit = x != x if bool(z != z) else x == z
        return z

    def backward(self, dz: Any) -> Any:
        return dz / self.hit.sum() * self.hit


def _middle(xp: Any, x: Any) -> Any:
    """The lower median of all elements; NaN if one of them is."""
    if x.size == 0:
        return xp.full((), float("nan"), x.dtype)
    largest, middle = x.max(), (x.size - 1) // 2
    return largest if bool(largest != largest) else xp.partition(x.reshape(-1), middle)[middle]


def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The index of the largest element along `dim`, or in the flattened tensor: the first of equal ones, or of NaNs.

    >>> import minidl
    >>> minidl.argmax(minidl.tensor([[1.0, 5.0], [7.0, 2.0]]), dim=1)
    tensor([1, 0])
    """
    return _arg_extreme("argmax", input, dim, keepdim)


def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The index of the smallest element along `dim`, or in the flattened tensor: the first of equal ones, or NaNs."""
    return _arg_extreme("argmin", input, dim, keepdim)


def _arg_extreme(name: str, input: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    if tensor_of(name, input).dtype.kind == "b":
        raise DtypeError(f"{name}: not defined for bool; use .int() first")
    dim = None if dim is None else normal_dim(name, dim, input.ndim)
    _not_empty(name, input, dim)
    return ArgExtreme.apply(input, how=name, dim=dim, keepdim=keepdim)


def _not_empty(name: str, x: Tensor, dim: int | None) -> None:
    if (x._array.size if dim is None else (x.shape or (1,))[dim]) == 0:
        along = "" if dim is None else f" along dim {dim}"
        raise DimensionError(f"{name}: nothing to choose from: shape {x.shape} has no elements{along}")


def max(input: Tensor, dim: int | Tensor | None = None, keepdim: bool = False, *, other: Tensor | None = None) -> Any:
    """The largest of all elements; with `dim`, (values, indices) along it; with a tensor `other`, `maximum`.

    Without `dim`, equal largest elements share the gradient; with it, the gradient goes to the returned index.

    >>> import minidl
    >>> minidl.max(minidl.tensor([[1.0, 5.0], [7.0, 2.0]]), dim=1).indices
    tensor([1, 0])
    """
    if other is not None or isinstance(dim, Tensor):
        return maximum(input, _second("max", dim, keepdim, other))
    return _max_or_min("max", "argmax", MaxResult, input, dim, keepdim)


def min(input: Tensor, dim: int | Tensor | None = None, keepdim: bool = False, *, other: Tensor | None = None) -> Any:
    """The smallest of all elements; with `dim`, (values, indices) along it; with a tensor `other`, `minimum`.

    Without `dim`, equal smallest elements share the gradient; with it, the gradient goes to the returned index.
    """
    if other is not None or isinstance(dim, Tensor):
        return minimum(input, _second("min", dim, keepdim, other))
    return _max_or_min("min", "argmin", MinResult, input, dim, keepdim)


def _second(name: str, dim: Any, keepdim: bool, other: Any) -> Tensor:
    if keepdim or (dim is not None and other is not None):
        raise ArgumentError(f"{name}: with another tensor there is neither dim nor keepdim")
    return dim if other is None else other


def _max_or_min(name: str, how: str, result: Any, input: Tensor, dim: int | None, keepdim: bool) -> Any:
    x = tensor_of(name, input)
    if dim is None:
        if keepdim:
            raise ArgumentError(f"{name}: keepdim=True needs a dim; amax and amin keep all dims")
        _not_empty(name, x, None)
        return Chosen.apply(x, how=name)
    dim = normal_dim(name, dim, x.ndim)
    _not_empty(name, x, dim)
    places = ArgExtreme.apply(x, how=how, dim=dim, keepdim=True)
    return result(*_squeezed(TakeAlong.apply(x, places, dim=dim), places, dim, keepdim))


def _squeezed(values: Tensor, places: Tensor, dim: int, keepdim: bool) -> tuple[Tensor, Tensor]:
    if keepdim or not values.ndim:
        return values, places
    return squeeze(values, dim), squeeze(places, dim)


def sort(
    input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False, *, out: None = None
) -> SortResult:
    """(values, indices) in ascending or descending order along `dim`. NaN counts as the largest.

    Equal elements always keep their order, whatever `stable` says.
    """
    refuse("sort", out=out)
    x = tensor_of("sort", input)
    dim = normal_dim("sort", dim, x.ndim)
    places = Argsort.apply(x, dim=dim, descending=descending)
    return SortResult(TakeAlong.apply(x, places, dim=dim), places)


def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """The indices that sort `input` along `dim`; equal elements keep their order."""
    x = tensor_of("argsort", input)
    return Argsort.apply(x, dim=normal_dim("argsort", dim, x.ndim), descending=descending)


def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> TopkResult:
    """(values, indices) of the k largest (or smallest) elements along `dim`, the most extreme first.

    They are always sorted, whatever `sorted` says. ArgumentError unless 0 <= k <= the length of `dim`.
    """
    x = tensor_of("topk", input)
    dim = normal_dim("topk", dim, x.ndim)
    length = x.shape[dim] if x.ndim else 1
    if isinstance(k, bool) or not isinstance(k, int) or not (x.ndim == 0) <= k <= length:
        raise ArgumentError(f"topk: k must be an integer from 0 to the {length} elements along dim {dim}; got {k!r}")
    places = TopPlaces.apply(x, k=k, dim=dim, largest=largest)
    return TopkResult(TakeAlong.apply(x, places, dim=dim), places)


def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The median of all elements, the lower one of two; with `dim`, (values, indices) along it. NaN if one is NaN."""
    x = tensor_of("median", input)
    if x.dtype.kind == "b":
        raise DtypeError("median: not defined for bool; use .int() first")
    if dim is None:
        if keepdim:
            raise ArgumentError("median: keepdim=True needs a dim")
        return Chosen.apply(x, how="median")
    dim = normal_dim("median", dim, x.ndim)
    _not_empty("median", x, dim)
    places = MedianPlace.apply(x, dim=dim)
    return MedianResult(*_squeezed(TakeAlong.apply(x, places, dim=dim), places, dim, keepdim))


class MedianPlace(Function):
    """z = the index of the lower median along dim, or of the first NaN; no gradient"""

    computes = False

    def forward(self, x: Any, dim: int) -> Any:
        return self.backend.median_places(x, dim) if x.ndim else self.xp.zeros((), "int64")
