"""Second derivatives of PyTorch's own samples: equal to PyTorch's, or refused by name; none is wrong.

Every operation that PyTorch says is twice differentiable, and whose first derivative minidl has. Gradients are taken
of random combinations of the first gradients, with respect to the inputs and to the seeds of the first backward.
"""

from __future__ import annotations

import warnings
from collections import Counter
from typing import Any

import numpy as np
import torch

import minidl
from tests.ops.test_opinfo import RANDOM, function_of, has_no_answer, op_db, samples, shown
from tests.support.compare import assert_close
from tests.support.opinfo import Untranslatable, _fresh, is_named, leaves, translate

ABOUT_VALUES = {"nn.functional.hardsigmoid": 1e-7, "nn.functional.celu": 1e-6}  # as in test_opinfo

EQUAL, REFUSED, WRONG = "equal", "refused", "wrong"
FEW, MANY = 2, 30  # samples per operation


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
    try:
        mine = translate((args, kwargs))
    except Untranslatable:
        return None
    theirs = _fresh((args, kwargs))
    try:
        first, second = derivatives(torch, op.op, *theirs)
    except Exception:
        return None
    if not first:
        return None
    try:
        z = function_of(op)(*mine[0], **mine[1])
        for out in leaves(z):
            if out.requires_grad:
                out.sum().backward(retain_graph=True)
    except Exception:
        return None
    mine = translate((args, kwargs))
    try:
        ours = derivatives(minidl, function_of(op), *mine)
        tolerance = ABOUT_VALUES.get(op.name, 1e-8)
        compare(ours[0], first, "first gradient", tolerance)
        compare(ours[1], second, "second gradient", tolerance)
    except AssertionError as difference:
        return WRONG, " ".join(str(difference).split())[:300]
    except Exception as error:
        return REFUSED if is_named(error) else WRONG, f"{type(error).__name__}: {error}"
    return EQUAL, ""


def compare(ours: list[Any], theirs: list[Any], what: str, tolerance: float) -> None:
    """AssertionError if gradients differ; none and zeros mean the same."""
    ours, theirs = ours or [None] * len(theirs), theirs or [None] * len(ours)
    for i, (x, t) in enumerate(zip(ours, theirs)):
        if x is None or t is None:
            assert all(g is None or not g.detach().any() for g in (x, t)), f"{what} {i}: {x}, PyTorch {t}"
        else:
            assert_close(x.detach(), t.detach(), f"{what} {i}", tolerance, floor=1.0)


def twice_differentiable() -> list[Any]:
    return [
        op for op in op_db
        if op.supports_autograd and op.supports_gradgrad and op.name not in RANDOM and function_of(op) is not None
        and torch.float64 in op.dtypes
    ]  # fmt: skip


def table(op: Any, limit: int) -> tuple[Counter[str], list[str]]:
    counts: Counter[str] = Counter()
    said = []
    for sample in samples(op, torch.float64, limit):
        if has_no_answer(op, (sample.input, *sample.args), sample.kwargs):
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
