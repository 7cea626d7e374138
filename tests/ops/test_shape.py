"""Reshaping, reordering and stretching against PyTorch, and what is a view."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

import minidl
from minidl.engine.tensor import wrap
from minidl.errors import ArgumentError, GraphError, ShapeError, UnsupportedError
from tests.support.compare import assert_close, check
from tests.support.strategies import arrays, shapes

HALF = ("float64", "float32", "float16")


@st.composite
def regrouped(draw):
    """An array, and another shape for it, perhaps with a -1."""
    x = draw(arrays(shapes(max_side=4)))
    lengths = list(x.shape)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(lengths)))
        if draw(st.booleans()) or at + 1 >= len(lengths):
            lengths.insert(at, 1)
        else:
            lengths[at : at + 2] = [lengths[at] * lengths[at + 1]]
    if lengths and x.size and draw(st.booleans()):
        lengths[draw(st.integers(0, len(lengths) - 1))] = -1
    return x, tuple(lengths)


@given(regrouped())
def test_reshape(case):
    x, shape = case
    check(minidl.reshape, torch.reshape, x, shape, dtypes=HALF)
    if shape:
        check(lambda t: t.reshape(*shape), lambda t: t.reshape(*shape), x)
    check(lambda t: t.view(shape), lambda t: t.reshape(shape), x)


@given(arrays(), st.data())
def test_flatten_and_unflatten(x, data):
    length = max(x.ndim, 1)
    start = data.draw(st.integers(0, length - 1))
    end = data.draw(st.integers(start, length - 1))
    check(minidl.flatten, torch.flatten, x, start, end)
    check(minidl.ravel, torch.ravel, x)
    if x.ndim and x.size:
        n = x.shape[start]
        sizes = data.draw(st.sampled_from([(n,), (1, n), (n, 1), (-1, 1), (1, -1, 1)]))
        check(minidl.unflatten, torch.unflatten, x, start, sizes)


@given(arrays(), st.data())
def test_squeeze_and_unsqueeze(x, data):
    dim = data.draw(st.integers(-x.ndim - 1, x.ndim))
    check(minidl.unsqueeze, torch.unsqueeze, x, dim)
    check(minidl.squeeze, torch.squeeze, x)
    length = max(x.ndim, 1)
    dims = data.draw(st.lists(st.integers(0, length - 1), unique=True))
    check(minidl.squeeze, torch.squeeze, x, tuple(dims))
    if dims:
        check(minidl.squeeze, torch.squeeze, x, dims[0] - length)


@given(arrays(), st.data())
def test_reordering_dimensions(x, data):
    order = data.draw(st.permutations(range(x.ndim)))
    check(minidl.permute, torch.permute, x, tuple(order), dtypes=HALF)
    if order:
        check(lambda t: t.permute(*order), lambda t: t.permute(*order), x)
    length = max(x.ndim, 1)
    i, j = (data.draw(st.integers(-length, length - 1)) for _ in range(2))
    for name in ("transpose", "swapaxes", "swapdims"):
        check(getattr(minidl, name), getattr(torch, name), x, i, j)
    count = data.draw(st.integers(0, x.ndim))
    targets = data.draw(st.permutations(range(x.ndim)))[:count]
    check(minidl.movedim, torch.movedim, x, tuple(order[:count]), tuple(targets))
    if x.ndim:
        check(minidl.moveaxis, torch.moveaxis, x, i, j)
    if x.ndim <= 2:
        check(minidl.t, torch.t, x)
        check(lambda t: t.T, lambda t: t.t(), x)
    if x.ndim >= 2:
        check(lambda t: t.mT, lambda t: t.mT, x)


@given(shapes(), st.data())
def test_expand(shape, data):
    x = data.draw(arrays(tuple(1 if data.draw(st.booleans()) else n for n in shape)))
    front = tuple(data.draw(st.lists(st.integers(0, 3), max_size=2)))
    wanted = tuple(-1 if n == m and data.draw(st.booleans()) else n for n, m in zip(shape, x.shape))
    if front + wanted:
        check(lambda t: t.expand(*front, *wanted), lambda t: t.expand(*front, *wanted), x)
    check(minidl.broadcast_to, torch.broadcast_to, x, front + shape)
    check(lambda t: t.expand_as(minidl.zeros(shape)), lambda t: t.expand_as(torch.zeros(shape)), x)


@given(arrays(shapes(max_dims=3, max_side=3)), st.data())
def test_repeat_and_tile(x, data):
    counts = tuple(data.draw(st.lists(st.integers(0, 3), min_size=x.ndim, max_size=x.ndim + 1)))
    check(lambda t: t.repeat(counts), lambda t: t.repeat(counts), x)
    if counts:
        check(lambda t: t.repeat(*counts), lambda t: t.repeat(*counts), x)
    fewer = counts[data.draw(st.integers(0, len(counts))) :]
    check(minidl.tile, torch.tile, x, fewer)


@given(arrays(), st.data())
def test_flip_and_roll(x, data):
    dims = data.draw(st.lists(st.integers(0, max(x.ndim - 1, 0)), unique=True, max_size=x.ndim))
    check(minidl.flip, torch.flip, x, dims, dtypes=HALF)
    if dims:
        shifts = tuple(data.draw(st.integers(-6, 6)) for _ in dims)
        check(minidl.roll, torch.roll, x, shifts, tuple(dims))
        check(minidl.roll, torch.roll, x, shifts[0], dims[0])
    check(minidl.roll, torch.roll, x, data.draw(st.integers(-6, 6)))


@given(arrays(shapes(min_dims=2)), st.integers(-5, 5), st.data())
def test_triangles_and_diagonals(x, offset, data):
    check(minidl.tril, torch.tril, x, offset, dtypes=HALF)
    check(minidl.triu, torch.triu, x, offset)
    i, j = data.draw(st.permutations(range(x.ndim)))[:2]
    check(minidl.diagonal, torch.diagonal, x, offset, i, j)


@given(arrays())
def test_clone_and_contiguous(x):
    check(minidl.clone, torch.clone, x)
    check(lambda t: t.contiguous(), lambda t: t.contiguous(), x)
    ours, theirs = wrap(x).contiguous(), torch.tensor(np.array(x)).contiguous()
    assert_close(ours, theirs)
    assert ours.is_contiguous()


VIEWS = {
    "reshape": lambda t: t.reshape(3, 2),
    "view": lambda t: t.view(6),
    "flatten": lambda t: t.flatten(),
    "unflatten": lambda t: t.unflatten(1, (3, 1)),
    "unsqueeze": lambda t: t.unsqueeze(0),
    "squeeze": lambda t: t.squeeze(),
    "transpose": lambda t: t.transpose(0, 1),
    "permute": lambda t: t.permute(1, 0),
    "expand": lambda t: t.expand(1, 2, 3),
    "T": lambda t: t.T,
    "split": lambda t: t.split(2, 1)[0],
    "chunk": lambda t: t.chunk(2)[1],
    "unbind": lambda t: t.unbind(1)[2],
    "select": lambda t: t.select(1, 1),
    "narrow": lambda t: t.narrow(1, 1, 2),
    "detach": lambda t: t.detach(),
}


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_written_to_changes_its_source_as_in_pytorch(name):
    ours, theirs = minidl.zeros(2, 3), torch.zeros(2, 3)
    for x in (ours, theirs):
        VIEWS[name](x).fill_(1)
    assert_close(ours, theirs)


COPIES = ["flip", "roll", "tril", "repeat", "clone"]


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_written_to_leaves_its_source_alone(name):
    x = minidl.zeros(2, 3)
    arguments = {"flip": (0,), "roll": (0,), "tril": (5,), "repeat": (1, 1), "clone": ()}[name]
    getattr(x, name)(*arguments).fill_(1)
    assert not x.any()


def test_a_reshape_that_copies_in_pytorch_is_an_independent_tensor():
    ours, theirs = minidl.zeros(2, 3), torch.zeros(2, 3)
    for x in (ours, theirs):
        flat = x.T.reshape(6)
        flat.add_(1)
        x.add_(2)
        assert flat.tolist() == [1] * 6
    assert_close(ours, theirs)


def laid_out_by_the_backend(**options):
    """A convolution's output: in PyTorch it lies row by row, here as the backend likes."""
    x, w = minidl.ones(3, 2, 4, 4, **options), minidl.ones(5, 2, 3, 3)
    z = minidl.conv2d(x, w)
    if z._array.flags.c_contiguous:
        pytest.skip("this backend leaves convolutions row by row")
    return z


