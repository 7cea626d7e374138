"""Muon and Adafactor, which treat a matrix as one: step by step as PyTorch's, and in either library from then on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl import optim
from minidl.errors import ArgumentError, CheckpointError
from minidl.optim.muon import as_bfloat16, orthogonalized
from tests.optim.pairs import as_numpy, as_torch, give_gradients, parameter_pair
from tests.support.compare import assert_close

OPTIONS = {
    "Muon": st.fixed_dictionaries(
        {"lr": st.sampled_from([0.0, 1e-3, 0.1]), "weight_decay": st.sampled_from([0, 0.1]),
         "momentum": st.sampled_from([0, 0.5, 0.95]), "nesterov": st.booleans(), "ns_steps": st.integers(0, 6),
         "eps": st.sampled_from([1e-7, 1e-2]), "adjust_lr_fn": st.sampled_from([None, "original", "match_rms_adamw"])}
    ),
    "Adafactor": st.fixed_dictionaries(
        {"lr": st.sampled_from([0.0, 1e-2, 1.0]), "beta2_decay": st.sampled_from([-0.8, -0.3, 0]),
         "eps": st.sampled_from([(None, 1e-3), (1e-2, 0.0), (0.5, 2.0)]), "d": st.sampled_from([1.0, 3]),
         "weight_decay": st.sampled_from([0, 0.1]), "maximize": st.booleans()}
    ),
}  # fmt: skip
SHAPES = {"Muon": [(3, 2), (2, 5), (1, 1)], "Adafactor": [(3, 2), (), (4,), (1,), (2, 3, 4)]}
chosen = st.sampled_from(sorted(OPTIONS)).flatmap(lambda name: st.tuples(st.just(name), OPTIONS[name]))


def limit(name: str, dtype: str) -> float:
    """Muon's steps are as exact as bfloat16, which processors round differently; each iteration triples that."""
    return 5e-2 if name == "Muon" else 1e-9 if dtype == "float64" else 1e-4


def pairs(name: str, seed: int, dtype: str = "float64") -> tuple[list[Any], list[Any]]:
    rng = np.random.default_rng(seed)
    made = [parameter_pair(np.asarray(rng.standard_normal(shape), dtype)) for shape in SHAPES[name]]
    return [ours for ours, _ in made], [theirs for _, theirs in made]


def check_state(ours: Any, theirs: Any, tolerance: float) -> None:
    a, b = as_numpy(ours.state_dict()), as_numpy(theirs.state_dict())
    assert a["param_groups"] == b["param_groups"] and list(a["state"]) == list(b["state"])
    for number, expected in b["state"].items():
        assert a["state"][number].keys() == expected.keys()
        for key, value in expected.items():
            np.testing.assert_allclose(a["state"][number][key], value, rtol=tolerance, atol=tolerance, err_msg=key)


@given(chosen, st.integers(0, 2**32 - 1), st.sampled_from(["float64", "float32"]))
def test_steps_and_state_follow_pytorch(chosen: tuple[str, dict[str, Any]], seed: int, dtype: str) -> None:
    name, options = chosen
    (ours, theirs), tolerance = pairs(name, seed, dtype), limit(name, dtype)
    mine, reference = getattr(optim, name)(ours, **options), getattr(torch.optim, name)(theirs, **options)
    rng = np.random.default_rng(seed)
    for step in range(4):
        give_gradients(ours, theirs, rng)
        mine.step()
        reference.step()
        for x, t in zip(ours, theirs):
            assert_close(x, t, f"{name} {options} step {step}", tolerance)
    check_state(mine, reference, 1e-6 if name == "Muon" else tolerance)
    back, forth = getattr(optim, name)(ours), getattr(torch.optim, name)(theirs)
    back.load_state_dict(as_numpy(reference.state_dict()))
    forth.load_state_dict(as_torch(mine.state_dict()))
    give_gradients(ours, theirs, rng, some_missing=False)
    back.step()
    forth.step()
    for x, t in zip(ours, theirs):
        assert_close(x, t, f"{name} {options} continued", 2 * tolerance)


def test_a_float16_parameter_keeps_its_own_epsilon():
    values = np.array([[1.0, 2.0], [3.0, -4.0]], np.float16)
    x, t = parameter_pair(values)
    ours, theirs = optim.Adafactor([x], lr=0.1), torch.optim.Adafactor([t], lr=0.1)
    for _ in range(3):
        x.grad, t.grad = minidl.tensor(values / 1000), torch.tensor(values / 1000)
        ours.step()
        theirs.step()
        assert_close(x, t, tolerance=4e-3)


def test_orthogonalized_matrices_have_singular_values_near_one():
    rng = np.random.default_rng(0)
    for shape in ((4, 4), (3, 8), (9, 2)):
        values = np.linalg.svd(orthogonalized(rng.standard_normal(shape), (3.4445, -4.7750, 2.0315), 5, 1e-7))[1]
        assert values.min() > 0.3 and values.max() < 1.4


@given(st.lists(st.floats(width=32), min_size=1))
def test_rounding_to_bfloat16(values):
    x = np.array(values, np.float32)
    np.testing.assert_array_equal(as_bfloat16(np, x), torch.tensor(x).bfloat16().float().numpy())


def test_errors():
    matrix = minidl.ones(2, 3, requires_grad=True)
    with pytest.raises(ArgumentError, match=r"only matrices can be optimized; got a parameter of shape \(3,\)"):
        optim.Muon([minidl.ones(3, requires_grad=True)])
    for wrong in ({"adjust_lr_fn": "other"}, {"ns_steps": 100}, {"ns_coefficients": (1, 2)}, {"momentum": -1}):
        with pytest.raises(ArgumentError, match="Muon: "):
            optim.Muon([matrix], **wrong)
    for wrong in ({"eps": 1e-3}, {"eps": (-1, 0)}, {"d": 0.5}, {"beta2_decay": 0.1}, {"weight_decay": -1}):
        with pytest.raises(ArgumentError, match="Adafactor: "):
            optim.Adafactor([matrix], **wrong)
    optimizer = optim.Adafactor([matrix])
    state = {"step": 1.0, "row_var": minidl.ones(1, 3), "col_var": minidl.ones(1, 3)}
    with pytest.raises(CheckpointError, match=r"row_var of parameter 0 has shape \(1, 3\), not \(2, 1\)"):
        optimizer.load_state_dict({**optimizer.state_dict(), "state": {0: state}})
