"""AdaptiveLogSoftmaxWithLoss against PyTorch's: log probabilities, loss, gradients, predictions; errors."""

import numpy as np
import pytest
import torch

import minidl
from minidl import nn
from minidl.errors import ArgumentError, RangeError, ShapeError
from tests.nn.pairs import same_weights
from tests.support.compare import assert_close


@pytest.mark.parametrize("options", [{}, {"head_bias": True, "div_value": 2.0}])
@pytest.mark.parametrize("target", [[0, 9, 3, 4, 1, 3], [0, 1, 2, 0, 1, 1], [9, 8, 7, 9, 9, 8], 5])
def test_as_in_pytorch(target, options):
    mine, theirs = (lib.nn.AdaptiveLogSoftmaxWithLoss(16, 10, [3, 7], **options).double() for lib in (minidl, torch))
    same_weights(mine, theirs, 0)
    assert repr(mine) == repr(theirs)
    x = np.random.default_rng(1).normal(size=(6, 16) if isinstance(target, list) else 16)
    ours, wanted = minidl.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    found, expected = mine(ours, minidl.tensor(target)), theirs(wanted, torch.tensor(target))
    assert_close(found.output, expected.output)
    assert_close(found.loss, expected.loss)
    (found.loss + found.output.sum()).backward(), (expected.loss + expected.output.sum()).backward()
    assert_close(ours.grad, wanted.grad)
    for (name, p), q in zip(mine.named_parameters(), theirs.parameters()):
        assert (p.grad is None) == (q.grad is None), name
        if p.grad is not None:
            assert_close(p.grad, q.grad, name)
    rows = np.random.default_rng(2).normal(size=(20, 16))
    assert_close(mine.log_prob(minidl.tensor(rows)), theirs.log_prob(torch.tensor(rows)))
    assert_close(mine.predict(minidl.tensor(rows)), theirs.predict(torch.tensor(rows)))


def test_errors():
    layer, x = nn.AdaptiveLogSoftmaxWithLoss(4, 10, [3]), minidl.ones(2, 4)
    for cutoffs in ([], [3, 3], [5, 2], [0], [10], [2.5]):
        with pytest.raises(ArgumentError, match="cutoffs must be at least one integer, increasing, from 1 to"):
            nn.AdaptiveLogSoftmaxWithLoss(4, 10, cutoffs)
    with pytest.raises(RangeError, match="classes from 0 to 9; got some from 1 to 10"):
        layer(x, minidl.tensor([1, 10]))
    with pytest.raises(ShapeError, match=r"got \(2, 4\) and \(3,\)"):
        layer(x, minidl.tensor([1, 2, 3]))
