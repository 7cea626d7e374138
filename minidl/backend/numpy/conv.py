"""Convolution on the CPU: a few rows of columns at a time (see columns.py), one matrix product per output row.

Measured on one core (AVX-512), the lecture's second convolution, batch 100: 4.1 ms, of which 2.7 in products at
93 GFLOP/s, 0.6 in copies and the rest in adding the bias. All columns at once take 5.3 ms with the batch last, and 11.8
done the textbook way.
"""

from __future__ import annotations

from itertools import product
from math import gcd

import numpy as np

from ..base import Backend
from ..window import Pair, Window
from .columns import Taps, tiles
from .matmul import piece
from .memory import batch_last, scratch
from .threads import Work, do

PRODUCTS = 40_000  # multiply-adds per microsecond on one core, roughly
SHARES = 8  # partial sums of a weight gradient: a fixed number, so that the result does not depend on threads


def correlate(
    self: Backend, x: np.ndarray, w: np.ndarray, bias: np.ndarray | None, window: Window, groups: int
) -> np.ndarray:
    """Like `Backend.correlate` in ../base.py, its plain twin, which handles kernels that hold infinities or NaN.

    Here they would be multiplied by the 0 of the padding.
    """
    if not np.isfinite(w).all():
        return Backend.correlate(self, x, w, bias, window, groups)
    z = np.empty((w.shape[0], *window.output_size(x.shape[2:]), x.shape[0]), x.dtype)
    do(_correlation(_batch_last(x, groups), _grouped(w, groups), bias, _taps(window), _by_group(z, groups)))
    return z.transpose(3, 0, 1, 2)


def correlate_grad_input(
    self: Backend, dz: np.ndarray, w: np.ndarray, window: Window, groups: int, size: Pair
) -> np.ndarray:
    """Like `Backend.correlate_grad_input` in ../base.py, which handles kernels that hold infinities or NaN."""
    if not np.isfinite(w).all():
        return Backend.correlate_grad_input(self, dz, w, window, groups, size)
    dx = np.empty((w.shape[1] * groups, *size, dz.shape[0]), dz.dtype)
    do(*_input_gradient(_batch_last(dz, groups), _grouped(w, groups), window, _by_group(dx, groups)))
    return dx.transpose(3, 0, 1, 2)


