"""Every activation module against PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.nn.pairs import check_layer
from tests.support.strategies import arrays

ACTIVATIONS: dict[str, list[dict[str, Any]]] = {
    "ReLU": [{}], "ReLU6": [{}], "SELU": [{}], "SiLU": [{}], "Mish": [{}], "Hardswish": [{}], "Hardsigmoid": [{}],
    "Sigmoid": [{}], "Tanh": [{}], "LogSigmoid": [{}], "Softsign": [{}],
    "LeakyReLU": [{}, {"negative_slope": 0.3}], "ELU": [{}, {"alpha": 0.5}], "CELU": [{}, {"alpha": 2.0}],
    "GELU": [{}, {"approximate": "tanh"}], "Softplus": [{}, {"beta": 2.0, "threshold": 1.0}],
    "Hardtanh": [{}, {"min_val": -0.5, "max_val": 2.0}], "Softmax": [{"dim": 0}, {"dim": -1}],
    "LogSoftmax": [{"dim": 0}, {"dim": -1}], "Softmin": [{"dim": 0}, {"dim": -1}],
    "Hardshrink": [{}, {"lambd": 2.0}], "Softshrink": [{}, {"lambd": 2.0}], "Tanhshrink": [{}],
    "Threshold": [{"threshold": 0.5, "value": -2.0}], "PReLU": [{}, {"init": 0.6}],
}  # fmt: skip
CALLS = [(name, options) for name, all in ACTIVATIONS.items() for options in all]


def check_activation(name: str, options: dict[str, Any], x: np.ndarray) -> None:
    # PyTorch multiplies hardsigmoid's float64 gradients by a sixth that was rounded to float32.
    check_layer(name, options, x, calls=1, float64=2e-7 if name == "Hardsigmoid" else None)


@pytest.mark.parametrize(("name", "options"), CALLS)
def test_each_activation(name: str, options: dict[str, Any]) -> None:
    check_activation(name, options, np.linspace(-8, 8, 60).reshape(3, 20))


@given(st.sampled_from(CALLS), arrays())
def test_activations(chosen: tuple[str, dict[str, Any]], x: np.ndarray) -> None:
    check_activation(*chosen, x)
