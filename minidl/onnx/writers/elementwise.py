"""Operations on each number by itself: arithmetic, elementary functions, activations."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...ops import activation, arithmetic, elementary, rectifier, selection, trigonometry
from ...ops._check.arguments import Cast
from ...tensors.conversion import Move
from ..call import Call

Writer = Callable[[Call], str]


def named(op: str) -> Writer:
    """ONNX has this operation, under the name `op`, with the same inputs."""
    return lambda call: call.graph.add(op, *[call.x(i) for i in range(len(call.one.inputs))])


def unary(steps: Callable[[Call, str], str]) -> Writer:
    """Some nodes in a row, from the one input."""
    return lambda call: steps(call, call.x())


def number(call: Call, value: float) -> str:
    """A constant in the dtype of the first input."""
    return call.graph.constant(value, call.dtype())


def cast(call: Call) -> str:
    return call.graph.add("Cast", call.x(), to=onnx_dtype(call, call.option("dtype")))


def onnx_dtype(call: Call, dtype: Any) -> int:
    """ONNX's number of a dtype."""
    return call.graph.onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))


def square(call: Call, x: str) -> str:
    return call.graph.add("Mul", x, x)


def add_scaled(call: Call) -> str:
    scaled = call.graph.add("Mul", call.x(1), number(call, call.option("a")))
    return call.graph.add("Add", call.x(0), scaled)


def rounded_div(call: Call) -> str:
    if call.dtype().kind != "f":
        raise call.refuse("rounded division of integers is not exported; divide floats")
    quotient, mode = call.graph.add("Div", call.x(0), call.x(1)), call.option("mode")
    return call.graph.add("Floor", quotient) if mode == "floor" else truncated(call, quotient)


def truncated(call: Call, x: str) -> str:
    """Towards 0: sign(x) floor(|x|)."""
    add = call.graph.add
    return add("Mul", add("Sign", x), add("Floor", add("Abs", x)))


def remainder(call: Call) -> str:
    x, y, add = call.x(0), call.x(1), call.graph.add
    if call.dtype().kind != "f":
        return add("Mod", x, y)
    return add("Sub", x, add("Mul", y, add("Floor", add("Div", x, y))))


def fmod(call: Call) -> str:
    return call.graph.add("Mod", call.x(0), call.x(1), fmod=1)


def lerp(call: Call) -> str:
    x, y, w, add = call.x(0), call.x(1), call.x(2), call.graph.add
    return add("Add", x, add("Mul", w, add("Sub", y, x)))


def log(call: Call, x: str) -> str:
    base, found = call.option("base"), call.graph.add("Log", x)
    return found if base == math.e else call.graph.add("Div", found, number(call, math.log(base)))


def rsqrt(call: Call, x: str) -> str:
    return call.graph.add("Reciprocal", call.graph.add("Sqrt", x))


def expm1(call: Call, x: str) -> str:
    return call.graph.add("Sub", call.graph.add("Exp", x), number(call, 1))


def log1p(call: Call, x: str) -> str:
    return call.graph.add("Log", call.graph.add("Add", x, number(call, 1)))


def exp2(call: Call, x: str) -> str:
    return call.graph.add("Exp", call.graph.add("Mul", x, number(call, math.log(2))))


def step(call: Call, x: str) -> str:
    name = call.option("name")
    if call.option("decimals"):
        raise call.refuse("rounding to decimals is not exported; scale, round, and scale back")
    if name == "sign":
        return call.graph.add("Sign", x)
    if call.dtype().kind != "f":
        return x
    if name == "trunc":
        return truncated(call, x)
    return call.graph.add({"floor": "Floor", "ceil": "Ceil", "round": "Round"}[name], x)


def silu(call: Call, x: str) -> str:
    return call.graph.add("Mul", x, call.graph.add("Sigmoid", x))


def softplus(call: Call, x: str) -> str:
    beta, add = call.option("beta"), call.graph.add
    bx = x if beta == 1 else add("Mul", x, number(call, beta))
    curved = add("Softplus", bx)
    curved = curved if beta == 1 else add("Div", curved, number(call, beta))
    return add("Where", add("Greater", bx, number(call, call.option("threshold"))), x, curved)


