"""The calls that an array library must offer beyond its array functions.

Each library must define its attributes, and how arrays come to it, leave it and are added to in place. The questions
about its device have default answers for the host's memory. All other calls are plain: written in array functions that
are right for any library that follows NumPy's interface. A subclass overrides those that are worth tuning, under the
same name; tests check it against the plain one.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import product
from math import prod
from typing import Any, ClassVar, Literal

import numpy as np

from .special import erf, floor_divmod
from .window import Window, line

Array = Any
Axes = int | tuple[int, ...]


class Backend(ABC):
    """One array library: `name`, PyTorch's name of its `device`, its module `xp`, its `array_type`, and its calls.

    `linalg` is its linear algebra, as NumPy's: a matrix without an answer is a LinAlgError, batches are broadcast.
    """

    name: str
    device: str
    xp: Any
    linalg: Any
    array_type: type

    updates_together: ClassVar[bool] = False  # whether an optimizer's updates wait for each other, for `update_all`
    kernels: ClassVar[Mapping[str, Callable[..., Any]]] = {}  # for `stand_in`, by module and name of the method

    # Required.

    @abstractmethod
    def asarray(self, value: Any, dtype: Any = None) -> Array:
        """`value` (host data or an array of this library) as an array of this library; no copy if none is needed."""

    @abstractmethod
    def to_numpy(self, array: Array) -> Any:
        """The array on the host: itself if it is already there, else a copy."""

    @abstractmethod
    def scatter_add(self, target: Array, index: Any, values: Array) -> None:
        """target[index] += values in place; an index that occurs twice counts twice."""

    # Questions about the device.

    def device_name(self, array: Array) -> str:
        """PyTorch's name for the place where the array lives: the device, with a number where there can be several."""
        return self.device

    def synchronize(self) -> None:  # noqa: B027  (there is nothing to wait for, unless a subclass says so)
        """Wait until all work requested so far is done."""

    def device_label(self) -> str:
        """The manufacturer's name for the device; empty if it has none."""
        return ""

    @property
    def emulated(self) -> bool:
        """Whether the device is only simulated in the host's memory: its speed then says nothing."""
        return False

    def memory(self) -> tuple[int, int]:
        """Bytes of device memory that arrays occupy now, and that the library holds for them; 0 if not known."""
        return 0, 0

    def mark(self) -> Any:
        """A mark in the device's own time: the moment when all work requested before it is done."""
        self.synchronize()
        return time.perf_counter()

    def seconds_between(self, earlier: Any, later: Any) -> float:
        """Seconds from one mark to another; waits for the later one."""
        return later - earlier

    # Whole operations.

    def stand_in(self, method: Callable[..., Any]) -> Callable[..., Any] | None:
        """What takes an operation and arrays as this method of it does, and does and keeps the same in few launches.

        The engine takes it where nobody looks in between.
        """
        return self.kernels.get(f"{method.__module__}.{getattr(method, '__qualname__', '')}")

    # Plain, to be tuned where it pays: copies, places, order.

    def copy(self, x: Array, order: Literal["K", "C"] = "K") -> Array:
        """x in new memory, in its present order or row by row."""
        return x.copy(order=order)

    def concatenate(self, xs: Sequence[Array], axis: int) -> Array:
        """The arrays, all of one dtype, joined along an axis."""
        return self.xp.concatenate(xs, axis=axis)

    def select(self, x: Array, index: Array, axis: int) -> Array:
        """x[..., index, ...] along an axis, for indices (K,), none of them negative or too large."""
        return x.take(index, axis=axis)

    def bounds(self, index: Array) -> tuple[int, int]:
        """The smallest and the largest of one or more integers; waits for a GPU."""
        return int(index.min()), int(index.max())

    def places(self, shape: tuple[int, ...], index: Array, dim: int) -> Array:
        """The places of x[i][index[i][j][k]][k] (for dim=1) in the flat memory of an x of `shape`; index's shape.

        No index may be negative or too large.
        """
        found = index.astype(np.int64) * prod(shape[dim + 1 :])
        for d, length in enumerate(index.shape):
            if d != dim:
                own = self.xp.arange(length) * prod(shape[d + 1 :])
                found = found + own.reshape(-1, *(1,) * (index.ndim - 1 - d))
        return found

    def take(self, x: Array, places: Array) -> Array:
        """The elements of x at those flat places."""
        return x.reshape(-1)[places]

    def add_at(self, target: Array, places: Array, values: Array) -> None:
        """target += values at those flat places, in place; a place that occurs twice counts twice."""
        self.scatter_add(target.reshape(-1), places, values)

    def argsort(self, x: Array, dim: int, descending: bool) -> Array:
        """The indices of the elements in ascending (descending) order: stable, with NaN as the largest."""
        if not descending:
            return x.argsort(axis=dim, kind="stable").astype("int64", copy=False)
        last = x.shape[dim] - 1
        places = self.xp.flip(x, dim).argsort(axis=dim, kind="stable")  # ascending, of the reversed elements
        return last - self.xp.flip(places, dim).astype("int64", copy=False)

    def top_places(self, x: Array, k: int, dim: int, descending: bool) -> Array:
        """The first k of `argsort` along dim."""
        return self.argsort(x, dim, descending)[(slice(None),) * dim + (slice(k),)].copy()

    def median_places(self, x: Array, dim: int) -> Array:
        """The index of the first NaN along dim, else of the lower median (equal ones as in `argsort`); dim kept."""
        order, n = self.argsort(x, dim, descending=False), x.shape[dim]
        middle = self.xp.take(order, self.xp.asarray([(n - 1) // 2]), axis=dim)
        nans = x != x
        first_nan = nans.argmax(axis=dim, keepdims=True)
        return self.xp.where(nans.any(axis=dim, keepdims=True), first_nan, middle).astype("int64")

    # Plain, to be tuned where it pays: elementwise and along axes, products, windows.

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Inside it, infinities and NaN are ordinary results and give no warning (as in PyTorch)."""
        token = self.mute()
        try:
            yield
        finally:
            self.unmute(token)

    def mute(self) -> Any:
        """Begin what `quiet` does, in this thread, and return a token for `unmute`."""
        return None

    def unmute(self, token: Any) -> None:
        """End what the `mute` that returned this token began."""
        return

    def elementwise(self, formula: Callable[..., Array], *arrays: Array) -> Array:
        """formula(*arrays), where each element of the result depends on that element of the arrays alone."""
        return formula(*arrays)

    def product(self, formula: Callable[..., Any], *arrays: Array) -> Array:
        """y · formula(x, ...), where y is the last of the arrays: a gradient times a slope, elementwise."""
        return formula(*arrays[:-1]) * arrays[-1]

    def along(
        self, axes: Axes, formula: Callable[..., Any], x: Array, *others: Array | None, size: int | None = None
    ) -> Any:
        """formula(x, *others), which mixes elements along `axes` alone: an array, or several, that keep all axes.

        The others are broadcast against x. `size`: how many elements the formula goes through, if more than x has.
        """
        return formula(x, *others)

    def masked(self, x: Array, mask: Array) -> Array:
        """x where the mask (bool, broadcast to its shape) is true, and 0 elsewhere, even in place of inf and NaN."""
        return self.xp.where(mask, x, x.dtype.type(0))

    def broadcast_to(self, x: Array, shape: tuple[int, ...]) -> Array:
        """x, stretched to that shape: a read-only view."""
        return self.xp.broadcast_to(x, shape)

    def matmul(self, x: Array, y: Array) -> Array:
        """x @ y."""
        return self.xp.matmul(x, y)

    def one_job(self) -> AbstractContextManager[None]:
        """Inside it, results may be deferred and computed together at its end; none of them may be read before."""
        return nullcontext()

    def walks(self, length: int, work: int) -> list[slice]:
        """The parts in which to take so many sequences, if each step multiplies `work` times per sequence."""
        return [slice(0, length)]

    def side_by_side(self, walk: Callable[[int], Any], count: int, work: int) -> list[Any]:
        """[walk(0), ..., walk(count - 1)], which need nothing of one another; each of their products is that much."""
        return [walk(number) for number in range(count)]

    def over_time(self, node: Any, w: Array) -> Any:
        """What walks through time for an `OverTime` with all its weights w; None if that goes step by step."""
        return None

    def inner(self, x: Array, y: Array | None, axes: Axes) -> Array:
        """Σ x · y (or Σ x) over `axes`, which stay with length 1, for x and y of one shape."""
        return self._sum(x if y is None else x * y, axes).astype(x.dtype, copy=False)

    def mean(self, x: Array, y: Array | None, axes: Axes) -> Array:
        """The mean of x · y (or of x) over `axes`, which stay with length 1: finite where all terms are."""
        return self._mean(x if y is None else x * y, axes).astype(x.dtype, copy=False)

    def centred(self, x: Array, axes: Axes) -> tuple[Array, Array]:
        """The mean of x over `axes`, which stay with length 1, and x minus the mean before it was rounded."""
        exact = self._mean(x, axes)
        mean = exact.astype(x.dtype)
        return mean, (x - mean) - (exact - mean).astype(x.dtype)

    def _sum(self, x: Array, axes: Axes) -> Array:
        """Σ x over `axes`, in float64: in float32 a sum of millions has lost half its digits."""
        return x.sum(axis=axes, keepdims=True, dtype=np.float64)

    def _mean(self, x: Array, axes: Axes) -> Array:
        """The mean of x over `axes`, in float64; where the sum of the largest numbers overflows, by their parts."""
        count = prod(x.shape[axis] for axis in (axes if isinstance(axes, tuple) else (axes,)))
        mean = self._sum(x, axes) / count
        if x.dtype != np.float64:
            return mean
        part = 2.0 ** -count.bit_length()
        return self.xp.where(self.xp.isfinite(mean), mean, self._sum(x * part, axes) / (part * count))

    def maximum(self, x: Array, low: float) -> Array:
        """max(x, low) for a number, NaN kept."""
        return self.xp.maximum(x, low)

    def minimum(self, x: Array, high: float) -> Array:
        """min(x, high) for a number, NaN kept."""
        return self.xp.minimum(x, high)

    def one_or(self, other: float, mask: Array, dtype: Any) -> Any:
        """1 where the mask (bool) is true, else that number: an array of a floating dtype, or 1 for all."""
        return 1 if other == 1 else self.xp.where(mask, dtype.type(1), dtype.type(other))

    def channel_sums(self, x: Array) -> Array:
        """The sum of x (N, C, H, W) over all but its channels: (C,)."""
        return x.sum(axis=(0, 2, 3))

    def erf(self, x: Array) -> Array:
        """2/√π ∫ e^(-t²) dt from 0 to x, elementwise."""
        return erf(x, self.xp)

    def exp(self, x: Array) -> Array:
        """e^x, elementwise."""
        return self.xp.exp(x)

    def sigmoid(self, x: Array) -> Array:
        """1 / (1 + e^-x), elementwise: where e^-x overflows it is 0, as it should be."""
        return 1 / (1 + self.exp(-x))

    def floor_divmod(self, x: Array, y: Array) -> tuple[Array, Array]:
        """x // y and x % y of floats, as Python defines them."""
        return floor_divmod(x, y, self.xp)

    def update(self, rule: Callable[..., None], *arguments: Any) -> None:
        """rule(xp, *arguments): lines that change arrays of one shape in place, element by element."""
        rule(self.xp, *arguments)

    def update_all(self, updates: Sequence[tuple[Any, ...]]) -> None:
        """`update(*one)` for each of them, if `updates_together` asks for them at the end of an optimizer's step."""
        for one in updates:
            self.update(*one)

    def windows(self, x: Array, window: Window, fill: float = 0.0) -> Array:
        """Every window of x (N, C, H, W), padded with `fill`: a read-only view (N, C, Ho, Wo, kh, kw)."""
        (top, bottom), (left, right) = window.padding
        ho, wo = window.output_size(x.shape[2:])
        if top or bottom or left or right:
            x = self.xp.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=fill)
        sn, sc, sh, sw = x.strides
        return self.xp.lib.stride_tricks.as_strided(
            x,
            shape=(*x.shape[:2], ho, wo, *window.kernel),
            strides=(sn, sc, sh * window.stride[0], sw * window.stride[1],
                     sh * window.dilation[0], sw * window.dilation[1]),
        )  # fmt: skip

    def scatter_windows(self, dwindows: Array, window: Window, size: tuple[int, int]) -> Array:
        """The adjoint of `windows`: each tap (N, C, Ho, Wo, kh, kw) is added back to the place it was read from.

        Returns (N, C, H, W) for an image of `size` = (H, W); what fell on the padding is dropped.
        """
        n, c, ho, wo, kh, kw = dwindows.shape
        (top, bottom), (left, right) = window.padding
        (sh, sw), (dh, dw) = window.stride, window.dilation
        dx = self.xp.zeros((n, c, size[0] + top + bottom, size[1] + left + right), dwindows.dtype)
        for i in range(kh):
            for j in range(kw):
                rows = slice(i * dh, i * dh + sh * (ho - 1) + 1, sh)
                columns = slice(j * dw, j * dw + sw * (wo - 1) + 1, sw)
                dx[:, :, rows, columns] += dwindows[..., i, j]
        return dx[:, :, top : top + size[0], left : left + size[1]]

    def correlate(self, x: Array, w: Array, bias: Array | None, window: Window, groups: int) -> Array:
        """z[n,o,p,q] = bias[o] + Σ_cij w[o,c,i,j] · x[n,c,p·s+i·d,q·s+j·d]: (N, O, Ho, Wo).

        x is (N, C, H, W); w is (O, C / groups, kh, kw): group g of the outputs sees group g of the channels. Taps in
        the padding are left out. Tuned in numpy/conv.py and cupy/backend.py, as are its two gradients.
        """
        x, w = _by_group(x, 1, groups), _by_group(w, 0, groups)  # (N, G, C/G, H, W), (G, O/G, C/G, kh, kw)
        z = self.xp.zeros((x.shape[0], groups, w.shape[1], *window.output_size(x.shape[3:])), x.dtype)
        for i, j, pixels, outputs in _taps(window, x.shape[3:], z.shape[3:]):
            z[outputs] += self.xp.einsum("goc,ngcpq->ngopq", w[..., i, j], x[pixels])
        z = z.reshape(z.shape[0], prod(z.shape[1:3]), *z.shape[3:])
        return z if bias is None else z + bias[:, None, None]

    def correlate_grad_input(self, dz: Array, w: Array, window: Window, groups: int, size: tuple[int, int]) -> Array:
        """dx[n,c,p·s+i·d,q·s+j·d] += Σ_o w[o,c,i,j] · dz[n,o,p,q] for all p, q, i, j: (N, C, H, W), `size` = (H, W)."""
        dz, w = _by_group(dz, 1, groups), _by_group(w, 0, groups)  # (N, G, O/G, Ho, Wo), (G, O/G, C/G, kh, kw)
        dx = self.xp.zeros((dz.shape[0], groups, w.shape[2], *size), dz.dtype)
        for i, j, pixels, outputs in _taps(window, size, dz.shape[3:]):
            dx[pixels] += self.xp.einsum("goc,ngopq->ngcpq", w[..., i, j], dz[outputs])
        return dx.reshape(dx.shape[0], prod(dx.shape[1:3]), *size)

    def correlate_grad_weight(self, dz: Array, x: Array, window: Window, groups: int) -> Array:
        """dw[o,c,i,j] = Σ_npq dz[n,o,p,q] · x[n,c,p·s+i·d,q·s+j·d]: (O, C / groups, kh, kw)."""
        dz, x = _by_group(dz, 1, groups), _by_group(x, 1, groups)  # (N, G, O/G, Ho, Wo), (N, G, C/G, H, W)
        dw = self.xp.zeros((groups, dz.shape[2], x.shape[2], *window.kernel), x.dtype)
        for i, j, pixels, outputs in _taps(window, x.shape[3:], dz.shape[3:]):
            dw[..., i, j] = self.xp.einsum("ngopq,ngcpq->goc", dz[outputs], x[pixels])
        return dw.reshape(prod(dw.shape[:2]), *dw.shape[2:])

    def max_pool(self, x: Array, window: Window, size: tuple[int, int]) -> tuple[Array, Array]:
        """The largest tap of each window (padding is -inf), and its number, row by row: two (N, C, Ho, Wo).

        Among equal taps the first wins, among NaN the last (as in PyTorch); where all are -inf, the first
        that is not padding. `size` = (Ho, Wo).
        """
        xp, (kh, kw), window = self.xp, window.kernel, window.covering(x.shape[2:], size)
        taps = self.windows(x, window, fill=lowest(x.dtype))[:, :, : size[0], : size[1]]
        taps = taps.reshape(*taps.shape[:4], kh * kw)
        winners = taps.argmax(axis=-1)  # (N, C, Ho, Wo); the first maximum
        image = xp.ones((1, 1, *x.shape[2:]), bool)
        inside = self.windows(image, window, fill=False)[:, :, : size[0], : size[1]]
        inside = inside.reshape(1, 1, *taps.shape[2:4], kh * kw)
        inside = xp.broadcast_to(inside, taps.shape)
        is_real = xp.take_along_axis(inside, winners[..., None], axis=-1)[..., 0]
        winners = xp.where(is_real, winners, inside.argmax(axis=-1))
        if x.dtype.kind == "f":
            nans = taps != taps
            winners = xp.where(nans.any(axis=-1), kh * kw - 1 - nans[..., ::-1].argmax(axis=-1), winners)
        return xp.take_along_axis(taps, winners[..., None], axis=-1)[..., 0], winners

    def max_pool_values(self, x: Array, window: Window, size: tuple[int, int]) -> Array:
        """The first result of `max_pool`, for when no gradient is wanted."""
        return self.max_pool(x, window, size)[0]

    def add_at_winners(self, dz: Array, winners: Array, window: Window, size: tuple[int, int]) -> Array:
        """dx[n,c,p·s+i·d,q·s+j·d] += dz[n,c,p,q] where i·kw + j = winners[n,c,p,q]: (N, C, H, W), `size` = (H, W)."""
        dx = self.xp.zeros((*dz.shape[:2], *size), dz.dtype)
        for i, j, pixels, outputs in _taps(window, size, dz.shape[2:]):
            dx[pixels] += self.masked(dz[outputs], winners[outputs] == i * window.kernel[1] + j)
        return dx

    def at_winners(self, x: Array, winners: Array, window: Window) -> Array:
        """z[n,c,p,q] = x[n,c,p·s+i,q·s+j] where i·kw + j = winners[n,c,p,q]: (N, C, Ho, Wo)."""
        z = self.xp.zeros(winners.shape, x.dtype)
        for i, j, pixels, outputs in _taps(window, x.shape[2:], winners.shape[2:]):
            z[outputs] += self.masked(x[pixels], winners[outputs] == i * window.kernel[1] + j)
        return z

    def sum_pool(self, x: Array, window: Window) -> Array:
        """z[n,c,p,q] = Σ_ij x[n,c,p·s+i·d,q·s+j·d], with 0 for the padding: (N, C, Ho, Wo)."""
        z = self.xp.zeros((*x.shape[:2], *window.output_size(x.shape[2:])), x.dtype)
        for _, _, pixels, outputs in _taps(window, x.shape[2:], z.shape[2:]):
            z[outputs] += x[pixels]
        return z

    def add_at_taps(self, dz: Array, window: Window, size: tuple[int, int]) -> Array:
        """dx[n,c,p·s+i·d,q·s+j·d] += dz[n,c,p,q] for all p, q, i, j: (N, C, H, W) for `size` = (H, W)."""
        dx = self.xp.zeros((*dz.shape[:2], *size), dz.dtype)
        for _, _, pixels, outputs in _taps(window, size, dz.shape[2:]):
            dx[pixels] += dz[outputs]
        return dx


def lowest(dtype: Any) -> Any:
    """The value that never wins a maximum."""
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


def _by_group(x: Array, axis: int, groups: int) -> Array:
    """x with an axis cut in two: (groups, its length / groups)."""
    return x.reshape(*x.shape[:axis], groups, x.shape[axis] // groups, *x.shape[axis + 1 :])


Place = tuple[Any, slice, slice]


def _taps(window: Window, size: tuple[int, int], out: tuple[int, int]) -> Iterator[tuple[int, int, Place, Place]]:
    """Each tap (i, j) of a window, the pixels of an image of `size` that it reads, and the outputs that it is read for.

    Both are indices into arrays (..., H, W) and (..., Ho, Wo), and leave out places where the tap is in the padding.
    """
    rows, columns = (_axis_taps(window, axis, size[axis], out[axis]) for axis in (0, 1))
    for (i, (h, p)), (j, (v, q)) in product(enumerate(rows), enumerate(columns)):
        yield i, j, (..., h, v), (..., p, q)


def _axis_taps(window: Window, axis: int, length: int, out: int) -> list[tuple[slice, slice]]:
    """For each tap along one axis: the pixels that it reads, and the outputs that it is read for."""
    found = []
    for i in range(window.kernel[axis]):
        first = i * window.dilation[axis] - window.padding[axis][0]  # the pixel that output 0 reads
        outputs, pixels = line(first, window.stride[axis], out, length)
        found.append((pixels, outputs))
    return found
