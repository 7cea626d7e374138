"""Elements written along one dimension: placed, added, or reduced to one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...backend import backend_of
from ...engine.function import Function
from ...engine.tensor import Tensor, wrap
from ...errors import ArgumentError, DtypeError
from .._check.arguments import element, normal_dim, tensor_of
from ..arithmetic import div
from ..gather import fits, index_of
from ..shape import clone, reshape


class Scatter(Function):
    """z = x, but z[i][index[i][j][k]][k] = s[i][j][k] for dim=1        dx = dz, 0 at index;  ds = dz at index"""

    computes = False

    def forward(self, x: Any, index: Any, s: Any, dim: int) -> Any:
        self.places, self.source = self.backend.places(x.shape, index, dim), _Source(s, index)
        z = x.copy()
        z.reshape(-1)[self.places] = self.source.used(s)
        return z

    def backward(self, dz: Any) -> Any:
        dx = dz.copy()
        dx.reshape(-1)[self.places] = 0
        return dx, None, self.source.gradient(self.backend.take(dz, self.places)) if self.needs[2] else None


class ScatterAdd(Function):
    """z = x, then z[i][index[i][j][k]][k] += s[i][j][k] for dim=1        dx = dz;  ds = dz at the index"""

    def forward(self, x: Any, index: Any, s: Any, dim: int) -> Any:
        self.places, self.source = self.backend.places(x.shape, index, dim), _Source(s, index)
        z = self.backend.copy(x, order="C")
        self.backend.add_at(z, self.places, self.source.used(s))
        return z

    def backward(self, dz: Any) -> Any:
        return dz, None, self.source.gradient(self.backend.take(dz, self.places))


class ScatterReduce(Function):
    """z = the product, largest or smallest of x and all s whose place it is

    ∂z/∂x: the product of all others, or 1 at the extreme (k equal ones: 1/k);  ∂z/∂s: likewise
    """

    def forward(self, x: Any, index: Any, s: Any, dim: int, how: str, include_self: bool) -> Any:
        xp = self.xp
        join = {"prod": xp.multiply, "amax": xp.maximum, "amin": xp.minimum}[how]
        self.places, self.source = self.backend.places(x.shape, index, dim), _Source(s, index)
        used = xp.broadcast_to(self.source.used(s), index.shape)
        z = self._joined(x, used, join, include_self)
        if self.needs[0] or self.needs[2]:
            self.x, self.s, self.z, self.how = x, s, z, how
            self.stays = None if include_self else self._counted(x != x, used == used) == 0
            self._mark(x, used, z, join, include_self)
        return z

    def _mark(self, x: Any, s: Any, z: Any, join: Callable[[Any, Any], Any], include_self: bool) -> None:
        """Which elements are the extremes, or the zeros of a product, and how many of them go to each place."""
        xp, one = self.xp, x.dtype.type(1)
        at_z = self.backend.take(z, self.places)
        self.in_x, self.in_s = (x == 0, s == 0) if self.how == "prod" else (x == z, s == at_z)
        counts = self.how != "prod" or self.stays is None  # PyTorch counts x among the extremes even if it is replaced
        self.count = self._counted(self.in_x if counts else self.in_x & self.stays, self.in_s)
        self.rest = None
        if self.how == "prod" and bool(self.count.any()):
            self.rest = self._joined(xp.where(x == 0, one, x), xp.where(s == 0, one, s), join, include_self)

    def _joined(self, x: Any, s: Any, join: Callable[[Any, Any], Any], include_self: bool) -> Any:
        z = self.backend.copy(x, order="C")
        flat = z.reshape(-1)
        places, values = by_place(self.xp, self.places.reshape(-1), s, join)
        flat[places] = join(flat[places], values) if include_self else values
        return z

    def _counted(self, x: Any, s: Any) -> Any:
        """How many of the elements that z is made of are marked."""
        count = self.backend.copy(x.astype("int64"), order="C")
        self.backend.add_at(count, self.places, s.astype("int64"))
        return count

    def backward(self, dz: Any) -> Any:
        take, masked = self.backend.take, self.backend.masked
        if self.how == "prod":
            dx = self._others(dz, self.x, self.in_x, lambda a: a)
            ds = self._others(dz, self.source.used(self.s), self.in_s, lambda a: take(a, self.places))
        else:
            each = dz / self.count
            dx, ds = masked(each, self.in_x), masked(take(each, self.places), self.in_s)
        return dx if self.stays is None else masked(dx, self.stays), None, self.source.gradient(ds)

    def _others(self, dz: Any, one: Any, zero: Any, at: Callable[[Any], Any]) -> Any:
        """dz times the product of all elements but this `one`, which may be 0."""
        if self.rest is None:
            return at(dz * self.z) / one
        alone = self.backend.masked(at(dz * self.rest), at(self.count) == 1)
        return self.xp.where(zero, alone, at(dz * self.z) / self.xp.where(zero, 1.0, one))


def by_place(xp: Any, places: Any, values: Any, join: Callable[[Any, Any], Any]) -> tuple[Any, Any]:
    """The places that occur, once each, and their values joined: sorted by place, then neighbours in log₂ n steps."""
    order = places.argsort(kind="stable")
    places, values, step = places[order], values.reshape(-1)[order], 1
    while step < len(places):
        same = places[step:] == places[:-step]
        joined = xp.where(same, join(values[step:], values[:-step]), values[step:])
        values = xp.concatenate([values[:step], joined])
        step *= 2
    last = xp.concatenate([places[1:] != places[:-1], xp.ones(1, bool)])
    return places[last], values[last]


class _Source:
    """Only the part of the source that is as large as the index is used; the rest gets no gradient."""

    def __init__(self, s: Any, index: Any) -> None:
        self.shape = getattr(s, "shape", ())
        self.part = tuple(slice(0, n) for n in index.shape) if self.shape else ...

    def used(self, s: Any) -> Any:
        return s[self.part] if self.shape else s

    def gradient(self, ds: Any) -> Any:
        if self.shape == ds.shape:
            return ds
        whole = backend_of(ds).xp.zeros(self.shape, ds.dtype)
        whole[self.part] = ds
        return whole


def scatter(
    input: Tensor,
    dim: int,
    index: Tensor,
    src: Tensor | float | None = None,
    *,
    value: float | None = None,
    reduce: str | None = None,
) -> Tensor:
    """A copy of the input with src placed along `dim`: z[i][index[i][j]] = src[i][j] for dim=1.

    src is a number (also given as `value`), or a tensor at least as large as index. Where positions repeat, one of the
    values remains. With `reduce`, "add" or "multiply", the values are added to what is there, or multiplied by it.
    """
    if (src is None) == (value is None):
        raise ArgumentError("scatter: give src or value, one of them")
    src = value if src is None else src
    x, dim, i = _scatter_arguments("scatter", input, dim, index, src)
    if reduce not in (None, "add", "multiply"):
        raise ArgumentError(f"scatter: reduce must be None, 'add' or 'multiply'; got {reduce!r}")
    if not isinstance(src, Tensor):
        src = element("scatter", "src", src, x.dtype)
        src = src if reduce is None else wrap(backend_of(x._array).xp.full(i.shape, src, x.dtype))
    if reduce == "multiply":
        return _scattered(ScatterReduce, x, dim, i, src, how="prod", include_self=True)
    return _scattered(ScatterAdd if reduce else Scatter, x, dim, i, src)


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy of the input with src added along `dim`: z[i][index[i][j]] += src[i][j] for dim=1."""
    x, dim, i = _scatter_arguments("scatter_add", input, dim, index, tensor_of("scatter_add", src, "src"))
    return _scattered(ScatterAdd, x, dim, i, src)


