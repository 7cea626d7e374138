"""Pooling on the CPU: one comparison, or one addition, of entire image rows for each tap of the window.

For each tap, the pixels that it reads in all windows are a strided view of the image; in batch-last memory (see
conv.py) it consists of long runs of floats, so maximum and comparison run at the speed of the cache. The winner is kept
as the number of its tap, one byte per window: the comparison that finds it, multiplied by the tap's number, is merged
by a maximum of bytes, because a later tap wins only against all before it.

Backward multiplies the gradient's bits, as integers, by "this tap won": exact for infinities and NaN, where the
product of floats is not, and four times as fast as a masked copy.

Measured, 100 images of 10 x 30 x 30, 2x2 windows: 0.35 ms forward and 0.28 backward on one core; PyTorch on two
takes 1.9 and 0.4, or 0.5 and 0.3 with channels last.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from operator import iadd

import numpy as np

from ..base import lowest
from ..window import Pair, Window, line
from .memory import batch_last, scratch
from .threads import parallel

TILE_WINDOWS = 1 << 18  # windows per tile: each call must do enough to be worth waking a thread
TAPS = 2_000  # taps compared per microsecond on one core, roughly


def max_pool(
    x: np.ndarray, window: Window, size: Pair, want_winners: bool = True
) -> tuple[np.ndarray, np.ndarray | None]:
    """The largest tap of each window, and its number, row by row from 0: two arrays (N, C, Ho, Wo).

    Padding never wins. Among equal taps the first wins, among NaN the last, as in PyTorch. Without
    `want_winners` the second is None, in half the time: inference needs only the first.
    """
    image = batch_last(x)
    shape = (image.shape[0], *size, image.shape[3])  # (C, Ho, Wo, N)
    z = np.empty(shape, x.dtype)
    winners = np.empty(shape, np.min_scalar_type(window.kernel[0] * window.kernel[1] - 1)) if want_winners else None
    tiles = _tiles(shape)

    def fill(index: int) -> None:
        c0, c1, p0, p1 = tiles[index]
        part = None if winners is None else winners[c0:c1, p0:p1]
        _pool_rows(image[c0:c1], window, p0, z[c0:c1, p0:p1], part)

    parallel(fill, len(tiles), z.size * window.kernel[0] * window.kernel[1] / TAPS, products=False)
    return z.transpose(3, 0, 1, 2), None if winners is None else winners.transpose(3, 0, 1, 2)


def max_pool_values(x: np.ndarray, window: Window, size: Pair) -> np.ndarray:
    """The largest tap of each window: (N, C, Ho, Wo)."""
    return max_pool(x, window, size, want_winners=False)[0]


def add_at_winners(dz: np.ndarray, winners: np.ndarray, window: Window, size: Pair) -> np.ndarray:
    """dz sent to the taps that won, summed where windows overlap: (N, C, H, W) for `size` = (H, W)."""
    dz, winners = batch_last(dz), batch_last(winners)
    dx = np.empty((dz.shape[0], *size, dz.shape[3]), dz.dtype)
    channels = _channel_tiles(dz.shape)

    def fill(index: int) -> None:
        c0, c1 = channels[index]
        _spread(dz[c0:c1], winners[c0:c1], window, dx[c0:c1])

    parallel(fill, len(channels), dz.size * window.kernel[0] * window.kernel[1] / TAPS, products=False)
    return dx.transpose(3, 0, 1, 2)


def sum_pool(x: np.ndarray, window: Window) -> np.ndarray:
    """The sum of the taps of each window, with padding as 0: (N, C, Ho, Wo)."""
    image = batch_last(x)
    z = np.empty((image.shape[0], *window.output_size(x.shape[2:]), image.shape[3]), x.dtype)  # (C, Ho, Wo, N)
    tiles = _tiles(z.shape)

    def fill(index: int) -> None:
        c0, c1, p0, p1 = tiles[index]
        part = z[c0:c1, p0:p1]
        taps = _taps(image[c0:c1], window, p0, part.shape)
        covers = taps[0][3].shape == part.shape  # the first tap is inside the image for every window
        part[...] = taps[0][3] if covers else 0
        for _, rows, columns, values in taps[covers:]:
            part[:, rows, columns] += values

    parallel(fill, len(tiles), z.size * window.kernel[0] * window.kernel[1] / TAPS, products=False)
    return z.transpose(3, 0, 1, 2)


def add_at_taps(dz: np.ndarray, window: Window, size: Pair) -> np.ndarray:
    """dz sent to every tap of its window, summed where windows overlap: (N, C, H, W) for `size` = (H, W)."""
    dz = batch_last(dz)
    dx = np.empty((dz.shape[0], *size, dz.shape[3]), dz.dtype)
    channels, add = _channel_tiles(dz.shape), np.copyto if _side_by_side(window) else iadd

    def fill(index: int) -> None:
        c0, c1 = channels[index]
        if not _tiles_exactly(window, dz.shape, size):
            dx[c0:c1] = 0
        for _, rows, columns, target in _taps(dx[c0:c1], window, 0, (c1 - c0, *dz.shape[1:])):
            add(target, dz[c0:c1, rows, columns])

    parallel(fill, len(channels), dz.size * window.kernel[0] * window.kernel[1] / TAPS, products=False)
    return dx.transpose(3, 0, 1, 2)


def _pool_rows(x: np.ndarray, window: Window, p0: int, z: np.ndarray, winners: np.ndarray | None) -> None:
    """Fill z and winners (C, R, Wo, N) for output rows p0 ... p0 + R - 1."""
    taps = _taps(x, window, p0, z.shape)
    covers = taps[0][3].shape == z.shape  # the first tap is inside the image for every window
    z[...] = taps[0][3] if covers else lowest(x.dtype)
    if winners is None:
        for _, rows, columns, values in taps[covers:]:
            best = z[:, rows, columns]
            np.maximum(values, best, out=best)
        return
    winners[...] = 0 if covers else _first_inside(window, p0, z.shape[1:3], winners.dtype)
    hits = scratch("hits", z.shape, bool)
    for number, rows, columns, values in taps[covers:]:
        best, won, larger = z[:, rows, columns], winners[:, rows, columns], hits[:, rows, columns]
        np.greater(values, best, out=larger)
        np.maximum(won, larger.view(np.uint8) * winners.dtype.type(number), out=won)
        np.maximum(values, best, out=best)
    if z.size and np.isnan(z.max()):
        for number, rows, columns, values in taps:
            np.copyto(winners[:, rows, columns], number, where=np.isnan(values), casting="unsafe")


def _spread(dz: np.ndarray, winners: np.ndarray, window: Window, dx: np.ndarray) -> None:
    """Fill dx (C, H, W, N) with the entries of dz (C, Ho, Wo, N) at the taps that won, 0 elsewhere."""
    gradient = dz.view(f"i{dz.dtype.itemsize}")
    alone = _side_by_side(window)
    if not _tiles_exactly(window, dz.shape, dx.shape[1:3]):
        dx[...] = 0
    hits = scratch("hits", dz.shape, bool)
    for number, rows, columns, target in _taps(dx, window, 0, dz.shape):
        hit, bits = hits[:, rows, columns], gradient[:, rows, columns]
        np.equal(winners[:, rows, columns], number, out=hit)
        if alone:
            np.multiply(bits, hit, out=target.view(bits.dtype))
        else:
            target += np.multiply(bits, hit).view(dz.dtype)


def _taps(x: np.ndarray, window: Window, p0: int, shape: tuple[int, ...]) -> list[tuple[int, slice, slice, np.ndarray]]:
    """For each tap: its number, the output rows and columns for which it is inside the image, and those pixels of x."""
    found = []
    for number, rows, columns, pixels in _places(window, p0, shape[1:3], x.shape[1:3]):
        found.append((number, rows, columns, x[:, *pixels]))
    return found


@lru_cache(maxsize=512)
def _places(window: Window, p0: int, out_size: Pair, size: Pair) -> list[tuple[int, slice, slice, tuple[slice, slice]]]:
    """The result of `_taps`, with indices instead of pixels: the same for every image of that size."""
    (kh, kw), (sh, sw), (dh, dw) = window.kernel, window.stride, window.dilation
    (top, _), (left, _) = window.padding
    found = []
    for i, j in product(range(kh), range(kw)):
        rows, pixel_rows = line(p0 * sh + i * dh - top, sh, out_size[0], size[0])
        columns, pixel_columns = line(j * dw - left, sw, out_size[1], size[1])
        found.append((i * kw + j, rows, columns, (pixel_rows, pixel_columns)))
    return found


@lru_cache(maxsize=512)
def _first_inside(window: Window, p0: int, size: Pair, dtype: np.dtype) -> np.ndarray:
    """The number of each window's first tap inside the image, (R, Wo, 1): the winner where all are -inf."""
    first = []
    for start, count, stride, dilation, (before, _) in zip(
        (p0, 0), size, window.stride, window.dilation, window.padding
    ):
        outside = before - (start + np.arange(count)) * stride  # pixels of padding before the image
        first.append(np.maximum(0, -(-outside // dilation)))
    return (first[0][:, None] * window.kernel[1] + first[1]).astype(dtype)[:, :, None]


@lru_cache(maxsize=512)
def _side_by_side(window: Window) -> bool:
    """Whether no pixel is in two windows."""
    return all(extent <= stride for extent, stride in zip(window.extent, window.stride))


@lru_cache(maxsize=512)
def _tiles_exactly(window: Window, shape: tuple[int, ...], size: Pair) -> bool:
    """Whether every pixel of an image of `size` is in exactly one of the windows of an output (C, Ho, Wo, N)."""
    covered = shape[1] * window.stride[0], shape[2] * window.stride[1]
    return window.padding == ((0, 0), (0, 0)) and window.kernel == window.stride == window.extent and size == covered


def _tiles(shape: tuple[int, ...]) -> list[tuple[int, int, int, int]]:
    """Cut (C, Ho, Wo, N) into groups of full channels, or of rows of one channel: (c0, c1, p0, p1), contiguous."""
    c, ho, wo, n = shape
    rows = max(1, TILE_WINDOWS // max(1, wo * n))
    if rows >= ho:
        channels = rows // max(1, ho)
        return [(i, min(i + channels, c), 0, ho) for i in range(0, c, channels)]
    return [(i, i + 1, p, min(p + rows, ho)) for i in range(c) for p in range(0, ho, rows)]


def _channel_tiles(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    c, ho, wo, n = shape
    channels = max(1, TILE_WINDOWS // max(1, ho * wo * n))
    return [(i, min(i + channels, c)) for i in range(0, c, channels)]
