"""Operators on each number by itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

from ...dtypes import SUPPORTED, bool_
from ...engine.tensor import Tensor
from ...nn import functional as F
from ...ops import activation, arithmetic, comparison, elementary, selection, trigonometry
from ...ops._check.arguments import cast as cast_to
from ...tensors.creation import zeros_like
from ..needs import require_onnx
from .node import Node, Reader


def plain(function: Callable[..., Tensor]) -> Reader:
    """minidl's function of the same inputs."""
    return lambda node, *inputs: function(*inputs)


def folded(function: Callable[..., Tensor]) -> Reader:
    """Any number of inputs, one after the other."""
    return lambda node, *inputs: reduce(function, inputs)


def pow(node: Node, x: Tensor, y: Tensor) -> Tensor:
    return cast_to(arithmetic.pow(x, y), x.dtype)


def div(node: Node, x: Tensor, y: Tensor) -> Tensor:
    return arithmetic.div(x, y) if x.dtype.kind == "f" else arithmetic.div(x, y, rounding_mode="trunc")


def mod(node: Node, x: Tensor, y: Tensor) -> Tensor:
    return arithmetic.fmod(x, y) if node.get("fmod", 0) else arithmetic.remainder(x, y)


def mean(node: Node, *inputs: Tensor) -> Tensor:
    return reduce(arithmetic.add, inputs) / len(inputs)


def cast(node: Node, x: Tensor) -> Tensor:
    return cast_to(x, dtype_of(node, node.get("to")))


def cast_like(node: Node, x: Tensor, like: Tensor) -> Tensor:
    return cast_to(x, like.dtype)


def dtype_of(node: Node, number: int) -> Any:
    """minidl's dtype of ONNX's number."""
    helper = require_onnx().helper
    try:
        dtype = helper.tensor_dtype_to_np_dtype(number)
    except KeyError:
        dtype = None
    if dtype not in SUPPORTED:
        raise node.refuse(f"the dtype {require_onnx().TensorProto.DataType.Name(number)} is none of minidl's")
    return dtype


def clip(node: Node, x: Tensor, low: Tensor | None = None, high: Tensor | None = None) -> Tensor:
    low = node.get("min") if low is None else low
    high = node.get("max") if high is None else high
    for bound, apply in ((low, selection.maximum), (high, selection.minimum)):
        if bound is not None:
            x = apply(x, bound if isinstance(bound, Tensor) else zeros_like(x) + bound)
    return x


def sign(node: Node, x: Tensor) -> Tensor:
    return elementary.sign(x)


def is_inf(node: Node, x: Tensor) -> Tensor:
    found = comparison.isinf(x)
    if not node.get("detect_negative", 1):
        found = comparison.logical_and(found, comparison.gt(x, 0))
    if not node.get("detect_positive", 1):
        found = comparison.logical_and(found, comparison.lt(x, 0))
    return found


def where(node: Node, condition: Tensor, x: Tensor, y: Tensor) -> Tensor:
    return selection.where(cast_to(condition, bool_), x, y)


def option(function: Callable[..., Tensor], attribute: str, usual: float, name: str) -> Reader:
    """minidl's function, with one attribute as its argument `name`."""
    return lambda node, x: function(x, **{name: node.get(attribute, usual)})


def selu(node: Node, x: Tensor) -> Tensor:
    return node.get("gamma", 1.0507009873554805) * F.elu(x, node.get("alpha", 1.6732632423543772))


def hard_sigmoid(node: Node, x: Tensor) -> Tensor:
    return F.hardtanh(node.get("alpha", 0.2) * x + node.get("beta", 0.5), 0.0, 1.0)


def prelu(node: Node, x: Tensor, slope: Tensor) -> Tensor:
    return selection.where(x < 0, slope * x, x)


def thresholded_relu(node: Node, x: Tensor) -> Tensor:
    return selection.where(x > node.get("alpha", 1.0), x, 0.0)


def swish(node: Node, x: Tensor) -> Tensor:
    return x * activation.sigmoid(node.get("alpha", 1.0) * x)


def shrink(node: Node, x: Tensor) -> Tensor:
    bias, edge = node.get("bias", 0.0), node.get("lambd", 0.5)
    return selection.where(x < -edge, x + bias, selection.where(x > edge, x - bias, zeros_like(x)))


READERS: dict[str, Reader] = {
    "Add": plain(arithmetic.add), "Sub": plain(arithmetic.sub), "Mul": plain(arithmetic.mul), "Div": div, "Pow": pow,
    "Mod": mod, "Neg": plain(arithmetic.neg), "Abs": plain(elementary.abs), "Reciprocal": plain(arithmetic.reciprocal),
    "Sqrt": plain(elementary.sqrt), "Exp": plain(elementary.exp), "Log": plain(elementary.log),
    "Floor": plain(elementary.floor), "Ceil": plain(elementary.ceil), "Round": plain(elementary.round), "Sign": sign,
    "Erf": plain(elementary.erf), "Sin": plain(elementary.sin), "Cos": plain(elementary.cos),
    "Tan": plain(trigonometry.tan), "Asin": plain(trigonometry.asin), "Acos": plain(trigonometry.acos),
    "Atan": plain(trigonometry.atan), "Sinh": plain(trigonometry.sinh), "Cosh": plain(trigonometry.cosh),
    "Asinh": plain(trigonometry.asinh), "Acosh": plain(trigonometry.acosh), "Atanh": plain(trigonometry.atanh),
    "Sum": folded(arithmetic.add), "Mean": mean, "Max": folded(selection.maximum), "Min": folded(selection.minimum),
    "Identity": lambda node, x: x, "Cast": cast, "CastLike": cast_like, "Clip": clip, "Where": where,
    "Equal": plain(comparison.eq), "Less": plain(comparison.lt), "LessOrEqual": plain(comparison.le),
    "Greater": plain(comparison.gt), "GreaterOrEqual": plain(comparison.ge), "And": plain(comparison.logical_and),
    "Or": plain(comparison.logical_or), "Xor": plain(comparison.logical_xor), "Not": plain(comparison.logical_not),
    "BitwiseAnd": plain(comparison.bitwise_and), "BitwiseOr": plain(comparison.bitwise_or),
    "BitwiseXor": plain(comparison.bitwise_xor), "BitwiseNot": plain(comparison.bitwise_not),
    "IsNaN": plain(comparison.isnan), "IsInf": is_inf, "Relu": plain(activation.relu),
    "Sigmoid": plain(activation.sigmoid), "Tanh": plain(activation.tanh),
    "LeakyRelu": option(F.leaky_relu, "alpha", 0.01, "negative_slope"), "Elu": option(F.elu, "alpha", 1.0, "alpha"),
    "Celu": option(F.celu, "alpha", 1.0, "alpha"), "Selu": selu, "Softplus": plain(F.softplus),
    "Softsign": plain(F.softsign), "HardSigmoid": hard_sigmoid, "HardSwish": plain(F.hardswish),
    "Gelu": option(F.gelu, "approximate", "none", "approximate"), "Mish": plain(F.mish),  # type: ignore[arg-type]
    "PRelu": prelu, "ThresholdedRelu": thresholded_relu, "Swish": swish, "Shrink": shrink,
}  # fmt: skip
