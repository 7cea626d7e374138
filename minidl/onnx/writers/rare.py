"""What few networks use: shrinkage, learned slopes, sums of logarithms; each put together from ONNX's own."""

from __future__ import annotations

import numpy as np

from ...ops import gated, rms_norm, shape, shrinkage
from ...ops.breadth import numbers, pairs
from ..call import Call
from .elementwise import Writer, number, unary


def hardshrink(call: Call, x: str) -> str:
    add = call.graph.add
    inside = add("LessOrEqual", add("Abs", x), number(call, call.option("lambd")))
    return add("Where", inside, number(call, 0), x)


def softshrink(call: Call, x: str) -> str:
    limit = call.option("lambd")
    return call.graph.add("Sub", x, call.graph.add("Clip", x, number(call, -limit), number(call, limit)))


def tanhshrink(call: Call, x: str) -> str:
    return call.graph.add("Sub", x, call.graph.add("Tanh", x))


def threshold(call: Call, x: str) -> str:
    below = call.graph.add("LessOrEqual", x, number(call, call.option("t")))
    return call.graph.add("Where", below, number(call, call.option("v")), x)


def prelu(call: Call) -> str:
    x, slopes, add = call.x(0), call.x(1), call.graph.add
    return add("Where", add("Greater", x, number(call, 0)), x, add("Mul", slopes, x))


def logit(call: Call, x: str) -> str:
    add = call.graph.add
    return add("Log", add("Div", x, add("Sub", number(call, 1), x)))


def hypot(call: Call) -> str:
    """√(x² + y²) as m √((x/m)² + (y/m)²), m the larger: squares of large numbers would be inf."""
    add = call.graph.add
    x, y = add("Abs", call.x(0)), add("Abs", call.x(1))
    most, least = add("Max", x, y), add("Min", x, y)
    ratio = add("Div", least, add("Where", add("Equal", most, number(call, 0)), number(call, 1), most))
    return add("Mul", most, add("Sqrt", add("Add", add("Mul", ratio, ratio), number(call, 1))))


def log_add_exp(call: Call) -> str:
    """log_b(b^x + b^y) = m + log_b(1 + b^(-|x - y|)), m the larger."""
    add, scale = call.graph.add, number(call, np.log(call.option("base")))
    x, y = call.x(0), call.x(1)
    away = add("Neg", add("Abs", add("Sub", x, y)))
    more = add("Log", add("Add", number(call, 1), add("Exp", add("Mul", away, scale))))
    return add("Add", add("Max", x, y), add("Div", more, scale))


def rms_normalize(call: Call) -> str:
    """w x / √(mean(x²) + ε)"""
    x, add = call.x(0), call.graph.add
    axes = call.option("axes")
    for axis in axes:
        call.length(axis)
    mean = add("ReduceMean", add("Mul", x, x), call.graph.integers(*axes), keepdims=1)
    z = add("Div", x, add("Sqrt", add("Add", mean, number(call, call.option("eps")))))
    return add("Mul", z, call.x(1)) if call.has(1) else z


def roll(call: Call) -> str:
    """The end of each dimension comes to its front; without dimensions, that of all numbers in a row."""
    x, add = call.x(), call.graph.add
    shifts, dims = call.option("shifts"), call.option("dims")
    if dims is None:
        raise call.refuse("roll of all numbers in a row is not exported; name the dimensions")
    for shift, dim in zip(shifts, dims):
        length = call.length(dim)
        cut = -shift % length if length else 0
        if cut:
            zero, end, at, axis = (call.graph.integers(n) for n in (0, length, cut, dim))
            x = add("Concat", add("Slice", x, at, end, axis), add("Slice", x, zero, at, axis), axis=dim)
    return x


WRITERS: dict[type, Writer] = {
    shrinkage.Hardshrink: unary(hardshrink), shrinkage.Softshrink: unary(softshrink),
    shrinkage.Tanhshrink: unary(tanhshrink), shrinkage.Threshold: unary(threshold), gated.PRelu: prelu,
    numbers.Logit: unary(logit), pairs.Hypot: hypot, pairs.LogAddExp: log_add_exp, shape.Roll: roll,
    rms_norm.RmsNormalize: rms_normalize,
}  # fmt: skip
