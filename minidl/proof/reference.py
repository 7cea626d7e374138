"""The mathematics of minidl in plain loops over single numbers: for reading, and as a reference for the tests.

Nothing here is fast, and nothing is clever: each function follows its formula, and each gradient is the chain rule at
the innermost line, where z += w · x gives dw += dz · x and dx += dz · w. Arrays are NumPy's, used as tables that are
read and written one number at a time. The fast versions are in `minidl/ops` and `minidl/backend`.
"""

from __future__ import annotations

import math
from itertools import product

import numpy as np

Table = np.ndarray
Pair = tuple[int, int]


def linear(x: Table, w: Table, b: Table) -> Table:
    """z[n,o] = b[o] + Σ_i w[o,i] x[n,i], for x (N, I), w (O, I), b (O,).

    >>> linear(np.array([[1.0, 2.0]]), np.array([[10.0, 100.0]]), np.array([0.5]))
    array([[210.5]])
    """
    z = np.zeros((x.shape[0], w.shape[0]))
    for n, o in np.ndindex(*z.shape):
        z[n, o] = b[o]
        for i in range(x.shape[1]):
            z[n, o] += w[o, i] * x[n, i]
    return z


def linear_gradients(dz: Table, x: Table, w: Table) -> tuple[Table, Table, Table]:
    """dx, dw and db of `linear`."""
    dx, dw, db = np.zeros(x.shape), np.zeros(w.shape), np.zeros(w.shape[0])
    for n, o in np.ndindex(*dz.shape):
        db[o] += dz[n, o]
        for i in range(x.shape[1]):
            dw[o, i] += dz[n, o] * x[n, i]
            dx[n, i] += dz[n, o] * w[o, i]
    return dx, dw, db


