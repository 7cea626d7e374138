"""Every elementwise operation against PyTorch where formulas break: infinities, NaN, ±0, the largest and least numbers.

PyTorch has two loops for one operation, one for vectors and one for what is left over at the end, and they differ: the
gradient of hardtanh at NaN is 0 in the first and dz in the second (as on a GPU). minidl must agree with one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import minidl
from minidl.nn import functional
from tests.support.compare import to_numpy

Call = Callable[..., Any]

inf, nan = np.inf, np.nan
MANY = 64  # equal elements, so that PyTorch's first ones come from its vector loop
DTYPES = ["float32", "float64"]

# How each is called: from the functions of `minidl` or `torch`, and of their `nn.functional`.
ONE: dict[str, Callable[[Any, Any], Call]] = {
    **{
        name: lambda m, f, name=name: getattr(m, name)
        for name in (
            "abs", "ceil", "cos", "erf", "exp", "expm1", "floor", "log", "log10", "log1p", "log2", "neg", "reciprocal",
            "round", "rsqrt", "sigmoid", "sign", "sin", "sqrt", "square", "tanh", "trunc",
        )
    },
    **{
        name: lambda m, f, name=name: getattr(f, name)
        for name in (
            "celu", "elu", "gelu", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "logsigmoid", "mish", "relu",
            "relu6", "selu", "silu", "softplus", "softsign",
        )
    },
    "leaky_relu(-0.5)": lambda m, f: lambda x: f.leaky_relu(x, -0.5),
    "leaky_relu(0)": lambda m, f: lambda x: f.leaky_relu(x, 0.0),
    "elu(0.4)": lambda m, f: lambda x: f.elu(x, 0.4),
    "celu(2.5)": lambda m, f: lambda x: f.celu(x, 2.5),
    "gelu(tanh)": lambda m, f: lambda x: f.gelu(x, approximate="tanh"),
    "softplus(2, 1)": lambda m, f: lambda x: f.softplus(x, 2.0, 1.0),
    "hardtanh(-2, 0.5)": lambda m, f: lambda x: f.hardtanh(x, -2.0, 0.5),
    "clamp": lambda m, f: lambda x: m.clamp(x, -1.0, 1.0),
    "clamp from 0": lambda m, f: lambda x: m.clamp(x, 0.0),
    "clamp to 2": lambda m, f: lambda x: m.clamp(x, None, 2.0),
    **{f"x ** {y}": lambda m, f, y=y: lambda x: x**y for y in (-2, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, 4)},
    "2 ** x": lambda m, f: lambda x: 2.0**x,
    "0 ** x": lambda m, f: lambda x: 0.0**x,
    "1 / x": lambda m, f: lambda x: 1 / x,
    "x / 3": lambda m, f: lambda x: x / 3,
    "1 - x": lambda m, f: lambda x: 1 - x,
}  # fmt: skip
TWO: dict[str, Callable[[Any, Any], Call]] = {
    **{
        name: lambda m, f, name=name: getattr(m, name)
        for name in ("add", "div", "fmod", "maximum", "minimum", "mul", "pow", "remainder", "sub")
    },
    **{
        name: lambda m, f, name=name: lambda x, y: getattr(f, name)(x, y, reduction="none")
        for name in (
            "binary_cross_entropy_with_logits",
            "huber_loss",
            "kl_div",
            "l1_loss",
            "mse_loss",
            "smooth_l1_loss",
        )
    },
    "kl_div of logs": lambda m, f: lambda x, y: f.kl_div(x, y, reduction="none", log_target=True),
    "lerp": lambda m, f: lambda x, y: m.lerp(x, y, 0.3),
    "where": lambda m, f: lambda x, y: m.where(x > y, x, y),
}

# PyTorch has no derivative of its own for these: an infinite dz, or a 0 that meets an overflow, goes through several
# terms, which cancel to NaN or do not.
COMPOSED = {"softsign", "kl_div", "kl_div of logs"}
# PyTorch multiplies float64 gradients by a sixth rounded to float32.
ROUNDED = {("hardsigmoid", "float64"): 2e-7}
TOLERANCE = {"float32": 3e-5, "float64": 1e-9}


def points(dtype: str, two: bool) -> np.ndarray:
    """Where formulas break, and the bounds of the activations that have some; fewer for pairs."""
    limits = np.finfo(dtype)
    found = [-inf, inf, nan, -0.0, 0.0, limits.max, -limits.max, limits.tiny, -limits.tiny, 1.0, -1.0, 3.0, 0.5]
    further = [-3.0, 2.0, -2.0, 6.0, 20.0, -20.0, limits.eps, limits.max / 2]
    return np.array(found if two else found + further, dtype)


def run(module: Any, call: Call, inputs: Sequence[np.ndarray], dz: float) -> list[np.ndarray]:
    """The value and the gradients, for one dz everywhere."""
    xs = [module.tensor(x, requires_grad=True) for x in inputs]
    z = call(*xs)
    z.backward(module.full(z.shape, dz, dtype=z.dtype))
    zero = np.zeros(z.shape, inputs[0].dtype)
    return [to_numpy(z), *[zero if x.grad is None else to_numpy(x.grad) for x in xs]]


def both_loops(call: Call, inputs: Sequence[np.ndarray], dz: float) -> list[list[np.ndarray]]:
    """What PyTorch says of each element alone, and of many equal ones."""
    alone = [run(torch, call, [x[i : i + 1] for x in inputs], dz) for i in range(inputs[0].size)]
    many = run(torch, call, [x.repeat(MANY) for x in inputs], dz)
    return [[np.concatenate(parts) for parts in zip(*alone)], [x.reshape(-1, MANY)[:, 0] for x in many]]


def equal(found: np.ndarray, expected: np.ndarray, tolerance: float) -> np.ndarray:
    """Element by element: the same NaN or infinity, or the same number to rounding (below the normal ones, nearly)."""
    small = 10 * float(np.finfo(found.dtype).tiny)
    with np.errstate(invalid="ignore", over="ignore"):
        near = np.abs(found - expected) <= tolerance * np.abs(expected) + small
    finite = np.isfinite(found) & np.isfinite(expected)
    return (found == expected) | (np.isnan(found) & np.isnan(expected)) | (finite & near)


def compare(name: str, how: Callable[[Any, Any], Call], inputs: Sequence[np.ndarray]) -> None:
    dtype = str(inputs[0].dtype)
    tolerance = ROUNDED.get((name, dtype), TOLERANCE[dtype])
    for dz in (0.7,) if name in COMPOSED else (0.7, 0.0, inf):
        found = run(minidl, how(minidl, functional), inputs, dz)
        alone, many = both_loops(how(torch, F), inputs, dz)
        for k, z in enumerate(found):
            assert z.dtype == alone[k].dtype
            for i in np.flatnonzero(~(equal(z, alone[k], tolerance) | equal(z, many[k], tolerance))):
                what = "value" if k == 0 else f"gradient of input {k - 1} for dz = {dz}"
                at = ", ".join(str(x[i]) for x in inputs)
                pytest.fail(f"{name} at {at}, {dtype}: {what} is {z[i]}; PyTorch: {alone[k][i]} or {many[k][i]}")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ONE)
def test_of_one_number(name: str, dtype: str) -> None:
    compare(name, ONE[name], [points(dtype, two=False)])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", TWO)
def test_of_two_numbers(name: str, dtype: str) -> None:
    pairs = list(product(points(dtype, two=True), repeat=2))
    compare(name, TWO[name], [np.array(numbers, dtype) for numbers in zip(*pairs)])


@pytest.mark.parametrize("dtype", DTYPES)
def test_prod_is_never_NaN_where_PyTorch_has_a_number(dtype: str) -> None:
    """The other way round it may be: with no 0 among the x_i, PyTorch divides their product by each of them.

    A GPU multiplies in pairs (PyTorch's too): an overflow may meet the 0 that a CPU has met before.
    """
    in_a_row = minidl.backend.current_backend().name == "numpy"
    limits, rng = np.finfo(dtype), np.random.default_rng(0)
    some = np.array([0, -0.0, inf, -inf, nan, limits.max, -limits.max, limits.tiny, 1, 2, -3, 0.5, 1e-30, 1, 2], dtype)
    for i in range(1000):
        x = rng.choice(some, rng.integers(1, 6) if i % 2 else (3, rng.integers(1, 6)))
        dims: tuple[Any, ...] = [(), (0,), (x.ndim - 1,)][i % 3]
        found, expected = [run(module, partial(_prod, module, dims), [x], 0.7) for module in (minidl, torch)]
        if not in_a_row and np.isnan(found[0]).any():
            continue
        for k in range(2):
            assert not (np.isnan(found[k]) & ~np.isnan(expected[k])).any(), (x, dims, found, expected)


def _prod(module: Any, dims: tuple[int, ...], x: Any) -> Any:
    return module.prod(x, *dims)


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_infinite_gradient_of_rsqrt_outlives_a_slope_that_underflows(dtype: str) -> None:
    compare("rsqrt", ONE["rsqrt"], [np.array([1e20, 1e29, 1e30, 1e31], dtype)])


@pytest.mark.parametrize("name", ["relu6", "hardtanh"])
def test_at_nan_the_rule_is_the_one_for_single_numbers(name: str) -> None:
    """PyTorch's loop over vectors sends 0 there, that over single numbers and its GPU send dz: as the rule reads."""
    found, expected = [run(m, getattr(f, name), [np.array([nan])], 0.7) for m, f in ((minidl, functional), (torch, F))]
    assert found[1].tolist() == expected[1].tolist() == [0.7]


def test_of_two_zeros_each_stops_the_gradient_of_prod() -> None:
    x = minidl.tensor([0.0, inf, nan, 0.0, 2.0], requires_grad=True)
    minidl.prod(x).backward()
    assert x.grad.tolist() == [0.0] * 5
