"""The breadth of PyTorch's functions: edges that its own samples (test_opinfo) leave out, and shapes by hypothesis."""

import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl.errors import ArgumentError, DtypeError, GraphError, IndexShapeError, RangeError, ShapeError
from minidl.ops.breadth import gamma, normal
from minidl.tensors.later import FUNCTIONS, METHODS, homes
from tests.support.compare import assert_close, check
from tests.support.dtypes import ALL, same_or_both_refuse, sample
from tests.support.strategies import arrays, broadcast_pairs, shapes

inf, nan = math.inf, math.nan
EDGES = np.array([-inf, -2.5, -1.0, -1e-8, -0.0, 0.0, 1e-8, 0.3, 1.0, 2.0, 7.5, inf, nan])
NUMBERS = ["frac", "nan_to_num", "signbit", "sgn", "isposinf", "isneginf", "isreal", "deg2rad", "rad2deg"]
HALF = ("float64", "float32", "float16")


def both(name, *args, **options):
    return check(getattr(minidl, name), getattr(torch, name), *args, **options)


@pytest.mark.parametrize("name", [*NUMBERS, "sinc", "logit", "erfc", "lgamma"])
def test_functions_of_one_number_at_the_edges(name):
    for x in EDGES:
        both(name, np.array([x]), gradients=name in NUMBERS[:3] + NUMBERS[-2:], tolerance={"float32": 1e-4})
    rng = np.random.default_rng(0)
    for dtype in ALL:
        same_or_both_refuse(getattr(minidl, name), getattr(torch, name), sample(dtype, rng, low=1))


@given(arrays(low=0.05, high=0.95), st.sampled_from(["sinc", "erfc", "erfinv", "lgamma", "digamma", "logit"]))
def test_functions_of_one_number(x, name):
    both(name, x, dtypes=HALF if name == "erfc" else HALF[:2], tolerance={"float32": 2e-4})


@given(broadcast_pairs(), st.sampled_from(["logaddexp", "logaddexp2", "hypot", "fmax", "fmin", "copysign", "xlogy"]))
def test_functions_of_two_numbers(pair, name):
    both(name, *(np.asarray(np.abs(x) + 0.1) for x in pair) if name == "xlogy" else pair)


def test_functions_of_two_numbers_at_the_edges():
    x, y = (np.array(list(z)) for z in zip(*[(a, b) for a in EDGES for b in (-inf, -1.0, -0.0, 0.0, 2.0, inf, nan)]))
    for name in ("fmax", "fmin", "copysign", "xlogy", "logaddexp", "logaddexp2", "hypot"):
        both(name, x, y, gradients=name in ("fmax", "fmin"))


def test_the_complement_and_the_inverse_of_erf_keep_their_digits():
    x = np.concatenate([np.linspace(-6, 26, 400), [0.5, 1e-9]])
    np.testing.assert_allclose(normal.complement(np, x), [math.erfc(v) for v in x], rtol=1e-12)
    z = np.concatenate([np.linspace(-5.5, 5.5, 300), [1e-12, -1e-7]])
    y = np.array([math.erf(v) for v in z])
    wanted = torch.erfinv(torch.tensor(y)).numpy()
    np.testing.assert_allclose(normal.inverse_of_erf(np, y), wanted, rtol=1e-9, atol=1e-15)


def test_the_gamma_functions_far_out_and_by_reflection():
    x = np.array([-7.5, -0.5, -1e-3, 1e-3, 0.5, 1.0, 2.0, 3.5, 20.0, 1e3, 1e6])
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(gamma.log_gamma(np, x), [math.lgamma(v) for v in x], rtol=1e-12, atol=1e-14)
    for n in range(4):
        wanted = torch.polygamma(n, torch.tensor(x)).numpy()
        with np.errstate(all="ignore"):
            np.testing.assert_allclose(gamma.polygamma_of(np, n, x), wanted, rtol=1e-9)
    with pytest.raises(ArgumentError, match="from -1000 on; got -5000"):
        minidl.polygamma(2, minidl.tensor([-5000.5]))


