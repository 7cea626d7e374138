"""Losses of pairs, triplets, distributions and several classes against PyTorch."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

import minidl
import minidl.nn.functional as ops
from minidl.errors import ArgumentError, DtypeError, RangeError, ShapeError
from tests.support.compare import check
from tests.support.strategies import arrays, shapes

reductions = st.sampled_from(["none", "mean", "sum"])
seeds = st.integers(0, 2**32 - 1)


def both(name):
    return getattr(ops, name), getattr(F, name)


@given(arrays(shapes(1, 3, 0, 4)), reductions, seeds, st.sampled_from([0, 0.5]))
def test_pairs(x, reduction, seed, margin):
    rng = np.random.default_rng(seed)
    y, t = rng.uniform(-3, 3, x.shape), rng.choice([-1, 1], x.shape)
    check(*both("margin_ranking_loss"), x, y, t, margin=margin, reduction=reduction)
    check(*both("soft_margin_loss"), x, t, reduction=reduction)


@given(arrays(shapes(1, 2, 1, 4)), reductions, seeds, st.sampled_from([0.0, 0.3]))
def test_cosine_embedding(x, reduction, seed, margin):
    rng = np.random.default_rng(seed)
    y, t = rng.uniform(-3, 3, x.shape), rng.choice([-1, 0, 1], x.shape[:-1])
    options = {"margin": margin, "reduction": reduction, "dtypes": ("float64",)}  # 1 - cos cancels in float32
    check(*both("cosine_embedding_loss"), x, y, np.asarray(t), **options)
    check(*both("cosine_embedding_loss"), x * 0, y, np.asarray(t), **options)  # no direction


def test_cosine_embedding_in_float32():
    x, y = np.random.default_rng(0).uniform(-3, 3, (2, 4, 5))
    check(*both("cosine_embedding_loss"), x, y, np.array([1, -1, 1, -1]), tolerance={"float32": 1e-4})


@given(arrays(shapes(1, 3, 1, 4)), reductions, seeds, st.sampled_from([1, 2, 3.0]), st.booleans())
def test_triplets(x, reduction, seed, p, swap):
    rng = np.random.default_rng(seed)
    y, z = rng.uniform(-3, 3, (2, *x.shape))
    limit = {"float32": 1e-4}
    check(*both("triplet_margin_loss"), x, y, z, p=p, swap=swap, reduction=reduction, tolerance=limit)
    options = {"swap": swap, "margin": 0.5, "reduction": reduction, "tolerance": limit}
    check(*both("triplet_margin_with_distance_loss"), x, y, z, **options)

    def manhattan(a, b):
        return (a - b).abs().sum(-1)

    check(*both("triplet_margin_with_distance_loss"), x, y, z, distance_function=manhattan, **options)


@given(arrays(shapes(1, 3, 0, 4)), reductions, seeds, st.booleans(), st.booleans())
def test_poisson(x, reduction, seed, full, log_input):
    rng = np.random.default_rng(seed)
    counts = rng.uniform(0.1, 4, x.shape)
    given = x if log_input else np.abs(x) + 0.1
    check(*both("poisson_nll_loss"), given, counts, log_input=log_input, full=full, reduction=reduction)
    check(*both("poisson_nll_loss"), given, rng.integers(0, 4, x.shape[-1:]), log_input=log_input, reduction=reduction)


@given(arrays(shapes(1, 3, 1, 4)), reductions, seeds, st.booleans(), st.sampled_from(["same", "last", "one", "short"]))
def test_gaussian(x, reduction, seed, full, kind):
    rng = np.random.default_rng(seed)
    t, shape = rng.uniform(-3, 3, x.shape), x.shape
    if kind == "short":
        shape = x.shape[:-1]
    elif kind == "last":
        shape = (*x.shape[:-1], 1)
    var = 0.7 if kind == "one" else rng.choice([0.0, 1e-9, 0.5, 2.0], shape)  # below eps too
    limit = {"float64": 1e-8, "float32": 1e-3}
    check(*both("gaussian_nll_loss"), x, t, var, full=full, reduction=reduction, tolerance=limit)


@given(arrays(shapes(1, 2, 1, 5)), reductions, seeds)
def test_several_classes(x, reduction, seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(-1, x.shape[-1], x.shape)  # repeated ones too; what follows a -1 does not count
    check(*both("multilabel_margin_loss"), x, labels, reduction=reduction)
    targets, weight = rng.uniform(0, 1, x.shape), torch.tensor(rng.uniform(0, 2, x.shape[-1:]))
    check(*both("multilabel_soft_margin_loss"), x, targets, reduction=reduction)
    ours = lambda x, t: ops.multilabel_soft_margin_loss(x, t, minidl.tensor(weight.numpy()).to(x.dtype))
    check(ours, lambda x, t: F.multilabel_soft_margin_loss(x, t, weight.to(x.dtype)), x, targets)


@given(arrays(shapes(2, 2, 2, 5), layout=False), st.sampled_from([0, 1, 2, 3.0, float("inf")]))
def test_pdist(x, p):
    check(ops.pdist, F.pdist, x, p=p, tolerance={"float32": 1e-4}, gradients=p != 0)


def test_equal_points_have_no_gradient():
    assert ops.pdist(minidl.ones(1, 3)).shape == (0,)  # whose gradient PyTorch divides by zero
    check(ops.pdist, F.pdist, np.ones((3, 2)))
    check(ops.pdist, F.pdist, np.ones((3, 2)), p=1)


def test_errors():
    x, whole = minidl.ones(2, 3), minidl.tensor([[0, 1, -1], [2, -1, -1]])
    for call, error, words in (
        (lambda: ops.pdist(minidl.ones(2)), ShapeError, r"pdist: input must be \(N, M\)"),
        (lambda: ops.pdist(x, -1), ArgumentError, "p must not be negative"),
        (lambda: ops.margin_ranking_loss(x, x, minidl.ones(3)), ShapeError, "the same number of dimensions"),
        (lambda: ops.cosine_embedding_loss(x, x, x), ShapeError, r"inputs \(N, D\) need a target \(N,\)"),
        (lambda: ops.triplet_margin_loss(x, x, minidl.ones(3)), ShapeError, "same number of dimensions"),
        (lambda: ops.triplet_margin_loss(x, x, x, margin=0), ArgumentError, "margin must be greater than 0"),
        (lambda: ops.gaussian_nll_loss(x, x, -1.0), ArgumentError, "var must not be negative"),
        (lambda: ops.gaussian_nll_loss(x, x, minidl.ones(4, 3)), ShapeError, "var must have the shape of input"),
        (lambda: ops.multilabel_margin_loss(x, x), DtypeError, r"use \.long\(\)"),
        (lambda: ops.multilabel_margin_loss(x, whole + 1), RangeError, r"target must be in -1 \.\.\. 2; got 0 to 3"),
        (lambda: ops.multilabel_margin_loss(x, whole[:1]), ShapeError, "input and target must both be"),
        (
            lambda: ops.soft_margin_loss(x, x.clone().requires_grad_()),
            ArgumentError,
            "no gradient is computed for target",
        ),
    ):
        with pytest.raises(error, match=words):
            call()
