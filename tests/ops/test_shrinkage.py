"""The shrinks, gates and learned or drawn slopes against PyTorch, at their kinks and far out too."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

import minidl
import minidl.nn.functional as ops
from minidl.errors import ArgumentError, DtypeError, ShapeError, UnsupportedError
from tests.support.compare import assert_close, check, to_numpy
from tests.support.dtypes import ALL, same_or_both_refuse, sample
from tests.support.strategies import arrays, shapes

inf, nan = np.inf, np.nan
CALLS = [
    ("hardshrink", {}), ("hardshrink", {"lambd": 1.5}), ("hardshrink", {"lambd": -1.0}), ("softshrink", {}),
    ("softshrink", {"lambd": 0.0}), ("softshrink", {"lambd": 2.0}), ("tanhshrink", {}),
    ("threshold", {"threshold": 0.5, "value": -3.0}), ("threshold", {"threshold": -1.0, "value": 20.0}),
]  # fmt: skip
EDGES = [-inf, -1e4, -2.0, -1.5, -1.0, -0.5, -1e-9, -0.0, 0.0, 1e-9, 0.5, 1.0, 1.5, 2.0, 1e4, inf, nan]


@given(arrays(), st.sampled_from(CALLS))
def test_values_and_gradients(x, call):
    name, options = call
    check(getattr(ops, name), getattr(F, name), x, **options)


@pytest.mark.parametrize(("name", "options"), CALLS)
def test_edges_and_dtypes(name, options):
    for x in EDGES:
        check(getattr(ops, name), getattr(F, name), np.array([x]), dtypes=("float64", "float32", "float16"), **options)
    rng = np.random.default_rng(0)
    for dtype in ALL:
        whole = {key: int(value) for key, value in options.items()} if name == "threshold" else options
        if not (dtype == "uint8" and name in ("threshold", "tanhshrink")):  # -1 in a dtype without sign
            same_or_both_refuse(getattr(ops, name), getattr(F, name), sample(dtype, rng), **whole)


@given(arrays(shapes(2, 4, 1, 4)), st.booleans())
def test_prelu(x, each):
    w = np.linspace(-0.5, 0.7, x.shape[1]) if each else np.array([0.3])
    check(ops.prelu, F.prelu, x, w)
    check(ops.prelu, F.prelu, x[0], np.array(0.3))


def test_prelu_at_its_kink():
    check(ops.prelu, F.prelu, np.array([-0.0, 0.0, nan, inf, -inf]), np.array([0.25]))
    check(ops.prelu, F.prelu, np.ones((2, 1)), np.ones(1))
    for x, w in ((np.ones((2, 3)), np.ones(2)), (np.ones(3), np.ones(3)), (np.ones((2, 3)), np.ones((1, 3)))):
        with pytest.raises(ShapeError, match="prelu: weight must be one number, or"):
            ops.prelu(minidl.tensor(x), minidl.tensor(w))
        with pytest.raises(RuntimeError):
            F.prelu(torch.tensor(x), torch.tensor(w))
    with pytest.raises(DtypeError, match="prelu: input is float64 but weight is float32"):
        ops.prelu(minidl.tensor(np.ones(2)), minidl.ones(1))


@given(arrays((3, 4, 2)), st.integers(-2, 2))
def test_glu_and_softmin(x, dim):
    check(ops.softmin, F.softmin, x, dim=dim)
    if x.shape[dim] % 2 == 0:
        check(ops.glu, F.glu, x, dim=dim)
    else:
        with pytest.raises(ShapeError, match="even length"):
            ops.glu(minidl.tensor(x), dim)


@given(arrays(), st.integers(0, 2**32 - 1))
def test_rrelu(x, seed):
    check(ops.rrelu, F.rrelu, x, lower=0.1, upper=0.5)
    t = minidl.tensor(x, requires_grad=True)
    z = ops.rrelu(t, 0.1, 0.5, training=True, generator=minidl.Generator(seed))
    z.sum().backward()
    slope = to_numpy(t.grad)
    np.testing.assert_array_equal(to_numpy(z), slope * x)
    assert (slope[x > 0] == 1).all() and ((slope[x <= 0] >= 0.1) & (slope[x <= 0] <= 0.5)).all()


@given(arrays(shapes(1, 3, 1, 4)), st.sampled_from([0.3, 1, 2.5]), st.booleans())
def test_gumbel_softmax(x, tau, hard):
    """The same noise gives PyTorch's result and gradient, by its own formula."""
    noise = -np.log(np.random.default_rng(0).standard_exponential(x.shape))

    def theirs(logits, dim):
        soft = ((logits + torch.tensor(noise).to(logits.dtype)) / tau).softmax(dim)
        if not hard:
            return soft
        drawn = torch.zeros_like(soft).scatter_(dim, soft.max(dim, keepdim=True)[1], 1.0)
        return drawn - soft.detach() + soft

    def ours(logits, dim):
        return ops.gumbel_softmax(logits, tau, hard, dim=dim, generator=minidl.Generator(0))

    check(ours, theirs, x, dim=-1, tolerance={"float32": 1e-3})  # small differences of shares
    check(ours, theirs, x, dim=0, tolerance={"float32": 1e-3})


def test_gumbel_softmax_draws_the_classes_in_their_proportions():
    p = np.array([0.1, 0.2, 0.7])
    _ = minidl.manual_seed(0)
    drawn = ops.gumbel_softmax(minidl.tensor(np.tile(np.log(p), (4000, 1))), hard=True)
    np.testing.assert_allclose(to_numpy(drawn).mean(0), p, atol=0.03)
    with pytest.warns(UserWarning, match="eps is deprecated"):
        ops.gumbel_softmax(minidl.ones(2), eps=1e-3)


@pytest.mark.parametrize("name", ["celu", "elu", "selu", "relu", "hardtanh", "leaky_relu", "rrelu"])
def test_in_place(name):
    values = np.linspace(-2, 2, 9)
    ours, theirs = getattr(ops, f"{name}_"), getattr(F, f"{name}_")
    x, t = minidl.tensor(values), torch.tensor(values)
    assert ours(x) is x
    theirs(t)
    assert_close(x, t)
    check(lambda x: ours(x * 1), lambda t: theirs(t * 1), values)


def test_threshold_in_place():
    check(lambda x: ops.threshold_(x * 1, 0.5, 3.0), lambda t: F.threshold_(t * 1, 0.5, 3.0), np.linspace(-2, 2, 9))


def test_what_cannot_be_is_refused():
    x = minidl.ones(2, 2)
    for call, error, words in (
        (lambda: ops.threshold(x, 0.1, 2.0, inplace=True), UnsupportedError, "threshold: the argument inplace=True"),
        (lambda: ops.rrelu(x, inplace=True), UnsupportedError, "rrelu: the argument inplace=True"),
        (lambda: ops.rrelu(x, 0.5, 0.1), ArgumentError, "lower must not be above upper"),
        (lambda: ops.softshrink(x, -1.0), ArgumentError, "lambd must be at least 0"),
        (lambda: ops.softmin(x), ArgumentError, "say along which dim"),
        (lambda: ops.glu(minidl.tensor(1.0)), ShapeError, "has no halves"),
    ):
        with pytest.raises(error, match=words):
            call()
