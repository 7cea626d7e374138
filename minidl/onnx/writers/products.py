"""Matrix products, convolutions, pooling and attention."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...backend.window import Window
from ...ops import adaptive_pool, attention, conv, conv_transpose, einsum, linalg, linear, pool
from ..call import Call
from .elementwise import named, number


def rows_times_weights(call: Call) -> str:
    """Gemm for rows (N, in), else MatMul and Add."""
    add, x, w = call.graph.add, call.x(0), call.x(1)
    if call.ndim() == 2:
        return add("Gemm", x, w, call.optional(2), transB=1)
    z = add("MatMul", x, add("Transpose", w, perm=[1, 0]))
    return add("Add", z, call.x(2)) if call.has(2) else z


def geometry(window: Window) -> dict[str, Any]:
    """ONNX's attributes of a window."""
    (top, bottom), (left, right) = window.padding
    return {
        "kernel_shape": list(window.kernel), "strides": list(window.stride), "pads": [top, left, bottom, right],
        "dilations": list(window.dilation),
    }  # fmt: skip


def convolution(call: Call) -> str:
    window, groups = call.option("window"), call.option("groups")
    return call.graph.add("Conv", call.x(0), call.x(1), call.optional(2), group=groups, **geometry(window))


def transposed_convolution(call: Call) -> str:
    window, size = call.option("window"), call.option("size")
    more = [
        out - ((n - 1) * stride - before - after + extent)
        for out, n, stride, (before, after), extent in zip(
            size, (call.length(2), call.length(3)), window.stride, window.padding, window.extent
        )
    ]
    return call.graph.add(
        "ConvTranspose", call.x(0), call.x(1), call.optional(2), group=call.option("groups"), output_padding=more,
        **geometry(window),
    )  # fmt: skip


def max_pool(call: Call) -> str:
    return call.graph.add("MaxPool", call.x(), **geometry(_covering(call)))


def avg_pool(call: Call) -> str:
    window, divisor, add = _covering(call), call.option("divisor"), call.graph.add
    taps = window.kernel[0] * window.kernel[1]
    known = geometry(window)
    del known["dilations"]  # averages have none
    z = add("AveragePool", call.x(), count_include_pad=1, **known)
    if isinstance(divisor, int) and divisor == taps:
        return z
    return add("Mul", z, call.graph.constant(taps / divisor, call.dtype()))


def _covering(call: Call) -> Window:
    """The window with all the padding that its last steps need, in ONNX's words."""
    size = call.length(2), call.length(3)
    return call.option("window").covering(size, call.option("size"))


def adaptive(call: Call) -> str:
    """The mean over bins of the last dimension, as a product with a table of shares."""
    bins, mask = call.option("bins"), call.option("mask")
    table = shares(call.length(-1), bins, mask)
    return call.graph.add("MatMul", call.x(), call.graph.constant(table, call.dtype()))


def shares(length: int, bins: Any, mask: Any) -> Any:
    """(length, bins): 1 / n where an element belongs to a bin of n, else 0."""
    table = np.zeros((length, len(bins)))
    for p, (places, counts) in enumerate(zip(bins, mask)):
        table[places[counts], p] = 1 / counts.sum()
    return table


def attend(call: Call) -> str:
    if call.option("kept") is not None:
        raise call.refuse("dropout is for training; export in evaluation mode")
    add, q, k, v = call.graph.add, call.x(0), call.x(1), call.x(2)
    n = call.ndim(1)
    scores = add("MatMul", q, add("Transpose", k, perm=[*range(n - 2), n - 1, n - 2]))
    scores = add("Mul", scores, number(call, call.option("scale")))
    if call.has(3):
        scores = add("Add", scores, call.x(3))
    return add("MatMul", add("Softmax", scores, axis=-1), v)


def sums_of_products(call: Call) -> str:
    equation = f"{','.join(call.option('inputs'))}->{call.option('output')}"
    return call.graph.add("Einsum", *[call.x(i) for i in range(len(call.one.inputs))], equation=equation)


WRITERS: dict[type, Any] = {
    linear.Linear: rows_times_weights, linalg.MatMul: named("MatMul"), conv.Conv2d: convolution,
    conv_transpose.ConvTranspose2d: transposed_convolution, pool.MaxPool2d: max_pool, pool.AvgPool2d: avg_pool,
    adaptive_pool.AdaptiveAvgPool: adaptive, attention.Attention: attend, einsum.Einsum: sums_of_products,
}  # fmt: skip
