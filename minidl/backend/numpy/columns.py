"""Rolling columns: the taps of convolutions as matrices, without a copy for each vertical tap.

Batch-last memory. An image batch of shape (N, C, H, W) lies in memory as (C, H, W, N), so that shifting a
window by a pixel is a shift by N floats: every copy is one long run.

For some consecutive image rows, row r, channel c and horizontal tap j, the buffer

    columns[r, c, j, q, n] = x[n, c, r, q * stride + j]

holds the image once for each horizontal tap. Output row p needs rows p ... p + kh - 1 of it, which lie one after
the other: they *are* the matrix (kh * C * kw, Wo * N) of all taps, without a copy for each vertical tap. The
neighbouring output row is the same matrix one step further, overlapping with the first. So a 5x5 kernel copies
each pixel 5 times, not 25, and the product still sees all 25 * C taps at once.

The work is cut into tiles whose buffer stays near the core, and threads share the tiles. The layout of a tile depends
on shapes alone, and is worked out once for each shape, because Python between the NumPy calls costs double: while one
thread runs it, the others wait for the interpreter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np

from ..window import Pair, inside
from .matmul import piece
from .memory import scratch

COLUMNS = 512, 2048  # the fewest and most columns of one product: wide ones suit BLAS, narrow ones suit memory
PANEL = 1 << 18  # entries of the matrix of taps that one product should read: about a core's own cache
BUFFER_BYTES = 1 << 22  # of rolling columns: with more output rows per tile, fewer rows are copied twice
ENTRIES = 1 << 21  # of a tile's matrices of taps: with more, threads wait for each other's last tile
WORTH_SKIPPING = 2_000_000  # multiply-adds of one output row below which skipping its padding saves nothing

Range = tuple[int, int]
Ranges = tuple[Range, Range, Range]  # output rows, output columns, images


@dataclass(frozen=True, slots=True)
class Taps:
    """Where the taps of output (p, q) lie: row p * stride + i * dilation + origin, and likewise for columns."""

    kernel: Pair
    stride: Pair
    dilation: Pair
    origin: Pair

    @property
    def rolling(self) -> bool:
        """Whether the rows of one window lie next to each other and are shared with the next window."""
        return self.dilation[0] == 1 and self.stride[0] < self.kernel[0]


@dataclass(frozen=True, slots=True)
class View:
    """An array inside the memory of another; offset and strides in bytes."""

    shape: tuple[int, ...]
    offset: int
    strides: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Copy:
    """Copies image rows into the buffer, once per horizontal tap: rows `inside` of those at `to`, 0 in the others.

    With padding at a side, they are first copied from `source` into the columns `held` of an array `padded`.
    """

    to: tuple[slice | int, ...]
    inside: Range
    padded: tuple[int, ...] | None
    source: tuple[slice, ...]
    held: Range
    view: View  # (G, R, C/G, kw, q, n) of the image, or of `padded`


@dataclass(frozen=True, slots=True)
class Part:
    """Some columns of some rows of a tile, and the depths (of kh * C/G * kw) of the taps that they read.

    `view` holds them as matrices (G, R, P, depths, width) in the buffer: each row's columns in P pieces.
    """

    rows: slice
    depths: slice
    columns: slice
    view: View


@dataclass(frozen=True, slots=True)
class Tile:
    """Some outputs: where in (..., Ho, Wo, N), how many rows, columns and images, and how their columns are made."""

    where: tuple[slice, slice, slice]
    size: tuple[int, int, int]
    buffer: tuple[int, ...]  # (G, R, C/G, kw, q, n), or (G, R, kh, C/G, kw, q, n) if windows share no rows
    copies: list[Copy]
    parts: list[Part]

    def columns(self, x: np.ndarray, dtype: np.dtype) -> list[tuple[Part, np.ndarray]]:
        """The parts of the tile, each with its matrices of taps of x (G, C/G, H, W, N)."""
        buffer = scratch("columns", self.buffer, dtype)
        for copy in self.copies:
            _copy_rows(x, copy, buffer[copy.to])
        found = []
        for part in self.parts:
            view = part.view
            found.append((part, np.ndarray(view.shape, dtype, buffer, view.offset, view.strides)))
        return found


@lru_cache(maxsize=256)
def tiles(taps: Taps, size: tuple[int, ...], out: tuple[int, int, int], factor: int, itemsizes: Pair) -> list[Tile]:
    """The tiles of outputs (Ho, Wo, N) of images `size` = (G, C/G, H, W, N); depends on nothing but shapes.

    `factor`: how many rows (or columns) the matrix has that the taps are multiplied by. `itemsizes`: bytes per element
    of the images, and of the columns.
    """
    g, c = size[:2]
    kh, kw = taps.kernel
    skip = g * factor * c * kh * kw * out[1] * out[2] > WORTH_SKIPPING
    return [_tile(taps, size, ranges, factor, itemsizes, skip) for ranges in _ranges(taps, g * c, out, itemsizes[1])]


def _ranges(taps: Taps, channels: int, out: tuple[int, int, int], itemsize: int) -> list[Ranges]:
    """Cut outputs (Ho, Wo, N) into tiles whose columns fit the cache.

    First the columns of a product: as many as let its taps fit the cache. Then as many output rows as fit the buffer
    while leaving enough tiles to share.
    """
    ho, wo, n = out
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
    """0 ... length in ranges as equal as possible, none longer than `piece`, the longest first."""
    pieces = -(-length // piece)
    short, longer = divmod(length, pieces) if pieces else (0, 0)
    ends = [(i + 1) * short + min(i + 1, longer) for i in range(pieces)]
    return list(zip([0, *ends], ends))


def _tile(taps: Taps, size: tuple[int, ...], ranges: Ranges, factor: int, itemsizes: Pair, skip: bool) -> Tile:
    """With `skip`, the taps above and below the image are left out, which shortens the products of the outer rows."""
    (p0, p1), (q0, q1), (n0, n1) = ranges
    (g, c, h, _, _), (kh, kw), stride, step = size, taps.kernel, taps.stride[0], taps.dilation[0]
    first, rows, run = p0 * stride + taps.origin[0], p1 - p0, (q1 - q0) * (n1 - n0)
    each = (c, kw, q1 - q0, n1 - n0)  # of one image row
    buffer: tuple[int, ...]
    if taps.rolling:  # buffer row r is image row r + top; the windows of neighbours overlap
        top, bottom = first, first + (rows - 1) * stride + kh
        if skip:
            top, bottom = min(max(top, 0), h), min(max(bottom, 0), h)
        buffer = (g, bottom - top, *each)
        copies = [_copy(taps, size, ranges, itemsizes, (slice(None),), (top, 1, bottom - top))]
        pitch, start = stride, first - top
    else:  # every window has its own kh rows in the buffer
        buffer = (g, rows, kh, *each)
        copies = [
            _copy(taps, size, ranges, itemsizes, (slice(None), slice(None), i), (first + i * step, stride, rows))
            for i in range(kh)
        ]
        pitch, start = kh, 0
    number = itemsizes[1]
    row = c * kw * run * number  # bytes of one image row
    group = row * buffer[1] * (1 if taps.rolling else kh)
    parts = []
    for a, b, i0, i1 in _edges(first, stride, step, rows, kh, h) if skip else [(0, rows, 0, kh)]:
        depth = (i1 - i0) * c * kw
        width = piece(run, factor * depth)
        for q, count, wide in ((0, run // width, width), (run // width * width, 1, run % width)):
            if wide > 0:
                offset = (start + a * pitch + i0) * row + q * number if depth > 0 else 0
                strides = (group, pitch * row, wide * number, run * number, number)
                view = View((g, b - a, count, depth, wide), offset, strides)
                parts.append(Part(slice(a, b), slice(i0 * c * kw, i1 * c * kw), slice(q, q + count * wide), view))
    where = slice(p0, p1), slice(q0, q1), slice(n0, n1)
    return Tile(where, (rows, q1 - q0, n1 - n0), buffer, copies if 0 not in buffer else [], parts)


def _copy(
    taps: Taps,
    size: tuple[int, ...],
    ranges: Ranges,
    itemsizes: Pair,
    to: tuple[slice | int, ...],
    rows: tuple[int, int, int],
) -> Copy:
    """To buffer rows `to`: image rows first, first + step, ..., `count` of them, for (first, step, count) = `rows`.

    buffer[:, r, :, j, q] = x[:, :, first + r * step, (q0 + q) * stride + j * dilation + origin], 0 outside.
    """
    _, (q0, q1), (n0, n1) = ranges
    (g, c, h, w, images), (first, step, count) = size, rows
    kw, stride, apart, width, n = taps.kernel[1], taps.stride[1], taps.dilation[1], q1 - q0, n1 - n0
    r0, r1 = inside(first, step, count, h)
    start = q0 * stride + taps.origin[1]
    span = (width - 1) * stride + (kw - 1) * apart + 1 if kw else 0  # the image columns that are read
    a, b = inside(start, 1, span, w)
    height, line = slice(first + r0 * step, first + (r1 - 1) * step + 1, step), slice(start + a, start + b)
    padded, offset = None, 0
    if a > 0 or b < span:
        padded, number = (g, c, r1 - r0, span, n), itemsizes[1]
        pixel = n * number
        high, tall = span * pixel, (r1 - r0) * span * pixel  # bytes from row to row, and from channel to channel
    else:
        number = itemsizes[0]
        pixel = images * number
        high, tall = step * w * pixel, h * w * pixel
        offset = ((first + r0 * step) * w + start) * pixel + n0 * number
    strides = (c * tall, high, tall, apart * pixel, stride * pixel, number)
    view = View((g, r1 - r0, c, kw, width, n), offset, strides)
    return Copy(to, (r0, r1), padded, (slice(None), slice(None), height, line, slice(n0, n1)), (a, b), view)


def _copy_rows(x: np.ndarray, copy: Copy, rows: np.ndarray) -> None:
    """Fill the rows: x is (G, C/G, H, W, N), contiguous; rows is (G, R, C/G, kw, q, n)."""
    (r0, r1), (a, b) = copy.inside, copy.held
    if r0 > 0:
        rows[:, :r0] = 0
    if r1 < rows.shape[1]:
        rows[:, r1:] = 0
    if r0 == r1:
        return
    if copy.padded is not None:
        padded = scratch("padded", copy.padded, rows.dtype)
        padded[..., :a, :] = 0
        padded[..., a:b, :] = x[copy.source] if a < b else 0
        padded[..., b:, :] = 0
        x = padded
    view = copy.view
    rows[:, r0:r1] = np.ndarray(view.shape, x.dtype, x, view.offset, view.strides)


def _edges(
    first: int, stride: int, step: int, count: int, kernel: int, size: int
) -> Iterator[tuple[int, int, int, int]]:
    """Runs a ... b of output rows whose taps i0 ... i1 (and no others) lie inside an image of `size` rows."""
    a, before = 0, None
    for p in range(count):
        here = inside(first + p * stride, step, kernel, size)
        if here != before:
            if before is not None:
                yield a, p, *before
            a, before = p, here
    if before is not None:
        yield a, count, *before