@given(arrays(shapes(min_dims=1, min_side=1)), st.data())
def test_running_extremes_and_sums(x, data):
    dim = data.draw(st.integers(-x.ndim, x.ndim - 1))
    ties = np.round(x)
    for name in ("cummax", "cummin"):
        both(name, ties, dim, dtypes=HALF)
    both("logcumsumexp", x * data.draw(st.sampled_from([1.0, 300.0])), dim, tolerance={"float32": 1e-3})


def test_running_extremes_with_nan_and_infinities():
    for x in (np.array([1.0, nan, 3.0]), np.array([-inf, -inf, inf, 2.0]), np.zeros((0, 2)), np.array(2.0)):
        for name in ("cummax", "cummin", "logcumsumexp"):
            both(name, x, 0, gradients=bool(np.isfinite(x).all()))


@given(st.data())
def test_scatter_reduce(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**16)))
    x, s = np.round(rng.uniform(-3, 3, (4, 3))), np.round(rng.uniform(-3, 3, (5, 3)))
    index = rng.integers(0, 4, (data.draw(st.integers(1, 5)), 2))
    how = data.draw(st.sampled_from(["sum", "mean", "amax", "amin", "prod"]))
    include = data.draw(st.booleans())
    if how == "prod":  # PyTorch's gradient of x is 0 where x is 0
        x = x + 0.5
    s = np.ascontiguousarray(s[: len(index), :2])  # PyTorch has no gradient of a larger one
    both("scatter_reduce", x, 0, index, s, how, include_self=include, tolerance={"float32": 1e-4})


def test_the_gradient_of_a_product_with_zeros():
    """That of the only zero is the product of the others: by differences, for PyTorch leaves out the input's own."""
    index = minidl.tensor([0, 0, 1, 1, 2])
    x, s = ([0.0, 3.0, 2.0], [2.0, 5.0, 0.0, 0.0, 3.0])
    x, s = (minidl.tensor(v, dtype="float64", requires_grad=True) for v in (x, s))
    minidl.gradcheck(lambda x, s: minidl.scatter_reduce(x, 0, index, s, "prod"), (x, s))
    minidl.scatter_reduce(x, 0, index, s, "prod").sum().backward()
    assert x.grad.tolist() == [10, 0, 3]
    assert s.grad.tolist() == [0, 0, 0, 0, 2]


@pytest.mark.filterwarnings("ignore:The reduce argument")
def test_scatter_with_a_value_and_a_reduction():
    x, i = np.arange(6.0).reshape(2, 3), np.array([[0, 2], [1, 1]])
    for reduce in ("add", "multiply"):
        check(minidl.scatter, torch.scatter, x, 1, i, x + 1, reduce=reduce, gradients=False)
    check(minidl.scatter, torch.scatter, x, 1, i, value=2.5)


@given(arrays(shapes(min_dims=1, max_dims=3, min_side=1)), st.data())
def test_slices_by_index(x, data):
    dim = data.draw(st.integers(-x.ndim, x.ndim - 1))
    n = x.shape[dim]
    index = np.array(data.draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=4)), np.int64)
    source = np.ascontiguousarray(np.take(x, index, dim)) + 1
    both("index_add", x, dim, index, source, alpha=2, dtypes=HALF)
    both("index_fill", x, dim, index, 2.5, dtypes=HALF)
    both("index_copy", x, dim, np.arange(n), x + 1, dtypes=HALF)
    both("take", x, np.array([[0, -1], [x.size - 1, 0]]))
    both("masked_scatter", x, x > 0, x + 5)


