"""Reductions against PyTorch: dims, keepdim, dtypes, empty, ties, infinities."""

import warnings

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

import minidl
from minidl.ops import reduce as ops
from tests.support.compare import check, to_numpy
from tests.support.dtypes import ALL, same_or_both_refuse, sample
from tests.support.strategies import arrays

inf, nan = np.inf, np.nan
HALF = ("float64", "float32", "float16")
ROUNDED_BETWEEN = ("prod", "var", "std")  # whose gradients PyTorch computes from values that it has rounded to half
SEVERAL = ["sum", "mean", "var", "std", "amax", "amin", "logsumexp", "norm"]
ANY_DTYPE = ["sum", "mean", "prod", "amax", "amin", "all", "any", "count_nonzero", "var", "std", "norm"]


@pytest.fixture(autouse=True)
def _no_warnings_of_pytorch():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*degrees of freedom.*")
        yield


@st.composite
def array_and_dims(draw, low=-3.0):
    x = draw(arrays(low=low))
    length = max(x.ndim, 1)
    dims = draw(st.lists(st.integers(0, length - 1), unique=True, min_size=1))
    dims = [d - length if draw(st.booleans()) else d for d in dims]
    return x, dims[0] if len(dims) == 1 and draw(st.booleans()) else tuple(dims)


def dtypes_of(name):
    return HALF[:2] if name in ROUNDED_BETWEEN else HALF


def nothing_to_choose(x, dims):
    dims = range(x.ndim) if dims in (None, ()) else (dims,) if isinstance(dims, int) else dims
    return x.ndim > 0 and any(x.shape[d] == 0 for d in dims)


@pytest.mark.filterwarnings("ignore:.*degrees of freedom")
@given(array_and_dims(), st.booleans(), st.sampled_from(SEVERAL))
def test_over_several_dims(case, keepdim, name):
    x, dims = case
    assume(not (name in ("amax", "amin") and nothing_to_choose(x, dims)))
    assume(not (name == "norm" and not isinstance(dims, int) and len(dims) > 2))  # PyTorch's "fro" takes up to two
    check(getattr(ops, name), getattr(torch, name), x, dtypes=dtypes_of(name), dim=dims, keepdim=keepdim)


@pytest.mark.filterwarnings("ignore:.*degrees of freedom")
@given(arrays(), st.sampled_from(["sum", "mean", "var", "std", "prod", "norm", "amax", "amin"]))
def test_over_everything(x, name):
    assume(not (name in ("amax", "amin") and x.size == 0))
    check(getattr(ops, name), getattr(torch, name), x, dtypes=dtypes_of(name))


@given(arrays(), st.sampled_from(ROUNDED_BETWEEN))
def test_half_precision_is_rounded_once(x, name):
    assume(x.size > 1)
    found = []
    for dtype in (np.float16, np.float64):
        tensor = minidl.tensor(x.astype(np.float16).astype(dtype), requires_grad=True)
        z = getattr(ops, name)(tensor)
        z.backward()
        found.append((to_numpy(z), to_numpy(tensor.grad)))
    for half, exact in zip(*found):
        assert half.dtype == np.float16
        with np.errstate(over="ignore"):
            np.testing.assert_allclose(half, exact.astype(np.float16), rtol=2e-3, atol=2e-5)


@pytest.mark.parametrize("name", ["sum", "mean", "amax", "amin", "var", "norm"])
@pytest.mark.parametrize("dim", [None, (), (0, 1)])
def test_all_dims_in_other_words(name, dim):
    x = np.random.default_rng(0).uniform(-2, 2, (2, 3))
    if name.startswith("am") and dim is None:
        dim = ()
    if name == "var" and dim == ():
        dim = None  # PyTorch's gradient for dim=() divides by zero
    check(getattr(ops, name), getattr(torch, name), x, dim=dim, keepdim=True)


