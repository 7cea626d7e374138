"""Numbers as 8-bit integers, and products of those: int8 times int8, whose sums fit into int32.

A number x is stood for by q = round(x / s) + z, a scale s and a zero point z: x ≈ s (q - z), and 0 is exact, because z
is an integer. Weights have z = 0 and the range -127 ... 127, so that only the inputs bring a zero point.

The integers are multiplied as floats, since the BLAS has fast products of those alone, and yet nothing is rounded:
float32 holds every integer up to 2²⁴ and float64 up to 2⁵³, so a sum that stays below is exact in whatever order it is
added up, fused or not. `dtype_of_sums` takes float32 where even the worst sum stays below, else float64.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..backend import Array, Backend, Window
from ..engine.function import Function
from ..errors import UnsupportedError
from ..ops.linear import rows_of

LOW, HIGH = -128, 127
LARGEST = (HIGH - LOW) * HIGH  # product of an input without its zero point, -255 ... 255, and a weight
MOST_SUMMED = (2**31 - 1) // LARGEST  # products whose sum surely fits into int32
MOST_IN_FLOAT32 = 2**24 // LARGEST  # products whose sum surely is exact in float32: 518


def affine(low: float, high: float) -> tuple[np.float32, np.int8]:
    """Scale and zero point for numbers from `low` to `high`, and for 0, so that all 256 integers are used.

    >>> affine(0.0, 255.0)
    (np.float32(1.0), np.int8(-128))
    """
    low, high = min(float(low), 0.0), max(float(high), 0.0)
    scale = np.float32((high - low) / (HIGH - LOW))
    if not scale > 0:  # nothing but 0 came, or numbers too close to it for float32
        return np.float32(1), np.int8(0)
    return scale, np.int8(np.clip(np.rint(LOW - low / scale), LOW, HIGH))


def symmetric(weight: np.ndarray, per_channel: bool) -> tuple[np.ndarray, np.ndarray]:
    """A weight (out, ...) as int8 and its scale: one for each output, (out,), or one for all, ()."""
    rows = weight.reshape(len(weight) if per_channel else 1, -1)  # (out, the rest), or all of it in one row
    largest = np.max(np.abs(rows), axis=1 if per_channel else None, initial=0)
    scale = np.where(largest > 0, largest / HIGH, 1).astype(np.float32)
    scale = np.where(scale > 0, scale, 1).astype(np.float32)  # too close to 0 for float32
    wide = scale.reshape(-1, *[1] * (weight.ndim - 1)) if per_channel else scale
    return np.clip(np.rint(weight / wide), -HIGH, HIGH).astype(np.int8), scale


def quantized(backend: Backend, x: Array, scale: Array, zero: Array) -> Array:
    """round(x / s) + z, held to -128 ... 127, as int8."""
    return (backend.xp.rint(x / scale) + zero).clip(LOW, HIGH).astype(np.int8)


def dtype_of_sums(weight: Array) -> type[np.floating]:
    """The float that holds every sum of products with this weight (out, ...) exactly."""
    return np.float32 if prod(weight.shape[1:]) <= MOST_IN_FLOAT32 else np.float64


class InIntegers(Function):
    """Products of integers, which are made from trained weights and are not trained."""

    def backward(self, *dz: Any) -> Any:
        raise UnsupportedError(
            "a network in 8-bit integers has no gradients, as rounding is a staircase; use the one it was made from"
        )


class IntegerLinear(InIntegers):
    """z = s t (q - p) vᵀ + b,  q = round(x / s) + p"""

    # v: int8 weights; t: their scale, (out,) or (); s, p: scale and zero point of x
    def forward(self, x: Any, v: Any, t: Any, b: Any, s: Any, p: Any) -> Any:
        exact = dtype_of_sums(v)
        q = quantized(self.backend, x, s, p).astype(exact) - p
        z = self.backend.matmul(rows_of(q), v.astype(exact).T)
        z = (z * (s * t)).astype(x.dtype).reshape(*x.shape[:-1], len(v))
        return z if b is None else z + b

    @classmethod
    def multiply_adds(cls, output: Any, /, *inputs: Any, **options: Any) -> int:
        return prod(output.shape) * inputs[1].shape[1]


class IntegerConv2d(InIntegers):
    """z = s t v * (q - p) + b,  q = round(x / s) + p"""

    def forward(self, x: Any, v: Any, t: Any, b: Any, s: Any, p: Any, window: Window, groups: int) -> Any:
        exact = dtype_of_sums(v)
        q = quantized(self.backend, x, s, p).astype(exact) - p  # so that the padding, 0, stands for 0
        z = self.backend.correlate(q, v.astype(exact), None, window, groups)  # (N, O, Ho, Wo)
        z = (z * (s * (t[:, None, None] if t.ndim else t))).astype(x.dtype)
        return z if b is None else z + b[:, None, None]

    @classmethod
    def multiply_adds(cls, output: Any, /, *inputs: Any, **options: Any) -> int:
        return prod(output.shape) * prod(inputs[1].shape[1:])