def output_length(length: int, kernel: int, stride: int, padding: int, dilation: int = 1) -> int:
    """How many windows fit: floor((length + 2 · padding - dilation · (kernel - 1) - 1) / stride) + 1."""
    return (length + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def conv2d(
    x: Table,
    w: Table,
    b: Table,
    stride: Pair = (1, 1),
    padding: Pair = (0, 0),
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> Table:
    """z[n,o,p,q] = b[o] + Σ_cij w[o,c,i,j] x[n, c, p·stride + i·dilation - padding, ...], x being 0 outside.

    x is (N, C, H, W), w (O, C / groups, kh, kw), b (O,); output group g sees only channel group g.
    """
    size = [output_length(x.shape[2 + a], w.shape[2 + a], stride[a], padding[a], dilation[a]) for a in (0, 1)]
    z = np.zeros((x.shape[0], w.shape[0], *size))
    for n, o, p, q in np.ndindex(*z.shape):
        z[n, o, p, q] = b[o]
        first = o // (w.shape[0] // groups) * w.shape[1]  # the first channel that this output sees
        for c, i, j in np.ndindex(*w.shape[1:]):
            row = p * stride[0] + i * dilation[0] - padding[0]
            column = q * stride[1] + j * dilation[1] - padding[1]
            if 0 <= row < x.shape[2] and 0 <= column < x.shape[3]:
                z[n, o, p, q] += w[o, c, i, j] * x[n, first + c, row, column]
    return z


def conv2d_gradients(
    dz: Table, x: Table, w: Table,
    stride: Pair = (1, 1), padding: Pair = (0, 0), dilation: Pair = (1, 1), groups: int = 1,
) -> tuple[Table, Table, Table]:  # fmt: skip
    """dx, dw and db of `conv2d`: the same loops, with the product differentiated."""
    dx, dw, db = np.zeros(x.shape), np.zeros(w.shape), np.zeros(w.shape[0])
    for n, o, p, q in np.ndindex(*dz.shape):
        db[o] += dz[n, o, p, q]
        first = o // (w.shape[0] // groups) * w.shape[1]
        for c, i, j in np.ndindex(*w.shape[1:]):
            row = p * stride[0] + i * dilation[0] - padding[0]
            column = q * stride[1] + j * dilation[1] - padding[1]
            if 0 <= row < x.shape[2] and 0 <= column < x.shape[3]:
                dw[o, c, i, j] += dz[n, o, p, q] * x[n, first + c, row, column]
                dx[n, first + c, row, column] += dz[n, o, p, q] * w[o, c, i, j]  # += : windows overlap
    return dx, dw, db


def conv_transpose2d(
    x: Table, w: Table, b: Table,
    stride: Pair = (1, 1), padding: Pair = (0, 0), output_padding: Pair = (0, 0), dilation: Pair = (1, 1),
    groups: int = 1,
) -> Table:  # fmt: skip
    """Every pixel of x (N, C, H, W) adds its multiple of the kernel w (C, O / groups, kh, kw) to the output.

    z[n, o, p·stride + i·dilation - padding, ...] += w[c,o,i,j] x[n,c,p,q], then + b[o].
    """
    size = [
        (x.shape[2 + a] - 1) * stride[a] - 2 * padding[a] + dilation[a] * (w.shape[2 + a] - 1) + output_padding[a] + 1
        for a in (0, 1)
    ]
    z = np.zeros((x.shape[0], w.shape[1] * groups, *size))
    for n, o, p, q in np.ndindex(*z.shape):
        z[n, o, p, q] = b[o]
    for n, c, p, q in np.ndindex(*x.shape):
        first = c // (x.shape[1] // groups) * w.shape[1]
        for o, i, j in np.ndindex(*w.shape[1:]):
            row = p * stride[0] + i * dilation[0] - padding[0]
            column = q * stride[1] + j * dilation[1] - padding[1]
            if 0 <= row < z.shape[2] and 0 <= column < z.shape[3]:
                z[n, first + o, row, column] += w[c, o, i, j] * x[n, c, p, q]
    return z


def conv_transpose2d_gradients(
    dz: Table, x: Table, w: Table,
    stride: Pair = (1, 1), padding: Pair = (0, 0), dilation: Pair = (1, 1), groups: int = 1,
) -> tuple[Table, Table, Table]:  # fmt: skip
    """dx, dw and db of `conv_transpose2d`."""
    dx, dw, db = np.zeros(x.shape), np.zeros(w.shape), np.zeros(dz.shape[1])
    for n, o, p, q in np.ndindex(*dz.shape):
        db[o] += dz[n, o, p, q]
    for n, c, p, q in np.ndindex(*x.shape):
        first = c // (x.shape[1] // groups) * w.shape[1]
        for o, i, j in np.ndindex(*w.shape[1:]):
            row = p * stride[0] + i * dilation[0] - padding[0]
            column = q * stride[1] + j * dilation[1] - padding[1]
            if 0 <= row < dz.shape[2] and 0 <= column < dz.shape[3]:
                dw[c, o, i, j] += dz[n, first + o, row, column] * x[n, c, p, q]
                dx[n, c, p, q] += dz[n, first + o, row, column] * w[c, o, i, j]
    return dx, dw, db


def _pixels_under(p: int, q: int, shape: tuple[int, ...], kernel: Pair, stride: Pair, padding: Pair) -> list[Pair]:
    """The pixels under window (p, q) of an image, row by row, without those in the padding."""
    rows = range(p * stride[0] - padding[0], p * stride[0] - padding[0] + kernel[0])
    columns = range(q * stride[1] - padding[1], q * stride[1] - padding[1] + kernel[1])
    return [(r, c) for r, c in product(rows, columns) if 0 <= r < shape[2] and 0 <= c < shape[3]]


def _pooled(x: Table, kernel: Pair, stride: Pair, padding: Pair) -> Table:
    size = [output_length(x.shape[2 + a], kernel[a], stride[a], padding[a]) for a in (0, 1)]
    return np.zeros((*x.shape[:2], *size))


def _winner(x: Table, n: int, c: int, pixels: list[Pair]) -> Pair:
    """The first pixel that is larger than all before it."""
    best = pixels[0]
    for pixel in pixels[1:]:
        if x[n, c, *pixel] > x[n, c, *best]:
            best = pixel
    return best


def max_pool2d(x: Table, kernel: Pair, stride: Pair, padding: Pair = (0, 0)) -> Table:
    """z[n,c,p,q] = the largest pixel of x (N, C, H, W) under window (p, q); padding never wins."""
    z = _pooled(x, kernel, stride, padding)
    for n, c, p, q in np.ndindex(*z.shape):
        z[n, c, p, q] = x[n, c, *_winner(x, n, c, _pixels_under(p, q, x.shape, kernel, stride, padding))]
    return z


def max_pool2d_gradient(dz: Table, x: Table, kernel: Pair, stride: Pair, padding: Pair = (0, 0)) -> Table:
    """dx of `max_pool2d`: each dz goes to the pixel that won."""
    dx = np.zeros(x.shape)
    for n, c, p, q in np.ndindex(*dz.shape):
        pixel = _winner(x, n, c, _pixels_under(p, q, x.shape, kernel, stride, padding))
        dx[n, c, *pixel] += dz[n, c, p, q]
    return dx


def avg_pool2d(x: Table, kernel: Pair, stride: Pair, padding: Pair = (0, 0)) -> Table:
    """z[n,c,p,q] = the sum of the pixels under window (p, q), divided by kh · kw: padding counts as 0."""
    z = _pooled(x, kernel, stride, padding)
    for n, c, p, q in np.ndindex(*z.shape):
        for pixel in _pixels_under(p, q, x.shape, kernel, stride, padding):
            z[n, c, p, q] += x[n, c, *pixel] / (kernel[0] * kernel[1])
    return z


def avg_pool2d_gradient(dz: Table, shape: tuple[int, ...], kernel: Pair, stride: Pair, padding: Pair = (0, 0)) -> Table:
    """dx of `avg_pool2d`, in the given shape."""
    dx = np.zeros(shape)
    for n, c, p, q in np.ndindex(*dz.shape):
        for pixel in _pixels_under(p, q, shape, kernel, stride, padding):
            dx[n, c, *pixel] += dz[n, c, p, q] / (kernel[0] * kernel[1])
    return dx


def _mean_and_variance(x: Table, c: int) -> tuple[float, float]:
    """The mean and variance of channel c, over the batch and all pixels."""
    values = [float(x[n, c, p, q]) for n, p, q in product(range(x.shape[0]), range(x.shape[2]), range(x.shape[3]))]
    mean = sum(values) / len(values)
    return mean, sum((value - mean) ** 2 for value in values) / len(values)


def batch_norm(x: Table, w: Table, b: Table, eps: float = 1e-5) -> Table:
    """z = w[c] (x - mean[c]) / √(var[c] + ε) + b[c] for x (N, C, H, W), statistics of each channel."""
    z = np.zeros(x.shape)
    for c in range(x.shape[1]):
        mean, var = _mean_and_variance(x, c)
        for n, p, q in np.ndindex(x.shape[0], *x.shape[2:]):
            z[n, c, p, q] = w[c] * (x[n, c, p, q] - mean) / math.sqrt(var + eps) + b[c]
    return z


def batch_norm_gradients(dz: Table, x: Table, w: Table, eps: float = 1e-5) -> tuple[Table, Table, Table]:
    """dx, dw and db of `batch_norm`, through the mean and the variance.

    With s = √(var + ε), m values per channel, and g = w · dz:
    d var = Σ g (x - mean) · (-1/2) s⁻³,  d mean = Σ -g / s        (the variance does not change with the mean)
    dx = g / s + d var · 2 (x - mean) / m + d mean / m
    """
    dx, dw, db = np.zeros(x.shape), np.zeros(w.shape), np.zeros(w.shape)
    places = list(np.ndindex(x.shape[0], *x.shape[2:]))
    for c in range(x.shape[1]):
        mean, var = _mean_and_variance(x, c)
        s, m = math.sqrt(var + eps), len(places)
        dmean = dvar = 0.0
        for n, p, q in places:
            g = w[c] * dz[n, c, p, q]
            dvar += g * (x[n, c, p, q] - mean) * -0.5 / s**3
            dmean += -g / s
            dw[c] += dz[n, c, p, q] * (x[n, c, p, q] - mean) / s
            db[c] += dz[n, c, p, q]
        for n, p, q in places:
            dx[n, c, p, q] = w[c] * dz[n, c, p, q] / s + dvar * 2 * (x[n, c, p, q] - mean) / m + dmean / m
    return dx, dw, db


def softmax(scores: Table) -> list[float]:
    """e^x_i / Σ_j e^x_j for scores (C,); the largest is subtracted first, so that no power overflows.

    >>> softmax(np.array([1000.0, 1000.0]))
    [0.5, 0.5]
    """
    largest = max(float(x) for x in scores)
    powers = [math.exp(float(x) - largest) for x in scores]
    return [power / sum(powers) for power in powers]


def cross_entropy(x: Table, labels: Table) -> float:
    """-log softmax(x[n])[label n], averaged over the batch, for scores x (N, C).

    As log softmax(x)_t = x_t - largest - log Σ_j e^(x_j - largest), no logarithm is taken of a rounded 0.
    """
    total = 0.0
    for n, label in enumerate(labels):
        largest = max(float(value) for value in x[n])
        log_sum = math.log(sum(math.exp(float(value) - largest) for value in x[n]))
        total += log_sum - (float(x[n, label]) - largest)
    return total / len(labels)


def cross_entropy_gradient(x: Table, labels: Table) -> Table:
    """dx of `cross_entropy`: (softmax(x) - onehot(label)) / N."""
    dx = np.zeros(x.shape)
    for n, label in enumerate(labels):
        for c, probability in enumerate(softmax(x[n])):
            dx[n, c] = (probability - (1 if c == label else 0)) / len(labels)
    return dx
