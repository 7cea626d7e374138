"""Pooling's checks before the mathematics begins: its options as a `Window` that fits the image."""

from __future__ import annotations

import numpy as np

from ...backend.window import Pair, Window
from ...engine.tensor import Tensor
from ...errors import ArgumentError
from .windows import IntPair, image_size, images, pair, size_of_windows


def pooling_window(
    name: str,
    x: Tensor,
    kernel_size: IntPair,
    stride: IntPair | None,
    padding: IntPair,
    dilation: IntPair,
    ceil_mode: bool,
) -> tuple[Window, Pair]:
    """The window, and how many there are over x (N, C, H, W) or (C, H, W)."""
    images(name, x, integers=name == "max_pool2d")
    kernel = pair(name, "kernel_size", kernel_size, 1)
    steps = kernel if stride is None or stride in ((), []) else pair(name, "stride", stride, 1)
    (top, left), gaps = pair(name, "padding", padding, 0), pair(name, "dilation", dilation, 1)
    window = Window(kernel, steps, ((top, top), (left, left)), gaps)
    if 2 * top > window.extent[0] or 2 * left > window.extent[1]:
        raise ArgumentError(
            f"{name}: padding {padding!r} must be at most half the window, which is "
            f"{window.extent[0]}x{window.extent[1]} (kernel_size {kernel_size!r}, dilation {dilation!r})"
        )
    size = size_of_windows(f"{name}: input {x.shape}", image_size(x), window, ceil_mode)
    if gaps != (1, 1) and not _all_touch(image_size(x), window, size):
        raise ArgumentError(
            f"{name}: with kernel_size {kernel_size!r}, padding {padding!r} and dilation {dilation!r} a window over "
            f"{x.shape} has all its taps in the padding; use less padding or dilation"
        )
    return window, size


def _all_touch(image: Pair, window: Window, size: Pair) -> bool:
    """Whether every window has a tap inside the image; dilated ones may straddle it."""
    for axis, length in enumerate(image):
        start = np.arange(size[axis])[:, None] * window.stride[axis] - window.padding[axis][0]
        taps = start + np.arange(window.kernel[axis]) * window.dilation[axis]  # (outputs, kernel)
        if not ((taps >= 0) & (taps < length)).any(axis=1).all():
            return False
    return True