def correlate_grad_weight(self: Backend, dz: np.ndarray, x: np.ndarray, window: Window, groups: int) -> np.ndarray:
    """Like `Backend.correlate_grad_weight` in ../base.py, which is run instead where this gives NaN.

    A NaN may come from infinities in dz, which are multiplied by the 0 of the padding here.
    """
    dw = np.empty((dz.shape[1], x.shape[1] // groups, *window.kernel), x.dtype)
    sums, work = _weight_gradient(_batch_last(dz, groups), _batch_last(x, groups), _taps(window))

    def add_up() -> None:
        dw[...] = _kernels(sums, window.kernel)
        if np.isnan(dw).any():
            dw[...] = Backend.correlate_grad_weight(self, dz, x, window, groups)

    work.finish = add_up
    do(work)
    return dw


def _correlation(x: np.ndarray, w: np.ndarray, bias: np.ndarray | None, taps: Taps, z: np.ndarray) -> Work:
    """Fill z (G, O/G, Ho, Wo, N) with the correlation of x (G, C/G, H, W, N) and w (G, O/G, C/G, kh, kw)."""
    dtype = _compute_dtype(x.dtype)
    g, o = z.shape[:2]
    kernels = _kernel_matrix(w, dtype)  # (G, 1, 1, O/G rounded up, kh * C/G * kw)
    offset = None if bias is None else bias.reshape(g, o, 1, 1, 1)
    cut = tiles(taps, x.shape, z.shape[2:], kernels.shape[3], (x.itemsize, dtype.itemsize))

    def fill(index: int) -> None:
        tile = cut[index]
        r, q, n = tile.size
        products = scratch("products", (g, r, kernels.shape[3], q * n), dtype)
        for part, columns in tile.columns(x, dtype):
            out = products[:, part.rows, :, part.columns]  # (G, R, O, run), filled as (G, R, P, O, width)
            pieces = out.reshape(*out.shape[:3], columns.shape[2], columns.shape[4]).swapaxes(2, 3)
            np.matmul(kernels[..., part.depths], columns, out=pieces)
        result = products.reshape(g, r, -1, q, n)[:, :, :o].swapaxes(1, 2)
        target = z[:, :, *tile.where]
        if offset is None:
            target[...] = result
        else:
            np.add(result, offset, out=target, casting="same_kind")

    return Work(fill, len(cut), kernels.shape[4] * z.size / PRODUCTS)


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
    """Partial sums (shares, G, kh * C/G * kw, O/G) of dw, for dz (G, O/G, Ho, Wo, N) and x (G, C/G, H, W, N).

    The columns are gathered again rather than kept from the forward pass: that is faster than reading them back.
    """
    dtype = _compute_dtype(x.dtype)
    g, o = dz.shape[:2]
    depth = x.shape[1] * taps.kernel[0] * taps.kernel[1]
    cut = tiles(taps, x.shape, dz.shape[2:], o, (x.itemsize, dtype.itemsize))
    shares = min(SHARES, len(cut))
    sums = np.zeros((max(shares, 1), g, depth, o), dtype)

    def add_share(share: int) -> None:
        for tile in cut[share::shares]:
            gradient = _gradient_rows(dz[:, :, *tile.where], depth, dtype)
            for part, columns in tile.columns(x, dtype):
                g, r, pieces, k, width = columns.shape
                rows = gradient[:, part.rows, part.columns].reshape(g, r, pieces, width, o)
                products = scratch("products", (g, r, pieces, k, o), dtype)
                sums[share, :, part.depths] += np.matmul(columns, rows, out=products).sum(axis=(1, 2))

    return sums, Work(add_share, shares, depth * dz.size / PRODUCTS)


def _kernels(sums: np.ndarray, kernel: Pair) -> np.ndarray:
    """Partial sums (shares, G, kh * C/G * kw, O/G) added up, as kernels (O, C/G, kh, kw)."""
    _, g, _, o = sums.shape
    dw = sums.sum(axis=0).reshape(g, kernel[0], -1, kernel[1], o).transpose(0, 4, 2, 1, 3)
    return dw.reshape(g * o, -1, *kernel)


def _gradient_rows(dz: np.ndarray, depth: int, dtype: np.dtype) -> np.ndarray:
    """dz (G, O/G, R, q, n) as matrices (G, R, q * n, O/G), in that order in memory if products are cut into pieces."""
    g, o, r, q, n = dz.shape
    if piece(q * n, depth * o) < q * n:  # BLAS must copy a factor that is stored the other way round
        rows = scratch("gradient", (g, r, q, n, o), dtype)
        rows[...] = dz.transpose(0, 2, 3, 4, 1)
        return rows.reshape(g, r, q * n, o)
    rows = dz.transpose(0, 2, 1, 3, 4).astype(dtype, copy=False)
    return rows.reshape(g, r, o, q * n).swapaxes(2, 3)  # a view where the tile spans complete runs


def _kernel_matrix(w: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """w (G, O/G, C/G, kh, kw) as matrices (G, 1, 1, O/G, kh * C/G * kw), with rows of zeros up to a multiple of 4.

    BLAS works on four rows at a time: 12 rows of which 2 are zero take less time than 10.
    """
    g, o, c, kh, kw = w.shape
    matrix = np.zeros((g, 1, 1, -(-o // 4) * 4 if o > 2 else o, kh * c * kw), dtype)
    matrix[:, 0, 0, :o].reshape(g, o, kh, c, kw)[...] = w.transpose(0, 1, 3, 2, 4)
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
    """The dtype for sums: half precision is summed in single precision."""
    return np.dtype(np.float32) if dtype == np.float16 else dtype
