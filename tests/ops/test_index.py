"""Square brackets against PyTorch: reading, writing, gradients, and what is refused."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

import minidl
from minidl.errors import ArgumentError, BackendError, DtypeError, GraphError, RangeError, ShapeError
from tests.support.compare import assert_close, check, to_numpy
from tests.support.indices import for_minidl, for_torch, indices, repeats
from tests.support.strategies import arrays, shapes


@st.composite
def arrays_and_indices(draw):
    shape = draw(shapes(max_dims=4))
    return draw(arrays(shape)), draw(indices(shape))


def refused(x, index):
    """Whether PyTorch refuses the index, or leaves positions unchecked because nothing is taken."""
    try:
        taken = torch.as_tensor(np.array(x))[for_torch(index)]
    except (IndexError, RuntimeError, TypeError, ValueError):
        return True
    with_arrays = any(isinstance(part, np.ndarray | list) for part in index)
    return bool(with_arrays and taken.numel() == 0 and _refused_here(x, index))


def _refused_here(x, index):
    try:
        minidl.tensor(x)[for_minidl(index)]
    except RangeError:
        return True
    return False


@given(arrays_and_indices())
def test_any_index_gives_what_pytorch_gives_or_an_error_where_it_does(case):
    x, index = case
    if refused(x, index):
        with pytest.raises(minidl.MinidlError):
            minidl.tensor(x)[for_minidl(index)]
        return
    check(lambda t: t[for_minidl(index)], lambda t: t[for_torch(index)], x)


@given(arrays_and_indices(), st.booleans(), st.data())
def test_writing_changes_the_same_elements_and_no_others(case, as_number, data):
    x, index = case
    assume(not refused(x, index))
    ours, theirs = minidl.tensor(x), torch.tensor(np.array(x))
    taken = tuple(theirs[for_torch(index)].shape)
    value = 7.5
    if not as_number and not repeats(x.shape, index):
        narrow = tuple(1 if data.draw(st.booleans()) else n for n in taken)
        value = data.draw(arrays(narrow, layout=False))
    theirs[for_torch(index)] = torch.tensor(value) if isinstance(value, np.ndarray) else value
    ours[for_minidl(index)] = minidl.tensor(value) if isinstance(value, np.ndarray) else value
    assert_close(ours, theirs)


@given(arrays_and_indices(), st.data())
def test_writing_in_a_graph_sends_gradients_to_both_sides(case, data):
    x, index = case
    assume(not refused(x, index) and not repeats(x.shape, index))
    taken = tuple(torch.tensor(np.array(x))[for_torch(index)].shape)
    value = data.draw(arrays(tuple(1 if data.draw(st.booleans()) else n for n in taken), layout=False))

    def written(converted):
        def run(t, v):
            z = t * 1
            z[converted] = v
            return z

        return run

    check(written(for_minidl(index)), written(for_torch(index)), x, value)


def test_a_basic_index_is_a_view_and_an_array_index_a_copy():
    x = minidl.zeros(2, 3)
    x[1, ..., 1:].fill_(5)
    x[None, 0].fill_(2)
    assert to_numpy(x).tolist() == [[2, 2, 2], [0, 5, 5]]
    x[[0, 1]].fill_(9)
    x[x > 2].fill_(9)
    assert to_numpy(x).tolist() == [[2, 2, 2], [0, 5, 5]]


def test_one_element_is_a_view_too():
    x = minidl.zeros(2)
    x[0].fill_(3)
    assert x.tolist() == [3, 0]


def test_an_element_taken_twice_gets_both_gradients():
    x = minidl.tensor([1.0, 2.0], requires_grad=True)
    x[[0, 0, 1]].sum().backward()
    assert x.grad.tolist() == [2, 1]


@pytest.mark.parametrize(
    ("index", "error", "says"),
    [
        (slice(None, None, -1), ArgumentError, "flip"),
        (2, RangeError, "2 is out of range for dimension 0 of length 2"),
        ((0, -4), RangeError, "-4 is out of range for dimension 1 of length 3"),
        ([0, 2], RangeError, "index 2 is out of range"),
        ((0, 0, 0), RangeError, "3 indices for a tensor of 2 dimensions"),
        ((..., ...), ArgumentError, "more than one Ellipsis"),
        (1.0, DtypeError, "1.0 is not an index"),
        ("a", DtypeError, "'a' is not an index"),
        (np.bool_(True), DtypeError, "not an index"),
        ([[0, 1], [1, 0]], ArgumentError, "ambiguous"),
        ([slice(0, 1), 0], ArgumentError, "ambiguous"),
        ([0.5], DtypeError, "must be int64, int32 or bool"),
        (np.array([True, False, True]), ShapeError, "a mask of shape"),
        (np.array([0, 1], np.uint8), DtypeError, "uint8"),
        (np.array([0, 1], np.int16), DtypeError, "int16"),
        ((np.array([0, 1]), np.array([0, 1, 2])), ShapeError, "cannot be broadcast"),
    ],
)
def test_a_wrong_index_is_named(index, error, says):
    with pytest.raises(error, match=says):
        minidl.zeros(2, 3)[index]


@pytest.mark.parametrize(
    ("index", "value", "error"),
    [
        (0, [1, 2, 3], DtypeError),
        (0, np.ones(3), (DtypeError, BackendError)),
        (0, minidl.ones(2), ShapeError),
        (0, minidl.ones(2, 3), ShapeError),
        (5, 1, RangeError),
    ],
)
def test_a_wrong_value_is_named_and_changes_nothing(index, value, error):
    x = minidl.zeros(2, 3)
    with pytest.raises(error):
        x[index] = value
    assert not x.any()


def test_values_are_cast_to_the_dtype_of_the_tensor():
    ours, theirs = minidl.zeros(3, dtype=minidl.int64), torch.zeros(3, dtype=torch.int64)
    for x, lib in ((ours, minidl), (theirs, torch)):
        x[0] = 2.7
        x[1] = lib.tensor(-1.5)
        x[2] = True
    assert_close(ours, theirs)


def test_an_index_tensor_changed_before_backward_is_noticed():
    x, where = minidl.ones(3, requires_grad=True), minidl.tensor([0, 1])
    z = x[where].sum()
    where.fill_(2)
    with pytest.raises(GraphError, match="changed in place"):
        z.backward()


def test_writing_to_a_leaf_in_a_graph_is_refused():
    x = minidl.ones(3, requires_grad=True)
    with pytest.raises(GraphError, match="leaf"):
        x[0] = 1
    with minidl.no_grad():
        x[0] = 5
    assert x.tolist() == [5, 1, 1]


def test_a_buffer_filled_in_steps_passes_gradients_on():
    x = minidl.tensor([1.0, 2.0], requires_grad=True)
    buffer = minidl.zeros(2, 2)
    for i in range(2):
        buffer[i] = x * (i + 1)
    buffer.sum().backward()
    assert x.grad.tolist() == [3, 3]


@given(arrays(shapes(min_dims=1)), st.data())
def test_select_and_narrow(x, data):
    dim = data.draw(st.integers(-x.ndim, x.ndim - 1))
    n = x.shape[dim]
    start = data.draw(st.integers(0, n))
    length = data.draw(st.integers(0, n - start))
    check(minidl.narrow, torch.narrow, x, dim, start, length)
    if n:
        check(minidl.select, torch.select, x, dim, data.draw(st.integers(-n, n - 1)))


@given(arrays((4, 3)), st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), min_size=1))
def test_gradients_of_many_slices_and_of_the_whole_add_up(x, taken):
    """In whatever order slices and uses of the whole tensor meet, at a leaf and at an intermediate result."""

    def run(t):
        for inner in (t, t * 2):
            for first, last, whole in taken:
                t = t + inner[min(first, last) : max(first, last) + 1].sum() * inner[first, :2].sum()
                t = t + inner if whole else t
        return t

    check(run, run, x)


def test_what_slices_are_added_to_is_their_own():
    x = minidl.zeros(3, 2, requires_grad=True)
    given_gradient = minidl.ones(3, 2)
    z = x * 1
    z.retain_grad()
    (z.reshape(3, 2) + minidl.stack(minidl.unbind(z))).backward(given_gradient)
    assert given_gradient.tolist() == [[1, 1]] * 3
    assert x.grad.tolist() == z.grad.tolist() == [[2, 2]] * 3
