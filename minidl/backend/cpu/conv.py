"""Convolution on the CPU: a few rows of columns at a time, one matrix product for each output row.

Batch-last memory. An image batch of shape (N, C, H, W) lies in memory as (C, H, W, N), so that shifting a
window by a pixel is a shift by N floats: every copy is one long run.

Rolling columns. For some consecutive image rows, row r, channel c and horizontal tap j, the buffer

    columns[r, c, j, q, n] = x[n, c, r, q * stride + j]

holds the image once for each horizontal tap. Output row p needs rows p ... p + kh - 1 of it, which lie one after
the other: they *are* the matrix (kh * C * kw, Wo * N) of all taps, without a copy for each vertical tap. The
neighbouring output row is the same matrix one step further, overlapping with the first. So a 5x5 kernel copies
each pixel 5 times, not 25, and the product still sees all 25 * C taps at once.

The work is cut into tiles whose buffer stays in a core's own cache; tiles are what threads share.

Measured on one core (AVX2), the lecture's second convolution, batch 100: 3.2 ms, of which 2.5 in products at
100 GFLOP/s, 0.25 in copies and 0.2 in adding the bias. All columns at once take 5.3 ms with the batch last, and 11.8 in
the textbook's way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import gcd

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..window import Pair, Window
from .layout import batch_last
from .matmul import piece
from .threads import parallel
from .workspace import scratch

COLUMNS = 512, 2048  # the least and most columns of one product: BLAS likes them wide, memory narrow
PANEL = 1 << 18  # entries of the matrix of taps that one product should read: about a core's own cache
BUFFER_BYTES = 1 << 22  # of rolling columns: more output rows to a tile copy fewer rows twice
ENTRIES = 1 << 21  # of the matrices of taps of a tile: more, and threads wait for each other's last tile
WORTH_SKIPPING = 2_000_000  # multiply-adds of one output row, below which leaving out its padding saves nothing
PRODUCTS = 40_000  # multiply-adds a microsecond on one core, roughly
SHARES = 8  # partial sums of a weight gradient: a fixed number, so that the result does not depend on threads


@dataclass(frozen=True, slots=True)
class Taps:
    """Where the taps of output (p, q) lie: row p * stride + i * dilation + origin, and so for columns."""

    kernel: Pair
    stride: Pair
    dilation: Pair
    origin: Pair

    @property
    def rolling(self) -> bool:
        """Whether the rows of one window lie next to each other and are shared with the next window."""
        return self.dilation[0] == 1 and self.stride[0] < self.kernel[0]


Range = tuple[int, int]
Tile = tuple[Range, Range, Range]  # output rows, output columns, images


@dataclass(slots=True)
class Work:
    """What is left to do for a result: `task(0)` ... `task(count - 1)`, in any order, on any thread."""

    task: Callable[[int], None]
    count: int
    multiply_adds: int


def correlate(x: np.ndarray, w: np.ndarray, bias: np.ndarray | None, window: Window, groups: int) -> np.ndarray:
    """z[n,o,p,q] = bias[o] + sum_cij w[o,c,i,j] x[n,c,p*s+i*d,q*s+j*d]: (N, O, Ho, Wo).

    x is (N, C, H, W); w is (O, C / groups, kh, kw).
    """
    z = np.empty((w.shape[0], *window.output_size(x.shape[2:]), x.shape[0]), x.dtype)
    _run(_correlation(_batch_last(x, groups), _grouped(w, groups), bias, _taps(window), _by_group(z, groups)))
    return z.transpose(3, 0, 1, 2)


def correlate_grad_input(dz: np.ndarray, w: np.ndarray, window: Window, groups: int, size: Pair) -> np.ndarray:
    """The gradient of `correlate` with respect to x: (N, C, H, W) for `size` = (H, W)."""
    dx = np.empty((w.shape[1] * groups, *size, dz.shape[0]), dz.dtype)
    _run(*_input_gradient(_batch_last(dz, groups), _grouped(w, groups), window, _by_group(dx, groups)))
    return dx.transpose(3, 0, 1, 2)


def correlate_grad_weight(dz: np.ndarray, x: np.ndarray, window: Window, groups: int) -> np.ndarray:
    """The gradient of `correlate` with respect to w: (O, C / groups, kh, kw)."""
    sums, work = _weight_gradient(_batch_last(dz, groups), _batch_last(x, groups), _taps(window))
    _run(work)
    return _kernels(sums, window.kernel, x.dtype)


def correlate_grads(
    dz: np.ndarray, x: np.ndarray, w: np.ndarray, window: Window, groups: int, needs: Sequence[bool]
) -> tuple[np.ndarray | None, np.ndarray | None, np.ndarray | None]:
    """The gradients with respect to x, w and bias, None where not needed: dx, dw, db.

    The tiles of all are one job, for which other threads are woken once; db is read off the tiles of dw.
    """
    dz5, works, dx, sums = _batch_last(dz, groups), [], None, None
    if needs[0]:
        dx = np.empty((x.shape[1], *x.shape[2:], x.shape[0]), dz.dtype)
        works += _input_gradient(dz5, _grouped(w, groups), window, _by_group(dx, groups))
    if needs[1] or needs[2]:
        sums, work = _weight_gradient(dz5, _batch_last(x, groups), _taps(window))
        works.append(work)
    _run(*works)
    return (
        None if dx is None else dx.transpose(3, 0, 1, 2),
        _kernels(sums, window.kernel, x.dtype) if sums is not None and needs[1] else None,
        sums[:, :, -1].sum(axis=0).reshape(-1).astype(dz.dtype, copy=False) if sums is not None and needs[2] else None,
    )


def _run(*works: Work) -> None:
    """Do all of it, the longest tasks first, so that threads end together."""
    longest_first = sorted(works, key=lambda work: -work.multiply_adds / max(1, work.count))
    tasks = [(work.task, i) for work in longest_first for i in range(work.count)]

    def run(number: int) -> None:
        task, i = tasks[number]
        task(i)

    parallel(run, len(tasks), sum(work.multiply_adds for work in works) / PRODUCTS)


def _correlation(x: np.ndarray, w: np.ndarray, bias: np.ndarray | None, taps: Taps, z: np.ndarray) -> Work:
    """Fill z (G, O/G, Ho, Wo, N) with the correlation of x (G, C/G, H, W, N) and w (G, O/G, C/G, kh, kw)."""
    dtype = _compute_dtype(x.dtype)
    g, o, ho, wo, n = z.shape
    kernels = _kernel_matrix(w, dtype)  # (G, 1, O/G rounded up, kh * C/G * kw)
    offset = None if bias is None else bias.reshape(g, o, 1, 1, 1)
    tiles = _tiles(taps, g * x.shape[1], (ho, wo, n), dtype.itemsize)
    skip = kernels.shape[3] * z.size > WORTH_SKIPPING * ho

    def fill(index: int) -> None:
        (p0, p1), (q0, q1), (n0, n1) = tile = tiles[index]
        products = scratch("products", (g, p1 - p0, kernels.shape[2], (q1 - q0) * (n1 - n0)), dtype)
        for rows, depths, columns in _columns(x, taps, tile, dtype, skip):
            _multiply(kernels[..., depths], columns, products[:, rows])
        part = products.reshape(g, p1 - p0, -1, q1 - q0, n1 - n0)[:, :, :o].swapaxes(1, 2)
        target = z[:, :, p0:p1, q0:q1, n0:n1]
        if offset is None:
            target[...] = part
        else:
            np.add(part, offset, out=target, casting="same_kind")

    return Work(fill, len(tiles), kernels.shape[3] * z.size)


def _input_gradient(dz: np.ndarray, w: np.ndarray, window: Window, dx: np.ndarray) -> list[Work]:
    """Fill dx (G, C/G, H, W, N) from dz (G, O/G, Ho, Wo, N) and w (G, O/G, C/G, kh, kw).

    With stride 1 it is the correlation of dz with the kernel turned by 180 degrees and its channels swapped.
    With stride s, input rows are taken s apart: those of one residue see only every s-th tap, with stride 1.
    """
    (kh, kw), (sh, sw), (dh, dw) = window.kernel, window.stride, window.dilation
    (top, _), (left, _) = window.padding
    turned = w.swapaxes(1, 2)  # (G, C/G, O/G, kh, kw)
    works = []
    for row, column in product(range(min(sh, dx.shape[2])), range(min(sw, dx.shape[3]))):
        rows, dilation_h, origin_h = _residue(row, top, kh, sh, dh)
        columns, dilation_w, origin_w = _residue(column, left, kw, sw, dw)
        kernel = turned[:, :, :, rows, columns][:, :, :, ::-1, ::-1]
        taps = Taps(kernel.shape[3:], (1, 1), (dilation_h, dilation_w), (origin_h, origin_w))
        works.append(_correlation(dz, kernel, None, taps, dx[:, :, row::sh, column::sw]))
    return works


def _weight_gradient(dz: np.ndarray, x: np.ndarray, taps: Taps) -> tuple[np.ndarray, Work]:
    """Partial sums (shares, G, kh * C/G * kw + 1, O/G) of dw, and of db below it.

    dz is (G, O/G, Ho, Wo, N), x is (G, C/G, H, W, N).

    The columns are gathered again rather than kept from the forward pass: that is faster than reading them back.
    """
    dtype = _compute_dtype(x.dtype)
    g, o, ho, wo, n = dz.shape
    depth = x.shape[1] * taps.kernel[0] * taps.kernel[1]
    tiles = _tiles(taps, g * x.shape[1], (ho, wo, n), dtype.itemsize)
    shares = min(SHARES, len(tiles))
    skip = depth * dz.size > WORTH_SKIPPING * ho
    sums = np.zeros((max(shares, 1), g, depth + 1, o), dtype)

    def add_share(share: int) -> None:
        for tile in tiles[share::shares]:
            (p0, p1), (q0, q1), (n0, n1) = tile
            part = _gradient_rows(dz[:, :, p0:p1, q0:q1, n0:n1], depth, dtype)
            ones = np.ones((1, part.shape[2]), dtype)
            sums[share, :, depth] += np.matmul(ones, part).sum(axis=(1, 2))
            for rows, depths, columns in _columns(x, taps, tile, dtype, skip):
                sums[share, :, depths] += _summed_products(columns, part[:, rows])

    return sums, Work(add_share, shares, depth * dz.size)


def _kernels(sums: np.ndarray, kernel: Pair, dtype: np.dtype) -> np.ndarray:
    """Partial sums (shares, G, kh * C/G * kw + 1, O/G) added up, as kernels (O, C/G, kh, kw)."""
    _, g, _, o = sums.shape
    dw = sums[:, :, :-1].sum(axis=0).reshape(g, kernel[0], -1, kernel[1], o).transpose(0, 4, 2, 1, 3)
    return np.ascontiguousarray(dw.reshape(g * o, -1, *kernel), dtype=dtype)


def _multiply(kernels: np.ndarray, columns: np.ndarray, z: np.ndarray) -> None:
    """z = kernels @ columns, for (G, 1, O, K) and (G, R, K, run): some columns at a time (see `piece`)."""
    run = columns.shape[3]
    width = piece(run, kernels.shape[2] * kernels.shape[3])
    whole = run // width * width
    np.matmul(kernels[:, :, None], _pieces(columns, width), out=_pieces(z, width))  # (G, R, run / width, O, width)
    if whole < run:
        np.matmul(kernels, columns[..., whole:], out=z[..., whole:])


def _summed_products(columns: np.ndarray, dz: np.ndarray) -> np.ndarray:
    """The sum over R of columns @ dz, for (G, R, K, run) and (G, R, run, O), some of each run at a time: (G, K, O)."""
    run = columns.shape[3]
    width = piece(run, columns.shape[2] * dz.shape[3])
    whole = run // width * width
    left, right = _pieces(columns, width), _pieces(dz.swapaxes(2, 3), width).swapaxes(3, 4)
    products = scratch("products", (*left.shape[:4], dz.shape[3]), dz.dtype)
    z = np.matmul(left, right, out=products).sum(axis=(1, 2))
    return z + np.matmul(columns[..., whole:], dz[:, :, whole:]).sum(axis=1) if whole < run else z


def _pieces(x: np.ndarray, width: int) -> np.ndarray:
    """x (G, R, K, run) as (G, R, run / width, K, width), a view; what is left of the run is left out."""
    count = x.shape[3] // width
    return x[..., : count * width].reshape(*x.shape[:3], count, width).swapaxes(2, 3)


def _gradient_rows(dz: np.ndarray, depth: int, dtype: np.dtype) -> np.ndarray:
    """dz (G, O/G, R, q, n) as matrices (G, R, q * n, O/G), in that order in memory if products are cut into pieces."""
    g, o, r, q, n = dz.shape
    if piece(q * n, depth * o) < q * n:  # BLAS must copy a factor that lies the other way
        rows = scratch("gradient", (g, r, q, n, o), dtype)
        rows[...] = dz.transpose(0, 2, 3, 4, 1)
        return rows.reshape(g, r, q * n, o)
    rows = dz.transpose(0, 2, 1, 3, 4).astype(dtype, copy=False)
    return rows.reshape(g, r, o, q * n).swapaxes(2, 3)  # a view where the tile spans whole runs


def _columns(
    x: np.ndarray, taps: Taps, tile: Tile, dtype: np.dtype, skip: bool
) -> Iterator[tuple[slice, slice, np.ndarray]]:
    """The taps of a tile of outputs as matrices (G, R, kh * C/G * kw, q * n), one for each output row.

    Yields the rows of the tile that they belong to, the depths (of kh * C/G * kw) they hold, and the matrices. With
    `skip`, the taps above and below the image are left out, which shortens the products of the outer rows.
    """
    (p0, p1), (q0, q1), (n0, n1) = tile
    (kh, kw), stride, step = taps.kernel, taps.stride[0], taps.dilation[0]
    x = x[..., n0:n1]
    g, c, h, _, _ = x.shape
    first, run = p0 * stride + taps.origin[0], (q1 - q0) * (n1 - n0)
    each = (c, kw, q1 - q0, n1 - n0)  # of one image row
    clip = (lambda r: min(max(r, 0), h)) if skip else (lambda r: r)
    if taps.rolling:  # buffer row r is image row r + top; the windows of neighbours overlap
        top, bottom = clip(first), clip(first + (p1 - p0 - 1) * stride + kh)
        buffer = scratch("columns", (g, bottom - top, *each), dtype)
        _copy_rows(x, taps, top, 1, q0, buffer)
        pitch, start = stride, first - top
    else:  # every window has its own kh rows in the buffer
        buffer = scratch("columns", (g, p1 - p0, kh, *each), dtype)
        for i in range(kh):
            _copy_rows(x, taps, first + i * step, stride, q0, buffer[:, :, i])
        pitch, start = kh, 0
    row = c * kw * run * dtype.itemsize
    strides = (buffer.strides[0], pitch * row, run * dtype.itemsize, dtype.itemsize)
    runs = _edges(first, stride, step, p1 - p0, kh, h) if skip else [(0, p1 - p0, 0, kh)]
    for a, b, i0, i1 in runs:
        shape = (g, b - a, (i1 - i0) * c * kw, run)
        offset = (start + a * pitch + i0) * row if i0 < i1 else 0
        yield slice(a, b), slice(i0 * c * kw, i1 * c * kw), np.ndarray(shape, dtype, buffer, offset, strides)


def _copy_rows(x: np.ndarray, taps: Taps, first: int, step: int, q0: int, rows: np.ndarray) -> None:
    """rows[:, r, :, j, q] = x[:, :, first + r * step, (q0 + q) * stride + j * dilation + origin], 0 outside.

    rows is (G, R, C/G, kw, q, n); x is (G, C/G, H, W, n).
    """
    r0, r1 = _inside(first, step, rows.shape[1], x.shape[2])
    rows[:, :r0] = 0
    rows[:, r1:] = 0
    if r0 == r1:
        return
    rows, source = rows[:, r0:r1], x[:, :, first + r0 * step : first + (r1 - 1) * step + 1 : step]
    g, height, c, kw, width, n = rows.shape
    stride, apart = taps.stride[1], taps.dilation[1]
    start = q0 * stride + taps.origin[1]
    span = (width - 1) * stride + (kw - 1) * apart + 1 if kw else 0
    a, b = _inside(start, 1, span, x.shape[3])
    if a > 0 or b < span:
        padded = scratch("padded", (g, c, height, span, n), rows.dtype)
        padded[..., :a, :] = 0
        padded[..., a:b, :] = source[..., start + a : start + b, :] if a < b else 0
        padded[..., b:, :] = 0
    else:
        padded = source[..., start : start + span, :]
    sg, sc, sr, sw, sn = padded.strides
    rows[...] = as_strided(padded, rows.shape, (sg, sr, sc, apart * sw, stride * sw, sn))


def _edges(
    first: int, stride: int, step: int, count: int, kernel: int, size: int
) -> Iterator[tuple[int, int, int, int]]:
    """Runs a ... b of output rows whose taps i0 ... i1 (and no others) lie inside an image of `size` rows."""
    a, before = 0, None
    for p in range(count):
        here = _inside(first + p * stride, step, kernel, size)
        if here != before:
            if before is not None:
                yield a, p, *before
            a, before = p, here
    if before is not None:
        yield a, count, *before


def _inside(start: int, step: int, count: int, size: int) -> Range:
    """The i of 0 ... count - 1 for which start + i * step lies in 0 ... size - 1, as a half-open range."""
    a = min(count, max(0, -(start // step)))
    b = min(count, max(0, -((start - size) // step)))
    return a, max(a, b)


@lru_cache(maxsize=256)
def _tiles(taps: Taps, channels: int, shape: tuple[int, int, int], itemsize: int) -> list[Tile]:
    """Cut outputs (Ho, Wo, N) into tiles whose columns fit the cache; it depends on nothing but shapes.

    First the columns of a product: as many as let its taps fit the cache. Then as many output rows as fit the buffer,
    and as leave enough tiles to share.
    """
    ho, wo, n = shape
    kh, kw = taps.kernel
    columns = min(max(PANEL // max(1, channels * kh * kw), COLUMNS[0]), COLUMNS[1])
    images = _cut(n, columns)
    width = images[0][1] if images else 1
    pixels = _cut(wo, max(1, columns // width))
    width *= pixels[0][1] if pixels else 1
    fit = BUFFER_BYTES // max(1, channels * kw * width * itemsize)
    height = (fit - kh) // taps.stride[0] + 1 if taps.rolling else fit // max(1, kh)
    entries = channels * kh * kw * width  # of one output row
    height = max(4, min(height, ENTRIES // max(1, entries)))
    if len(pixels) * len(images) == 1 and entries * ho > ENTRIES // 4:
        height = min(height, -(-ho // 2))
    return list(product(_cut(ho, height), pixels, images))


def _cut(length: int, piece: int) -> list[Range]:
    """0 ... length in ranges as equal as can be, none longer than `piece`, the longest first."""
    pieces = -(-length // piece)
    short, longer = divmod(length, pieces) if pieces else (0, 0)
    ends = [(i + 1) * short + min(i + 1, longer) for i in range(pieces)]
    return list(zip([0, *ends], ends))


def _kernel_matrix(w: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """w (G, O/G, C/G, kh, kw) as matrices (G, 1, O/G, kh * C/G * kw), with rows of zeros up to a multiple of 4.

    BLAS works on four rows at a time: 12 rows of which 2 are zero take less time than 10.
    """
    g, o, c, kh, kw = w.shape
    matrix = np.zeros((g, 1, -(-o // 4) * 4 if o > 2 else o, kh * c * kw), dtype)
    matrix[:, 0, :o].reshape(g, o, kh, c, kw)[...] = w.transpose(0, 1, 3, 2, 4)
    return matrix


def _batch_last(x: np.ndarray, groups: int) -> np.ndarray:
    """x (N, C, H, W) as (G, C/G, H, W, N), contiguous."""
    return _by_group(batch_last(x), groups)


def _grouped(w: np.ndarray, groups: int) -> np.ndarray:
    """w (O, C/G, kh, kw) as (G, O/G, C/G, kh, kw)."""
    return w.reshape(groups, w.shape[0] // groups, *w.shape[1:])


def _by_group(x: np.ndarray, groups: int) -> np.ndarray:
    """x (C, H, W, N) as (G, C/G, H, W, N)."""
    return x.reshape(groups, x.shape[0] // groups, *x.shape[1:])


def _taps(window: Window) -> Taps:
    """The taps of a correlation over images that begin at 0."""
    return Taps(window.kernel, window.stride, window.dilation, (-window.padding[0][0], -window.padding[1][0]))


def _residue(first: int, padding: int, kernel: int, stride: int, dilation: int) -> tuple[slice, int, int]:
    """The taps that reach input rows first, first + stride, ...: which, how far apart in dz, and the origin.

    Input row first + t * stride is read by tap i of output row p where p * stride + i * dilation equals
    first + t * stride + padding. So the taps i that reach it are one residue class, and output rows fall
    `dilation / gcd` apart, backwards.
    """
    common = gcd(stride, dilation)
    every, apart = stride // common, dilation // common
    hits = [i for i in range(min(kernel, every)) if (first + padding - i * dilation) % stride == 0]
    if not hits:
        return slice(0, 0), 1, 0
    taken = range(hits[0], kernel, every)
    last = (first + padding - taken[-1] * dilation) // stride
    return slice(hits[0], kernel, every), apart, last


def _compute_dtype(dtype: np.dtype) -> np.dtype:
    """Half precision is summed in single precision."""
    return np.dtype(np.float32) if dtype == np.float16 else dtype