def test_index_put():
    x, v = np.arange(12.0).reshape(4, 3), np.array([1.0, 2.0, 3.0])
    rows, columns = np.array([0, 2, 0]), np.array([1, -1, 1])
    for lib, put in ((minidl, minidl.index_put), (torch, torch.index_put)):
        a, b = lib.tensor(rows), lib.tensor(columns)
        z = lib.tensor(x, requires_grad=True)
        put(z, (a, b), lib.tensor(v), accumulate=True).cumsum(0).sum().backward()
        assert z.grad.tolist() == [[4, 4, 4], [3, 3, 3], [2, 2, 2], [1, 1, 1]]
        z = lib.tensor(x)
        assert z.index_put_((a,), lib.tensor(100.0, dtype=lib.float64), accumulate=True)[0].tolist() == [200, 201, 202]
        assert lib.tensor(x).index_put_((lib.tensor(x > 10),), lib.tensor(0.0, dtype=lib.float64))[3, 2].item() == 0


@pytest.mark.filterwarnings("ignore:cov")
@given(arrays(shapes(min_dims=1, max_dims=3, min_side=1, max_side=5)), st.data())
def test_statistics(x, data):
    dim = data.draw(st.integers(-x.ndim, x.ndim - 1))
    keep = data.draw(st.booleans())
    q = np.array(data.draw(st.lists(st.floats(0, 1), min_size=1, max_size=3)))
    how = data.draw(st.sampled_from(["linear", "lower", "higher", "midpoint"]))
    holes = np.where(x > 2, nan, x)
    some = not np.isnan(holes).all(dim).any()
    both("quantile", x, q, dim, keep, interpolation=how, dtypes=["float64"])
    both("nanquantile", holes, q, dim, keep, interpolation=how, dtypes=["float64"], gradients=some)
    both("kthvalue", x + np.arange(x.size).reshape(x.shape), 1, dim, keep)
    both("aminmax", np.round(x), dim=dim, keepdim=keep)
    both("nansum", holes, dim, keep)
    both("nanmean", holes, dim, keep, gradients=some)
    both("cov", x.reshape(x.shape[0], -1), gradients=False)


def test_unfold_is_a_view():
    for lib in (minidl, torch):
        x = lib.arange(6.0)
        x.unfold(0, 2, 2)[1] = 9.0
        assert x.tolist() == [0, 1, 9, 9, 4, 5]
        w = lib.ones(6, requires_grad=True)
        y = w * 1
        y.unfold(0, 2, 3)[:, 1].mul_(5)
        y.sum().backward()
        assert w.grad.tolist() == [1, 5, 1, 1, 5, 1]


@pytest.mark.numpy_only("CuPy's arrays have no mark that they are read-only")
def test_overlapping_windows_cannot_be_written_to():
    with pytest.raises(GraphError, match="read-only"):  # an element in two windows; PyTorch adds to it twice or once
        minidl.arange(6.0).unfold(0, 3, 1).add_(1)


@given(arrays(shapes(min_dims=1, max_dims=3, min_side=1)), st.data())
def test_unfold(x, data):
    dim = data.draw(st.integers(-x.ndim, x.ndim - 1))
    size, step = data.draw(st.integers(0, x.shape[dim])), data.draw(st.integers(1, 4))
    check(lambda x: x.unfold(dim, size, step), lambda x: x.unfold(dim, size, step), x)


def test_in_place_forms_of_comparisons_and_shapes():
    for lib in (minidl, torch):
        x = lib.tensor([1.0, -2.0])
        assert x.gt_(0).tolist() == [1, 0]
        assert x.logical_not_().tolist() == [0, 1]
        x = lib.arange(6.0).reshape(2, 3)
        assert tuple(x.t_().shape) == (3, 2)
        assert tuple(x.unsqueeze_(0).transpose_(0, 2).squeeze_(-1).shape) == (2, 3)
        assert lib.exp_(lib.zeros(2)).tolist() == [1, 1]
        assert (lib.tensor([1, 6]) << 2).tolist() == [4, 24]
        assert (lib.tensor([1, -6]) >> 1).tolist() == [0, -3]
        w = lib.ones(2, 3, requires_grad=True)
        y = w * 1
        y.t_()
        y.mul_(lib.arange(6.0).reshape(3, 2))
        y.sum().backward()
        assert w.grad.tolist() == [[0, 2, 4], [1, 3, 5]]
        with pytest.raises(RuntimeError):
            w.t_()


