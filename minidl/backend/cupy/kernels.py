"""Kernels for what array calls could do only with many launches or much memory: windows, pooling, masks.

Each has a twin in array calls, in `base.py`, which defines what it computes; the tests compare the two. One thread
makes one element of the result and reads what it needs, so no two threads add to the same place, and every run gives
the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import cupy

from ..window import Window

Array = Any

NARROW = 1 << 31  # elements that 32 bits can count

# Every kernel over windows gets the sizes of its images (c, h, w), the number of windows (ho by wo) and the number of
# taps in each (kh by kw). Tap (a, b) of window (p, q) reads the pixel in row p·sh + a·dh - top and column
# q·sw + b·dw - left.
_GEOMETRY = ", ".join(
    f"int32 {name}" for name in ("c", "h", "w", "ho", "wo", "kh", "kw", "sh", "sw", "dh", "dw", "top", "left")
)


def _geometry(shape: tuple[int, ...], window: Window, out: tuple[int, int]) -> tuple[int, ...]:
    """The values of `_GEOMETRY` for images (N, C, H, W) and `out` = (Ho, Wo) windows."""
    (top, _), (left, _) = window.padding
    return (*shape[1:], *out, *window.kernel, *window.stride, *window.dilation, top, left)


def _over_windows(inputs: str, outputs: str, body: str, name: str) -> Callable[..., Any]:
    """A kernel whose `Index` has 32 bits where that is enough: a GPU divides by these several times as fast."""
    narrow, wide = (
        cupy.ElementwiseKernel(inputs, outputs, body, name + bits, preamble=f"typedef {index} Index;")
        for bits, index in (("", "int"), ("_64", "long long"))
    )

    def launch(*arguments: Any, **options: Any) -> Any:
        largest = max(x.size for x in arguments if isinstance(x, cupy.ndarray))
        return (narrow if largest < NARROW else wide)(*arguments, **options)

    return launch


# One thread, one window of one channel: its taps, into columns (C, kh, kw, N, Ho, Wo) from x (N, C, H, W), 0 on the
# padding. Neighbouring threads write neighbours, and each divides once for all of its taps.
_gather = _over_windows(
    f"raw T x, int32 n, {_GEOMETRY}",
    "raw T columns",
    """
    Index rest = i;                                      // i = ((channel·n + image)·ho + p)·wo + q
    const int q = rest % wo;  rest /= wo;
    const int p = rest % ho;  rest /= ho;
    const Index image = rest % n, channel = rest / n;
    const Index plane = (image * c + channel) * h, apart = (Index)n * ho * wo;
    Index at = i + channel * (kh * kw - 1) * apart;      // tap (0, 0); from tap to tap it is `apart`
    for (int a = 0; a < kh; ++a) {
        const int row = p * sh + a * dh - top;
        for (int b = 0; b < kw; ++b, at += apart) {
            const int col = q * sw + b * dw - left;
            const bool inside = row >= 0 && row < h && col >= 0 && col < w;
            columns[at] = inside ? x[(plane + row) * w + col] : T(0);
        }
    }
    """,
    "minidl_gather_windows",
)

# One thread, one pixel: the sum of all taps (N, C, Ho, Wo, kh, kw) that read it. `taps` may have any strides: in
# elements, of an image, a channel, a window down and across, a tap down and across.
_scatter = _over_windows(
    f"raw T taps, int64 of_n, int64 of_c, int64 of_p, int64 of_q, int64 of_a, int64 of_b, {_GEOMETRY}",
    "T dx",
    """
    Index rest = i;                                      // i = ((image·c + channel)·h + row)·w + col
    const int col = rest % w + left;  rest /= w;
    const int row = rest % h + top;  rest /= h;
    const T* own = &taps[0] + (ptrdiff_t)(rest / c) * of_n + (ptrdiff_t)(rest % c) * of_c;
    T sum = T(0);
    for (int a = 0; a < kh; ++a) {
        const int down = row - a * dh, p = down / sh;
        if (down < 0 || down % sh != 0 || p >= ho) continue;
        for (int b = 0; b < kw; ++b) {
            const int right = col - b * dw, q = right / sw;
            if (right < 0 || right % sw != 0 || q >= wo) continue;
            sum += own[p * of_p + q * of_q + a * of_a + b * of_b];
        }
    }
    dx = sum;
    """,
    "minidl_scatter_windows",
)

# One thread, one window: its largest pixel and the number of its tap. NaN wins over everything, the last of several;
# among equals the first wins. A window with no pixel of the image in it gives `lowest`, tap 0.
_max_pool = _over_windows(
    f"raw T x, T lowest, {_GEOMETRY}",
    "T z, int64 winner",
    """
    Index plane = i;                                     // i = (plane·ho + p)·wo + q
    const int q = plane % wo;  plane /= wo;
    const int p = plane % ho;  plane /= ho;
    bool found = false;
    z = lowest;
    winner = 0;
    for (int a = 0; a < kh; ++a) {
        for (int b = 0; b < kw; ++b) {
            const int row = p * sh + a * dh - top, col = q * sw + b * dw - left;
            if (row < 0 || row >= h || col < 0 || col >= w) continue;
            const T pixel = x[(plane * h + row) * w + col];
            if (!found || pixel > z || pixel != pixel) {
                z = pixel;
                winner = a * kw + b;
                found = true;
            }
        }
    }
    """,
    "minidl_max_pool",
)

# One thread, one pixel: the sum of dz over the windows whose maximum it was.
_add_at_winners = _over_windows(
    f"raw T dz, raw int64 winners, {_GEOMETRY}",
    "T dx",
    """
    Index plane = i;                                     // i = (plane·h + row)·w + col
    const int col = plane % w + left;  plane /= w;
    const int row = plane % h + top;  plane /= h;
    T sum = T(0);
    for (int a = 0; a < kh; ++a) {
        const int down = row - a * dh, p = down / sh;
        if (down < 0 || down % sh != 0 || p >= ho) continue;
        for (int b = 0; b < kw; ++b) {
            const int right = col - b * dw, q = right / sw;
            if (right < 0 || right % sw != 0 || q >= wo) continue;
            const Index at = (plane * ho + p) * wo + q;
            if (winners[at] == a * kw + b) sum += dz[at];
        }
    }
    dx = sum;
    """,
    "minidl_add_at_winners",
)

# One thread, one element of the result: a product (O, N, Ho·Wo) becomes images (N, O, Ho·Wo), with the bias added.
_add_bias = cupy.ElementwiseKernel("T x, T bias", "T z", "z = x + bias", "minidl_add_bias")

_masked = cupy.ElementwiseKernel("T x, bool mask", "T z", "z = mask ? x : T(0)", "minidl_masked")

_sigmoid = cupy.ElementwiseKernel("T x", "T z", "z = T(1) / (T(1) + exp(-x))", "minidl_sigmoid")


def gather_windows(x: Array, window: Window, out: tuple[int, int]) -> Array:
    """The taps of x (N, C, H, W) as columns (C, kh, kw, N, Ho, Wo): the matrix that a convolution multiplies by."""
    x = cupy.ascontiguousarray(x)
    n, c = x.shape[:2]
    columns = cupy.empty((c, *window.kernel, n, *out), x.dtype)
    if columns.size:
        _gather(x, n, *_geometry(x.shape, window, out), columns, size=c * n * prod(out))
    return columns


def scatter_windows(taps: Array, window: Window, size: tuple[int, int]) -> Array:
    """The adjoint of `Backend.windows`: taps (N, C, Ho, Wo, kh, kw), of any strides, summed to (N, C, H, W)."""
    dx = cupy.empty((*taps.shape[:2], *size), taps.dtype)
    strides = [stride // taps.itemsize for stride in taps.strides]
    return _scatter(taps, *strides, *_geometry(dx.shape, window, taps.shape[2:4]), dx) if dx.size else dx


def max_pool(x: Array, window: Window, out: tuple[int, int], lowest: Any) -> tuple[Array, Array]:
    """The largest pixel of each window and the number of its tap: two (N, C, Ho, Wo), like `Backend.max_pool`."""
    x = cupy.ascontiguousarray(x)
    z, winners = cupy.empty((*x.shape[:2], *out), x.dtype), cupy.empty((*x.shape[:2], *out), "int64")
    if z.size:
        _max_pool(x, lowest, *_geometry(x.shape, window, out), z, winners)
    return z, winners


def add_at_winners(dz: Array, winners: Array, window: Window, size: tuple[int, int]) -> Array:
    """dz (N, C, Ho, Wo) sent to the pixels that won: (N, C, H, W), like `Backend.add_at_winners`.

    In memory all images of a channel lie together: so the gradients of a convolution multiply by it without a copy.
    """
    dz, winners = cupy.ascontiguousarray(dz), cupy.ascontiguousarray(winners)
    dx = cupy.empty((dz.shape[1], dz.shape[0], *size), dz.dtype).transpose(1, 0, 2, 3)
    return _add_at_winners(dz, winners, *_geometry(dx.shape, window, dz.shape[2:]), dx) if dx.size else dx


def add_bias(x: Array, bias: Array) -> Array:
    """x + bias in one launch, written row by row whatever the strides of x."""
    z = cupy.empty(x.shape, x.dtype)
    return _add_bias(x, bias, z)


def masked(x: Array, mask: Array) -> Array:
    """x where the mask is true, else 0, in the memory order of x: `cupy.where` would write it row by row."""
    return _masked(x, mask, cupy.empty_like(x))


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x) in one launch."""
    return _sigmoid(x)
