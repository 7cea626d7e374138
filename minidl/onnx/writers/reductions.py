"""Many numbers become one; comparisons; rows that sum to 1; normalisation."""

from __future__ import annotations

import math

import numpy as np

from ...ops import comparison, norm, order, reduce, softmax
from ..call import Call
from .elementwise import Writer, number, onnx_dtype


def reduction(op: str) -> Writer:
    return lambda call: reduced(call, op, call.x())


def reduced(call: Call, op: str, x: str, keepdim: bool | None = None) -> str:
    """The reduction `op` of x over the operation's dims."""
    dims = call.option("dim")
    dims = (dims,) if isinstance(dims, int) else dims
    if not call.ndim():
        return call.graph.add("Identity", x)
    keep = call.option("keepdim") if keepdim is None else keepdim
    return call.graph.add(op, x, call.graph.integers(*dims), keepdims=int(bool(keep)), noop_with_empty_axes=1)


def in_dtype(op: str) -> Writer:
    def write(call: Call) -> str:
        dtype, x = call.option("dtype"), call.x()
        if dtype is None and call.dtype().kind in "bi" and call.dtype() != np.int64:
            dtype = np.dtype(np.int64)
        if dtype is not None:
            x = call.graph.add("Cast", x, to=onnx_dtype(call, dtype))
        return reduced(call, op, x)

    return write


def variance(call: Call) -> str:
    add, x = call.graph.add, call.x()
    sizes = [call.shape()[d] for d in call.option("dim")]
    n, m = math.prod(a for a, _ in sizes), math.prod(b for _, b in sizes)
    if n != m:
        raise call.refuse("a variance over the batch depends on its size; export with dynamic_batch=False")
    d = add("Sub", x, reduced(call, "ReduceMean", x, keepdim=True))
    total = reduced(call, "ReduceSum", add("Mul", d, d))
    return add("Div", total, number(call, max(0, n - call.option("correction"))))


def deviation(call: Call) -> str:
    return call.graph.add("Sqrt", variance(call))


def length(call: Call) -> str:
    p, add = call.option("p"), call.graph.add
    if p in (1, 2):
        return reduced(call, f"ReduceL{int(p)}", call.x())
    if p == 0 or abs(p) == math.inf:
        raise call.refuse(f"the norm of order {p} is not exported; use order 1, 2 or another positive number")
    total = reduced(call, "ReduceSum", add("Pow", add("Abs", call.x()), number(call, p)))
    return add("Pow", total, number(call, 1 / p))


def extreme(call: Call) -> str:
    return reduced(call, "ReduceMax" if call.option("how") == "max" else "ReduceMin", call.x())


def chosen(call: Call) -> str:
    """The largest or smallest of all."""
    how = call.option("how")
    if how == "median":
        raise call.refuse("the median is not exported")
    if not call.ndim():
        return call.graph.add("Identity", call.x())
    return call.graph.add("ReduceMax" if how == "max" else "ReduceMin", call.x(), keepdims=0)


def decide(call: Call) -> str:
    """All or any: the smallest or largest of 0 and 1."""
    if call.dtype() == np.uint8:
        raise call.refuse("all and any of uint8 are not exported; compare with 0 first")
    add, x = call.graph.add, call.x()
    ones = add("Cast", add("Cast", x, to=onnx_dtype(call, np.bool_)), to=onnx_dtype(call, np.int32))
    found = reduced(call, "ReduceMin" if call.option("how") == "all" else "ReduceMax", ones)
    return add("Cast", found, to=onnx_dtype(call, np.bool_))


def arg_extreme(call: Call) -> str:
    add, dim, keep = call.graph.add, call.option("dim"), call.option("keepdim")
    op = "ArgMax" if call.option("how") == "argmax" else "ArgMin"
    x = call.x()
    if call.dtype().kind == "b":
        x = add("Cast", x, to=onnx_dtype(call, np.uint8))
    if dim is not None and call.ndim():
        return add(op, x, axis=dim, keepdims=int(keep))
    found = add(op, add("Reshape", x, call.graph.integers(-1)), axis=0, keepdims=0)
    return add("Reshape", found, call.graph.integers(*[1] * call.ndim())) if keep else found


def cumsum(call: Call) -> str:
    dtype, x = call.option("dtype"), call.x()
    if dtype is not None:
        x = call.graph.add("Cast", x, to=onnx_dtype(call, dtype))
    return call.graph.add("CumSum", x, call.graph.constant(call.option("dim"), np.int64))


