"""softmax and log_softmax against PyTorch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl.ops import softmax as ops
from tests.support.compare import check
from tests.support.dtypes import ALL, same_or_both_refuse, sample
from tests.support.strategies import arrays

inf, nan = np.inf, np.nan
NAMES = ["softmax", "log_softmax"]


@given(arrays(), st.sampled_from(NAMES), st.data())
def test_any_dim(x, name, data):
    dim = data.draw(st.integers(-max(x.ndim, 1), max(x.ndim, 1) - 1))
    check(getattr(ops, name), getattr(torch, name), x, dtypes=("float64", "float32", "float16"), dim=dim)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "scores",
    [[1e30, -1e30, 0], [1000, 1000, -1000], [inf, 0, 1], [inf, inf, 0], [-inf, -inf, -inf], [-inf, 0, 1], [nan, 0, 1]],
)
def test_scores_of_any_size(name, scores):
    check(getattr(ops, name), getattr(torch, name), np.array([scores, [1, 2, 3]], float), dim=1)


@pytest.mark.parametrize("name", NAMES)
def test_dtypes(name):
    rng = np.random.default_rng(0)
    for dtype in ALL:
        x = sample(dtype, rng)
        same_or_both_refuse(getattr(ops, name), getattr(torch, name), x, 0)
        check(
            lambda x: getattr(ops, name)(x, 0, "float32"),
            lambda x: getattr(torch, name)(x, 0, dtype=torch.float32),
            x, dtypes=("float64", "float16"), tolerance={"float64": 2e-6},
        )  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_the_dim_must_be_given_and_exist(name):
    x = minidl.tensor([[1.0, 2.0]])
    for dim in (None, 2, -3, 0.5):
        with pytest.raises(minidl.errors.ArgumentError, match=name):
            getattr(ops, name)(x, dim)
