"""Tensors made from data, filled, counted and drawn at random."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl.errors import ArgumentError, CheckpointError, DtypeError, RangeError, ShapeError
from tests.support.compare import assert_close, to_numpy
from tests.support.dtypes import ALL
from tests.support.strategies import shapes

DATA = [
    1, 2.5, True, [], [[]], [1, 2.5], [True, 2], [True, False], [[1, 2], [3, 4]], ((1, 2), [3, 4]), range(3), 2**40,
    np.float64(1), np.float32(1), np.int8(3), [np.float64(1)], [np.float32(1), 2.0], [np.int32(1), 2], [np.zeros(2)],
    np.zeros((2, 0)), np.arange(3, dtype=np.uint8), np.array(True), [float("nan"), float("inf")],
    [[np.int16(1)], [True]],
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:Creating a tensor from a list of numpy")  # PyTorch, of its speed
@pytest.mark.parametrize("data", DATA, ids=str)
def test_data_becomes_what_pytorch_makes_of_it(data):
    assert_close(minidl.tensor(data), torch.tensor(data))


@pytest.mark.parametrize("dtype", ALL)
@pytest.mark.parametrize("data", [[0, 1], [1.7, -0.3], [True, False], [-1]], ids=str)
def test_data_in_a_given_dtype(data, dtype):
    if dtype == "uint8" and data == [1.7, -0.3]:
        data = [1.7, 0.3]
    assert_close(minidl.tensor(data, dtype=dtype), torch.tensor(data, dtype=getattr(torch, dtype)))


@given(
    st.sampled_from(["uint8", "int8", "int16", "int32", "int64"]), st.integers(-(2**66), 2**66) | st.integers(-300, 300)
)
def test_an_integer_that_does_not_fit_is_refused_where_pytorch_refuses_it(dtype, value):
    try:
        expected = torch.tensor([value], dtype=getattr(torch, dtype))
    except (RuntimeError, OverflowError, ValueError):
        with pytest.raises(minidl.MinidlError):
            minidl.tensor([value], dtype=dtype)
    else:
        assert_close(minidl.tensor([value], dtype=dtype), expected)


@pytest.mark.parametrize(
    ("data", "options", "error", "says"),
    [
        ([[1], [1, 2]], {}, ShapeError, "regular"),
        ([[1], 2], {}, ShapeError, "regular"),
        (["a"], {}, DtypeError, "numbers"),
        (None, {}, DtypeError, "numbers"),
        ([1j], {}, DtypeError, "numbers"),
        (np.ones(2, np.complex64), {}, DtypeError, "complex64"),
        ([300], {"dtype": "uint8"}, RangeError, "300 does not fit into uint8"),
        ([float("nan")], {"dtype": "int64"}, RangeError, "does not fit"),
        ([2**64], {}, RangeError, "does not fit|numbers"),
        ([1], {"requires_grad": True}, DtypeError, "floating"),
        ([1], {"dtype": "bfloat16"}, DtypeError, "not (a dtype|supported)"),  # NumPy knows it if ml_dtypes is there
        ([1], {"device": "mps"}, ArgumentError, "'mps' is unknown"),
        ([1], {"device": "cuda:1"}, ArgumentError, "one GPU"),
    ],
    ids=str,
)
def test_data_that_is_no_tensor_is_named(data, options, error, says):
    with pytest.raises((error, DtypeError), match=says):
        minidl.tensor(data, **options)


def test_a_list_may_hold_tensors():
    x, y = minidl.tensor([1.0, 2.0]), minidl.tensor([3.0, 4.0], dtype=minidl.float64)
    assert minidl.tensor([x, y]).tolist() == [[1, 2], [3, 4]]
    assert minidl.tensor([x[0], y[1]]).dtype == minidl.float64


def test_tensor_copies_and_as_tensor_and_from_numpy_share():
    array = np.zeros(3, np.float32)
    copied, shared, wrapped = minidl.tensor(array), minidl.as_tensor(array, device="cpu"), minidl.from_numpy(array)
    array[:] = 1
    assert [t.sum().item() for t in (copied, shared, wrapped)] == [0, 3, 3]
    x = minidl.tensor([1.0])
    assert minidl.as_tensor(x) is x
    assert minidl.as_tensor(x, dtype=minidl.float64).dtype == minidl.float64
    assert minidl.as_tensor([1, 2]).dtype == minidl.int64
    with pytest.raises(DtypeError, match="NumPy array"):
        minidl.from_numpy([1])
    with pytest.raises(DtypeError, match="uint32"):
        minidl.from_numpy(np.ones(2, np.uint32))


@given(shapes(), st.sampled_from([None, *ALL]))
def test_filled_tensors(shape, dtype):
    for name in ("zeros", "ones"):
        theirs = getattr(torch, name)(shape, dtype=dtype and getattr(torch, dtype))
        assert_close(getattr(minidl, name)(shape, dtype=dtype), theirs)
        if shape:
            assert_close(getattr(minidl, name)(*shape, dtype=dtype), theirs)
        like = torch.ones(shape, dtype=torch.int16)
        assert_close(
            getattr(minidl, f"{name}_like")(minidl.ones(shape, dtype="int16"), dtype=dtype),
            getattr(torch, f"{name}_like")(like, dtype=dtype and getattr(torch, dtype)),
        )
    assert minidl.empty(shape, dtype=dtype).shape == shape
    assert minidl.empty_like(minidl.ones(shape, dtype=dtype)).dtype == (dtype or "float32")


@pytest.mark.parametrize("value", [3, 2.5, True, -1])
@pytest.mark.parametrize("dtype", [None, "float16", "int32", "bool"])
def test_full(value, dtype):
    theirs = dtype and getattr(torch, dtype)
    assert_close(minidl.full((2, 3), value, dtype=dtype), torch.full((2, 3), value, dtype=theirs))
    assert_close(minidl.full((), minidl.tensor(value)), torch.full((), torch.tensor(value)))
    ours = minidl.full_like(minidl.ones(2, dtype="int8"), value, dtype=dtype)
    assert_close(ours, torch.full_like(torch.ones(2, dtype=torch.int8), value, dtype=theirs))


numbers = st.integers(-20, 20) | st.sampled_from([-2.5, -0.3, 0.1, 0.7, 3.0, 11.25])


@given(numbers, numbers, numbers, st.sampled_from([None, "float32", "float64", "int64"]))
def test_arange(start, end, step, dtype):
    options = {} if dtype is None else {"dtype": dtype}
    try:
        expected = torch.arange(start, end, step, **{k: getattr(torch, v) for k, v in options.items()})
    except (RuntimeError, ValueError):
        with pytest.raises(ArgumentError, match="arange"):
            minidl.arange(start, end, step, **options)
    else:
        assert_close(minidl.arange(start, end, step, **options), expected)


def test_arange_counts():
    assert_close(minidl.arange(4), torch.arange(4))
    assert_close(minidl.arange(2.5), torch.arange(2.5))
    assert_close(minidl.arange(2, 5), torch.arange(2, 5))
    assert_close(minidl.arange(0, 3, dtype=minidl.float16), torch.arange(0, 3, dtype=torch.float16))


@given(numbers, numbers, st.integers(0, 7), st.sampled_from(["float32", "float64"]))
def test_linspace(start, end, steps, dtype):
    ours, theirs = (
        minidl.linspace(start, end, steps, dtype=dtype),
        torch.linspace(start, end, steps, dtype=getattr(torch, dtype)),
    )
    assert_close(ours, theirs)


@given(st.integers(0, 4), st.none() | st.integers(0, 4))
def test_eye(n, m):
    assert_close(minidl.eye(n, m), torch.eye(n) if m is None else torch.eye(n, m))


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: minidl.zeros(-1), ArgumentError, "at least 0"),
        (lambda: minidl.zeros(2.0), ArgumentError, "integers"),
        (lambda: minidl.zeros(True), ArgumentError, "integers"),
        (lambda: minidl.zeros(2, out=minidl.zeros(2)), TypeError, "out"),
        (lambda: minidl.full((2,), minidl.ones(2)), ShapeError, "0-dimensional"),
        (lambda: minidl.zeros_like([1]), DtypeError, "must be a Tensor"),
        (lambda: minidl.arange(0, 5, -1), ArgumentError, "from 0 to 5"),
        (lambda: minidl.arange(2, dtype=minidl.bool), DtypeError, "bool"),
        (lambda: minidl.arange(0, 5, 0), ArgumentError, "step of 0"),
        (lambda: minidl.linspace(0, 1, -1), ArgumentError, "steps"),
        (lambda: minidl.linspace(0, 1, 3, dtype=minidl.bool), DtypeError, "bool"),
        (lambda: minidl.rand(2, dtype=minidl.int64), DtypeError, "randint"),
        (lambda: minidl.randint(3, 3, (2,)), ArgumentError, "less than"),
        (lambda: minidl.randint(3), ArgumentError, "randint"),
        (lambda: minidl.randperm(-1), ArgumentError, "at least 0"),
        (lambda: minidl.normal(0.0, 1.0), ArgumentError, "size"),
        (lambda: minidl.normal(0.0, -1.0, (2,)), ArgumentError, "std"),
        (lambda: minidl.normal(minidl.zeros(2), minidl.ones(3)), ShapeError, "broadcast"),
        (lambda: minidl.bernoulli(minidl.tensor([1.5])), ArgumentError, r"\[0, 1\]"),
        (lambda: minidl.bernoulli(minidl.tensor([1])), DtypeError, "floating"),
        (lambda: minidl.multinomial(minidl.zeros(2), 1), ArgumentError, "not all 0"),
        (lambda: minidl.multinomial(minidl.tensor([1.0, 0.0]), 2), ArgumentError, "2 samples"),
        (lambda: minidl.multinomial(minidl.zeros(1, 1, 1), 1), ShapeError, r"\(N, C\)"),
    ],
)
def test_what_cannot_be_made_is_named(call, error, says):
    with pytest.raises(error, match=says):
        call()


MAKERS = {
    "rand": lambda **options: minidl.rand(40, 50, **options),
    "randn": lambda **options: minidl.randn(40, 50, **options),
    "randint": lambda **options: minidl.randint(-3, 5, (40, 50), **options),
    "randperm": lambda **options: minidl.randperm(2000, **options),
    "normal": lambda **options: minidl.normal(2.0, 3.0, (40, 50), **options),
    "normal of tensors": lambda **options: minidl.normal(
        minidl.full((40, 50), 2.0), minidl.full((50,), 3.0), **options
    ),
    "bernoulli": lambda **options: minidl.bernoulli(minidl.full((40, 50), 0.25), **options),
    "multinomial": lambda **options: minidl.multinomial(minidl.tensor([1.0, 0.0, 3.0]), 2000, True, **options),
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_seed_decides_what_is_drawn(name):
    make = MAKERS[name]
    minidl.manual_seed(3)
    first = to_numpy(make())
    assert not np.array_equal(first, to_numpy(make()))
    minidl.manual_seed(3)
    np.testing.assert_array_equal(first, to_numpy(make()))
    again = to_numpy(make(generator=minidl.Generator(3)))
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize(
    ("name", "low", "high", "mean", "spread"),
    [
        ("rand", 0, 1, 0.5, 1 / 12**0.5),
        ("randn", -9, 9, 0, 1),
        ("randint", -3, 4, 0.5, (63 / 12) ** 0.5),
        ("normal", -30, 30, 2, 3),
        ("normal of tensors", -30, 30, 2, 3),
        ("bernoulli", 0, 1, 0.25, (3 / 16) ** 0.5),
        ("multinomial", 0, 2, 1.5, 0.75**0.5),
    ],
)
def test_the_distribution_is_the_one_that_was_asked_for(name, low, high, mean, spread):
    drawn = to_numpy(MAKERS[name]()).astype(np.float64)
    assert low <= drawn.min() <= drawn.max() <= high
    error = 5 * spread / drawn.size**0.5  # five standard deviations of the mean
    assert abs(drawn.mean() - mean) < error
    assert abs(drawn.std() - spread) < 2 * error


def test_dtypes_and_shapes_of_what_is_drawn():
    assert minidl.rand(2, 3).dtype == minidl.float32
    assert minidl.randn((2, 3), dtype=minidl.float64).dtype == minidl.float64
    half = minidl.rand(4096, dtype=minidl.float16)
    assert half.dtype == minidl.float16
    assert half.max().item() < 1
    assert minidl.rand_like(half).shape == minidl.randn_like(half).shape == (4096,)
    assert minidl.randint(3, (2,)).dtype == minidl.int64
    assert minidl.randint(3, (2,), dtype=minidl.float32).dtype == minidl.float32
    assert sorted(minidl.randperm(9).tolist()) == list(range(9))
    assert minidl.randn(3, requires_grad=True).requires_grad
    assert minidl.normal(1.0, minidl.ones(3)).shape == (3,)
    rows = minidl.multinomial(minidl.ones(5, 4), 4)
    assert rows.dtype == minidl.int64
    assert [sorted(row) for row in rows.tolist()] == [[0, 1, 2, 3]] * 5


def test_cuda_can_be_asked_for_without_a_gpu():
    assert isinstance(minidl.cuda.is_available(), bool)
    assert minidl.cuda.device_count() == int(minidl.cuda.is_available())
    minidl.cuda.manual_seed_all(777)
    first = minidl.rand(3).tolist()
    minidl.manual_seed(777)
    assert minidl.rand(3).tolist() == first


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "int64"])
@pytest.mark.parametrize("bounds", [(0, 5.5), (0.0, -8.000001, -4.0), (1.9, 7.1, 2.5)])
def test_arange_counts_steps_before_cutting_off_unless_int64(dtype, bounds):
    assert_close(minidl.arange(*bounds, dtype=dtype), torch.arange(*bounds, dtype=getattr(torch, dtype)))


def test_linspace_takes_tensors():
    assert_close(minidl.linspace(minidl.tensor(1), minidl.tensor(2.0), 3), torch.linspace(1, 2, 3))


def test_numbers_where_an_array_or_a_size_is_expected():
    with pytest.raises(ArgumentError, match=r"full: the size must be a tuple of integers; got 2"):
        minidl.full(2, 3.0)
    with pytest.raises(ArgumentError, match=r"randint: the size must be a tuple of integers; got 3"):
        minidl.randint(5, 3)


@pytest.mark.parametrize(
    "given",
    [
        (), (2, 3), (0,), ([1, 2],), ([[1.5, 2], [3, 4]],), ((2, 3),), (range(3),), ([True, False],), ([],),
        (np.array([250, 7], np.uint8),), (np.array(3.0),), (np.arange(4).reshape(2, 2),), (np.ones(2, np.float32),),
        (np.int64(3),),
    ],
    ids=str,
)  # fmt: skip
def test_the_old_constructor(given):
    ours, theirs = minidl.Tensor(*given), torch.Tensor(*given)
    assert isinstance(ours, minidl.Tensor)
    assert (ours.shape, str(ours.dtype)) == (tuple(theirs.shape), "float32")
    if len(given) != 2 and not (len(given) == 1 and isinstance(given[0], np.integer)):  # those mean nothing in PyTorch
        assert_close(ours, theirs)
    assert ours.is_leaf
    assert not ours.requires_grad


def test_the_old_constructor_copies_arrays_and_counts_in_float32():
    values = np.array([250], np.float32)
    x = minidl.Tensor(values)
    values[0] = 0
    assert x.tolist() == [250]
    assert (minidl.Tensor(np.array([250], np.uint8)) + 10).tolist() == [260], "not 4, as in uint8"


def test_the_old_constructor_of_a_tensor_sees_its_memory_and_graph():
    for library in (minidl, torch):
        x = library.tensor([1, 2])
        y = library.Tensor(x)
        x[0] = 5
        assert y.tolist() == [5, 2], "the same memory and dtype"
        w = library.tensor([1.0, 2.0], requires_grad=True)
        z = library.Tensor(w * 3)
        assert z.requires_grad
        z.sum().backward()
        assert w.grad.tolist() == [3, 3]
    with pytest.raises(TypeError, match=r"Tensor: .*got 5\.5; minidl\.tensor\(\.\.\.\)"):
        minidl.Tensor(5.5)
    with pytest.raises(TypeError, match="requires_grad"):
        minidl.Tensor([1.0], requires_grad=True)


@pytest.mark.parametrize(
    "draw",
    [
        lambda T, x: T.normal(x),
        lambda T, x: T.normal(T.zeros(2), x),
        lambda T, x: T.normal(0.0, x),
        lambda T, x: T.normal(x, x),
        lambda T, x: T.bernoulli(x),
    ],
)
def test_what_is_drawn_from_tensors_that_require_gradients_requires_them_too(draw):
    for library in (minidl, torch):
        x = library.tensor([0.5, 0.25], requires_grad=True)
        z = draw(library, x)
        assert z.requires_grad
        z.sum().backward()
        assert x.grad.tolist() == [0, 0]
        assert not draw(library, x.detach()).requires_grad
        with library.no_grad():
            assert not draw(library, x).requires_grad


@pytest.mark.parametrize("seed", [-1, -(2**63), 0, 2**64 - 1])
def test_seeds_of_64_bits_as_in_pytorch(seed):
    ours, theirs = (library.Generator().manual_seed(seed) for library in (minidl, torch))
    assert ours.initial_seed() == theirs.initial_seed()
    minidl.manual_seed(seed)
    first = minidl.rand(3).tolist()
    minidl.manual_seed(minidl.default_generator.initial_seed())
    assert minidl.rand(3).tolist() == first


def test_a_seed_is_cut_off_only_where_pytorch_does():
    for library in (minidl, torch):
        assert library.manual_seed(1.5).initial_seed() == 1
        with pytest.raises(RuntimeError):
            library.Generator().manual_seed(1.5)


def test_the_state_of_another_generator_is_refused():
    generator = minidl.Generator(3)
    before = generator.get_state()
    for wrong in (5, {}, {"seed": 1, "bit_generator": "MT19937"}):
        with pytest.raises(CheckpointError, match="not a generator state"):
            generator.set_state(wrong)
        assert generator.get_state() == before


@pytest.mark.parametrize(
    "call",
    [
        lambda T: T.randint(10, size=(2,)),
        lambda T: T.randint(high=10, size=(2,)),
        lambda T: T.randint(3, 10, size=(2,)),
        lambda T: T.randint(T.tensor(4), (2,)),
        lambda T: T.randint(0, T.tensor(4), (2,)),
        lambda T: T.randint(np.int64(4), [2]),
        lambda T: T.randint(0, 2, (2,), dtype=T.bool),
        lambda T: T.randint(0, 5, (2,), dtype=T.float16),
        lambda T: T.randint(0, 256, (2,), dtype=T.uint8),
        lambda T: T.randperm(T.tensor(3)),
        lambda T: T.randperm(256, dtype=T.uint8),
        lambda T: T.randperm(2049, dtype=T.float16),
    ],
)
def test_random_integers_are_asked_for_as_in_pytorch(call):
    ours, theirs = call(minidl), call(torch)
    assert (ours.shape, f"torch.{ours.dtype}") == (tuple(theirs.shape), str(theirs.dtype))
