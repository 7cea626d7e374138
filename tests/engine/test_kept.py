"""What a product keeps for backward: no more than that, so that the rest may be changed in place, as in PyTorch."""

from itertools import combinations

import numpy as np
import pytest
import torch

import minidl
from minidl.errors import GraphError
from tests.support.compare import assert_close

CALLS = {
    "vectors": (lambda lib, x, y: lib.matmul(x, y), (4,), (4,)),
    "matrix @ vector": (lambda lib, x, y: lib.matmul(x, y), (3, 4), (4,)),
    "vector @ matrix": (lambda lib, x, y: lib.matmul(x, y), (4,), (4, 3)),
    "matrices": (lambda lib, x, y: lib.matmul(x, y), (3, 4), (4, 2)),
    "batch @ matrix": (lambda lib, x, y: lib.matmul(x, y), (2, 3, 4), (4, 2)),
    "batch @ vector": (lambda lib, x, y: lib.matmul(x, y), (2, 3, 4), (4,)),
    "batches": (lambda lib, x, y: lib.bmm(x, y), (2, 3, 4), (2, 4, 2)),
    "baddbmm": (lambda lib, x, y: lib.baddbmm(x.new_ones(2, 3, 2), x, y), (2, 3, 4), (2, 4, 2)),
    "addmm": (lambda lib, x, y: lib.addmm(x.new_ones(3, 2), x, y), (3, 4), (4, 2)),
    "addmv": (lambda lib, x, y: lib.addmv(x.new_ones(3), x, y), (3, 4), (4,)),
}
MINIDL_ALONE = {  # PyTorch copies what it multiplies
    "vector @ batch": (lambda lib, x, y: lib.matmul(x, y), (4,), (2, 4, 3)),
}


def after_a_change(lib, call, values, needs, changed):
    """The gradients of the inputs `needs`, one of the inputs having been changed after forward; None if refused."""
    leaves = [lib.tensor(value, requires_grad=i in needs) for i, value in enumerate(values)]
    inputs = [leaf.clone() if leaf.requires_grad else leaf for leaf in leaves]
    z = call(lib, *inputs)
    with lib.no_grad():
        if changed is not None:
            inputs[changed].mul_(3)
    try:
        (z * z.detach()).sum().backward()
    except RuntimeError:  # PyTorch's, and minidl's GraphError; what else goes wrong is seen without a change
        return None
    return [leaves[i].grad for i in needs]


NEEDS = [needs for k in (1, 2) for needs in combinations(range(2), k)]


@pytest.mark.parametrize("changed", range(2))
@pytest.mark.parametrize("needs", NEEDS)
@pytest.mark.parametrize("name", [*CALLS, *MINIDL_ALONE])
def test_what_backward_does_not_need_may_be_changed(name, needs, changed):
    call, *shapes = (CALLS | MINIDL_ALONE)[name]
    random = np.random.default_rng(3)
    values = [random.uniform(0.5, 1.5, shape) for shape in shapes]
    right = after_a_change(torch, call, values, needs, None)
    ours = after_a_change(minidl, call, values, needs, changed)
    if name in CALLS:
        assert (ours is None) == (after_a_change(torch, call, values, needs, changed) is None)
    else:
        assert (ours is None) == (1 - changed in needs)
    if ours is not None:
        for a, b in zip(ours, right):
            assert_close(a, b)


@pytest.mark.parametrize("needs", NEEDS)
@pytest.mark.parametrize("name", [*CALLS, *MINIDL_ALONE])
def test_second_derivatives_need_no_more(name, needs):
    call, *shapes = (CALLS | MINIDL_ALONE)[name]
    random = np.random.default_rng(4)
    values = [random.uniform(0.5, 1.5, shape) for shape in shapes]
    found = []
    for lib in (torch, minidl):
        inputs = [lib.tensor(value, requires_grad=i in needs) for i, value in enumerate(values)]
        wanted = [inputs[i] for i in needs]
        first = lib.autograd.grad((call(lib, *inputs) ** 3).sum(), wanted, create_graph=True)
        found.append(lib.autograd.grad(sum((g * g).sum() for g in first), wanted))
    for a, b in zip(*found):
        assert_close(b, a)


def test_a_recurrence_written_into_one_array():
    for lib in (torch, minidl):
        w = lib.ones(2, requires_grad=True)
        matrix = lib.tensor([[2.0, 1.0], [0.0, 3.0]])
        h = w.repeat(4, 1)
        for t in range(3):
            h[t + 1] = matrix @ h[t]
        h.sum().backward()
        assert w.grad.tolist() == [15, 65]


def test_a_learned_matrix_needs_what_it_multiplied():
    h, matrix = minidl.ones(3, 2), minidl.eye(2).requires_grad_()
    h[1] = matrix @ h[0]
    h[2] = matrix @ h[1]
    with pytest.raises(GraphError, match="MatMul: an array that backward needs was changed in place"):
        h.sum().backward()