RELATIONS = {
    "equal": "Equal", "less": "Less", "less_equal": "LessOrEqual", "greater": "Greater",
    "greater_equal": "GreaterOrEqual", "logical_and": "And", "logical_or": "Or", "logical_xor": "Xor",
    "bitwise_and": "BitwiseAnd", "bitwise_or": "BitwiseOr", "bitwise_xor": "BitwiseXor",
}  # fmt: skip


def compare(call: Call) -> str:
    relation, x, y, add = call.option("relation"), call.x(0), call.x(1), call.graph.add
    if call.dtype().kind == "b":
        relation = relation.replace("bitwise", "logical")
    if relation.startswith("logical"):
        x, y = (add("Cast", z, to=onnx_dtype(call, np.bool_)) for z in (x, y))
    if relation == "not_equal":
        return add("Not", add("Equal", x, y))
    return add(RELATIONS[relation], x, y)


def test(call: Call) -> str:
    name, x, add = call.option("name"), call.x(), call.graph.add
    if name in ("logical_not", "invert"):
        return add("Not" if call.dtype().kind == "b" else "BitwiseNot", x)
    if name == "isfinite":
        return add("Not", add("Or", add("IsInf", x), add("IsNaN", x)))
    return add({"isnan": "IsNaN", "isinf": "IsInf"}[name], x)


def along(op: str) -> Writer:
    return lambda call: call.graph.add(op, call.x(), axis=call.option("dim") or 0)


def normalize(call: Call) -> str:
    """Over the last dimensions it is LayerNormalization; over others the same in steps."""
    axes, eps, add = call.option("axes"), call.option("eps"), call.graph.add
    ends = list(axes) == list(range(call.ndim() - len(axes), call.ndim()))
    if ends and call.has(1) and call.shape(1) == [call.shape()[axis] for axis in axes]:
        return add("LayerNormalization", call.x(), call.x(1), call.optional(2), axis=axes[0], epsilon=float(eps))
    over, x = call.graph.integers(*axes), call.x()
    centred = add("Sub", x, add("ReduceMean", x, over))
    var = add("ReduceMean", add("Mul", centred, centred), over)
    return _scaled(call, add("Div", centred, add("Sqrt", add("Add", var, number(call, eps)))))


def _scaled(call: Call, z: str) -> str:
    z = call.graph.add("Mul", z, call.x(1)) if call.has(1) else z
    return call.graph.add("Add", z, call.x(2)) if call.has(2) else z


def standardize(call: Call) -> str:
    """With constants for each channel it is BatchNormalization; else the same in steps."""
    graph, x, eps, channels = call.graph, call.x(), call.option("eps"), call.length(1)
    usual = {1: 1.0, 2: 0.0}  # of a weight and a bias that are not there
    given = [call.value(i) if call.has(i) else np.full(channels, usual[i]) for i in range(1, 5)]
    vectors = [value.reshape(channels) for value in given if value is not None and value.size == channels]
    if len(vectors) == len(given):
        module = f"{graph.module}." if graph.module else ""
        names = ("weight", "bias", "running_mean", "running_var")
        held = [graph.constant(vector, call.dtype(), f"{module}{name}") for name, vector in zip(names, vectors)]
        return graph.add("BatchNormalization", x, *held, epsilon=float(eps))
    sigma = graph.add("Sqrt", graph.add("Add", call.x(4), number(call, eps)))
    return _scaled(call, graph.add("Div", graph.add("Sub", x, call.x(3)), sigma))


WRITERS: dict[type, Writer] = {
    reduce.Sum: in_dtype("ReduceSum"), reduce.Mean: reduction("ReduceMean"), reduce.Var: variance,
    reduce.Std: deviation, reduce.Prod: in_dtype("ReduceProd"), reduce.LogSumExp: reduction("ReduceLogSumExp"),
    reduce.Norm: length, reduce.Amax: extreme, reduce.Decide: decide, reduce.Cumsum: cumsum,
    order.ArgExtreme: arg_extreme, order.Chosen: chosen, comparison.Compare: compare, comparison.Test: test,
    softmax.Softmax: along("Softmax"),
    softmax.LogSoftmax: along("LogSoftmax"), norm.Normalize: normalize, norm.NormalizeChannels: normalize,
    norm.Standardize: standardize,
}  # fmt: skip