def test_a_view_that_only_the_backends_order_turns_into_a_copy_cannot_be_written_to():
    z = laid_out_by_the_backend()
    assert z.is_contiguous()
    flat = z.reshape(-1)
    with pytest.raises(GraphError, match=r"reshape.*clone"):
        flat.add_(1)
    flat.clone().add_(1)
    z.add_(1)


def test_after_such_a_view_the_source_cannot_be_written_to_either():
    z = laid_out_by_the_backend()
    assert z.view(-1).tolist() == z.reshape(-1).tolist()
    with pytest.raises(GraphError, match="view"):
        z.add_(1)


def test_nor_can_it_in_a_graph():
    flat = laid_out_by_the_backend(requires_grad=True).reshape(-1)
    with pytest.raises(GraphError, match="reshape"):
        flat += 1


def test_writing_to_a_stretched_view_is_refused():
    with pytest.raises(GraphError, match="expand"):
        minidl.zeros(2, 1).expand(2, 3).add_(1)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda x: x.reshape(4, 2), ShapeError, r"shape \(4, 2\) holds 8 elements.*\(2, 3\) has 6"),
        (lambda x: x.reshape(-1, -1), ShapeError, "only one may be -1"),
        (lambda x: x.reshape(-2, 3), ShapeError, "at least 0"),
        (lambda x: x.reshape(-1, 4), ShapeError, "a multiple of 4"),
        (lambda x: x[:0].reshape(-1, 0), ShapeError, "could be anything"),
        (lambda x: x.reshape(2.0, 3), ArgumentError, "tuple of integers"),
        (lambda x: x.view(minidl.int32), UnsupportedError, r"reads the same bytes as int32.*\.to\(dtype\)"),
        (lambda x: x.flatten(1, 0), ArgumentError, "comes after"),
        (lambda x: x.unsqueeze(3), ArgumentError, "dim 3 is out of range"),
        (lambda x: x.permute(0), ArgumentError, "each of the 2 dimensions"),
        (lambda x: x.permute(0, 0), ArgumentError, "twice"),
        (lambda x: x.expand(3), ShapeError, "cannot be stretched"),
        (lambda x: x.expand(2, 4), ShapeError, "cannot be stretched"),
        (lambda x: x.expand(-1, 2, 3), ShapeError, "cannot be stretched"),
        (lambda x: x.repeat(2), ArgumentError, "repeats"),
        (lambda x: x.roll((1, 2)), ArgumentError, "2 shifts"),
        (lambda x: x[0].tril(), ShapeError, "matrices"),
        (lambda x: x.diagonal(0, 1, -1), ArgumentError, "same dimension"),
        (lambda x: x[None].t(), ShapeError, "at most 2 dimensions"),
        (lambda x: x[0].mT, ShapeError, "matrices"),
        (lambda x: x.movedim((0, 1), 0), ArgumentError, "2 source dimensions"),
        (lambda x: minidl.reshape([1], (1,)), TypeError, "must be a Tensor"),
    ],
)
def test_what_does_not_fit_is_named(call, error, says):
    with pytest.raises(error, match=says):
        call(minidl.zeros(2, 3))


@given(shapes(max_dims=3), shapes(max_dims=3))
def test_reshape_to_any_shape_agrees_with_pytorch_or_both_refuse(old, new):
    assume(old != new)
    try:
        expected = torch.zeros(old).reshape(new)
    except RuntimeError:
        with pytest.raises(ShapeError):
            minidl.zeros(old).reshape(new)
    else:
        assert_close(minidl.zeros(old).reshape(new), expected)