def test_shapes_in_place_of_tensors_with_views_are_refused():
    y = minidl.ones(2, 3, requires_grad=True) * 1
    view = y[0]
    with pytest.raises(GraphError, match=r"t_: views of this tensor"):
        y.t_()
    assert view.shape == (3,)


def test_drawing_in_place():
    minidl.manual_seed(0)
    x = minidl.zeros(20_000)
    assert abs(x.exponential_(2.0).mean().item() - 0.5) < 0.02
    assert abs(x.geometric_(0.25).mean().item() - 4) < 0.1
    assert abs(x.cauchy_(3.0, 1.0).median().item() - 3) < 0.1
    assert abs(x.log_normal_(0.0, 0.5).log().std().item() - 0.5) < 0.02
    assert {*minidl.zeros(200).random_(2, 5).tolist()} == {2, 3, 4}
    assert {*minidl.zeros(200, dtype=minidl.bool).random_().tolist()} == {False, True}
    assert minidl.randint_like(x, 3).max() == 2
    assert x.bernoulli(0.25).mean().item() == pytest.approx(0.25, abs=0.02)
    place = minidl.get_rng_state()
    first = minidl.rand(3)
    minidl.set_rng_state(place)
    assert (minidl.rand(3) == first).all()


def test_errors():
    x, m = minidl.ones(3), minidl.ones(2, 2)
    for call, error, says in (
        (lambda: minidl.index_add(m, 0, minidl.tensor([0]), minidl.ones(2, 2)), IndexShapeError, "as many slices"),
        (lambda: minidl.index_add(x, 0, minidl.tensor([3]), minidl.ones(1)), RangeError, "index 3 is out of range"),
        (lambda: minidl.scatter_reduce(x, 0, minidl.tensor([0]), x, "max"), ArgumentError, "'amax'"),
        (lambda: minidl.masked_scatter(x, x > 0, minidl.ones(2)), ShapeError, "3 elements to be filled"),
        (lambda: minidl.heaviside(x, x.double()), DtypeError, "one dtype"),
        (lambda: minidl.gcd(x, x), DtypeError, "takes integers"),
        (lambda: minidl.quantile(x, 1.5), ArgumentError, r"must lie in \[0, 1\]"),
        (lambda: minidl.kthvalue(x, 4), RangeError, "from 1 to the 3 elements"),
        (lambda: minidl.histc(x, bins=0), ArgumentError, "at least 1"),
        (lambda: minidl.is_nonzero(x), ArgumentError, r"any\(\) or all\(\)"),
        (lambda: minidl.rot90(m, 1, (0, 0)), ArgumentError, "must differ"),
        (lambda: minidl.hsplit(m, 3), ShapeError, "3 equal parts"),
        (lambda: x.unfold(0, 4, 1), ArgumentError, "from 0 to the 3 elements"),
        (lambda: minidl.addcdiv(x.long(), x.long(), x.long()), DtypeError, "divides no integers"),
    ):
        with pytest.raises(error, match=says):
            call()


def test_linspace_of_integers():
    for arguments in ((0, 10, 4), (-3, 3, 7), (5, 0, 3), (1, 9, 1), (2, 2, 0)):
        assert_close(minidl.linspace(*arguments, dtype="int64"), torch.linspace(*arguments, dtype=torch.int64))


def test_the_tables_name_what_exists_and_importing_minidl_loads_hardly_any():
    for table, place in ((FUNCTIONS, minidl), (METHODS, minidl.Tensor)):
        for name in homes(table):
            assert callable(getattr(place, name)), name
    assert minidl.row_stack is minidl.vstack
    assert minidl.trapz is minidl.trapezoid
    assert {"cummax", "trapz", "det"} <= {*dir(minidl)}
    code = "import sys, minidl; print(*[m for m in sys.modules if m.startswith('minidl.ops.breadth.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {*done.stdout.split()} <= {"minidl.ops.breadth.scatter"}, "unpooling needs this one"
