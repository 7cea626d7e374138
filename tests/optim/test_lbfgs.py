"""L-BFGS against PyTorch: the same steps on curved valleys, with and without the line search, also after reloading."""

import copy

import numpy as np
import pytest
import torch

import minidl
from minidl import optim
from minidl.errors import ArgumentError
from tests.optim.pairs import as_numpy, as_torch
from tests.support.compare import assert_close


def rosenbrock(x, y):
    return ((1 - x) ** 2 + 100 * (y[1:] - x**2) ** 2).sum() + (y[0] - 0.5) ** 4


def bowl(x, y):
    return (x * x * 3 + x).sum() + (y * y).sum() * 0.5 + x.sum() * y.sum() * 0.1


def cliffs(x, y):
    return (x * 5).sin().sum() + (x * x).sum() + (y - 1).abs().sum() + (y * y).sum()


def made(start, options):
    ours = [minidl.tensor(value, requires_grad=True) for value in start]
    theirs = [torch.tensor(value, requires_grad=True) for value in start]
    return ours, theirs, optim.LBFGS(ours, **options), torch.optim.LBFGS(theirs, **options)


def closure(params, optimizer, function, calls):
    def call():
        optimizer.zero_grad()
        loss = function(*params)
        loss.backward()
        calls.append(float(loss.detach()))
        return loss

    return call


@pytest.mark.parametrize("function", [rosenbrock, bowl, cliffs])
@pytest.mark.parametrize("options", [
    {"lr": 0.1, "max_iter": 6}, {"lr": 0.5, "max_iter": 5, "history_size": 2}, {"line_search_fn": "strong_wolfe"},
    {"lr": 0.8, "line_search_fn": "strong_wolfe", "history_size": 3, "max_iter": 9}, {"max_iter": 1},
    {"max_eval": 3, "line_search_fn": "strong_wolfe"}, {"tolerance_grad": 10.0}, {"lr": 0.01, "tolerance_change": 0.5},
])  # fmt: skip
def test_steps_follow_pytorch(function, options):
    rng = np.random.default_rng(1)
    ours, theirs, mine, reference = made([rng.uniform(-1, 1, 2), rng.uniform(-1, 1, 3)], options)
    for step in range(4):
        found, expected = [], []
        a = mine.step(closure(ours, mine, function, found))
        b = reference.step(closure(theirs, reference, function, expected))
        assert len(found) == len(expected), f"step {step}: {len(found)} calls, PyTorch {len(expected)}"
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-10)
        assert abs(float(a.detach()) - float(b.detach())) < 1e-8
        for x, t in zip(ours, theirs):
            assert_close(x.detach(), t.detach(), f"step {step}", 1e-6)


def test_the_state_goes_both_ways():
    rng = np.random.default_rng(2)
    start = [rng.uniform(-1, 1, 2), rng.uniform(-1, 1, 3)]
    ours, theirs, mine, reference = made(start, {"line_search_fn": "strong_wolfe", "max_iter": 3})
    for _ in range(2):
        mine.step(closure(ours, mine, rosenbrock, []))
        reference.step(closure(theirs, reference, rosenbrock, []))
    ours2, theirs2 = [copy.deepcopy(x) for x in ours], [t.detach().clone().requires_grad_() for t in theirs]
    mine2, reference2 = optim.LBFGS(ours2), torch.optim.LBFGS(theirs2)
    mine2.load_state_dict(as_numpy(reference.state_dict()))
    reference2.load_state_dict({**as_torch(mine.state_dict())})
    for params, optimizer in ((ours2, mine2), (theirs2, reference2), (theirs, reference)):
        optimizer.step(closure(params, optimizer, rosenbrock, []))
    for x, t, expected in zip(ours2, theirs2, theirs):
        assert_close(x.detach(), expected.detach(), "minidl, from PyTorch's state", 1e-6)
        assert_close(minidl.tensor(t.detach().numpy()), expected.detach(), "PyTorch, from minidl's state", 1e-6)


def test_errors():
    x = minidl.ones(2, requires_grad=True)
    with pytest.raises(ArgumentError, match="parameter groups"):
        optim.LBFGS([{"params": [x]}, {"params": [minidl.ones(1, requires_grad=True)]}])
    with pytest.raises(ArgumentError, match="closure"):
        optim.LBFGS([x]).step()
    with pytest.raises(ArgumentError, match="line_search_fn must be 'strong_wolfe' or None; got 'armijo'"):
        optim.LBFGS([x], line_search_fn="armijo")
