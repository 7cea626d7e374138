"""Operators against PyTorch."""

import torch
from hypothesis import given

import minidl
from minidl.ops import arithmetic
from tests.support.compare import check
from tests.support.strategies import broadcast_pairs


@given(broadcast_pairs())
def test_mul(pair):
    check(arithmetic.mul, torch.mul, *pair)


def test_a_tensor_times_itself_gets_both_contributions():
    x = minidl.tensor([2.0, 3.0], requires_grad=True)
    arithmetic.mul(x, x).backward(minidl.tensor([1.0, 1.0]))
    assert x.grad._array.tolist() == [4.0, 6.0]
