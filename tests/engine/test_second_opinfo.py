"""Second derivatives of PyTorch's own samples: equal to PyTorch's, or refused by name; none is wrong.

Every operation that PyTorch says is twice differentiable, and whose first derivative minidl has. Gradients are taken
of random combinations of the first gradients, with respect to the inputs and to the seeds of the first backward.
"""

from __future__ import annotations

import warnings
from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch

import minidl
from tests.ops.test_opinfo import (
    RANDOM,
    full_name,
    function_of,
    has_no_answer,
    is_random,
    op_db,
    samples,
    shown,
    variants,
)
from tests.support.compare import assert_close
from tests.support.opinfo import Untranslatable, _fresh, is_named, leaves, translate

# PyTorch rounds 1/6 and 1/alpha to float32
TOLERANCE = {"nn.functional.hardsigmoid": 1e-7, "nn.functional.celu": 1e-6, "cov": 1e-6}  # cov: float32 weights

NOISE = {"copysign", "linalg.det"}  # a gradient is 0 in one library, in the other the rounding of x / x - 1

EQUAL, REFUSED, WRONG = "equal", "refused", "wrong"
SAMPLES = 8  # per operation
REFUSES: set[str] = set()  # operations that may refuse a second derivative: none so far


def derivatives(library: Any, function: Any, args: Any, kwargs: Any) -> tuple[list[Any], list[Any]]:
    """The first gradients and, of a random combination of them, the second."""
    grad = library.grad if library is minidl else torch.autograd.grad
    ins = [x for x in leaves((args, kwargs)) if x.requires_grad and (x.is_leaf or library is torch)]
    outputs = [z for z in leaves(function(*args, **kwargs)) if z.requires_grad]
    rng = np.random.default_rng(0)
    seeds = [library.tensor(rng.standard_normal(tuple(z.shape)), requires_grad=True) for z in outputs]
    if not outputs or not ins:
        return [], []
    first = grad(outputs, ins, seeds, create_graph=True, allow_unused=True)
    rest = [g for g in first if g is not None and g.requires_grad]
    if not rest:
        return list(first), []
    weights = [library.tensor(rng.standard_normal(tuple(g.shape))) for g in first if g is not None]
    total = sum((g * w).sum() for g, w in zip([g for g in first if g is not None], weights))
    return list(first), list(grad(total, [*ins, *seeds], allow_unused=True))


def verdict(op: Any, sample: Any) -> tuple[str, str] | None:
    """How the second derivative of a sample compares; None where the first one is missing in either library."""
    args, kwargs = (sample.input, *sample.args), sample.kwargs
    function, pytorchs = next(variants(op))
    try:
        mine = translate((args, kwargs))
    except Untranslatable:
        return None
    theirs = _fresh((args, kwargs))
    try:
        first, second = derivatives(torch, pytorchs, *theirs)
    except Exception:
        return None
    if not first:
        return None
    try:
        z = function(*mine[0], **mine[1])
        for out in leaves(z):
            if out.requires_grad:
                out.sum().backward(retain_graph=True)
    except Exception:
        return None
    mine = translate((args, kwargs))
    try:
        ours = derivatives(minidl, function, *mine)
        tolerance = TOLERANCE.get(op.name, 1e-8)
        noise = 1e-12 if op.name in NOISE else 0.0
        compare(ours[0], first, "first gradient", tolerance)
        compare(ours[1], second, "second gradient", tolerance, noise)
    except AssertionError as difference:
        return WRONG, " ".join(str(difference).split())[:300]
    except Exception as error:
        return REFUSED if is_named(error) else WRONG, f"{type(error).__name__}: {error}"
    return EQUAL, ""


def compare(ours: list[Any], theirs: list[Any], what: str, tolerance: float, noise: float = 0.0) -> None:
    """AssertionError if gradients differ; none and zeros mean the same."""
    ours, theirs = ours or [None] * len(theirs), theirs or [None] * len(ours)
    for i, (x, t) in enumerate(zip(ours, theirs)):
        if x is None or t is None:
            none = all(g is None or not (g.detach().abs() > noise).any() for g in (x, t))
            assert none, f"{what} {i}: {x}, PyTorch {t}"
        else:
            assert_close(x.detach(), t.detach(), f"{what} {i}", tolerance, floor=1.0)


def twice_differentiable() -> list[Any]:
    return [
        op for op in op_db
        if op.supports_autograd and op.supports_gradgrad and op.name not in RANDOM and function_of(op) is not None
        and torch.float64 in op.dtypes and full_name(op) != "linalg.norm.subgradients_at_zero"  # none exists there
    ]  # fmt: skip


def table(op: Any, limit: int) -> tuple[Counter[str], list[str]]:
    counts: Counter[str] = Counter()
    said = []
    for sample in samples(op, torch.float64, limit):
        if is_random(op, sample) or has_no_answer(op, (sample.input, *sample.args), sample.kwargs):
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.manual_seed(0)
            found = verdict(op, sample)
        if found is not None:
            counts[found[0]] += 1
            if found[1]:
                said.append(f"{found[0]} {shown((sample.input, *sample.args))} {shown(sample.kwargs)}: {found[1]}")
    return counts, said


@pytest.mark.slow
@pytest.mark.parametrize("op", twice_differentiable(), ids=full_name)
def test_second_derivatives(op):
    counts, said = table(op, SAMPLES)
    assert not counts[WRONG], "\n".join(said)
    assert not counts[REFUSED] or full_name(op) in REFUSES, "\n".join(said)


ELEMENTWISE = [
    "exp", "expm1", "log", "log2", "log10", "log1p", "sqrt", "rsqrt", "sin", "cos", "erf", "abs", "reciprocal",
    "square", "sigmoid", "tanh", "relu", "selu", "celu", "nn.functional.gelu", "nn.functional.silu",
    "nn.functional.mish", "nn.functional.softplus", "nn.functional.softsign", "nn.functional.logsigmoid",
    "nn.functional.hardtanh", "nn.functional.relu6", "nn.functional.hardswish", "nn.functional.leaky_relu",
    "nn.functional.elu",
]  # fmt: skip


def named(library, name):
    house, _, last = name.rpartition(".")
    return getattr(library.nn.functional if house else library, last)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_third_derivatives_of_elementwise_operations(name):
    found = []
    for library in (minidl, torch):
        x = library.tensor([0.3, 0.7, 1.3, 2.1], dtype=library.float64, requires_grad=True)
        grad = library.grad if library is minidl else torch.autograd.grad
        z = named(library, name)(x * 0.9) * x * x * x  # the factor keeps every derivative alive
        for _ in range(3):
            (z,) = grad(z.sum(), x, create_graph=True)
        found.append(z.detach())
    assert_close(*found, tolerance=1e-6 if name == "celu" else 1e-8)


@pytest.mark.parametrize("name", ["silu", "softplus", "logsigmoid", "mish", "gelu", "elu", "selu"])
def test_second_derivatives_far_out(name):
    """Where e^-x overflows, the second derivative is 0 and not NaN."""
    found = []
    for library in (minidl, torch):
        x = library.tensor([-200.0, -95.0, -30.0, 30.0, 95.0, 200.0], requires_grad=True)
        grad = library.grad if library is minidl else torch.autograd.grad
        (g,) = grad(getattr(library.nn.functional, name)(x).sum(), x, create_graph=True)
        found += [grad(g.sum(), x)[0]]
    assert_close(found[0], found[1].nan_to_num(0))  # PyTorch's mish is NaN there
