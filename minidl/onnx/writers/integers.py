"""Layers in 8-bit integers, as QuantizeLinear and DequantizeLinear around the operation (QDQ)."""

from __future__ import annotations

from typing import Any

from ...compress.integers import IntegerConv2d, IntegerLinear
from ..call import Call
from .products import geometry


def _numbers(call: Call) -> tuple[str, str]:
    """The input, rounded to what its integers stand for, and the weight that its integers stand for."""
    add, scale, zero = call.graph.add, call.x(4), call.x(5)
    x = add("DequantizeLinear", add("QuantizeLinear", call.x(0), scale, zero), scale, zero)
    return x, add("DequantizeLinear", call.x(1), call.x(2), axis=0 if call.ndim(2) else None)


def linear(call: Call) -> str:
    x, w = _numbers(call)
    if call.ndim() == 2:
        return call.graph.add("Gemm", x, w, call.optional(3), transB=1)
    z = call.graph.add("MatMul", x, call.graph.add("Transpose", w, perm=[1, 0]))
    return call.graph.add("Add", z, call.x(3)) if call.has(3) else z


def convolution(call: Call) -> str:
    x, w = _numbers(call)
    window = geometry(call.option("window"))
    return call.graph.add("Conv", x, w, call.optional(3), group=call.option("groups"), **window)


WRITERS: dict[type, Any] = {IntegerLinear: linear, IntegerConv2d: convolution}
