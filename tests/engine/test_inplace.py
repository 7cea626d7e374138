"""Methods that change a tensor: what they write, what a graph makes of it, and what is refused."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl.errors import ArgumentError, DtypeError, GraphError, RangeError, ShapeError, UnsupportedError
from tests.support.compare import assert_close, check, same_tensor
from tests.support.dtypes import PAIRS, sample
from tests.support.strategies import arrays, shapes

UNARY = [
    "abs_", "absolute_", "neg_", "negative_", "exp_", "expm1_", "sin_", "cos_", "erf_", "sign_", "floor_", "ceil_",
    "trunc_", "round_", "square_", "relu_", "sigmoid_", "tanh_", "reciprocal_",
]  # fmt: skip
POSITIVE = ["log_", "log2_", "log10_", "log1p_", "sqrt_", "rsqrt_"]
BINARY = ["add_", "sub_", "mul_", "div_", "multiply_", "subtract_", "divide_", "true_divide_"]


def changed(name, *arguments, **options):
    """y = x * 1, changed by the method `name`: recorded, as x * 1 wants a gradient."""

    def run(x, *others):
        y = x * 1
        returned = getattr(y, name)(*others, *arguments, **options)
        assert returned is y
        return y

    return run


@pytest.mark.parametrize("name", UNARY)
@given(x=arrays())
def test_unary(name, x):
    check(changed(name), changed(name), x, dtypes=("float64", "float32"))
    check(changed(name), changed(name), x, gradients=False)


@pytest.mark.parametrize("name", POSITIVE)
@given(x=arrays(low=0.1))
def test_of_positive_numbers(name, x):
    check(changed(name), changed(name), x)


@pytest.mark.parametrize("name", BINARY)
@given(shapes(), st.data())
def test_binary_with_broadcasting(name, shape, data):
    x = data.draw(arrays(shape))
    y = data.draw(arrays(tuple(1 if data.draw(st.booleans()) else n for n in shape[data.draw(st.integers(0, 1)) :])))
    check(changed(name), changed(name), x, y)
    check(changed(name, 2.5), changed(name, 2.5), x)


@given(arrays(), st.floats(-2, 2), st.floats(-2, 2))
def test_clamp_and_pow(x, low, high):
    check(changed("clamp_", low, high), changed("clamp_", low, high), x)
    check(changed("clip_", max=high), changed("clip_", max=high), x)
    check(changed("clamp_min_", low), changed("clamp_min_", low), x)
    check(changed("clamp_max_", high), changed("clamp_max_", high), x)
    check(changed("pow_", 2), changed("pow_", 2), x)
    check(changed("add_", 3, alpha=2), changed("add_", 3, alpha=2), x)


@given(arrays(shapes(min_dims=2, max_dims=3)), st.data())
def test_masks_and_triangles(x, data):
    mask = np.array(data.draw(arrays(x.shape[1:])) > 0)
    check(changed("masked_fill_", 2.0), changed("masked_fill_", 2.0), x, mask)
    check(changed("tril_"), changed("tril_"), x)


@given(arrays(), st.data())
def test_contents_replaced(x, data):
    check(changed("zero_"), changed("zero_"), x)
    check(changed("fill_", 2.5), changed("fill_", 2.5), x)
    source = data.draw(arrays(tuple(1 if data.draw(st.booleans()) else n for n in x.shape)))
    check(changed("copy_"), changed("copy_"), x, source)


@pytest.mark.parametrize("name", ["add_", "mul_", "div_"])
@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_dtypes_are_kept_or_the_change_is_refused_as_in_pytorch(name, a, b):
    rng = np.random.default_rng(0)
    x, y = sample(a, rng), np.ones(7, b)
    (ours, theirs), (our_y, their_y) = same_tensor(x.copy()), same_tensor(y)
    try:
        getattr(theirs, name)(their_y)
    except RuntimeError:
        with pytest.raises(minidl.MinidlError):
            getattr(ours, name)(our_y)
    else:
        getattr(ours, name)(our_y)
        assert_close(ours, theirs)


@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool", "float16"])
def test_values_are_cast(dtype):
    for change in (
        lambda x: x.fill_(1.7),
        lambda x: x.copy_(x.double() + 0.6),
        lambda x: x.fill_(x[1]),
        lambda x: x.zero_(),
    ):
        ours, theirs = minidl.tensor([0, 1, 1], dtype=dtype), torch.tensor([0, 1, 1]).to(getattr(torch, dtype))
        for x in (ours, theirs):
            change(x)
        assert_close(ours, theirs)


def test_operators_change_the_tensor_itself():
    ours, theirs = minidl.tensor([5.0, 7.0]), torch.tensor([5.0, 7.0])
    for x in (ours, theirs):
        same = x
        x += 2
        x -= 1
        x *= 3
        x /= 4
        x //= 2
        x **= 3
        x %= 5
        assert x is same
    assert_close(ours, theirs)
    mask, other = minidl.tensor([True, False]), torch.tensor([True, False])
    mask &= True
    other &= True
    mask |= minidl.tensor([False, True])
    other |= torch.tensor([False, True])
    mask ^= True
    other ^= True
    assert_close(mask, other)


def test_other_tensors_on_the_same_memory_see_a_change():
    x = minidl.zeros(2, 2)
    row, alias = x[0], x.detach()
    row += 1
    alias.mul_(3)
    assert x.tolist() == [[3, 3], [0, 0]]


def test_a_change_of_memory_that_backward_needs_is_noticed():
    x = minidl.ones(2, requires_grad=True)
    y = minidl.ones(2)
    z = (x * y).sum()
    y.add_(1)
    with pytest.raises(GraphError, match="changed in place"):
        z.backward()


@pytest.mark.parametrize("name", ["zero_", "uniform_", "normal_", "bernoulli_", "exp_"])
def test_a_leaf_in_a_graph_is_not_changed(name):
    x = minidl.ones(2, requires_grad=True)
    with pytest.raises(GraphError, match="leaf"):
        getattr(x, name)()
    assert x.tolist() == [1, 1]
    with minidl.no_grad():
        getattr(x, name)()
    x.data.fill_(4)
    assert x.tolist() == [4, 4]


def test_running_sums_pass_gradients_on():
    x = minidl.tensor([1.0, 2.0], requires_grad=True)
    total = minidl.tensor(0.0)
    for k in range(3):
        total += (x * k).sum()
    total.backward()
    assert x.grad.tolist() == [3, 3]


def test_random_contents():
    for name, arguments, low, high, mean in (
        ("uniform_", (2, 4), 2, 4, 3), ("normal_", (1, 2), -20, 20, 1), ("bernoulli_", (0.25,), 0, 1, 0.25),
    ):  # fmt: skip
        minidl.manual_seed(0)
        x = getattr(minidl.zeros(4000), name)(*arguments)
        assert low <= x.min().item() <= x.max().item() <= high
        assert abs(x.mean().item() - mean) < 0.15
        again = getattr(minidl.zeros(4000), name)(*arguments, generator=minidl.Generator(0))
        assert again.tolist() == x.tolist()
    x = minidl.ones(3, requires_grad=True)
    y = (x * 2).uniform_()
    y.sum().backward()
    assert x.grad.tolist() == [0, 0, 0]


def test_detach_in_place():
    x = minidl.ones(2, requires_grad=True)
    y = (x * 2).detach_()
    assert y.is_leaf
    assert not y.requires_grad


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda x: x.add_(minidl.ones(3, 2)), ShapeError, r"\(3, 2\), which does not fit into \(2,\)"),
        (lambda x: x.long().add_(1.5), DtypeError, "float32 does not fit into a tensor of int64"),
        (lambda x: x.long().exp_(), DtypeError, "float32"),
        (lambda x: x.bool().add_(1), DtypeError, "int64"),
        (lambda x: x.copy_(minidl.ones(3)), ShapeError, r"\(3,\) cannot be broadcast"),
        (lambda x: x.fill_(minidl.ones(1)), ShapeError, "0-dimensional"),
        (lambda x: x.masked_fill_(minidl.ones(3, 2) > 0, 1), ShapeError, "does not fit"),
        (lambda x: x.scatter_(0, minidl.tensor([5]), 1.0), RangeError, "index 5"),
        (lambda x: x.uniform_(3, 1), ArgumentError, "larger"),
        (lambda x: x.normal_(0, -1), ArgumentError, "std"),
        (lambda x: x.bernoulli_(2), ArgumentError, r"\[0, 1\]"),
        (lambda x: x.long().normal_(), DtypeError, "floating"),
        (lambda x: x.expand(3, 2).zero_(), GraphError, "clone"),
    ],
)
def test_what_cannot_be_written_is_named_and_changes_nothing(call, error, says):
    x = minidl.tensor([1.0, 2.0])
    with pytest.raises(error, match=says):
        call(x)
    assert x.tolist() == [1, 2]


def test_memory_that_cannot_be_written_is_named():
    if minidl.backend.current_backend().name != "numpy":
        pytest.skip("read-only arrays are NumPy's")
    array = np.zeros(2)
    array.flags.writeable = False
    x = minidl.from_numpy(array)
    for call in (x.zero_, lambda: x.add_(1), lambda: x.__setitem__(0, 1)):
        with pytest.raises(GraphError, match="read-only"):
            call()


WIDE = [300, -1, -300, 2.9, -0.5, True, 2**40, 2**63, 2**70, 1e300, float("inf"), -float("inf"), float("nan")]
PLACES = {
    "fill_": lambda T, x, value: x.fill_(value),
    "masked_fill": lambda T, x, value: x.masked_fill(T.tensor([True, False]), value),
    "scatter": lambda T, x, value: x.scatter(0, T.tensor([0]), value),
    "slice": lambda T, x, value: x.__setitem__(0, value),
    "mask": lambda T, x, value: x.__setitem__(T.tensor([True, False]), value),
}


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int32", "int64", "bool"])
@pytest.mark.parametrize("place", PLACES)
def test_a_number_that_an_integer_dtype_cannot_hold_is_refused(place, dtype):
    for value in WIDE:
        x, t = minidl.zeros(2, dtype=dtype), torch.zeros(2, dtype=getattr(torch, dtype))
        try:
            expected = PLACES[place](torch, t, value)
        except (RuntimeError, OverflowError, ValueError):
            if dtype != "bool":  # any number but 0 is True
                with pytest.raises(RangeError, match="does not fit"):
                    PLACES[place](minidl, x, value)
        else:
            found = PLACES[place](minidl, x, value)
            assert_close(x if found is None else found, t if expected is None else expected, f"{value}")


def test_a_frame_that_an_integer_dtype_cannot_hold_is_refused():
    with pytest.raises(RangeError, match="pad: value inf does not fit into int64"):
        minidl.nn.functional.pad(minidl.arange(3), (1, 1), value=float("inf"))


@pytest.mark.parametrize("size", [(2, 2), (6,), (3, 2), (0,), (2, 0, 5), ((1, 4),), (1,)])
def test_resize_keeps_the_first_elements(size):
    results = []
    for library in (minidl, torch):
        x = library.tensor([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])
        assert x.resize_(*size) is x and x.is_contiguous()
        results.append((x, x * 2))
        x += 1
    for mine, theirs in zip(*results):
        assert_close(mine, theirs)
    assert x.resize_(size=(1,)).shape == (1,)


def test_resize_grows_and_keeps_memory():
    for library in (minidl, torch):
        x = library.tensor([1.0, 2.0, 3.0])
        x.resize_(2, 4)
        assert x.shape == (2, 4) and x.tolist()[0][:3] == [1, 2, 3]
        x.copy_(library.arange(8.0).reshape(2, 4))
        assert x.resize_(4, 2).tolist() == [[0, 1], [2, 3], [4, 5], [6, 7]]
        kept, w = library.tensor([1.0, 2.0]), library.ones(2, requires_grad=True)
        loss = (kept * w).sum()
        kept.resize_(1)
        with pytest.raises(RuntimeError, match=r"in.?place"):
            loss.backward()


def test_what_cannot_be_resized():
    x = minidl.ones(2, 3, requires_grad=True)
    for tensor in (x, x * 2):
        with pytest.raises(GraphError, match="resize_: this tensor requires gradients"):
            tensor.resize_(6)
    base = minidl.arange(6).reshape(2, 3).clone()
    for part in (base.t(), base[1], base.data, base):
        with pytest.raises(ShapeError, match=r"resize_: this tensor is a part of another.*clone\(\) first"):
            part.resize_(2)
    assert base.resize_(2, 3) is base and base.clone().resize_(2).tolist() == [0, 1]
    told = minidl.ones(2)
    _ = told.array
    with pytest.raises(ShapeError, match=r"needs 3 elements, but an array shares the memory of 2"):
        told.resize_(3)
    assert told.resize_(1).shape == (1,)
    with pytest.raises(ShapeError, match=r"every length must be at least 0; got \(-1,\)"):
        minidl.ones(2).resize_(-1)
    with pytest.raises(TypeError, match="size must be a tuple of integers"):
        minidl.ones(2).resize_("ab")
    with pytest.raises(TypeError):
        minidl.ones(2).resize_()
    with pytest.raises(UnsupportedError, match="memory_format"):
        minidl.ones(2).resize_(size=(2,), memory_format=1)
