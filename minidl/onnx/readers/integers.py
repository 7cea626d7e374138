"""Operators of quantised networks: numbers as 8-bit integers, and products of those."""

from __future__ import annotations

import numpy as np

from ...engine.tensor import Tensor
from ...ops import elementary, linalg, shape
from ...ops._check.arguments import cast
from ...ops.selection import clamp
from .node import Node, Reader
from .products import convolution


def per_axis(node: Node, p: Tensor, x: Tensor) -> Tensor:
    """A scale or zero point, one for all or one for each slice along `axis`, ready to be broadcast to x."""
    node.only(block_size=0)
    if p.ndim == 0 or p.numel() == 1 == x.ndim:
        return shape.reshape(p, ())
    if p.ndim > 1:
        raise node.refuse("blocks of scales are not run by minidl; use one for all, or one per channel")
    axis = node.get("axis", 1) % x.ndim
    return shape.reshape(p, (1,) * axis + (-1,) + (1,) * (x.ndim - axis - 1))


def quantize(node: Node, x: Tensor, scale: Tensor, zero: Tensor | None = None) -> Tensor:
    """round(x / scale) + zero, held to what the dtype can hold."""
    node.only(saturate=1)
    dtype = np.dtype(np.uint8) if zero is None else zero.dtype
    limits = np.iinfo(dtype)
    z = elementary.round(x / per_axis(node, scale, x))
    z = z if zero is None else z + cast(per_axis(node, zero, x), x.dtype)
    return cast(clamp(z, limits.min, limits.max), dtype)


def dequantize(node: Node, x: Tensor, scale: Tensor, zero: Tensor | None = None) -> Tensor:
    """(x - zero) scale"""
    q = cast(x, scale.dtype)
    q = q if zero is None else q - cast(per_axis(node, zero, x), scale.dtype)
    return q * per_axis(node, scale, x)


def _centred(x: Tensor, zero: Tensor | None, shape_of_zero: tuple[int, ...] | None = None) -> Tensor:
    """x - zero as int32."""
    x = cast(x, np.dtype(np.int32))
    if zero is None:
        return x
    zero = cast(zero, x.dtype)
    return x - (zero if shape_of_zero is None or zero.ndim == 0 else shape.reshape(zero, shape_of_zero))


def matmul_integer(
    node: Node, x: Tensor, y: Tensor, x_zero: Tensor | None = None, y_zero: Tensor | None = None
) -> Tensor:
    rows = (-1, 1) if x_zero is not None and x_zero.numel() > 1 else None
    return linalg.matmul(_centred(x, x_zero, rows), _centred(y, y_zero))


def conv_integer(
    node: Node, x: Tensor, w: Tensor, x_zero: Tensor | None = None, w_zero: Tensor | None = None
) -> Tensor:
    each = w_zero is not None and w_zero.numel() > 1
    return convolution(node, _centred(x, x_zero), _centred(w, w_zero, (-1,) + (1,) * (w.ndim - 1) if each else None))


READERS: dict[str, Reader] = {
    "QuantizeLinear": quantize, "DequantizeLinear": dequantize, "MatMulInteger": matmul_integer,
    "ConvInteger": conv_integer,
}  # fmt: skip
