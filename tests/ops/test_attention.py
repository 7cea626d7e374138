"""scaled_dot_product_attention against PyTorch, and against the same formula composed of plain operations."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl.backend.numpy import elementwise
from minidl.errors import ArgumentError, DtypeError, ShapeError
from tests.support.compare import assert_close, check, to_numpy
from tests.support.strategies import arrays

ours, theirs = (f.scaled_dot_product_attention for f in (minidl.nn.functional, torch.nn.functional))
pytestmark = pytest.mark.filterwarnings("ignore:grad and param do not obey")  # PyTorch's, of empty gradients


@st.composite
def operands(draw):
    """query, key, value and a mask: bool, floating (with a gradient) or none; any of them may be broadcast."""
    batch = draw(st.lists(st.integers(1, 3), min_size=0, max_size=2))
    length, source, e, v = (draw(st.integers(1, 4)) for _ in range(4))
    query, key, value = (draw(arrays((*batch, *shape))) for shape in ((length, e), (source, e), (source, v)))
    kind, rng = draw(st.sampled_from(["none", "bool", "float", "causal"])), np.random.default_rng(length + source)
    shape = (*(n if draw(st.booleans()) else 1 for n in batch), length, draw(st.sampled_from([1, source])))
    mask = None
    if kind == "bool":
        mask = rng.random(shape) < 0.7
    if kind == "float":
        mask = rng.uniform(-1, 1, shape)
        if draw(st.booleans()):
            mask[rng.random(shape) < 0.3] = -np.inf
    return (query, key, value, mask), {"is_causal": kind == "causal", "scale": draw(st.none() | st.just(0.3))}


@given(operands())
def test_any_mask(case):
    inputs, options = case
    check(ours, theirs, *inputs, **options, dtypes=("float64",))
    check(ours, theirs, *inputs, **options, dtypes=("float32",), gradients=False)  # which cancel for equal values


@pytest.mark.parametrize("kind", ["bool", "float"])
def test_a_query_that_may_look_at_nothing_gives_zero(kind):
    rng = np.random.default_rng(0)
    mask = np.ones((3, 4), bool)
    mask[1] = False
    if kind == "float":
        mask = np.where(mask, 0.0, -np.inf)
    x = [rng.uniform(-1, 1, (2, n, 5)) for n in (3, 4, 4)]
    check(ours, theirs, *x, mask)
    z = ours(*[minidl.tensor(a) for a in x], minidl.tensor(mask))
    assert not z[:, 1].any()


@pytest.mark.parametrize("shapes", [((2, 0, 3), (2, 4, 3)), ((0, 2, 3), (0, 4, 3)), ((2, 2, 3), (2, 0, 3))])
def test_empty(shapes):
    query, key = (np.ones(shape) for shape in shapes)
    check(ours, theirs, query, key, key)


@given(st.integers(1, 2), st.integers(1, 3), st.integers(1, 3), st.sampled_from(["none", "bool", "causal"]))
def test_heads_of_keys_that_serve_several_of_queries(n, heads, times, kind):
    rng = np.random.default_rng(heads)
    q, k, v = (rng.uniform(-1, 1, (n, h, length, 4)) for h, length in ((heads * times, 3), (heads, 5), (heads, 5)))
    mask = rng.random((heads * times, 3, 5)) < 0.7 if kind == "bool" else None
    check(ours, theirs, q, k, v, mask, is_causal=kind == "causal", enable_gqa=True)


def test_scores_of_any_size():
    q = np.array([[1e4, -1e4], [0.0, 1.0]])
    check(ours, theirs, q, q, q, scale=1.0)
    check(ours, theirs, q, q, q, np.array([[np.inf, 0.0], [0.0, 0.0]]), gradients=False)
    check(ours, theirs, q / 1e4, q / 1e4, q / 1e4, dtypes=("float16",))


def test_dropout_of_the_weights():
    """The same draws as `dropout` of the weights themselves makes; and p = 1 leaves nothing, as in PyTorch."""
    q, k, v = leaves = [minidl.rand(2, 3, 4, requires_grad=True) for _ in range(3)]

    def composed():
        p = minidl.softmax(q @ k.transpose(-1, -2) * (1 / math.sqrt(4)), -1)
        return minidl.nn.functional.dropout(p, 0.4) @ v

    results = []
    for run in (lambda: ours(q, k, v, dropout_p=0.4), composed):
        minidl.manual_seed(5)
        for x in leaves:
            x.grad = None
        z = run()
        (z * z).sum().backward()
        results.append([z, *[x.grad for x in leaves]])
    for found, expected in zip(*results):
        assert_close(found, torch.tensor(minidl.backend.to_host(expected._array)))
    check(ours, theirs, *[np.ones((2, 3, 4))] * 3, dropout_p=1.0)


def test_gradients_of_wanted_inputs_alone():
    for wanted in range(4):
        inputs = [minidl.rand(2, 3, 3) for _ in range(3)] + [minidl.rand(3, 3)]
        inputs[wanted].requires_grad_()
        ours(*inputs).sum().backward()
        assert [x.grad is not None for x in inputs] == [i == wanted for i in range(4)]


@pytest.mark.parametrize("mask", [None, (16, 16), (9, 1, 16, 16), (4, 16, 16)])
@pytest.mark.parametrize("shared", [False, True])
def test_heads_that_threads_share(monkeypatch, mask, shared):
    """As PyTorch, in parts or not, and the same bits with any number of threads; a key may serve all of a batch."""
    rng = np.random.default_rng(0)
    shapes = [(9, 4, 16, 8), (1 if shared else 9, 4, 16, 8), (9, 4, 16, 6)]
    inputs = [rng.standard_normal(shape) for shape in shapes] + ([] if mask is None else [rng.standard_normal(mask)])
    found, before = [], minidl.get_num_threads()
    try:
        for block, threads in ((1 << 18, 1), (1 << 10, 1), (1 << 10, 2), (1 << 10, 3)):
            monkeypatch.setattr(elementwise, "BLOCK", block)
            minidl.set_num_threads(threads)
            check(ours, theirs, *inputs, dtypes=("float64",))
            leaves = [minidl.tensor(x).float().requires_grad_() for x in inputs]
            minidl.manual_seed(0)
            z = ours(*leaves, dropout_p=0.4)
            z.pow(2).sum().backward()
            found.append([to_numpy(x) for x in (z.detach(), *[leaf.grad for leaf in leaves])])
    finally:
        minidl.set_num_threads(before)
    for others in found[2:]:  # cut in the same way
        for a, b in zip(found[1], others, strict=True):
            np.testing.assert_array_equal(a, b)


Q = minidl.ones(2, 3, 4)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: ours(Q, Q[:, :, :2], Q), ShapeError, r"key \(2, 3, 2\)"),
        (lambda: ours(Q, Q, Q[:, :2]), ShapeError, r"value \(2, 2, 4\)"),
        (lambda: ours(Q[0, 0], Q, Q), ShapeError, "expected"),
        (lambda: ours(Q, Q.double(), Q), DtypeError, "float32, float64, float32"),
        (lambda: ours(Q.long(), Q.long(), Q.long()), DtypeError, "floating"),
        (lambda: ours(Q, Q, Q, Q[:1, :, :3].long()), DtypeError, "must be bool, float32 or float32"),
        (lambda: ours(Q, Q, Q, minidl.ones(5, 2, 3, 3)), ShapeError, r"cannot be broadcast to the scores \(2, 3, 3\)"),
        (lambda: ours(Q, Q, Q, minidl.ones(3, 3), is_causal=True), ArgumentError, "not both"),
        (lambda: ours(Q, Q, Q, dropout_p=2), ArgumentError, "dropout_p"),
        (lambda: ours(Q, Q, Q, scale="large"), ArgumentError, "scale"),
        (lambda: ours(minidl.ones(3, 3, 4), Q, Q, enable_gqa=True), ShapeError, "must divide"),
    ],
)
def test_what_does_not_fit_is_named(call, error, says):
    with pytest.raises(error, match=says):
        call()
