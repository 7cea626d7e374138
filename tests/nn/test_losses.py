"""Every loss module against PyTorch's, with every reduction."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import minidl
from minidl import nn
from minidl.errors import ArgumentError
from tests.nn.pairs import same_weights
from tests.support.compare import assert_close, to_numpy

LOSSES: dict[str, list[dict[str, Any]]] = {
    "L1Loss": [{}], "MSELoss": [{}], "SmoothL1Loss": [{}, {"beta": 0.5}], "HuberLoss": [{}, {"delta": 0.5}],
    "BCELoss": [{}, {"weight": [0.5, 2.0, 1.0]}],
    "BCEWithLogitsLoss": [{}, {"weight": [0.5, 2.0, 1.0], "pos_weight": [2.0, 1.0, 3.0]}],
    "NLLLoss": [{}, {"weight": [0.5, 2.0, 1.0], "ignore_index": 1}],
    "CrossEntropyLoss": [{}, {"weight": [0.5, 2.0, 1.0], "ignore_index": 1}, {"label_smoothing": 0.1}],
    "KLDivLoss": [{}, {"log_target": True}],
    "MultiMarginLoss": [{}, {"p": 2, "margin": 0.5, "weight": [1.0, 2.0, 3.0]}],
    "HingeEmbeddingLoss": [{}, {"margin": 0.5}],
}  # fmt: skip
INDEXED = ("NLLLoss", "CrossEntropyLoss", "MultiMarginLoss")


@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides:UserWarning")  # PyTorch's, on KLDivLoss
@pytest.mark.parametrize("reduction", ["mean", "sum", "none", "batchmean"])
@pytest.mark.parametrize(("name", "options"), [(name, options) for name, all in LOSSES.items() for options in all])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_losses(name: str, options: dict[str, Any], reduction: str, dtype: str) -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(0.1, 0.9, (4, 3)).astype(dtype)
    target = rng.uniform(0.1, 0.9, (4, 3)).astype(dtype)
    if name in INDEXED:
        target = np.array([0, 1, 2, 2])
    if name == "HingeEmbeddingLoss":
        target = np.where(target > 0.5, 1, -1).astype(dtype)
    made = []
    for library, tensor in ((nn, minidl.tensor), (torch.nn, torch.tensor)):
        if reduction == "batchmean" and name != "KLDivLoss":
            if library is nn:
                with pytest.raises(ArgumentError, match="reduction must be one of"):
                    getattr(nn, name)(reduction=reduction)
            return
        given = {k: tensor(np.asarray(v, dtype)) if "weight" in k else v for k, v in options.items()}
        made.append(getattr(library, name)(reduction=reduction, **given))
    mine, reference = made
    assert repr(mine) == repr(reference)
    assert list(mine.state_dict()) == list(reference.state_dict())
    same_weights(mine, reference, 0)
    xs, ts = minidl.tensor(x).requires_grad_(), torch.tensor(x, requires_grad=True)
    z, expected = mine(xs, minidl.tensor(target)), reference(ts, torch.tensor(target))
    assert_close(z, expected, name)
    z.backward(minidl.tensor(np.ones(z.shape, dtype)))
    expected.backward(torch.ones_like(expected))
    assert_close(xs.grad, ts.grad, name)


def test_rmse() -> None:
    loss = nn.RMSELoss()
    np.testing.assert_allclose(to_numpy(loss(minidl.tensor([1.0, 5.0]), minidl.tensor([1.0, 3.0]))), 2**0.5, rtol=1e-6)
    assert nn.RMSELoss("sum").reduction == "sum"
