"""Pooling: the largest value, or the mean, of the pixels under a window.

In max-pooling the padding is -inf, not 0, so that negative pixels at the border survive; in a mean it is 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import backend_of
from ..backend.window import Pair, Window
from ..engine.function import Function
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError
from ._check.arguments import tensor_of
from ._check.pooling import pooling_window
from ._check.windows import IntPair, image_size, remember
from .adaptive_pool import AdaptiveAvgPool as AdaptiveAvgPool
from .adaptive_pool import adaptive_avg_pool2d as adaptive_avg_pool2d
from .batch import like_input, with_batch
from .shape import squeeze, unsqueeze


class MaxPool2d(Function):
    """z[n,c,p,q] = max_ij x[n,c,p·s+i,q·s+j]        dx[n,c,p·s+i,q·s+j] += dz[n,c,p,q] where tap ij won, else 0"""

    def forward(self, x: Any, window: Window, size: Pair) -> Any:
        self.window, self.size = window, x.shape[2:]
        if not self.needs[0]:
            return self.backend.max_pool_values(x, window, size)
        z, self.winners = self.backend.max_pool(x, window, size)  # winners: i·kw + j, (N, C, Ho, Wo)
        return z

    def backward(self, dz: Any) -> Any:
        return self.backend.add_at_winners(dz, self.winners, self.window, self.size)


class AvgPool2d(Function):
    """z[n,c,p,q] = Σ_ij x[n,c,p·s+i,q·s+j] / divisor[p,q]

    dx[n,c,p·s+i,q·s+j] += dz[n,c,p,q] / divisor[p,q] for every tap ij
    """

    fixed = ("divisor",)

    def forward(self, x: Any, window: Window, size: Pair, divisor: Any) -> Any:
        self.window, self.size, self.divisor = window, x.shape[2:], divisor
        return self.backend.sum_pool(x, window) / divisor  # (N, C, Ho, Wo)

    def backward(self, dz: Any) -> Any:
        return self.backend.add_at_taps(dz / self.divisor, self.window, self.size)


def max_pool2d(
    input: Tensor,
    kernel_size: IntPair,
    stride: IntPair | None = None,
    padding: IntPair = 0,
    dilation: IntPair = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest pixel under each window: (N, C, H, W) -> (N, C, Ho, Wo); the batch may be missing.

    Any dtype but bool. Ho = floor((H + 2·padding - dilation·(kh - 1) - 1) / stride) + 1, or ceil with `ceil_mode`;
    the last window must start inside the image. Of several equal pixels the first gets the gradient; NaN wins over
    everything.

    Args:
        stride: the kernel size if None; padding: at most half the window.
        return_indices: also return where each maximum was, h·W + w, int64.

    Raises `ShapeError` if no window fits, `ArgumentError`, `DtypeError`.

    >>> import minidl
    >>> max_pool2d(minidl.tensor([[[1.0, 3.0, 2.0, -4.0]]]), (1, 2))
    tensor([[[3., 2.]]])
    """
    x = tensor_of("max_pool2d", input)
    window, size = _pooling("max_pool2d", x, kernel_size, stride, padding, dilation, ceil_mode)
    if x.ndim == 3:
        z = squeeze(MaxPool2d.apply(unsqueeze(x, 0), window=window, size=size), 0)
    else:
        z = MaxPool2d.apply(x, window=window, size=size)
    return (z, _indices(x, window, size)) if return_indices else z


def avg_pool2d(
    input: Tensor,
    kernel_size: IntPair,
    stride: IntPair | None = None,
    padding: IntPair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of the pixels under each window: (N, C, H, W) -> (N, C, Ho, Wo); the batch may be missing.

    Sizes as in `max_pool2d`. The sum is divided by the pixels of the window: with `count_include_pad` those in the
    padding too (they are 0), but not those beyond it (`ceil_mode`); or by `divisor_override`.

    Raises `ShapeError` if no window fits, `ArgumentError`, `DtypeError`.

    >>> import minidl
    >>> avg_pool2d(minidl.tensor([[[1.0, 3.0, 2.0, -4.0]]]), (1, 2))
    tensor([[[ 2., -1.]]])
    """
    x = tensor_of("avg_pool2d", input)
    window, size = _pooling("avg_pool2d", x, kernel_size, stride, padding, 1, ceil_mode)
    if divisor_override is not None:
        if type(divisor_override) is not int or divisor_override == 0:
            raise ArgumentError(f"avg_pool2d: divisor_override must be an integer, not 0; got {divisor_override!r}")
        divisor: Any = divisor_override
    else:
        divisor = _divisor(x, window, size, count_include_pad)
    z = AvgPool2d.apply(with_batch(x), window=window.covering(image_size(x), size), size=size, divisor=divisor)
    return like_input(z, x)


_windows: dict[Any, tuple[Window, Pair]] = {}  # those that were checked, by shape, dtype and options


def _pooling(name: str, x: Tensor, *options: Any) -> tuple[Window, Pair]:
    """The window, and how many fit (Ho, Wo). options: kernel_size, stride, padding, dilation, ceil_mode."""
    known = name, x.shape, x.dtype, str(options)  # the options as text, since 1, 1.0 and True are the same key
    found = _windows.get(known)
    return remember(_windows, known, pooling_window(name, x, *options)) if found is None else found


def _divisor(x: Tensor, window: Window, size: Pair, count_include_pad: bool) -> Any:
    """How many pixels each window averages: one number where they are equal, else (Ho, Wo)."""
    counts = []
    for length, out, (before, after), kernel, stride in zip(
        x.shape[-2:], size, window.padding, window.kernel, window.stride
    ):
        start = np.arange(out) * stride - before
        stop = np.minimum(start + kernel, length + after)
        if not count_include_pad:
            start, stop = np.maximum(start, 0), np.minimum(stop, length)
        counts.append(stop - start)
    table = np.outer(*counts)
    if (table == table[0, 0]).all():
        return int(table[0, 0])
    return backend_of(x._array).asarray(table.astype(np.promote_types(x.dtype, np.float32)))


def _indices(x: Tensor, window: Window, size: Pair) -> Tensor:
    """Where each maximum was, h·W + w, in the plane of its channel: int64, not differentiable."""
    backend = backend_of(x._array)
    _, winners = backend.max_pool(with_batch(x)._array, window, size)
    tap = winners.astype(np.int64)  # i·kw + j
    (top, _), (left, _) = window.padding
    first_row = backend.xp.arange(size[0])[:, None] * window.stride[0] - top
    first_column = backend.xp.arange(size[1]) * window.stride[1] - left
    rows = first_row + tap // window.kernel[1] * window.dilation[0]
    columns = first_column + tap % window.kernel[1] * window.dilation[1]
    return like_input(wrap(rows * x.shape[-1] + columns), x)
