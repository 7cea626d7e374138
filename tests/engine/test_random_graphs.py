"""Graphs of any shape, in which leaves and results are used again and again: PyTorch's gradients in all of them."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from tests.support.compare import assert_close

# each takes two tensors of shape (2, 3); some send one gradient array on to both, some to one of them only
OPERATIONS = [
    lambda x, y: x + y, lambda x, y: x - y, lambda x, y: x * y, lambda x, y: x + y * 2, lambda x, y: -x,
    lambda x, y: x.tanh(), lambda x, y: x.reshape(3, 2).reshape(2, 3), lambda x, y: x + y.mean(0),
    lambda x, y: x.clone(), lambda x, y: x.detach() * y, lambda x, y: x[[1, 0]] + y, lambda x, y: x.relu(),
]  # fmt: skip
steps = st.tuples(st.integers(0, len(OPERATIONS) - 1), st.integers(0, 99), st.integers(0, 99), st.booleans())


def gradients(library, program, ends, retain):
    """The leaves' gradients, those of the results that retain theirs, and what the hook of the first leaf saw."""
    rng, seen = np.random.default_rng(0), []
    leaves = [library.tensor(rng.standard_normal((2, 3))) for _ in range(3)]
    for x in leaves:
        x.requires_grad_()
    leaves[0].register_hook(lambda gradient: seen.append(gradient))
    found, kept = list(leaves), []
    for operation, i, j, keep in program:
        z = OPERATIONS[operation](found[i % len(found)], found[j % len(found)])
        if keep and z.grad_fn is not None:
            z.retain_grad()
            kept.append(z)
        found.append(z)
    loss = sum((found[-1 - end % len(found)] * (3 + end)).sum() for end in ends) + leaves[0].sum()
    for last in [False] * retain + [True]:
        loss.backward(retain_graph=not last)
    return [x.grad for x in leaves + kept] + seen


@given(st.lists(steps, min_size=1, max_size=12), st.lists(st.integers(0, 5), min_size=1, max_size=3), st.booleans())
def test_gradients(program, ends, retain):
    ours, theirs = (gradients(library, program, ends, retain) for library in (minidl, torch))
    assert len(ours) == len(theirs)
    for x, t in zip(ours, theirs):
        assert (x is None) == (t is None)
        if t is not None:
            assert_close(x, t)