@pytest.mark.parametrize("name", ANY_DTYPE)
@pytest.mark.parametrize("shape", [(7,), (), (0,), (2, 0), (2, 3)])
def test_every_dtype(name, shape):
    rng = np.random.default_rng(0)
    for dtype in ALL:
        x = sample(dtype, rng, shape)
        same_or_both_refuse(getattr(ops, name), getattr(torch, name), x)
        same_or_both_refuse(getattr(ops, name), getattr(torch, name), x, dim=-1)
        same_or_both_refuse(getattr(ops, name), getattr(torch, name), x, dim=5)


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "cumsum"])
def test_dtype_converts_first(name):
    rng = np.random.default_rng(0)
    options = {"dim": 0} if name == "cumsum" else {}
    for source in ALL:
        for target in ALL:
            if target == "bool" or (target == "uint8" and source != "uint8"):
                continue  # negative values and floats out of range are undefined there
            x = sample(source, rng, low=0)
            same_or_both_refuse(
                lambda x, t=target: getattr(ops, name)(x, dtype=t, **options),
                lambda x, t=target: getattr(torch, name)(x, dtype=getattr(torch, t), **options),
                x,
            )
    check(
        lambda x: getattr(ops, name)(x, dtype="float64", **options),
        lambda x: getattr(torch, name)(x, dtype=torch.float64, **options),
        rng.uniform(-2, 2, 5), dtypes=("float32", "float16"),
    )  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*degrees of freedom")
@pytest.mark.parametrize("name", ["var", "std"])
@pytest.mark.parametrize("n", [1, 2, 4])
@pytest.mark.parametrize("options", [{"correction": 0}, {"correction": 2}, {"correction": 3}, {"correction": 0.5},
                                     {"unbiased": False}, {"unbiased": True}])  # fmt: skip
def test_corrections(name, n, options):
    x = np.random.default_rng(0).uniform(-2, 2, (3, n))
    check(getattr(ops, name), getattr(torch, name), x, dim=1, **options)


@pytest.mark.parametrize("name", ["var", "std"])
def test_pytorchs_older_ways_to_call(name):
    x = np.random.default_rng(0).uniform(-2, 2, (3, 4))
    check(lambda x: getattr(ops, name)(x, False), lambda x: getattr(torch, name)(x, False), x)
    check(lambda x: getattr(ops, name)(x, 1, False, True), lambda x: getattr(torch, name)(x, 1, False, True), x)
    with pytest.raises(minidl.errors.ArgumentError, match="not both"):
        getattr(ops, name)(minidl.tensor(x), 0, unbiased=True, correction=1)


def test_std_of_equal_numbers_has_gradient_zero():
    check(ops.std, torch.std, np.full((3, 4), 2.5), dim=1)


@given(arrays(), st.booleans(), st.data())
def test_prod_along_a_dim(x, keepdim, data):
    dim = data.draw(st.integers(-max(x.ndim, 1), max(x.ndim, 1) - 1))
    check(ops.prod, torch.prod, x, dim=dim, keepdim=keepdim)


@pytest.mark.parametrize("zeros", [0, 1, 2, 3])
def test_prod_with_zeros(zeros):
    x = np.random.default_rng(0).uniform(1, 2, (3, 4))
    x[1, :zeros] = 0.0
    check(ops.prod, torch.prod, x)
    check(ops.prod, torch.prod, x, dim=1)
    check(ops.prod, torch.prod, x, dim=0)


@pytest.mark.parametrize("value", [0.0, 2.0, 1e-30, 1e30])
def test_prod_loses_no_digits(value):
    """The gradient is the product of the others, also where the product of all is 0, rounded away or infinite."""
    x = minidl.tensor([value, value, 1.0], requires_grad=True)
    ops.prod(x, dim=0).backward()
    with np.errstate(all="ignore"):
        others = np.float32([value, value, value * value])
    np.testing.assert_allclose(x.grad.cpu().numpy(), others, rtol=1e-6)
    single = minidl.tensor(value, requires_grad=True)
    ops.prod(single, dim=0).backward()
    assert single.grad.item() == 1