def logsigmoid(call: Call, x: str) -> str:
    return call.graph.add("Neg", call.graph.add("Softplus", call.graph.add("Neg", x)))


def hardtanh(call: Call, x: str) -> str:
    return call.graph.add("Clip", x, number(call, call.option("low")), number(call, call.option("high")))


def hardsigmoid(call: Call, x: str) -> str:
    return call.graph.add("HardSigmoid", x, alpha=1 / 6, beta=0.5)


def leaky_relu(call: Call, x: str) -> str:
    return call.graph.add("LeakyRelu", x, alpha=float(call.option("a")))


def elu(call: Call, x: str) -> str:
    add, (a, scale, rate) = call.graph.add, [call.option(name) for name in ("a", "scale", "rate")]
    if (scale, rate) == (1, 1):
        return add("Elu", x, alpha=float(a))
    if rate == 1:
        return add("Selu", x, alpha=float(a), gamma=float(scale))
    below = add("Mul", number(call, rate), add("Min", x, number(call, 0)))
    curve = add("Mul", number(call, a), add("Sub", add("Exp", below), number(call, 1)))
    return add("Mul", number(call, scale), add("Add", add("Max", x, number(call, 0)), curve))


def gelu(approximate: str) -> Writer:
    return lambda call: call.graph.add("Gelu", call.x(), approximate=approximate)


def clamp(call: Call) -> str:
    x = call.x()
    if call.has(1):
        x = call.graph.add("Max", x, call.x(1))
    return call.graph.add("Min", x, call.x(2)) if call.has(2) else x


WRITERS: dict[type, Writer] = {
    Cast: cast, Move: lambda call: call.x(), arithmetic.Add: named("Add"), arithmetic.AddScaled: add_scaled,
    arithmetic.Sub: named("Sub"), arithmetic.Mul: named("Mul"), arithmetic.Div: named("Div"),
    arithmetic.RoundedDiv: rounded_div, arithmetic.Remainder: remainder, arithmetic.Fmod: fmod,
    arithmetic.Neg: named("Neg"), arithmetic.Reciprocal: named("Reciprocal"), arithmetic.Square: unary(square),
    arithmetic.Pow: named("Pow"), arithmetic.Lerp: lerp, elementary.Exp: named("Exp"), elementary.Expm1: unary(expm1),
    elementary.Log: unary(log), elementary.Log1p: unary(log1p), elementary.Sqrt: named("Sqrt"),
    elementary.Rsqrt: unary(rsqrt), elementary.Sin: named("Sin"), elementary.Cos: named("Cos"),
    elementary.Erf: named("Erf"), elementary.Abs: named("Abs"), elementary.Step: unary(step),
    trigonometry.Tan: named("Tan"), trigonometry.Asin: named("Asin"), trigonometry.Acos: named("Acos"),
    trigonometry.Atan: named("Atan"), trigonometry.Sinh: named("Sinh"), trigonometry.Cosh: named("Cosh"),
    trigonometry.Asinh: named("Asinh"), trigonometry.Acosh: named("Acosh"), trigonometry.Atanh: named("Atanh"),
    trigonometry.Exp2: unary(exp2), activation.Gelu: gelu("none"), activation.GeluTanh: gelu("tanh"),
    activation.Sigmoid: named("Sigmoid"), activation.Tanh: named("Tanh"), activation.Silu: unary(silu),
    activation.Softplus: unary(softplus), activation.LogSigmoid: unary(logsigmoid), activation.Mish: named("Mish"),
    activation.Softsign: named("Softsign"), activation.Hardtanh: unary(hardtanh),
    activation.Hardsigmoid: unary(hardsigmoid), activation.Hardswish: named("HardSwish"), rectifier.Relu: named("Relu"),
    rectifier.LeakyRelu: unary(leaky_relu), rectifier.Elu: unary(elu), selection.Maximum: named("Max"),
    selection.Minimum: named("Min"), selection.Where: named("Where"), selection.Clamp: clamp,
}  # fmt: skip
