"""Cross-entropy in three launches: the formulas of `ops/loss/cross_entropy.py` take 18, one for each array call."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import cupy

Array = Any

MOST_CLASSES = 128  # one thread reads the scores of one label: of many classes, array calls read them in better order

# One thread, one label: scores and softmax are (N, C, rest), labels and losses (N, rest); i = image·rest + place.
_losses = cupy.ElementwiseKernel(
    "raw T x, U label, int64 classes, int64 rest",
    "T loss, raw T softmax",
    """
    const ptrdiff_t first = i / rest * classes * rest + i % rest;
    T largest = x[first];
    for (ptrdiff_t c = 1; c < classes; ++c) {
        const T score = x[first + c * rest];
        if (score > largest || score != score) largest = score;  // NaN stays the largest
    }
    T total = T(0);
    for (ptrdiff_t c = 0; c < classes; ++c) {
        const T e = exp(x[first + c * rest] - largest);
        softmax[first + c * rest] = e;
        total += e;
    }
    for (ptrdiff_t c = 0; c < classes; ++c) softmax[first + c * rest] /= total;
    loss = log(total) - (x[first + (ptrdiff_t)label * rest] - largest);
    """,
    "minidl_cross_entropy",
)

_mean = cupy.ReductionKernel("T x, T count", "T mean", "x", "a + b", "mean = a / count", "0", "minidl_mean")

# One thread, one score.
_gradient = cupy.ElementwiseKernel(
    "T softmax, raw U label, T dz, int64 classes, int64 rest, T count",
    "T dx",
    """
    const ptrdiff_t c = i / rest % classes;              // i = (image·classes + c)·rest + place
    const bool own = (ptrdiff_t)label[i / rest / classes * rest + i % rest] == c;
    dx = (softmax - T(own)) * (dz / count);
    """,
    "minidl_cross_entropy_grad",
)


def forward(node: Any, x: Array, t: Array) -> Array:
    """The mean loss of scores x (N, C, d1, ...) and labels t (N, d1, ...), in two launches; the softmax is kept."""
    if x.shape[1] > MOST_CLASSES:
        return node.forward(x, t)
    x, node.t = cupy.ascontiguousarray(x), cupy.ascontiguousarray(t)
    losses, node.softmax = cupy.empty(t.shape, x.dtype), cupy.empty(x.shape, x.dtype)
    _losses(x, node.t, x.shape[1], prod(x.shape[2:]), losses, node.softmax)
    return _mean(losses, t.size)


def backward(node: Any, dz: Array) -> tuple[Array, None]:
    """The gradient of the scores, in one launch."""
    softmax, t = node.softmax, node.t
    dx = cupy.empty(softmax.shape, softmax.dtype)
    return _gradient(softmax, t, dz, softmax.shape[1], prod(softmax.shape[2:]), t.size, dx), None


_OPERATION = "minidl.ops.loss.cross_entropy.CrossEntropy"
KERNELS: dict[str, Callable[..., Any]] = {f"{_OPERATION}.forward": forward, f"{_OPERATION}.backward": backward}