def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """A copy of the input in which the elements of src that `index` sends to one place are reduced to one.

    `reduce` is "sum", "prod", "mean", "amax" or "amin". What was there takes part unless `include_self` is False;
    where nothing is sent, it stays. Equal extremes share the gradient.

    >>> import minidl
    >>> scatter_reduce(minidl.tensor([1, 2]), 0, minidl.tensor([0, 0, 1]), minidl.tensor([5, 7, 1]), "amax")
    tensor([7, 2])
    """
    return reduced_at("scatter_reduce", input, dim, index, src, reduce, include_self)


def reduced_at(
    name: str, input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, include_self: bool
) -> Tensor:
    """`scatter_reduce`, with the name of the function that errors are to tell."""
    x, dim, i = _scatter_arguments(name, input, dim, index, tensor_of(name, src, "src"))
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise ArgumentError(f"{name}: reduce must be 'sum', 'prod', 'mean', 'amax' or 'amin'; got {reduce!r}")
    if reduce not in ("sum", "mean"):
        return _scattered(ScatterReduce, x, dim, i, src, how=reduce, include_self=include_self)
    base = x if include_self else _scattered(Scatter, x, dim, i, x._array.dtype.type(0))
    total = _scattered(ScatterAdd, base, dim, i, src)
    if reduce == "sum":
        return total
    ones = wrap(backend_of(x._array).xp.ones(x.shape, x.dtype))
    if not include_self:
        ones = _scattered(Scatter, ones, dim, i, x._array.dtype.type(0))
    count = _scattered(ScatterAdd, ones, dim, i, wrap(backend_of(x._array).xp.ones(i.shape, x.dtype)))
    return div(total, count, rounding_mode=None if x.dtype.kind == "f" else "floor")


def _scatter_arguments(function: str, input: Any, dim: int, index: Any, src: Any) -> tuple[Tensor, int, Tensor]:
    x, i = tensor_of(function, input), index_of(function, index)
    dim = normal_dim(function, dim, x.ndim)
    if isinstance(src, Tensor):
        if src.dtype != x.dtype:
            raise DtypeError(f"{function}: src is {src.dtype} but input is {x.dtype}; convert one with .to(...)")
        if i._array.size:
            fits(function, src, dim, i, every_dim=True)
    if i._array.size:
        fits(function, x, dim, i)
    return x, dim, i


def _scattered(operation: type[Function], x: Tensor, dim: int, i: Tensor, src: Any, **options: Any) -> Tensor:
    """Scatter, also for inputs without dimensions or without elements."""
    if i._array.size == 0:
        return clone(x)
    if x.ndim == 0:
        flat = reshape(src, (-1,)) if isinstance(src, Tensor) else src
        return reshape(operation.apply(reshape(x, (1,)), reshape(i, (-1,)), flat, dim=0, **options), ())
    rows = (reshape(t, (1,)) if isinstance(t, Tensor) and t.ndim == 0 else t for t in (i, src))
    return operation.apply(x, *rows, dim=dim, **options)
