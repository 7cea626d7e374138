"""`autograd.functional` against PyTorch's."""

import numpy as np
import pytest
import torch
from hypothesis import given

import minidl
from minidl.autograd import functional
from tests.support.compare import assert_close
from tests.support.strategies import arrays, shapes

FUNCTIONS = [lambda x: x * x, lambda x: x.sum(), lambda x: x.exp().reshape(-1), lambda x: (x.sin(), x.sum() * 2)]


def pieces(x):
    return [p for part in x for p in pieces(part)] if isinstance(x, tuple) else [x]


@pytest.mark.parametrize("function", FUNCTIONS)
@given(arrays(shapes(1, 2, 1, 3)))
def test_jacobian_and_vjp(function, x):
    ours, theirs = minidl.tensor(x), torch.tensor(np.array(x))
    found, expected = functional.jacobian(function, ours), torch.autograd.functional.jacobian(function, theirs)
    assert isinstance(found, tuple) == isinstance(expected, tuple)
    for a, b in zip(pieces(found), pieces(expected), strict=True):
        assert_close(a, b)
    outputs = function(theirs)
    v = tuple(torch.ones_like(y) for y in outputs) if isinstance(outputs, tuple) else torch.ones_like(outputs)
    mine = tuple(minidl.tensor(p.numpy()) for p in v) if isinstance(v, tuple) else minidl.tensor(v.numpy())
    found, expected = functional.vjp(function, ours, mine), torch.autograd.functional.vjp(function, theirs, v)
    for a, b in zip(pieces(found), pieces(expected), strict=True):
        assert_close(a, b)


def test_several_inputs():
    def function(x, y, z):
        return x @ y

    given_ = [np.arange(4.0).reshape(2, 2), np.ones((2, 2)), np.ones(1)]
    found = functional.jacobian(function, tuple(map(minidl.tensor, given_)))
    expected = torch.autograd.functional.jacobian(function, tuple(map(torch.tensor, given_)))
    for a, b in zip(found, expected, strict=True):
        assert_close(a, b)