@pytest.mark.parametrize("name", ["amax", "amin"])
def test_equal_extremes_share_the_gradient(name):
    x = np.array([[1.0, 1.0, -1.0, -1.0], [2.0, 0.0, 2.0, 2.0], [0.0, 0.0, 0.0, 0.0], [inf, -inf, inf, 0.0]])
    for dim in (0, 1, ()):
        check(getattr(ops, name), getattr(torch, name), x, dim=dim)
    check(getattr(ops, name), getattr(torch, name), np.array([[1.0, nan, 2.0], [1.0, 2.0, 3.0]]), dim=1)


@pytest.mark.parametrize(
    "scores",
    [[inf, 1.0, 2.0], [inf, inf, -inf], [-inf, -inf, -inf], [-inf, 0.0, 1.0], [nan, 1.0, 2.0], [1e4, -1e4, 1e4]],
)
def test_logsumexp_of_scores_of_any_size(scores):
    check(ops.logsumexp, torch.logsumexp, np.array([scores, [1, 2, 3]], float), dim=1)


def test_logsumexp_of_every_dtype():
    rng = np.random.default_rng(0)
    for dtype in ALL:
        same_or_both_refuse(ops.logsumexp, torch.logsumexp, sample(dtype, rng), dim=0)
        same_or_both_refuse(ops.logsumexp, torch.logsumexp, sample(dtype, rng, (2, 2)), dim=())


@pytest.mark.parametrize("p", ["fro", None, 2, 1, 0, 0.5, 1.5, 3, inf, -inf, -1, -2.5])
def test_norms(p):
    x = np.array([[0.0, 1.0, -2.0, 2.0], [0.5, -1.0, 3.0, 0.1], [0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, -1.0]])
    for rows in (x, x[1:2], x[:0]):
        for dim in (0, 1, (0, 1), None):
            if rows.size == 0 and dim != 1 and p in (inf, -inf, -1, -2.5):
                same_or_both_refuse(ops.norm, torch.norm, rows, p=p, dim=dim)
            else:
                check(ops.norm, torch.norm, rows, p=p, dim=dim, keepdim=dim == 1)


def test_norms_that_do_not_exist():
    for p in ("nuc", "l2"):
        with pytest.raises(minidl.errors.ArgumentError, match="norm: p"):
            ops.norm(minidl.tensor([[1.0]]), p)


@given(arrays(), st.data())
def test_cumsum(x, data):
    dim = data.draw(st.integers(-max(x.ndim, 1), max(x.ndim, 1) - 1))
    check(ops.cumsum, torch.cumsum, x, dtypes=HALF, dim=dim)


def test_cumsum_of_every_dtype():
    rng = np.random.default_rng(0)
    for dtype in ALL:
        for shape in ((5,), (), (2, 0)):
            same_or_both_refuse(ops.cumsum, torch.cumsum, sample(dtype, rng, shape), dim=0)


@pytest.mark.parametrize("name", ["all", "any", "count_nonzero"])
@pytest.mark.parametrize("dim", [0, 1, (0, 1), (-1,), None])
def test_decisions(name, dim):
    rng = np.random.default_rng(0)
    for dtype in ALL:
        x = sample(dtype, rng, (3, 2), low=-1)
        same_or_both_refuse(getattr(ops, name), getattr(torch, name), x, dim=dim)
        if name != "count_nonzero":
            same_or_both_refuse(getattr(ops, name), getattr(torch, name), x, dim=dim, keepdim=True)
    same_or_both_refuse(getattr(ops, name), getattr(torch, name), np.array([[nan, 0.0], [inf, -0.0]]), dim=dim)


def test_a_dim_named_twice_is_an_error():
    for dims in ((0, 0), (0, -2)):
        same_or_both_refuse(ops.sum, torch.sum, np.ones((2, 3)), dim=dims)
